"""Costly work takes turns: it may never have all cores, lest saves and pages wait for it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from visionsprat.errors import VisionspratError

#: Half of the cores; the other half is for saves and pages.
AT_ONCE = max(1, (os.cpu_count() or 2) // 2)
#: How long, in seconds, one waits for a turn.
PATIENCE = 20.0
#: More would wait in vain: a password takes some 0.25 s of a core.
MOST_WAITING = 80 * AT_ONCE


class TooBusy(VisionspratError):
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
            if not self._turn.acquire(timeout=self._patience):
                raise TooBusy("No turn has come.")
            try:
                yield
            finally:
                self._turn.release()
        finally:
            self._room.release()
