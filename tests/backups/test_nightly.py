"""The nightly backup: when it is due, by whom it is made, and what happens when it fails."""

from __future__ import annotations

import logging
import threading
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.support.clock import Clock
from tests.support.server import poll
from visionsprat.backups import nightly
from visionsprat.backups.archive import backup, made
from visionsprat.backups.nightly import is_due, nightly_backups
from visionsprat.store import Store
from visionsprat.store.locks import alone


class WatchedClock(Clock):
    """A worker looks at the clock each time it asks itself whether a backup is due."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0

    def __call__(self) -> datetime:
        self.looks += 1
        return super().__call__()

    def wait_for_looks(self, count: int) -> None:
        before = self.looks
        poll(lambda: self.looks >= before + count, "the worker to look at the clock")


@pytest.fixture
def clock() -> WatchedClock:
    return WatchedClock()


def troubles(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.levelno >= logging.WARNING]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        # In November two o'clock at night in Stockholm is one o'clock UTC, in July midnight.
        ("2026-11-11 01:00:05", "2026-11-12 00:59", False),
        ("2026-11-11 01:00:05", "2026-11-12 01:00", True),
        ("2026-07-11 00:00:05", "2026-07-11 23:59", False),
        ("2026-07-11 00:00:05", "2026-07-12 00:00", True),
        # Stopped at night: as soon as it is started in the morning.
        ("2026-11-11 01:00:05", "2026-11-12 08:00", True),
        ("2026-11-12 01:00:05", "2026-11-12 08:00", False),
        ("2026-01-01 01:00", "2026-11-12 00:30", True),
        # The clocks go forward at two o'clock, and back at three.
        ("2026-03-28 01:00:05", "2026-03-29 00:59", False),
        ("2026-03-28 01:00:05", "2026-03-29 01:00", True),
        ("2026-03-29 01:00:05", "2026-03-29 22:00", False),
        ("2026-10-25 00:00:05", "2026-10-25 01:30", False),
        ("2026-10-25 00:00:05", "2026-10-26 01:00", True),
    ],
)
def test_a_backup_is_due_once_it_has_been_two_oclock_at_night(last: str, now: str, due: bool) -> None:
    assert is_due(utc(last), utc(now)) is due


def test_a_first_backup_is_due_at_once() -> None:
    assert is_due(None, utc("2026-11-12 14:00"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of the tests is moved by hand: look at it all the time."""
    monkeypatch.setattr(nightly, "_LOOK", timedelta(milliseconds=5))


def test_a_backup_is_made_at_the_start_and_every_night(
    store: Store, folder: Path, clock: WatchedClock, often: None
) -> None:
    with nightly_backups(store.path, folder, clock):
        for nights in range(1, 4):
            poll(lambda nights=nights: len(made(folder)) == nights, "a backup")  # type: ignore[misc]  # bound in its round
            clock.now += timedelta(days=1)


def test_of_several_processes_one_makes_it(
    store: Store, folder: Path, clock: WatchedClock, often: None
) -> None:
    with ExitStack() as running:
        for _ in range(4):
            running.enter_context(nightly_backups(store.path, folder, clock))
        poll(lambda: bool(made(folder)), "a backup")
        (first,) = [path.stat().st_ino for path in made(folder).values()]
        clock.now += timedelta(minutes=1)
        clock.wait_for_looks(40)
    assert [path.stat().st_ino for path in made(folder).values()] == [first]


def test_a_failure_is_told_in_one_line_and_tried_again_in_an_hour(
    store: Store, folder: Path, clock: WatchedClock, often: None, caplog: pytest.LogCaptureFixture
) -> None:
    folder.write_text("no folder", encoding="utf-8")
    with nightly_backups(store.path, folder, clock):
        poll(lambda: bool(caplog.records), "the failure to be told")
        folder.unlink()
        clock.now += timedelta(minutes=59)
        clock.wait_for_looks(3)
        assert made(folder) == {}
        clock.now += timedelta(minutes=1)
        poll(lambda: bool(made(folder)), "the backup to be tried again")
    (record,) = troubles(caplog)
    assert record.levelno == logging.WARNING
    assert record.exc_info is None
    assert record.getMessage() == (
        f"No backup was made in {folder}. {folder}: File exists. It is tried again in an hour."
    )


def test_an_unexpected_failure_is_told_by_its_kind_alone(
    store: Store,
    folder: Path,
    clock: WatchedClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("what somebody wrote")

    monkeypatch.setattr(nightly, "backup", fail)
    with nightly_backups(store.path, folder, clock):
        poll(lambda: bool(caplog.records), "the failure to be told")
    assert caplog.messages == ["The nightly backup failed: KeyError. It is tried again in an hour."]


def test_another_backup_under_way_is_no_failure(
    store: Store, folder: Path, clock: WatchedClock, often: None, caplog: pytest.LogCaptureFixture
) -> None:
    folder.mkdir()
    with ExitStack() as running:
        with alone(folder / "backup.lock"):
            running.enter_context(nightly_backups(store.path, folder, clock))
            clock.wait_for_looks(3)
        poll(lambda: bool(made(folder)), "a backup")
    assert troubles(caplog) == []


def test_the_worker_ends_with_the_application(store: Store, folder: Path, clock: WatchedClock) -> None:
    backup(store.path, folder, clock.now)
    with nightly_backups(store.path, folder, clock):
        (worker,) = (each for each in threading.enumerate() if each.name == "nightly backup")
        assert worker.daemon
    worker.join(timeout=10)
    assert not worker.is_alive()
