"""Rate limiting: how often something may be done, so many times at once, and then so many a second.

Kept in memory, by process: a restart forgets it, which costs nothing, and no save pays for a row. What
browsers send over the websocket has token buckets of its own (web/websocket.py), failed sign-ins the
lockout in store/attempts.py.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

#: Seconds for which /healthz says the same. Looking writes to the disk, which saves wait for.
HEALTH_GOOD_FOR = 1.0
#: Saves of an account that come in at the same time; each may be as large as web.api.MAX_BODY_BYTES.
MOST_RECEIVED = 8


class Rate:
    """A rate for each of many, in the memory of this process. Safe to use from several threads.

    Kept of each is only when they may go on at the usual pace (the generic cell rate algorithm), and
    only while that is to come.
    """

    def __init__(
        self,
        at_once: int,
        a_second: float,
        *,
        most: int = 20_000,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Of more than `most` at a time those are forgotten who have done the least."""
        self._pause = 1 / a_second
        self._ahead = (at_once - 1) * self._pause
        self._most = most
        self._now = now
        self._even_at: dict[Hashable, float] = {}
        self._lock = threading.Lock()

    def wait(self, who: Hashable) -> float:
        """Count once more for `who` if they may; else how many seconds they have to wait. 0: they may."""
        with self._lock:
            now = self._now()
            even_at = max(self._even_at.get(who, now), now)
            if even_at - now > self._ahead:
                return even_at - now - self._ahead
            self._even_at[who] = even_at + self._pause
            if len(self._even_at) > self._most:
                self._forget(now)
            return 0.0

    def _forget(self, now: float) -> None:
        """Those who have rested long enough, and if those are few the half that is nearest to it."""
        self._even_at = {who: at for who, at in self._even_at.items() if at > now}
        if len(self._even_at) > self._most // 2:
            busiest = sorted(self._even_at, key=self._even_at.__getitem__)[-(self._most // 2) :]
            self._even_at = {who: self._even_at[who] for who in busiest}

    def __len__(self) -> int:
        return len(self._even_at)


class AtOnce:
    """How many of each may be at something at the same time. Safe to use from several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._there: Counter[Hashable] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def one(self, who: Hashable) -> Iterator[bool]:
        """Whether there is room for one more of `who`, who then has it until the end."""
        with self._lock:
            has_room = self._there[who] < self._most
            self._there[who] += has_room
        try:
            yield has_room
        finally:
            with self._lock:
                self._there[who] -= has_room
                if not self._there[who]:
                    del self._there[who]

    def __len__(self) -> int:
        return len(self._there)


class Shared(Generic[T]):
    """Something found out by one at a time, and told to all who ask until it is `good_for` seconds old."""

    def __init__(self, good_for: float, now: Callable[[], float] = time.monotonic) -> None:
        self._good_for = good_for
        self._now = now
        self._found: Future[T] | None = None
        self._begun_at = 0.0
        self._lock = threading.Lock()

    def ask(self, find: Callable[[], T]) -> Future[T]:
        """What `find` says, or has said. It runs in a thread of its own: nobody has to wait in one."""
        with self._lock:
            now = self._now()
            if self._found is None or (self._found.done() and now - self._begun_at >= self._good_for):
                self._found, self._begun_at = Future(), now
                threading.Thread(target=_find, args=(self._found, find), daemon=True).start()
            return self._found


def _find(found: Future[T], find: Callable[[], T]) -> None:
    found.set_running_or_notify_cancel()
    try:
        found.set_result(find())
    except BaseException as error:
        found.set_exception(error)


@dataclass(frozen=True)
class Limits:
    """The rates of one installation, in this process."""

    #: Of saves by an account. An open editor sends at most one each 0.7 s; this is several tabs that are
    #: written in at once, and at the beginning the drafts of a day without a net.
    saves: Rate = field(default_factory=lambda: Rate(120, 4))
    #: Of an account's saves whose text is still coming in. A browser has six connections; what comes through
    #: a proxy has mostly been taken in there, and is here in a moment.
    receiving: AtOnce = field(default_factory=lambda: AtOnce(MOST_RECEIVED))
    #: Of what else an account changes through a route.
    changes: Rate = field(default_factory=lambda: Rate(20, 0.5))
    #: Of files that an account takes home. Each is made for it anew.
    downloads: Rate = field(default_factory=lambda: Rate(20, 0.5))
    #: Of looks at earlier versions, which pages ask for when a list of them is opened.
    looks: Rate = field(default_factory=lambda: Rate(120, 4))
    #: Of saves without a live session, by the client's address: a whole office may share one.
    strangers: Rate = field(default_factory=lambda: Rate(1_000, 20))
    #: What /healthz says: its status and its words.
    health: Shared[tuple[int, str]] = field(default_factory=lambda: Shared(HEALTH_GOOD_FOR))
