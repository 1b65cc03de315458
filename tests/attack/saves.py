"""One account fills the disk with refused texts, and strangers save without end: both get no further."""

from __future__ import annotations

import asyncio
from contextlib import closing

import httpx

from tests.attack.target import CLIENT_HEADER, MIB, Target
from tests.bench.server import Learner
from visionsprat.migrations import connect
from visionsprat.store import quotas

ADDRESS = "203.0.113.62"
QUESTION = "balanserade/gora"
#: Saves one after the other on each of so many connections.
SAVES, AT_ONCE = {False: 150, True: 500}, {False: 2, True: 4}
STRANGERS = {False: 1_500, True: 4_000}


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
