"""How often something may be done: so many times at once, and then so many a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field


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


@dataclass(frozen=True)
class Limits:
    """The rates of one installation, in this process."""

    #: Of saves by an account. An open editor sends at most one each 0.7 s; this is several tabs that are
    #: written in at once, and at the beginning the drafts of a day without a net.
    saves: Rate = field(default_factory=lambda: Rate(120, 4))
    #: Of what else an account changes through a route.
    changes: Rate = field(default_factory=lambda: Rate(20, 0.5))
    #: Of saves without a live session, by the client's address: a whole office may share one.
    strangers: Rate = field(default_factory=lambda: Rate(1_000, 20))
