"""What a check finds: each thing that may be wrong, and that it changes nothing."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from visionsprat.backups.archive import backup
from visionsprat.backups.check import age, check, left_open, library, owners
from visionsprat.content.module import Module
from visionsprat.domain.records import Draft, Level
from visionsprat.settings import load_settings
from visionsprat.store import Store

if TYPE_CHECKING:
    from tests.support.clock import Clock
    from tests.support.stored import AddAccount

SECRET = "det här är hemligt"
Findings = list[tuple[Level, str]]


@pytest.fixture
def looked(store: Store, add_account: AddAccount, module: Module, clock: Clock) -> Callable[..., Findings]:
    """Check an installation with a text and a backup in it, spoilt in some way."""
    store.save_reflection(add_account(), Draft("skapande/innebar", SECRET, 0))
    backup(store.path, store.path.parent / "backups", clock.now)
    store.path.parent.chmod(0o700)
    store.close()

    def look(*statements: str, module: Module = module) -> Findings:
        with closing(sqlite3.connect(store.path)) as db, db:
            for statement in statements:
                db.execute(statement)
        before = store.path.read_bytes()
        found = list(check(store.path, store.path.parent / "backups", module, clock.now))
        assert store.path.read_bytes() == before
        assert SECRET not in " ".join(each.text for each in found)
        return [(each.level, each.text) for each in found if each.level is not Level.OK and each != library()]

    return look


def test_when_all_is_well_nothing_else_is_said(looked: Callable[..., Findings]) -> None:
    assert looked() == []


@pytest.mark.parametrize(
    ("statement", "level", "said"),
    [
        (
            "INSERT INTO visits VALUES (99, 'visionen', '')",
            Level.FAULT,
            "The database is damaged: rows of visits that refer to missing accounts: 1.",
        ),
        (
            "INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('visionsprat', 'm999_future')",
            Level.FAULT,
            "The database was written by a newer version of Visionsprat (m999_future).",
        ),
        (
            "DELETE FROM _sqlite_migrations WHERE name = 'm002_organisation'",
            Level.NOTE,
            "The next start will migrate the database: m002_organisation.",
        ),
        (
            "UPDATE reflections SET question_id = 'borta/innebar'",
            Level.NOTE,
            "Kept reflections on questions no longer in content: borta/innebar (1).",
        ),
    ],
)
def test_what_is_found_in_the_database(
    looked: Callable[..., Findings], statement: str, level: Level, said: str
) -> None:
    assert looked(statement) == [(level, said)]


def test_an_answer_to_a_question_that_has_left_the_content_is_a_note(
    looked: Callable[..., Findings], module: Module
) -> None:
    ((level, said),) = looked(module=replace(module, themes=module.themes[1:]))
    assert level is Level.NOTE
    assert said.endswith("skapande/innebar (1).")


def test_what_is_stored_in_two_ways_of_writing_is_a_note(looked: Callable[..., Findings]) -> None:
    found = looked(
        "INSERT INTO accounts (id, email, name, created_at) VALUES (8, 'pär@b.se', 'Pär', ''),"
        " (9, 'pa\u0308r@b.se', 'Pär', '')",
        "INSERT INTO groups (id, name) VALUES (1, 'Vård'), (2, 'Va\u030ard'), (3, 'Skola')",
    )
    assert [level for level, _ in found] == [Level.NOTE] * 2
    assert "/administration?person=8, /administration?person=9" in found[0][1]
    assert "grupp=1, /administration?del=grupper&grupp=2" in found[1][1]


def test_an_index_that_lacks_a_row_is_a_fault(looked: Callable[..., Findings]) -> None:
    found = looked(
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = 'CREATE INDEX sessions_account ON sessions (last_seen_at)'"
        " WHERE name = 'sessions_account'",
        "INSERT INTO sessions (token_hash, account_id, created_at, last_seen_at, expires_at)"
        " VALUES ('a', 1, 'b', 'c', 'd')",
    )
    assert found
    assert found[0][0] is Level.FAULT
    assert "sessions_account" in found[0][1]


def test_a_database_of_something_else_is_a_fault(tmp_path: Path, module: Module, clock: Clock) -> None:
    path = tmp_path / "visionsprat.db"
    path.touch()
    first = next(iter(check(path, tmp_path / "backups", module, clock.now)))
    assert (first.level, first.text) == (Level.FAULT, f"{path} is no database of Visionsprat.")


def test_a_folder_that_others_can_open_is_a_note(looked: Callable[..., Findings], store: Store) -> None:
    folder = store.path.parent
    folder.chmod(0o755)
    said = f"Others on this machine may look into {folder.name}. Run: chmod -R go= {folder}"
    assert looked() == [(Level.NOTE, said)]


def test_files_that_others_can_read_are_a_note(looked: Callable[..., Findings], store: Store) -> None:
    for file in store.path.parent.glob("visionsprat.db*"):
        file.chmod(0o640)
    (found,) = looked()
    assert found[0] is Level.NOTE
    assert "store/visionsprat.db, store/visionsprat.db-shm, store/visionsprat.db-wal. Run:" in found[1]


@pytest.mark.skipif(os.name != "posix", reason="elsewhere files have no such owners")
def test_files_of_another_account_are_a_note(looked: Callable[..., Findings], store: Store) -> None:
    import pwd

    folder, me = store.path.parent, os.geteuid()
    assert owners(folder).level is Level.OK
    found = owners(folder, own=me + 1)
    assert found.level is Level.NOTE
    assert found.text.startswith(f"Another account ({pwd.getpwuid(me).pw_name}) has {folder.name} and ")
    assert f"give all of {folder} to one." in found.text


@pytest.mark.parametrize(("has_it", "level"), [(True, Level.NOTE), (False, Level.OK)])
def test_the_version_of_sqlite_is_told_and_whether_it_has_a_fault(
    monkeypatch: pytest.MonkeyPatch, has_it: bool, level: Level
) -> None:
    monkeypatch.setattr("visionsprat.backups.check.has_reset_fault", lambda: has_it)
    assert library().level is level
    assert sqlite3.sqlite_version in library().text


def test_a_backup_older_than_two_days_is_a_note(looked: Callable[..., Findings], clock: Clock) -> None:
    clock.now += timedelta(days=2)
    assert looked() == []
    clock.now += timedelta(minutes=1)
    assert looked() == [(Level.NOTE, "The newest backup is 2 days old.")]


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(minutes=59), "0 hours"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=47, minutes=59), "47 hours"),
        (timedelta(days=3, hours=5), "3 days"),
    ],
)
def test_an_age_is_said_in_hours_and_then_in_days(passed: timedelta, said: str) -> None:
    assert age(passed) == said


@pytest.mark.parametrize(
    ("url", "header", "told"),
    [
        ("https://visionsprat.example.se", None, True),
        ("https://visionsprat.example.se", "X-Forwarded-For", False),
        ("http://visionsprat.example.se", None, False),
        ("https://localhost:8443", None, False),
        (None, None, False),
    ],
)
def test_a_public_address_without_the_proxys_header_is_told(
    url: str | None, header: str | None, told: bool
) -> None:
    given = {"VISIONSPRAT_URL": url, "VISIONSPRAT_CLIENT_HEADER": header}
    settings = load_settings({name: value for name, value in given.items() if value})
    found = [each.text for each in left_open(settings)]
    assert ["VISIONSPRAT_CLIENT_HEADER" in each for each in found] == [True] * told
