"""Tabs without an account, each of which asks for its page as fast as it may; and saves of large nothings."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import httpx
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

from tests.attack.frames import opened
from tests.attack.target import CLIENT_HEADER, Target
from tests.support.streamlit_client import rerun

ADDRESS = "203.0.113.77"
#: Tabs, and for how many seconds each asks 16 times a second: below what a tab may.
TABS, SECONDS = {False: 20, True: 200}, {False: 3, True: 16}
PAUSE = 0.06
#: Bodies below what a save may have, of which JSON makes 30 MB.
BODIES = {False: 10, True: 120}
NOTHINGS = (
    b"[" + b",".join([b"{}"] * 430_000) + b"]",
    b"[" + b",".join([b"[]"] * 430_000) + b"]",
    b"{" + b",".join(b'"%d":1' % each for each in range(110_000)) + b"}",
    b'{"question": "skapande/gora", "based_on": 0, "text": [' + b",".join([b"{}"] * 420_000) + b"]}",
)


async def attack(target: Target, hard: bool) -> None:
    await asyncio.gather(*(_ask_again_and_again(target, SECONDS[hard]) for _ in range(TABS[hard])))
    await _save_nothings(target, BODIES[hard])


async def _ask_again_and_again(target: Target, seconds: float) -> None:
    message, end = rerun(target.url, ""), asyncio.get_running_loop().time() + seconds
    with suppress(WebSocketException):
        async with opened(target, None, address=ADDRESS) as socket:
            listening = asyncio.ensure_future(_listen(socket))
            while asyncio.get_running_loop().time() < end:
                await socket.send(message)
                await asyncio.sleep(PAUSE)
            listening.cancel()


async def _listen(socket: ClientConnection) -> None:
    with suppress(WebSocketException):
        async for _ in socket:
            pass


async def _save_nothings(target: Target, count: int) -> None:
    headers = {"Cookie": target.learner(4).cookie, "Origin": target.url, CLIENT_HEADER: ADDRESS}
    async with httpx.AsyncClient(base_url=target.url, headers=headers, timeout=120) as client:
        waiting = asyncio.Semaphore(4)

        async def save(number: int) -> int:
            async with waiting:
                body = NOTHINGS[number % len(NOTHINGS)]
                return (await client.post("/api/reflections", content=body)).status_code

        statuses = set(await asyncio.gather(*(save(number) for number in range(count))))
    assert statuses <= {422, 429} and 422 in statuses, f"they were answered with {statuses}"
