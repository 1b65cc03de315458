"""The web server's connections: bounded in number and in time. Time is moved on by looking."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.support.server import DEADLINE
from visionsprat.runtime.file_descriptors import FULL, SPARE, Bounds, bounds_of
from visionsprat.web.connections import (
    BODY_SECONDS,
    HEAD_SECONDS,
    MAX_FRAGMENTS,
    MAX_HEAD_BYTES,
    MAX_MESSAGE_BYTES,
    MESSAGE_SECONDS,
    READER_SECONDS,
    SLOWEST,
    SPARE_SECONDS,
    Connection,
    Tab,
    Watch,
)
from visionsprat.web.security import HEADERS

WHOLE = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
HALF = b"GET / HTTP/1.1\r\nHost: loc"
HEALTHZ = WHOLE.replace(b"/ ", b"/healthz ", 1)
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
LARGE = 8_000_000
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the length of what it was sent, or with much; keeps tabs open and has the last word."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] != "websocket.disconnect":
            scope["state"]["heard"].append(message.get("bytes", message.get("text")))
        with suppress(OSError):
            await send({"type": "websocket.send", "bytes": b"one more word"})
        scope["state"]["heard"].append("the end")
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

    def __init__(self, watch: Watch, port: int, heard: list[bytes | str]) -> None:
        self.watch, self.port, self.heard = watch, port, heard
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
    config.ws_max_size = MAX_MESSAGE_BYTES
    state, watch = ServerState(), Watch(limits)
    watch.everybody = state.connections
    config.ws_protocol_class = type("TestTab", (Tab,), {"watch": watch})
    protocol = type("TestConnection", (Connection,), {"watch": watch})
    heard: list[bytes | str] = []
    server = await asyncio.get_running_loop().create_server(
        lambda: protocol(config=config, server_state=state, app_state={"heard": heard}), "127.0.0.1", 0
    )
    place = Place(watch, server.sockets[0].getsockname()[1], heard)
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
        assert not watch.parts and not watch.held


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


def frame(kind: int, data: bytes, size: int | None = None, *, fin: bool = True) -> bytes:
    """A message over a websocket, or its beginning when `size` promises more than there is."""
    head = bytes([kind | (128 if fin else 0), 128 | 127]) + (len(data) if size is None else size).to_bytes(
        8, "big"
    )
    return head + bytes(4) + data  # masked with nothing


BINARY, TEXT, ON, UNKNOWN = 2, 1, 0, 3


async def a_tab(place: Place) -> Streams:
    streams = await place.ask(HANDSHAKE)
    assert (await streams[0].readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
    return streams


def test_heads_and_messages_that_are_half_here_take_so_much_memory_in_all() -> None:
    async def half(place: Place) -> None:
        place.watch.most_held = 200_000
        begun = frame(BINARY, b"a" * 60_000, 90_000)
        tabs = [await a_tab(place) for _ in range(5)]
        for number, (_, writer) in enumerate(tabs):
            writer.write(begun)
            await until(lambda least=number: place.watch.held >= min(least + 1, 3) * 60_000)  # type: ignore[misc]
        await until(lambda: tabs[0][0].at_eof() and tabs[1][0].at_eof())
        assert not any(reader.at_eof() for reader, _ in tabs[2:])
        reader, _ = await place.ask(b"GET / HTTP/1.1\r\nX: " + b"a" * 30_000)
        await until(lambda: tabs[2][0].at_eof())
        assert not reader.at_eof()

    run(half)


def test_half_a_message_is_waited_for_a_while() -> None:
    async def half(place: Place) -> None:
        whole, begun = await a_tab(place), await a_tab(place)
        begun[1].write(frame(BINARY, b"a", 9))
        await until(lambda: place.watch.held > 0)
        place.wait(MESSAGE_SECONDS)
        assert await answer(begun) == ""
        assert not whole[0].at_eof()

    run(half)


def test_a_message_in_parts_is_put_together() -> None:
    async def parts(place: Place) -> None:
        reader, writer = await a_tab(place)
        writer.write(frame(BINARY, b"a", fin=False))
        await until(lambda: place.watch.held == 1)
        writer.write(frame(ON, b"b"))
        await until(lambda: place.heard == [b"ab"])
        assert place.watch.held == 0 and not reader.at_eof()

    run(parts)


def test_a_message_in_endless_parts_ends_the_connection() -> None:
    async def endless(place: Place) -> None:
        reader, writer = await a_tab(place)
        writer.write(frame(BINARY, b"", fin=False) + frame(ON, b"", fin=False) * 2 * MAX_FRAGMENTS)
        await until(reader.at_eof)

    run(endless)


@pytest.mark.parametrize("parts", [1, 3])
def test_what_stands_in_a_text_is_not_looked_at(parts: int, caplog: pytest.LogCaptureFixture) -> None:
    async def text(place: Place) -> None:
        _, writer = await a_tab(place)
        writer.write(frame(TEXT, b"\xff", fin=parts == 1) + frame(ON, b"\xfe", fin=False) * (parts - 2))
        writer.write(frame(ON, b"\xfe") if parts > 1 else b"")
        await until(lambda: place.heard == [""])

    run(text)
    assert not [each for each in caplog.records if each.levelno > logging.INFO]


def test_what_is_said_after_a_malformed_frame_is_said_to_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async def malformed(place: Place) -> None:
        _, writer = await a_tab(place)
        writer.write(frame(UNKNOWN, b""))
        await until(lambda: place.heard == ["the end"])

    run(malformed)
    assert not [each for each in caplog.records if each.levelno > logging.INFO]


@pytest.mark.parametrize("size", [MAX_MESSAGE_BYTES + 1, 2**40])
def test_a_message_that_will_be_too_large_is_refused_before_it_is_here(size: int) -> None:
    async def large(place: Place) -> None:
        reader, writer = await a_tab(place)
        writer.write(frame(BINARY, b"a", size))
        await asyncio.wait_for(reader.read(), DEADLINE)

    run(large)


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
        for tab in tabs:
            await tab.close()

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
