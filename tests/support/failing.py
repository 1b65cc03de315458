"""Ways to go wrong with somebody's words in one's mouth."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import traceback
import warnings
from collections.abc import Callable
from typing import Any

from uvicorn.config import LOGGING_CONFIG

WORDS = "Vi matar uttern bakom reningsverket."


def fail(words: str = WORDS) -> None:
    raise ValueError(words)


def in_a_thread() -> None:
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()


def where_none_can_be_raised() -> None:
    class Thrown:
        def __del__(self) -> None:
            fail()

    Thrown()
    gc.collect()


def in_a_callback() -> None:
    asyncio.get_running_loop().call_soon(fail, WORDS)


async def in_a_task_that_nobody_waits_for() -> None:
    async def later() -> None:
        fail()

    await asyncio.wait([asyncio.create_task(later())])
    gc.collect()


def in_a_log_configured_later() -> None:
    """As uvicorn does for each server of its own, and Streamlit for a logger that it meets late."""
    logging.config.dictConfig(LOGGING_CONFIG)
    own = logging.getLogger("another.library")
    own.propagate = False
    own.addHandler(logging.StreamHandler())
    for logger in (own, logging.getLogger("uvicorn.error"), logging.getLogger("made.later")):
        try:
            fail()
        except ValueError as error:
            logger.exception("It said %s", error)
            logger.error(error)


def printed() -> None:
    try:
        fail()
    except ValueError:
        traceback.print_exc()


WAYS: dict[str, Callable[[], Any]] = {
    "request": fail,
    "thread": in_a_thread,
    "unraisable": where_none_can_be_raised,
    "callback": in_a_callback,
    "task": in_a_task_that_nobody_waits_for,
    "warning": lambda: warnings.warn(WORDS, stacklevel=1),
    "later": in_a_log_configured_later,
    "printed": printed,
    "malformed": lambda: logging.getLogger("another").error("%d", WORDS),
}
