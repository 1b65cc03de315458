"""The schema's history: from nothing, again, from a newer version, and by several at once."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from visionsprat.errors import VisionspratError
from visionsprat.migrations import DatabaseTooNew, connect, migrate, migrations
from visionsprat.records import NewAccount
from visionsprat.settings import ROOT
from visionsprat.store import Store

SCHEMA = Path(__file__).parent / "fixtures" / "schema.sql"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "visionsprat.db"


@pytest.fixture
def db(path: Path) -> Iterator[Database]:
    with closing(connect(path)) as db:
        yield db


def schema(db: Database) -> str:
    """Every table and index, as the database itself tells it."""
    rows = db.execute(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY tbl_name, type DESC, name"
    )
    return "".join(f"{sql};\n\n" for (sql,) in rows)


def test_from_nothing_the_schema_becomes_the_one_that_is_written_down(db: Database) -> None:
    """When this fails on purpose, a new migration has been added: write its schema down here too."""
    migrate(db)
    assert schema(db) == SCHEMA.read_text(encoding="utf-8")


def test_every_table_of_ours_is_strict(db: Database) -> None:
    migrate(db)
    rows = db.execute("SELECT name, strict FROM pragma_table_list WHERE name NOT LIKE '%sqlite%'").fetchall()
    assert len(rows) == 13
    assert [name for name, strict in rows if not strict] == []


def test_a_second_time_changes_nothing(path: Path, db: Database) -> None:
    with closing(Store(path)) as store:
        store.add_account(NewAccount("amina@test.example", "Amina", None))
    before = "\n".join(db.conn.iterdump())
    migrate(db)
    assert "\n".join(db.conn.iterdump()) == before


def test_the_migrations_are_numbered_and_each_is_applied_once(db: Database) -> None:
    migrate(db)
    migrate(db)
    names = [each.name for each in migrations.applied(db)]
    assert names == ["m001_initial", "m002_organisation", "m003_versions"]
    assert migrations.pending(db) == []


def pretend_newer(db: Database) -> None:
    migrate(db)
    db.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
        " SELECT migration_set, 'm999_from_the_future', applied_at FROM _sqlite_migrations LIMIT 1"
    )


def test_a_database_of_a_newer_version_stops_the_start_and_is_left_alone(path: Path, db: Database) -> None:
    pretend_newer(db)
    before = "\n".join(db.conn.iterdump())
    with pytest.raises(DatabaseTooNew) as caught:
        Store(path)
    assert str(caught.value) == (
        "The database was written by a newer version of Visionsprat (m999_from_the_future). "
        "Start that version, or restore a backup made by this one."
    )
    assert isinstance(caught.value, VisionspratError)
    assert "\n".join(db.conn.iterdump()) == before


def test_a_migration_that_fails_leaves_nothing_behind(db: Database) -> None:
    db.execute("CREATE TABLE audit_log (old TEXT)")
    with pytest.raises(sqlite3.OperationalError, match="audit_log already exists"):
        migrate(db)
    assert not db.conn.in_transaction
    assert [table for table in db.table_names() if not table.startswith("_")] == ["audit_log"]


def test_threads_that_start_at_once_all_find_the_schema(path: Path) -> None:
    begin = threading.Barrier(8)

    def start(number: int) -> None:
        begin.wait()
        with closing(Store(path)) as store:
            store.add_account(NewAccount(f"person{number}@test.example", "Amina", None))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(start, range(8))) == [None] * 8


START = """
import sys
from contextlib import closing
from pathlib import Path
from visionsprat.store import Store
print("ready", flush=True)
sys.stdin.readline()
with closing(Store(Path(sys.argv[1]))) as store:
    store.check_health()
"""


def test_processes_that_start_at_once_all_find_the_schema(tmp_path: Path) -> None:
    starting = [
        subprocess.Popen(
            [sys.executable, "-c", START, str(tmp_path / "visionsprat.db")],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in starting:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in starting:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    assert [process.communicate(timeout=30)[1] for process in starting] == [""] * 4
    assert [process.returncode for process in starting] == [0] * 4


@pytest.mark.parametrize("lock", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_a_start_waits_for_another_that_is_making_the_database(path: Path, lock: str) -> None:
    """SQLite does not wait of itself when a connection turns WAL on while another one writes."""
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute(lock)
        other.execute("CREATE TABLE something (a)")
        done = threading.Timer(0.3, other.commit)
        done.start()
        try:
            Store(path).close()
        finally:
            done.join()
