"""The backup that the running application makes by itself every night.

It is due when a night has come since the newest file's time, so a missed one is made at the next start; a
lock in the folder lets one process make it. Its thread is a daemon: a stop waits for nothing, and the next
backup clears up.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from visionsprat.backups.archive import BackupUnderWay, backup
from visionsprat.errors import VisionspratError
from visionsprat.telemetry import metrics

NIGHT = time(2, tzinfo=ZoneInfo("Europe/Stockholm"))
RETRY = timedelta(hours=1)
#: How often the clock is looked at: a machine may have slept, or had its clock set.
_LOOK = timedelta(minutes=5)

_log = logging.getLogger("visionsprat")


def is_due(last: datetime | None, now: datetime) -> bool:
    """Whether a night has come since the last backup; at once when there is none."""
    local = now.astimezone(NIGHT.tzinfo)
    tonight = datetime.combine(local, NIGHT)
    night = tonight if tonight <= local else datetime.combine(local - timedelta(days=1), NIGHT)
    return last is None or last < night


@contextmanager
def nightly_backups(database: Path, folder: Path, clock: Callable[[], datetime]) -> Iterator[None]:
    """Make backups in a thread of its own meanwhile. Several processes may: one of them makes each.

    At the end it is not waited for: one that is being made leaves no half file under its name.
    """
    ended = threading.Event()
    worker = threading.Thread(
        target=_work, args=(database, folder, clock, ended), name="nightly backup", daemon=True
    )
    worker.start()
    try:
        yield
    finally:
        ended.set()


def _work(database: Path, folder: Path, clock: Callable[[], datetime], ended: threading.Event) -> None:
    retry_at: datetime | None = None
    while True:
        now = clock()
        if retry_at is None or now >= retry_at:
            retry_at = None if _attempt(database, folder, now) else now + RETRY
        if ended.wait(_LOOK.total_seconds()):
            return


def _attempt(database: Path, folder: Path, now: datetime) -> bool:
    """Make the backup if it is due. False when that has failed, which is told in one line."""
    try:
        if path := backup(database, folder, now, lambda last: is_due(last, now)):
            metrics.BACKUPS.labels("made").inc()
            _log.info("Backup made", extra={"file": path})
    except BackupUnderWay:
        pass
    except VisionspratError as error:
        metrics.BACKUPS.labels("failed").inc()
        _log.warning("%s It is tried again in an hour.", error)
        return False
    except Exception as error:  # the thread must live on; a message that is not ours may say too much
        metrics.BACKUPS.labels("failed").inc()
        _log.error("The nightly backup failed: %s. It is tried again in an hour.", type(error).__name__)
        return False
    return True
