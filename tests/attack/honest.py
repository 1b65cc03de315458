"""An honest person beside an attack: walks, writes, and notes how long it takes and what is acknowledged.

In a process of its own, lest the attacker's work makes it look slow: `python -m tests.attack.honest` takes
its orders as a line of JSON, goes on until an empty line, and says in a line what it has seen. Then it waits
for the next orders, until standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, TypeVar

import httpx

from tests.attack.target import CLIENT_HEADER
from tests.support.measured_server import Learner
from tests.support.streamlit_client import Editor, Tab
from tests.support.walk import WALK

ADDRESS = "198.51.100.7"
QUESTION = "skapande/innebar"
PAUSE = 0.5  # s between two saves, and between two pages
T = TypeVar("T")


@dataclass
class Seen:
    """Milliseconds of each page and save, what went wrong, and the last text that the server acknowledged."""

    pages: list[float] = field(default_factory=list)
    saves: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    acknowledged: str = ""

    async def clocked(self, into: list[float], action: Awaitable[T]) -> T | None:
        start = time.perf_counter()
        try:
            done = await asyncio.wait_for(action, 60)
        except Exception as error:  # whatever it is, it is counted and shown
            self.errors.append(f"{type(error).__name__}: {error}")
            return None
        into.append((time.perf_counter() - start) * 1000)
        return done


def main() -> None:
    while asked := sys.stdin.readline():
        print(json.dumps(vars(asyncio.run(_obey(json.loads(asked))))), flush=True)


async def _obey(order: dict[str, Any]) -> Seen:
    seen, ended = Seen(), asyncio.Event()
    learner = Learner(**order["learner"])
    listening = asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    listening.add_done_callback(lambda _: ended.set())
    await asyncio.gather(
        _write(seen, ended, order["url"], learner), _walk(seen, ended, order["url"], learner)
    )
    return seen


async def _write(seen: Seen, ended: asyncio.Event, url: str, learner: Learner) -> None:
    async with httpx.AsyncClient(timeout=60, headers={CLIENT_HEADER: ADDRESS}) as connection:
        editor, text = Editor(url, learner, connection), ""
        while not ended.is_set():
            text += "Vi frågar den det gäller. "
            if await seen.clocked(seen.saves, editor.save(QUESTION, text)) is not None:
                seen.acknowledged = text
            await _rest(ended)


async def _walk(seen: Seen, ended: asyncio.Event, url: str, learner: Learner) -> None:
    tab = Tab(url, learner)
    tab.headers[CLIENT_HEADER] = ADDRESS
    async with tab:
        for address in cycle(WALK):
            await seen.clocked(seen.pages, tab.visit(address))
            if ended.is_set():
                return
            await _rest(ended)


async def _rest(ended: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(ended.wait(), PAUSE)
    except TimeoutError:
        return


def order(url: str, learner: Learner) -> str:
    asked: dict[str, Any] = {"url": url, "learner": vars(learner)}
    return json.dumps(asked) + "\n"


if __name__ == "__main__":
    main()
