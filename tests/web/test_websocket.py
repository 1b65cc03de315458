"""Which messages come through to Streamlit's websocket, how large and how often."""

from __future__ import annotations

import asyncio
import copy
import itertools
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.websockets import WebSocket, WebSocketState
from streamlit import config
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.support.streamlit_client import other_kinds, rerun
from visionsprat.accounts import authentication
from visionsprat.domain.records import NewAccount
from visionsprat.installation import open_installation
from visionsprat.telemetry import log
from visionsprat.telemetry.metrics import REGISTRY
from visionsprat.web import websocket
from visionsprat.web.cookies import SESSION_COOKIE
from visionsprat.web.session_owners import NotTrusted
from visionsprat.web.websocket import (
    DRAWING,
    LARGEST,
    PATIENCE,
    STREAM,
    Bucket,
    Buckets,
    Frames,
    Rate,
    Refusal,
    kind_of,
)

RERUN = rerun("http://localhost", "skapande")


def a_file(*names: str) -> bytes:
    message = BackMsg()
    message.file_urls_request.file_names.extend(names)
    return bytes(message.SerializeToString())


def with_text(characters: int) -> bytes:
    """A run asked for with so much in its search field."""
    message = BackMsg()
    message.ParseFromString(RERUN)
    field = message.rerun_script.widget_states.widgets.add()
    field.id, field.string_value = "$$ID-0-people_search", "ö" * characters
    return bytes(message.SerializeToString())


@dataclass
class Stream:
    """A websocket whose client sends what it is given; what of it reaches Streamlit, and how it is closed."""

    headers: dict[str, str] = field(default_factory=dict)
    path: str = STREAM
    reached: list[bytes] = field(default_factory=list)
    closed: tuple[int, str] | None = None
    scope: dict[str, Any] = field(default_factory=dict)

    def sends(self, *messages: bytes | str) -> Stream:
        asyncio.run(self.runs(Frames(None), list(messages)))  # type: ignore[arg-type]
        return self

    async def runs(self, guard: Frames, messages: list[bytes | str]) -> None:
        events = [self._event(each) for each in messages] + [{"type": "websocket.disconnect", "code": 1001}]
        self.scope = {
            "type": "websocket",
            "path": self.path,
            "client": ("192.0.2.1", 5000),
            "headers": [(name.encode(), value.encode()) for name, value in self.headers.items()],
        }

        async def receive() -> Any:
            return events.pop(0)

        async def send(message: Any) -> None:
            if message["type"] == "websocket.close":
                self.closed = message["code"], message.get("reason", "")

        guard = copy.copy(guard)
        guard.app = self._streamlit
        await guard(self.scope, receive, send)

    @staticmethod
    def _event(message: bytes | str) -> dict[str, Any]:
        return {"type": "websocket.receive", "bytes" if isinstance(message, bytes) else "text": message}

    async def _streamlit(self, scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "websocket.receive":
            self.reached.append(message["bytes"])


@pytest.fixture(autouse=True)
def _no_waiting(data_folder: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept waiting waits for nothing here; that it is, the clocks of buckets tell."""

    async def at_once(seconds: float) -> None:
        await sleep(0)

    sleep = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", at_once)


@pytest.fixture
def administrator() -> dict[str, str]:
    return cookie(account("chief@test.example", is_admin=True))


@pytest.fixture
def learner() -> dict[str, str]:
    return cookie(account("amina@test.example"))


def account(email: str, *, is_admin: bool = False) -> int:
    return open_installation().store.add_account(
        NewAccount(email, "Amina Testsson", "no hash", is_admin=is_admin)
    )


def cookie(account_id: int) -> dict[str, str]:
    store = open_installation().store
    admitted = authentication.redeem(store, authentication.issue_ticket(store, account_id, "test"), "test")
    assert admitted is not None
    return {"cookie": f"{SESSION_COOKIE}={admitted.token}"}


@contextmanager
def counted(reason: str) -> Iterator[None]:
    def count() -> float:
        return REGISTRY.get_sample_value("visionsprat_refused_messages_total", {"reason": reason}) or 0

    before = count()
    yield
    assert count() == before + 1


def test_what_pages_ask_for_comes_through() -> None:
    stream = Stream().sends(RERUN, with_text(20_000))
    assert stream.reached == [RERUN, with_text(20_000)]
    assert stream.closed is None


@pytest.mark.parametrize("message", other_kinds())
def test_other_kinds_close_the_connection(message: bytes, administrator: dict[str, str]) -> None:
    with counted("kind"):
        stream = Stream(administrator).sends(RERUN, message, RERUN)
    assert stream.reached == [RERUN]
    assert stream.closed == (1008, "kind")


@pytest.mark.parametrize(
    ("message", "code", "reason"),
    [
        (b"\xff" * 20, 1007, "malformed"),
        (RERUN[:-3], 1007, "malformed"),
        ("text", 1003, "text"),
        (with_text(LARGEST), 1009, "size"),
        (b"\0" * (LARGEST + 1), 1009, "size"),
        (a_file(), 1008, "kind"),
        (a_file("a", "b"), 1008, "kind"),
        (a_file("a" * 1000), 1008, "kind"),
        (a_file(*[""] * 10_000), 1008, "kind"),
    ],
)
def test_what_is_no_message_of_ours_closes_the_connection(
    message: bytes | str, code: int, reason: str, administrator: dict[str, str]
) -> None:
    with counted(reason):
        stream = Stream(administrator).sends(message, RERUN)
    assert (stream.reached, stream.closed) == ([], (code, reason))


def test_only_an_administrator_may_prepare_an_upload(
    administrator: dict[str, str], learner: dict[str, str]
) -> None:
    assert Stream(administrator).sends(a_file("personal.csv")).closed is None
    for headers in (learner, {}, {"cookie": f"{SESSION_COOKIE}=made-up"}):
        assert Stream(headers).sends(a_file("personal.csv")).closed == (1008, "kind")


@pytest.mark.parametrize(
    "name", ["", "opened_person", "$$STREAMLIT_INTERNAL_KEY", "$$STREAMLIT_INTERNAL_KEY_a"]
)
def test_what_no_widget_is_called_closes_the_connection(name: str) -> None:
    message = BackMsg.FromString(RERUN)
    message.rerun_script.widget_states.widgets.add(id=name, string_value="3")
    assert Stream().sends(message.SerializeToString()).closed == (1008, "kind")


@pytest.mark.parametrize("name", ["$$ID-0-people_search", "$$STREAMLIT_INTERNAL_KEY_$$ID-0-a__events"])
def test_names_of_widgets_come_through(name: str) -> None:
    message = BackMsg.FromString(RERUN)
    message.rerun_script.widget_states.widgets.add(id=name, string_value="3")
    assert Stream().sends(message.SerializeToString()).closed is None


def test_a_connection_lost_while_the_server_speaks_is_no_fault() -> None:
    """Streamlit closes it once more, and Starlette says that it can't."""

    class Lost(Stream):
        async def _streamlit(self, scope: Any, receive: Any, send: Any) -> None:
            websocket = WebSocket(scope, receive, send)
            websocket.application_state = WebSocketState.DISCONNECTED
            await websocket.close()

    assert Lost().sends(RERUN).closed is None


def test_rights_that_have_gone_are_gone(administrator: dict[str, str]) -> None:
    former = account("former@test.example", is_admin=True)
    headers = cookie(former)
    open_installation().store.set_administrator(None, former, False)
    assert Stream(headers).sends(a_file("personal.csv")).closed == (1008, "kind")


def test_a_tab_that_asks_without_end_is_closed(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "visionsprat"), counted("rate"):
        stream = Stream().sends(*[RERUN] * 2000)
    assert stream.closed == (1008, "rate")
    # What is taken in meanwhile depends on the machine by one or two.
    assert len(stream.reached) == pytest.approx(websocket.OF_A_TAB.burst + PATIENCE, abs=5)
    (line,) = caplog.records
    assert (line.getMessage(), vars(line)["reason"]) == ("Closed a websocket", "rate")
    assert vars(line)["client"] == log.pseudonym("192.0.2.1")


def test_a_walk_however_fast_is_not_kept_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(seconds: float) -> None:
        assert not seconds, "it was kept waiting"

    monkeypatch.setattr(asyncio, "sleep", never)
    assert len(Stream().sends(*[RERUN] * 40).reached) == 40


def test_between_messages_that_come_at_once_others_are_served() -> None:
    """What Streamlit does with one stops everything for a while: so they come one by one."""
    order: list[str] = []

    class Noting(Stream):
        async def _streamlit(self, scope: Any, receive: Any, send: Any) -> None:
            while (await receive())["type"] == "websocket.receive":
                order.append("run")

    async def serve_others() -> None:
        while order.count("run") < 30:
            order.append("other")
            await asyncio.sleep(0)

    async def whole() -> None:
        guard = Frames(None)  # type: ignore[arg-type]  # each stream has its own application
        tabs = (Noting().runs(guard, [RERUN]) for _ in range(30))
        await asyncio.gather(*tabs, serve_others())

    asyncio.run(whole())
    runs = [place for place, each in enumerate(order) if each == "run"]
    assert all(later - earlier > 1 for earlier, later in itertools.pairwise(runs))


def finished() -> bytes:
    message = ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY)
    return bytes(message.SerializeToString())


@pytest.mark.parametrize("ending", ["drawn", "left"])
def test_of_one_client_few_pages_are_drawn_at_a_time(ending: str) -> None:
    drawing: list[int] = []
    most, drawn = 0, 0

    class Drawing(Stream):
        async def _streamlit(self, scope: Any, receive: Any, send: Any) -> None:
            nonlocal most, drawn
            while (await receive())["type"] == "websocket.receive":
                drawing.append(1)
                most = max(most, len(drawing))
                for _ in range(200):
                    await asyncio.sleep(0)
                drawing.pop()
                drawn += 1
                if ending == "left":
                    return
                await send({"type": "websocket.send", "bytes": finished()})

    async def whole() -> None:
        guard = Frames(None)  # type: ignore[arg-type]
        await asyncio.gather(*(Drawing().runs(guard, [RERUN]) for _ in range(5 * DRAWING)))

    asyncio.run(whole())
    assert 1 < most <= DRAWING and drawn == 5 * DRAWING  # on a busy machine they begin one after the other


def test_a_page_that_waits_for_something_keeps_the_others_waiting_for_a_while_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(websocket, "DRAWN_AFTER", 0.01)
    reached: list[bytes] = []

    class Waiting(Stream):
        async def _streamlit(self, scope: Any, receive: Any, send: Any) -> None:
            reached.append((await receive())["bytes"])
            while len(reached) < 2 * DRAWING:
                await asyncio.sleep(0)

    async def whole() -> None:
        guard = Frames(None)  # type: ignore[arg-type]
        await asyncio.gather(*(Waiting().runs(guard, [RERUN]) for _ in range(2 * DRAWING)))

    asyncio.run(whole())
    assert len(reached) == 2 * DRAWING


def test_no_other_websocket_is_there() -> None:
    stream = Stream(path="/_stcore/other").sends(RERUN)
    assert (stream.reached, stream.closed) == ([], (1008, ""))


def test_the_kinds_by_name() -> None:
    assert kind_of(RERUN) == "rerun_script"
    assert kind_of(a_file("personal.csv")) == "file_urls_request"
    with pytest.raises(Refusal, match="kind"):
        kind_of(b"")


# Rates


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_lets_so_many_at_once_and_so_many_a_second() -> None:
    clock = Clock()
    bucket = Bucket(Rate(3, 2), clock)
    assert [bucket.take() for _ in range(5)] == [0, 0, 0, 0.5, 1.0]
    clock.now += 1
    assert bucket.take() == 0.5
    bucket.give_back()
    clock.now += 100
    assert bucket.is_full
    assert [bucket.take() for _ in range(4)] == [0, 0, 0, 0.5]


def test_full_buckets_are_forgotten_when_there_are_many() -> None:
    buckets = Buckets(many=3)
    busy = buckets.of(("address", "0"), Rate(1, 0.001))
    busy.take()
    for number in range(1, 9):
        buckets.of(("address", str(number)), Rate(1, 1))
    assert len(buckets.found) <= 3
    assert buckets.of(("address", "0"), Rate(1, 1)) is busy


def test_all_tabs_and_sessions_of_an_account_share_a_bucket_and_strangers_their_addresss() -> None:
    amina = account("amina@test.example")

    async def app(*_: Any) -> None:
        return None

    guard = Frames(app)

    async def keys() -> set[tuple[str, str]]:
        other = {"cookie": f"{SESSION_COOKIE}=made-up"}
        for headers in (cookie(amina), cookie(amina), {}, other):
            scope = {
                "type": "websocket",
                "path": STREAM,
                "client": ("192.0.2.1", 5000),
                "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            }
            await guard(scope, app, app)  # type: ignore[arg-type]  # nothing is received or sent
        return set(guard.buckets.found)

    found = asyncio.run(keys())
    assert {kind for kind, _ in found} == {"account", "address"}
    assert len(found) == 2


# Whose it is


def test_without_streamlits_trust_it_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    before = config.get_option("server.trustedUserHeaders")
    config.set_option("server.trustedUserHeaders", {})
    try:
        with pytest.raises(NotTrusted, match=r"server\.trustedUserHeaders"):
            Stream().sends()
    finally:
        config.set_option("server.trustedUserHeaders", before)
