"""Connections that are opened and not used: half-sent requests, slow bodies, unread answers, endless tabs."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from tests.attack.target import Target
from tests.support.server import Server
from tests.support.streamlit_client import Tab
from visionsprat.runtime.file_descriptors import SPARE, bounds_of
from visionsprat.web.static_files import STREAMLIT

HALF_A_HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
HALF_A_BODY = (
    b"POST /api/reflections HTTP/1.1\r\nHost: localhost:%d\r\nOrigin: http://localhost:%d\r\n"
    b"Content-Type: application/json\r\nContent-Length: 50000\r\n\r\n{"
)
HALF_A_HANDSHAKE = (
    b"GET /_stcore/stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
)
LARGEST = max((STREAMLIT / "static" / "js").glob("*.js"), key=lambda file: file.stat().st_size)
UNREAD = f"GET /static/js/{LARGEST.name} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: br\r\n\r\n".encode()
#: File descriptors of the server that is filled with tabs.
FEW = 300


async def attack(target: Target, hard: bool) -> None:
    """Take all the connections there are, in each way; others are still answered."""
    count, port = 2000 if hard else 1200, target.server.port
    ways = {
        HALF_A_HEAD: count,
        HALF_A_BODY % (port, port): count,
        HALF_A_HANDSHAKE: count,
        UNREAD: count // 10,
    }
    for sent, times in ways.items():
        async with _many(port, times, sent):
            await _healthz_answers(target.url)
            async with Tab(target.url, target.learner(0)) as tab:
                await tab.visit("visionen")
    with tempfile.TemporaryDirectory(prefix="visionsprat-attack-") as folder:
        server = Server(Path(folder), under=["sh", "-c", f'ulimit -n {FEW}; exec "$@"', "sh"])
        try:
            await _fill(server, _half_sent)
            await _fill(server, _tabs)
        finally:
            server.stop()


async def _fill(server: Server, fill: Callable[[Server], Awaitable[None]]) -> None:
    """Take more of a small server than it has, and see that it is whole afterwards."""
    await fill(server)
    await _healthz_answers(server.url)
    async with Tab(server.url, None) as tab:
        await tab.visit("")


async def _half_sent(server: Server) -> None:
    async with _many(server.port, 4 * FEW, HALF_A_HEAD):
        await _healthz_answers(server.url)
        async with Tab(server.url, None) as tab:
            await tab.visit("")


async def _tabs(server: Server) -> None:
    """As many tabs as it takes, connections for the rest, and then some more of both."""
    limits = bounds_of(FEW)
    tabs = [await _open_tab(server) for _ in range(limits.tabs)]
    for _ in range(20):
        with suppress(InvalidStatus):
            await _open_tab(server)
            raise AssertionError("a tab too many was let in")
    await _healthz_answers(server.url)
    async with _many(server.port, limits.connections + SPARE, HALF_A_HEAD):
        await _healthz_answers(server.url)
    for each in tabs:
        await each.close()


async def _open_tab(server: Server) -> ClientConnection:
    address = f"{server.url.replace('http', 'ws', 1)}/_stcore/stream"
    return await connect(address)


@asynccontextmanager
async def _many(port: int, count: int, sent: bytes) -> AsyncIterator[None]:
    """So many connections, each of which says something and then falls silent."""
    writers = []
    try:
        for _ in range(count):
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(sent)
                writers.append(writer)
        yield
    finally:
        for writer in writers:
            writer.transport.abort()


async def _healthz_answers(url: str) -> None:
    async with httpx.AsyncClient(timeout=10, headers={"Connection": "close"}) as client:
        for _ in range(3):
            answer = await client.get(f"{url}/healthz")
            assert (answer.status_code, answer.text[:2]) == (200, "ok"), "/healthz did not answer"
