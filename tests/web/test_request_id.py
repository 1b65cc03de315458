"""What comes and goes: an id for each request, counts of answers and of open websockets."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message

from tests.support.client import Client
from visionsprat.runtime.file_descriptors import Bounds
from visionsprat.telemetry.metrics import REGISTRY
from visionsprat.web.request_id import Traffic
from visionsprat.web.security import Guard


def told(request: Request) -> Response:
    return PlainTextResponse(request.headers["x-request-id"])


def fail(_: Request) -> Response:
    raise RuntimeError("something of somebody's")


@pytest.fixture
def client() -> Client:
    routes = [Route("/told", told), Route("/fail", fail)]
    return Client(Starlette(routes=routes, middleware=[Middleware(Traffic), Middleware(Guard)]))


def answers(status: str) -> float:
    return REGISTRY.get_sample_value("visionsprat_responses_total", {"status": status}) or 0


@pytest.mark.parametrize(
    "given", ["a", "4bf92f3577b34da6", "Root=1-67891233-abcdef", "a/b+c=:._-", "x" * 128]
)
def test_a_request_keeps_the_id_that_it_came_with(client: Client, given: str) -> None:
    answer = client.get("/told", headers={"X-Request-ID": given})
    assert answer.text == answer.headers["x-request-id"] == given


@pytest.mark.parametrize(
    "given", [None, "", " ", "a b", 'a"', "a\tb", "\u00e5", "somebody@test.example", "x" * 129]
)
def test_one_without_an_id_fit_for_the_log_gets_one(client: Client, given: str | None) -> None:
    answer = client.get("/told", headers={} if given is None else {"X-Request-ID": given.encode()})
    assert answer.text == answer.headers["x-request-id"] != given
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9]+", answer.text)


def test_no_two_requests_get_the_same_id(client: Client) -> None:
    assert client.get("/told").text != client.get("/told").text


def test_a_refusal_has_an_id_and_is_counted_too(client: Client) -> None:
    before = answers("403")
    assert "x-request-id" in client.post("/told").headers
    assert answers("403") == before + 1


def test_an_error_is_counted_and_told_with_its_id(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    before = answers("500")
    with pytest.raises(RuntimeError):
        client.get("/fail")
    assert answers("500") == before + 1
    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (logging.WARNING, "Answered with an error")


def test_websockets_are_counted_while_they_are_open() -> None:
    seen: list[float | None] = []

    def count() -> None:
        seen.append(REGISTRY.get_sample_value("visionsprat_websockets"))

    async def application(scope: Any, receive: Any, send: Any) -> None:
        count()

    async def nothing(*_: Any) -> Any:
        return None

    count()
    asyncio.run(Traffic(application)({"type": "websocket", "headers": []}, nothing, nothing))
    count()
    assert seen == [0, 1, 0]


def open_tabs(few: Bounds, clients: list[str]) -> list[str]:
    """What the tabs of these clients are answered with that come one after the other and stay."""
    heard: list[str] = []

    async def accept(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        await receive()

    async def whole() -> None:
        ended, traffic = asyncio.Event(), Traffic(accept)

        async def receive() -> Message:
            await ended.wait()
            return {"type": "websocket.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] != "websocket.http.response.body":
                heard.append(str(message.get("status", "let in")))

        tabs = []
        for client in clients:
            scope = {"type": "websocket", "headers": [], "client": (client, 1)}
            tabs.append(asyncio.create_task(traffic(scope, receive, send)))
            await asyncio.sleep(0)
        ended.set()
        await asyncio.gather(*tabs)
        assert (traffic.open, traffic.tabs) == (0, {})

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("visionsprat.web.request_id.bounds", lambda: few)
        asyncio.run(whole())
    return heard


def test_a_client_may_have_half_of_the_tabs_and_another_is_still_let_in() -> None:
    few = Bounds(100, tabs=4, connections_of_client=50, tabs_of_client=2, backlog=10)
    one, other = "192.0.2.1", "192.0.2.2"
    assert open_tabs(few, [one, one, one, other, other, other]) == [
        *("let in", "let in", "503", "let in", "let in", "503")
    ]


def test_everybody_who_comes_by_way_of_this_machine_may_have_all() -> None:
    few = Bounds(100, tabs=4, connections_of_client=50, tabs_of_client=2, backlog=10)
    assert open_tabs(few, ["127.0.0.1", "::1", "::ffff:127.0.0.1"] * 2) == ["let in"] * 4 + ["503"] * 2
