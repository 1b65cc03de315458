"""Throttling of costly work: it takes turns, and may never have all cores, lest saves and pages wait for it.

bcrypt and zxcvbn have half of the cores; whoever waits longer than 20 s is told "Många loggar in just nu".
A sign-in takes 0.24 s of a core, so two cores let in 4 a second: 5,000 people take 21 minutes, and where
all come within 5 minutes most are told to try again, while those who are in work undisturbed. The turn
comes before the failure is counted: whoever gets none has not failed.

So do the pages of those who are not signed in: however many of them there are, and however they ask, they
leave time for those who are.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from visionsprat.errors import Unavailable

#: Half of the cores; the other half is for saves and pages.
AT_ONCE = max(1, (os.cpu_count() or 2) // 2)
#: How long, in seconds, one waits for a turn.
PATIENCE = 20.0
#: More would wait in vain: a password takes some 0.25 s of a core.
MOST_WAITING = 80 * AT_ONCE


#: Script runs of strangers at once. Each takes some 5 ms, so they are 200 a second and more.
STRANGERS_AT_ONCE = 2
_strangers = threading.BoundedSemaphore(STRANGERS_AT_ONCE)
_thread = threading.local()


@contextmanager
def of_strangers() -> Iterator[None]:
    """Wait until few strangers' script runs are under way, and be one of them until the end."""
    with _strangers:
        _thread.is_strangers = True
        try:
            yield
        finally:
            _thread.is_strangers = False


@contextmanager
def _letting_others_by() -> Iterator[None]:
    """Whoever waits for something else keeps no stranger waiting."""
    if not getattr(_thread, "is_strangers", False):
        yield
        return
    _strangers.release()
    try:
        yield
    finally:
        _strangers.acquire()


class TooBusy(Unavailable):
    """So many wait for costly work that one more would wait in vain."""


class Turns:
    """So many at once; so many wait, in threads of their own, for at most `patience` seconds."""

    def __init__(
        self, at_once: int = AT_ONCE, waiting: int = MOST_WAITING, patience: float = PATIENCE
    ) -> None:
        self._room = threading.BoundedSemaphore(at_once + waiting)
        self._turn = threading.BoundedSemaphore(at_once)
        self._patience = patience

    @contextmanager
    def one(self) -> Iterator[None]:
        """Wait for a turn and have it until the end. Raises TooBusy."""
        if not self._room.acquire(blocking=False):
            raise TooBusy("Too many wait already.")
        try:
            with _letting_others_by():
                if not self._turn.acquire(timeout=self._patience):
                    raise TooBusy("No turn has come.")
                try:
                    yield
                finally:
                    self._turn.release()
        finally:
            self._room.release()
