"""What a websocket may be sent: made-up addresses, other kinds, huge ones, thousands of them, and noise."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from contextlib import closing, suppress

from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from tests.attack.target import CLIENT_HEADER, Target
from tests.support.measured_server import Learner
from tests.support.streamlit_client import Tab, other_kinds, rerun
from tests.support.walk import WALK

POLICY, TOO_LARGE = 1008, 1009
ADDRESS = "203.0.113.9"


async def attack(target: Target, hard: bool) -> None:
    """See the module; each is told no, and nothing of it is kept."""
    await send_made_up_addresses(target, 40 if hard else 8, 22_000_000 if hard else 2_000_000)
    await ask_for_other_kinds(target, 2_000_000 if hard else 200_000)
    await ask_for_runs(target, None, 2_000)
    await ask_for_runs(target, target.learner(0), 2_000)
    await visit_what_is_no_step(target, target.learner(1), 20 if hard else 8)
    await send_noise(target, 5_000 if hard else 150)
    await walk(target, target.learner(2))


async def send_made_up_addresses(target: Target, count: int, size: int) -> None:
    for number in range(count):
        address = f"{number}-" + "a" * size
        assert await told(target, rerun(target.url, address), TOO_LARGE), "an endless address was taken"
    # Those that are short enough to be looked at are not kept either: a thousand of one tab.
    async with Tab(target.url, None) as tab:
        for number in range(8):
            await tab.visit(f"hittapa-{number}")


async def ask_for_other_kinds(target: Target, size: int) -> None:
    names = BackMsg()
    names.file_urls_request.file_names.extend([""] * (size // 2))
    assert await told(target, names.SerializeToString(), TOO_LARGE), "empty file names were taken"
    one = BackMsg()
    one.file_urls_request.file_names.append("personal.csv")
    for learner in (None, target.learner(0)):
        assert await told(target, one.SerializeToString(), POLICY, learner), "an upload was prepared"
    for each in other_kinds():
        for learner in (None, target.learner(0), target.administrator):
            assert await told(target, each, POLICY, learner), f"{each!r} was taken"


async def ask_for_runs(target: Target, learner: Learner | None, count: int) -> None:
    """One tab asks for far more pages than it could look at. The honest person's pages and saves tell."""
    message = rerun(target.url, "skapande")
    async with opened(target, learner) as socket:
        with suppress(ConnectionClosed):
            for _ in range(count):
                await socket.send(message)
        assert await _closed(socket) == POLICY, f"{count} runs were taken"


async def visit_what_is_no_step(target: Target, learner: Learner, count: int) -> None:
    async with Tab(target.url, learner) as tab:
        await tab.visit("visionen")
        for number in range(count):
            message = BackMsg()
            message.ParseFromString(rerun(target.url, f"hittapa-{number}-" + "a" * 20_000))
            message.rerun_script.page_script_hash = tab.hash_of("visionen")
            await tab.send(message)
            await tab.drawn("visionen")
    with closing(sqlite3.connect(target.server.database)) as db:
        found = {step for (step,) in db.execute("SELECT step FROM visits")}
    assert found <= {*WALK, ""}, f"{len(found)} visits are kept"


async def send_noise(target: Target, count: int) -> None:
    """A seeded fuzzer: bytes drawn by lot, and honest messages with some of theirs changed."""
    lot = random.Random(14)
    honest = [rerun(target.url, "skapande"), rerun(target.url, ""), *other_kinds()]
    for number in range(count):
        noise = bytearray(lot.choice(honest) if number % 2 else lot.randbytes(lot.randrange(200)))
        for _ in range(lot.randrange(1, 6)):
            if noise:
                noise[lot.randrange(len(noise))] = lot.randrange(256)
        who = target.learner(number % 3) if number % 4 else None
        async with opened(target, who, address=f"203.0.113.{number % 250}") as socket:
            await socket.send(bytes(noise) if number % 9 else noise.decode("latin-1"))


async def walk(target: Target, learner: Learner) -> None:
    """What an honest tab asks for is there all the same, however fast."""
    async with Tab(target.url, learner) as tab:
        for address in WALK:
            await tab.visit(address)


def opened(target: Target, learner: Learner | None, *, address: str = ADDRESS) -> connect:
    headers = {CLIENT_HEADER: address} | ({"Cookie": learner.cookie} if learner else {})
    return connect(
        f"{target.url.replace('http', 'ws', 1)}/_stcore/stream",
        origin=Origin(target.url),
        additional_headers=headers,
        subprotocols=[Subprotocol("streamlit"), Subprotocol("no-token")],
        max_size=None,
        compression=None,
        ping_interval=None,
    )


async def told(target: Target, message: bytes, code: int, learner: Learner | None = None) -> bool:
    """Whether the server closes the connection for that message, with that code and a word."""
    async with opened(target, learner) as socket:
        await _send(socket, message)
        return await _closed(socket) == code


async def _closed(socket: ClientConnection) -> int | None:
    """The code that the server closes the connection with; None when it goes on for long."""
    with suppress(ConnectionClosed, asyncio.TimeoutError):
        async with asyncio.timeout(20):
            while True:
                await socket.recv()
    return socket.close_code


async def _send(socket: ClientConnection, message: bytes) -> None:
    with suppress(ConnectionClosed):  # told before it had all of it
        await socket.send(message)
