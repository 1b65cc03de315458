"""What was erased is wiped from the database's files too, by a thread of the running application.

Wiping writes the file anew (`secure_delete`, then VACUUM and a checkpoint that truncates the -wal):
secure_delete alone leaves copies where SQLite has divided a page. `user_version` counts the erasures that
are still to be wiped, so a kill or a long reader only puts it off. While somebody reads for long nothing is
vacuumed: the -wal is emptied first, which shows it; Litestream beside, which reads all the time, would have
the whole file copied each hour in vain, so its unit stops once a day.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from visionsprat.errors import StoreUnavailable
from visionsprat.store import Store

#: Wiping writes the whole file anew, and nobody can save meanwhile. Up to this size, in bytes, that takes
#: some tenths of a second and may be done at any time ...
SMALL = 64_000_000
#: ... but no oftener than this, however many erase something;
REST = timedelta(minutes=10)
#: a larger one waits for the hours in which the fewest write, after the nightly backup ...
QUIET = (time(3), time(5))
#: ... or, where nobody runs the server then, so long.
LONGEST = timedelta(hours=24)
#: How soon it is tried again when somebody has read the database all the while.
RETRY = timedelta(hours=1)
_STOCKHOLM = ZoneInfo("Europe/Stockholm")
_LOOK = timedelta(minutes=1)

_log = logging.getLogger("visionsprat")


class Wiper:
    """When to wipe: a few times an hour at most, whatever is erased, and a large file at night only."""

    def __init__(self, store: Store) -> None:
        self._store = store
        #: Since when something has been waiting for it; None: nothing.
        self._wanted_since: datetime | None = None
        #: When it was tried last, and how long to rest after that.
        self._tried: tuple[datetime, timedelta] | None = None

    def look(self) -> bool:
        """Wipe if that is due. Whether it was done. Raises StoreUnavailable, or OSError: the file is gone."""
        now = self._store.clock()
        if not self._store.wanted_wipings():
            self._wanted_since = None
            return False
        self._wanted_since = self._wanted_since or now
        rests = self._tried is not None and abs(now - self._tried[0]) < self._tried[1]
        if rests or not is_due(self._wanted_since, self._store.path.stat().st_size, now):
            return False
        done = self._store.wipe()
        self._tried = (now, REST if done else RETRY)
        if done:
            self._wanted_since = None
            _log.info("Wiped what was erased from the database's files")
        return done


def is_due(wanted_since: datetime, size: int, now: datetime) -> bool:
    """Whether a file of this size, in bytes, is to be wiped now of what was erased."""
    begin, end = QUIET
    is_quiet = begin <= now.astimezone(_STOCKHOLM).time() < end
    return size <= SMALL or is_quiet or abs(now - wanted_since) >= LONGEST  # a clock may be set back


@contextmanager
def background_wiping(store: Store) -> Iterator[None]:
    """Wipe in a thread of its own meanwhile. At the end it is not waited for: the next start wipes, too."""
    ended = threading.Event()
    threading.Thread(target=_work, args=(Wiper(store), ended), name="wiping", daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _work(wiper: Wiper, ended: threading.Event) -> None:
    while not ended.wait(_LOOK.total_seconds()):
        try:
            wiper.look()
        except (StoreUnavailable, OSError):
            pass  # told by everything else that can't be done, and tried again
        except Exception as error:  # the thread must live on; a message that is not ours may say too much
            _log.error("Wiping what was erased failed: %s. It is tried again.", type(error).__name__)
