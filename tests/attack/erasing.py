"""One account erases nothing, again and again, and now and then a text: nobody waits for the disk."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import httpx

from tests.attack.target import CLIENT_HEADER, Target
from visionsprat.domain.records import Draft, NewAccount
from visionsprat.store import Store

ADDRESS = "203.0.113.63"
#: Megabytes of others' texts, and how often is erased.
LARGE, TIMES = {False: 20, True: 300}, {False: 30, True: 300}
QUESTION = "pulserande/gora"


async def attack(target: Target, hard: bool) -> None:
    """The button on "Mitt konto" is pressed in the store beside the server; the route is asked by HTTP."""
    with target.server.store() as store:
        await asyncio.to_thread(_fill, store, LARGE[hard])
        size = sum(each.stat().st_size for each in target.server.data.glob("visionsprat.db*"))
        assert size > LARGE[hard] * 900_000, "the database is not as large as it was to be"
        headers = {"Cookie": target.learner(3).cookie, "Origin": target.url, CLIENT_HEADER: ADDRESS}
        async with httpx.AsyncClient(base_url=target.url, headers=headers, timeout=60) as client:
            for _ in range(TIMES[hard]):
                before = _written()
                await asyncio.to_thread(store.erase_reflections, target.learner(3).account_id)
                assert _written() - before < size / 2, "the whole database was written anew"
                await _erase_and_write(client)


async def _erase_and_write(client: httpx.AsyncClient) -> None:
    erased = await client.delete("/api/reflections/versions", params={"question": QUESTION})
    assert erased.status_code in {204, 429}, f"erasing was answered with {erased.status_code}"
    body = {"question": QUESTION, "text": "Hej", "based_on": 0}
    saved = await client.post("/api/reflections", json=body)
    assert saved.status_code in {200, 409, 429}, f"a save was answered with {saved.status_code}"


def _fill(store: Store, megabytes: int) -> None:
    """Let many people have written long answers: nobody alone has room for so much."""
    for number in range(megabytes):
        account = store.add_account(NewAccount(f"lång{number}@attack.example", f"Långa {number}", None))
        for question in range(25):
            store.save_reflection(account, Draft(f"pulserande/{question}", f"{question} " + "å" * 19_990, 0))


def _written() -> int:
    """Bytes that this process has written to files."""
    return int(re.findall(r"^wchar: (\d+)", Path("/proc/self/io").read_text(), re.M)[0])
