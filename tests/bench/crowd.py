"""The learners of part g, in a process of their own, with their orders on standard input."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, TypeVar

import httpx

from tests.support.measured_server import Learner
from tests.support.streamlit_client import Editor, Tab
from tests.support.walk import ANSWER, THEMES, WALK

PAUSE = 5.0
#: After so many saves a learner goes on to their next question.
SAVES_A_QUESTION = 4
T = TypeVar("T")


@dataclass
class Seen:
    runs: list[float] = field(default_factory=list)
    saves: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    acknowledged: list[tuple[int, str, str, int]] = field(default_factory=list)
    #: How much later than asked this process woke up: when that is much, the machine is full.
    late: list[float] = field(default_factory=list)

    async def clocked(self, into: list[float], action: Awaitable[T]) -> T | None:
        start = time.perf_counter()
        try:
            done = await asyncio.wait_for(action, 30)
        except Exception as error:  # whatever it is, it is counted and shown
            self.errors.append(f"{type(error).__name__}: {error}")
            return None
        into.append((time.perf_counter() - start) * 1000)
        return done


async def main() -> None:
    order = json.load(sys.stdin)
    seen = Seen()
    # The server closes a connection after five idle seconds; httpx might just then be writing to it.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=4)
    watch = asyncio.create_task(_watch(seen))
    async with httpx.AsyncClient(limits=limits, timeout=30) as connection:
        await asyncio.gather(
            *(_learn(seen, order, Learner(**each), connection) for each in order["learners"])
        )
    watch.cancel()
    json.dump(vars(seen), sys.stdout)


async def _watch(seen: Seen) -> None:
    while True:
        asked = time.perf_counter() + 0.05
        await asyncio.sleep(0.05)
        seen.late.append((time.perf_counter() - asked) * 1000)


async def _learn(seen: Seen, order: dict[str, Any], learner: Learner, connection: httpx.AsyncClient) -> None:
    """Arrive some time within the first pause; from then on a click and a save in every one."""
    await asyncio.sleep(random.uniform(0, PAUSE))
    end = time.monotonic() + order["seconds"] - PAUSE
    editor = Editor(order["url"], learner, connection)
    lock = asyncio.Lock()  # a tab runs one page at a time
    try:
        async with Tab(order["url"], learner) as tab:
            await asyncio.gather(_click(seen, tab, lock, end), _write(seen, tab, lock, end, editor, learner))
    except OSError as error:
        seen.errors.append(f"{type(error).__name__}: {error}")


async def _click(seen: Seen, tab: Tab, lock: asyncio.Lock, end: float) -> None:
    for address in cycle(WALK):
        async with lock:
            await seen.clocked(seen.runs, tab.visit(address))
        await asyncio.sleep(PAUSE)
        if time.monotonic() > end:
            return


async def _write(
    seen: Seen, tab: Tab, lock: asyncio.Lock, end: float, editor: Editor, learner: Learner
) -> None:
    """Write on one question after the other; the first save of each asks for a run, as the editor does."""
    await asyncio.sleep(random.uniform(0, PAUSE))
    for theme, questions in THEMES.items():
        for question in questions:
            text = ""
            for number in range(SAVES_A_QUESTION):
                text += ANSWER
                revision = await seen.clocked(seen.saves, editor.save(question, text))
                if revision is not None:
                    seen.acknowledged.append((learner.account_id, question, text, revision))
                if number == 0:
                    async with lock:
                        await seen.clocked(seen.runs, tab.visit(theme))
                await asyncio.sleep(PAUSE)
                if time.monotonic() > end:
                    return


asyncio.run(main())
