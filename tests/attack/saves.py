"""One account fills the disk with refused texts, and strangers save without end: both get no further.

Nor do they by beginning many large saves that never end.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing, suppress

import httpx

from tests.attack.target import CLIENT_HEADER, MIB, Target
from tests.support.measured_server import Learner
from visionsprat.runtime.rate_limits import MOST_RECEIVED
from visionsprat.store import quotas
from visionsprat.store.schema import connect

ADDRESS = "203.0.113.62"
QUESTION = "balanserade/gora"
#: Saves one after the other on each of so many connections.
SAVES, AT_ONCE = {False: 150, True: 500}, {False: 2, True: 4}
STRANGERS = {False: 1_500, True: 4_000}
#: Saves that are begun and never ended, of so many bytes, and how many seconds they may take to be refused.
HALF_SENT, SENT = {False: 50, True: 1_000}, 1_290_000
REFUSED_WITHIN = 30


async def attack(target: Target, hard: bool) -> None:
    learner, before = target.learner(2), _size(target)
    headers = {"Cookie": learner.cookie, "Origin": target.url, CLIENT_HEADER: ADDRESS}
    async with httpx.AsyncClient(base_url=target.url, headers=headers, timeout=120) as client:
        writers = (_conflict(client, writer, SAVES[hard]) for writer in range(AT_ONCE[hard]))
        statuses = set().union(*await asyncio.gather(*writers))
    assert statuses == {200, 409, 429}, f"saves were answered with {statuses}"
    count, size = _kept(target, learner)
    assert count <= quotas.MOST_OF_QUESTION and size <= quotas.MOST_BYTES, f"{count} texts, {size} bytes"
    assert _size(target) - before < 4 * quotas.MOST_BYTES + 16 * MIB, "the files grew beyond the quota"
    await _strangers(target, STRANGERS[hard])
    for cookie, held in (("", 0), (learner.cookie, MOST_RECEIVED)):
        waited_for = await _half_sent(target, cookie, HALF_SENT[hard], held)
        assert waited_for <= held, f"{waited_for} half-sent saves were kept"


async def _conflict(client: httpx.AsyncClient, writer: int, saves: int) -> set[int]:
    """Write upon nothing again and again: each text but the first is refused, and was kept for ever."""
    statuses = set()
    for number in range(saves):
        body = {"question": QUESTION, "text": f"{writer} {number} " + "å" * 19_000, "based_on": 0}
        statuses.add((await client.post("/api/reflections", json=body)).status_code)
    return statuses


async def _strangers(target: Target, count: int) -> None:
    headers = {"Origin": target.url, CLIENT_HEADER: ADDRESS}
    async with httpx.AsyncClient(base_url=target.url, headers=headers, timeout=120) as client:
        body = {"question": QUESTION, "text": "Hej", "based_on": 0}
        statuses = {(await client.post("/api/reflections", json=body)).status_code for _ in range(count)}
    assert statuses <= {401, 429}, f"strangers were answered with {statuses}"


async def _half_sent(target: Target, cookie: str, count: int, held: int) -> int:
    """How many of so many half-sent saves are neither answered nor ended; no more than `held` should be."""
    head = (
        f"POST /api/reflections HTTP/1.1\r\nHost: localhost:{target.server.port}\r\nOrigin: {target.url}\r\n"
        f"Cookie: {cookie}\r\n{CLIENT_HEADER}: {ADDRESS}\r\nContent-Length: {SENT + 1}\r\n\r\n"
    )
    sent = head.encode() + b" " * SENT
    saves = {asyncio.create_task(_half_a_save(target.server.port, sent)) for _ in range(count)}
    until = asyncio.get_running_loop().time() + REFUSED_WITHIN
    waiting = saves
    while len(waiting) > held and (left := until - asyncio.get_running_loop().time()) > 0:
        _, waiting = await asyncio.wait(waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED)
    for each in saves:
        each.cancel()
    await asyncio.gather(*saves, return_exceptions=True)
    return len(waiting)


async def _half_a_save(port: int, sent: bytes) -> None:
    """Send it, and wait for what comes back. Nothing of it is copied: a thousand of them are there."""
    loop = asyncio.get_running_loop()
    with socket.socket() as client, suppress(OSError):
        client.setblocking(False)
        await loop.sock_connect(client, ("127.0.0.1", port))
        await loop.sock_sendall(client, sent)
        await loop.sock_recv(client, 1)


def _kept(target: Target, learner: Learner) -> tuple[int, int]:
    with closing(connect(target.server.database, create=False)) as db:
        found: tuple[int, int] = db.execute(
            "SELECT count(*), coalesce(sum(length(CAST(text AS BLOB))), 0) FROM reflection_revisions"
            " WHERE account_id = ?",
            [learner.account_id],
        ).fetchone()
    return found


def _size(target: Target) -> int:
    return sum(file.stat().st_size for file in target.server.data.glob(f"{target.server.database.name}*"))
