"""The web server's connections: bounded in number and in time. Time is moved on by looking."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.browser.server import DEADLINE
from visionsprat.bounds import FULL, SPARE, Bounds, bounds_of
from visionsprat.guard import HEADERS
from visionsprat.server import (
    BODY_SECONDS,
    HEAD_SECONDS,
    MAX_HEAD_BYTES,
    READER_SECONDS,
    SLOWEST,
    SPARE_SECONDS,
    Connection,
    Tab,
    Watch,
)

WHOLE = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
HALF = b"GET / HTTP/1.1\r\nHost: loc"
HEALTHZ = WHOLE.replace(b"/ ", b"/healthz ", 1)
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
LARGE = 8_000_000
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the length of what it was sent, or with much; keeps websockets open."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        return
    received, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        received, more = received + len(message["body"]), message.get("more_body", False)
    body = b"x" * LARGE if scope["path"] == "/large" else f"{received} bytes".encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Place:
    """A server that listens on a port of its own."""

    def __init__(self, watch: Watch, port: int) -> None:
        self.watch, self.port = watch, port
        self.writers: list[asyncio.StreamWriter] = []

    async def ask(self, sent: bytes) -> Streams:
        """Open a connection and begin to say something, until the server has taken note of it."""
        known = self.watch.everybody.copy()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers.append(writer)
        writer.write(sent)
        await until(lambda: bool(self.watch.everybody - known) or reader.at_eof() or bool(reader._buffer))  # type: ignore[attr-defined]
        return reader, writer

    def wait(self, seconds: int) -> None:
        for _ in range(seconds + 1):
            self.watch.look()


async def until(met: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE
    while not met():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.005)


@asynccontextmanager
async def listening(limits: Bounds) -> AsyncIterator[Place]:
    config = uvicorn.Config(application, lifespan="off", log_config=None)
    config.load()
    state, watch = ServerState(), Watch(limits)
    watch.everybody = state.connections
    config.ws_protocol_class = type("TestTab", (Tab,), {"watch": watch})
    protocol = type("TestConnection", (Connection,), {"watch": watch})
    server = await asyncio.get_running_loop().create_server(
        lambda: protocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    place = Place(watch, server.sockets[0].getsockname()[1])
    try:
        yield place
    finally:
        server.close()
        for writer in place.writers:
            writer.close()
        for each in [*state.connections]:
            each.transport.abort()
        await until(lambda: not state.connections and not state.tasks)
        assert not watch.waiting and not watch.spare and not watch.stuck and not watch.of_client


MANY, FEW = Bounds(1000, 500, 500, 250, 100), Bounds(5, 4, 3, 2, 100)


def run(test: Callable[[Place], Awaitable[None]], limits: Bounds = MANY) -> None:
    async def whole() -> None:
        async with listening(limits) as place:
            await test(place)

    asyncio.run(whole())


async def answer(streams: Streams) -> str:
    """All that comes until the server closes."""
    return (await asyncio.wait_for(streams[0].read(), DEADLINE)).decode()


async def one_answer(streams: Streams) -> str:
    head = (await asyncio.wait_for(streams[0].readuntil(b"\r\n\r\n"), DEADLINE)).decode()
    length = int(head.lower().partition("content-length: ")[2].split("\r\n")[0])
    return head + (await streams[0].readexactly(length)).decode()


# How long


def test_half_a_head_is_waited_for_a_while_and_then_told_so() -> None:
    async def test(place: Place) -> None:
        streams = await place.ask(HALF)
        await until(lambda: any(each._received for each in place.watch.waiting))
        place.wait(HEAD_SECONDS - 1)
        assert len(place.watch.everybody) == 1
        place.wait(1)
        told = await answer(streams)
        assert told.startswith("HTTP/1.1 408 ") and told.endswith("Försök igen.\n")
        assert all(f"{name}: {value}" in told for name, value in HEADERS.items())

    run(test)


def test_a_head_that_comes_byte_by_byte_is_waited_for_no_longer() -> None:
    async def test(place: Place) -> None:
        streams = await place.ask(HALF)
        for _ in range(HEAD_SECONDS + 3):
            streams[1].write(b"a")
            await asyncio.sleep(0)
            place.watch.look()
        await until(lambda: not place.watch.everybody)

    run(test)


def test_a_connection_that_a_browser_has_opened_to_be_ready_is_closed_without_a_word() -> None:
    async def test(place: Place) -> None:
        streams = await place.ask(b"")
        place.wait(HEAD_SECONDS)
        assert await answer(streams) == ""

    run(test)


def test_a_body_may_come_slowly_but_not_stand_still() -> None:
    async def test(place: Place) -> None:
        streams = await place.ask(POST)
        for _ in range(3 * BODY_SECONDS):
            (connection,) = place.watch.waiting
            received = connection._received
            streams[1].write(b"x" * SLOWEST)
            await until(lambda c=connection, before=received: c._received == before + SLOWEST)  # type: ignore[misc]
            place.watch.look()
        assert len(place.watch.waiting) == 1
        place.wait(BODY_SECONDS)
        assert (await answer(streams)).startswith("HTTP/1.1 408 ")

    run(test)


def test_a_whole_request_is_waited_for_no_more_and_the_next_one_again() -> None:
    async def test(place: Place) -> None:
        streams = await place.ask(WHOLE)
        for _ in range(3):
            assert "0 bytes" in await one_answer(streams)
            place.wait(HEAD_SECONDS - 2)
            streams[1].write(WHOLE)
        assert "0 bytes" in await one_answer(streams)
        streams[1].write(HALF)
        await until(lambda: any(each._received for each in place.watch.waiting))
        place.wait(HEAD_SECONDS)
        assert await answer(streams) == ""  # an answer has been given on this connection

    run(test)


def test_requests_that_come_at_once_are_all_answered() -> None:
    async def test(place: Place) -> None:
        streams = await place.ask(WHOLE * 3)
        for _ in range(3):
            assert "0 bytes" in await one_answer(streams)
        assert len(place.watch.everybody) == 1

    run(test)


def test_who_does_not_read_is_not_waited_for() -> None:
    async def test(place: Place) -> None:
        await place.ask(WHOLE.replace(b"/ ", b"/large ", 1))
        await until(lambda: bool(place.watch.stuck))
        place.wait(READER_SECONDS)
        await until(lambda: not place.watch.everybody)

    run(test)


def test_who_reads_slowly_gets_all_of_it() -> None:
    async def test(place: Place) -> None:
        streams = await place.ask(WHOLE.replace(b"/ ", b"/large ", 1).replace(b"1.1", b"1.0", 1))
        read = b""
        while part := await streams[0].read(200_000):
            read += part
            place.watch.look()
            await asyncio.sleep(0)
        assert len(read.partition(b"\r\n\r\n")[2]) == LARGE

    run(test)


def test_a_head_without_an_end_is_refused() -> None:
    async def test(place: Place) -> None:
        streams = await place.ask(HALF + b"a" * (MAX_HEAD_BYTES + 1))
        assert (await answer(streams)).startswith("HTTP/1.1 431 ")

    run(test)


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00\x01", b"HEJ\r\n\r\n", WHOLE.replace(b"/", b"/\xff", 1), b"\0" * 100]
)
def test_what_is_no_request_is_told_so_in_swedish(sent: bytes) -> None:
    async def test(place: Place) -> None:
        told = await answer(await place.ask(sent))
        assert told.startswith("HTTP/1.1 400 ") and told.endswith("Begäran gick inte att förstå.\n")

    run(test)


# How many


def test_half_sent_requests_give_way_to_whole_ones() -> None:
    async def test(place: Place) -> None:
        halves = [await place.ask(HALF) for _ in range(FEW.connections)]
        for _ in range(FEW.connections + 2):
            assert "0 bytes" in await one_answer(await place.ask(WHOLE))
        for each in halves:
            assert await answer(each) == ""
        assert len(place.watch.everybody) <= FEW.connections + 1

    run(test, FEW)


def test_when_all_are_taken_healthz_is_answered_and_nobody_else() -> None:
    async def test(place: Place) -> None:
        address = f"ws://127.0.0.1:{place.port}/"
        tabs = [await connect(address) for _ in range(FEW.connections)]
        told = await answer(await place.ask(WHOLE))
        assert told.startswith("HTTP/1.1 503 ") and told.endswith(f"{FULL}\n") and "retry-after: 10" in told
        assert all(f"{name.lower()}: {value}" in told for name, value in HEADERS.items())
        assert (await answer(await place.ask(HEALTHZ))).startswith("HTTP/1.1 200 ")
        with pytest.raises(InvalidStatus, match="503"):
            await connect(address)
        await tabs.pop().close()
        await until(lambda: len(place.watch.everybody) < FEW.connections)
        assert (await one_answer(await place.ask(WHOLE))).startswith("HTTP/1.1 200 ")
        for each in tabs:
            await each.close()

    run(test, FEW)


def test_the_spare_ones_are_for_those_who_ask_at_once() -> None:
    async def test(place: Place) -> None:
        tabs = [await connect(f"ws://127.0.0.1:{place.port}/") for _ in range(FEW.connections)]
        silent = [await place.ask(HALF) for _ in range(SPARE + 3)]
        assert (await answer(await place.ask(HEALTHZ))).startswith("HTTP/1.1 200 ")
        place.wait(SPARE_SECONDS)
        for each in silent:
            await answer(each)
        assert len(place.watch.everybody) == FEW.connections
        for each in tabs:
            await each.close()

    run(test, FEW)


# The bounds


@pytest.mark.parametrize("descriptors", [64, 256, 1024, 4096, 20_000, 65_536, 10**6])
def test_descriptors_are_left_for_the_database_whatever_comes(descriptors: int) -> None:
    found = bounds_of(descriptors)
    assert 0 < found.tabs_of_client < found.tabs < found.connections
    if descriptors > 200:
        assert found.connections + SPARE + 64 <= descriptors


def test_under_the_shipped_unit_a_city_has_room_even_from_one_address() -> None:
    found = bounds_of(65_536)
    assert found.tabs_of_client >= 5_000 and found.connections_of_client >= 10_000
