"""Event loops that take no file descriptors until they are run."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest

from visionsprat.runtime.event_loops import UnopenedLoop

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks into /proc")


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_one_that_is_never_run_takes_no_descriptor() -> None:
    before = descriptors()
    loop = UnopenedLoop()
    assert descriptors() == before
    loop.close()
    assert loop.is_closed()


def test_one_that_is_run_after_all_does_what_others_do_and_gives_back_what_it_took() -> None:
    async def answer() -> int:
        await asyncio.sleep(0)
        return await asyncio.to_thread(lambda: 42)

    before = descriptors()
    loop = UnopenedLoop()
    assert loop.run_until_complete(answer()) == 42
    assert loop.run_until_complete(answer()) == 42
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    assert descriptors() == before


def test_another_thread_may_give_it_work_before_it_is_run() -> None:
    loop, done = UnopenedLoop(), threading.Event()
    loop.call_soon_threadsafe(done.set)
    loop.call_soon_threadsafe(loop.stop)
    loop.run_forever()
    loop.close()
    assert done.is_set()


def test_a_closed_one_is_not_opened_again() -> None:
    loop = UnopenedLoop()
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        loop.run_forever()
