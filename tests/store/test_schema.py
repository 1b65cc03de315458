"""The schema's history: from nothing, again, from a newer version, and by several at once."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from tests.fixtures.__main__ import EARLIER, PEOPLE, TEXTS, build
from visionsprat.domain.email_addresses import one_form
from visionsprat.domain.records import Draft, NewAccount
from visionsprat.errors import OlderRunning, StoreUnavailable, VisionspratError
from visionsprat.settings import ROOT
from visionsprat.store import Store, base
from visionsprat.store.files import NotKept
from visionsprat.store.locks import IN_USE, share
from visionsprat.store.schema import DatabaseTooNew, connect, migrate, migrations, strange

SCHEMA = ROOT / "tests" / "fixtures" / "schema.sql"
#: A database of each release, made by `python -m tests.fixtures` when its last migration was released.
RELEASED = sorted(SCHEMA.parent.glob("m*.db"))
each_release = pytest.mark.parametrize("released", RELEASED, ids=lambda path: path.stem)


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
    assert len(rows) == 19
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
    assert names == [
        "m001_initial",
        "m002_organisation",
        "m003_versions",
        "m004_sessions",
        "m005_locked_texts",
        "m006_draft_keys",
        "m007_requests_by_client",
        "m008_second_factor",
        "m009_one_form",
        "m010_epoch",
    ]
    assert migrations.pending(db) == []


def pretend_newer(db: Database) -> None:
    migrate(db)
    db.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
        " SELECT migration_set, 'm999_from_the_future', applied_at FROM _sqlite_migrations LIMIT 1"
    )


def dump(path: Path) -> list[str]:
    """All that a database file holds, but for when its migrations were applied."""
    with closing(sqlite3.connect(path)) as db:
        return [line for line in db.iterdump() if '"_sqlite_migrations" VALUES' not in line]


def kept_before(path: Path, migration: str) -> Path:
    return path.with_name(f"{path.name}.before-{migration}")


# Databases of earlier releases


def test_there_is_a_database_of_each_release() -> None:
    names = [each.stem for each in RELEASED]
    assert names[:2] == ["m001_initial", "m002_organisation"]
    assert names == [each.name for each in migrations._migrations][: len(names)]


@each_release
def test_a_released_migration_still_does_what_it_did(released: Path, path: Path) -> None:
    build(path, released.stem)
    assert dump(path) == dump(released)


@each_release
def test_a_database_of_each_release_becomes_the_newest_with_every_text_intact(
    released: Path, path: Path
) -> None:
    shutil.copy(released, path)
    with closing(Store(path)) as store:
        people = {id: store.own_data(id) for id in PEOPLE}
        store.check_health()
    assert {id: own.email for id, own in people.items() if own} == {
        id: one_form(email) for id, email in PEOPLE.items()
    }
    own = [(id, each) for id, own in people.items() if own for each in own.reflections]
    assert {(id, each.question_id): each.text for id, each in own} == TEXTS
    assert {
        (id, each.question_id, old.revision): old.text for id, each in own for old in each.earlier
    } == EARLIER
    assert people[1] and people[3]
    assert people[1].groups == ("Vård/Team 3",)
    assert people[3].manages == ("Vård",)
    with closing(connect(path)) as db:
        assert schema(db) == SCHEMA.read_text(encoding="utf-8")
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


# What is stored in several ways of writing


def test_what_is_stored_gets_its_one_form_and_nothing_is_merged(db: Database) -> None:
    migrations.apply(db, stop_before="m009_one_form")
    nfd = [unicodedata.normalize("NFD", each) for each in ("åsa@räksmörgås.example", "Örn", "Vård", "Skolå")]
    alone, twice = nfd[0], unicodedata.normalize("NFD", "pär@test.example")
    emails = {1: alone, 2: twice, 3: "pär@test.example", 4: "bo@xn--rksmrgs-5wao1o.example"}
    for id, email in emails.items():
        db.execute(
            "INSERT INTO accounts (id, email, name, created_at, search_text) VALUES (?, ?, ?, '', '')",
            [id, email, nfd[1]],
        )
    db.execute("INSERT INTO groups (id, name) VALUES (1, ?), (2, ?), (3, 'Skolå')", nfd[2:])
    db.execute("INSERT INTO audit_log (at, action, subject, details) VALUES ('', 'x', ?, ?)", [alone, alone])
    migrations.apply(db)
    rows = db.execute("SELECT id, email, name, search_text FROM accounts ORDER BY id").fetchall()
    assert {id: email for id, email, *_ in rows} == {
        1: "åsa@räksmörgås.example",
        2: twice,
        3: "pär@test.example",
        4: "bo@räksmörgås.example",
    }
    assert {name for _, _, name, _ in rows} == {"Örn"}
    assert rows[0][3] == "örn åsa@räksmörgås.example"
    assert dict(db.execute("SELECT id, name FROM groups").fetchall()) == {1: "Vård", 2: nfd[3], 3: "Skolå"}
    assert db.execute("SELECT subject, details FROM audit_log").fetchall() == [(rows[0][1],) * 2]


# What is kept before, and when it fails


@pytest.fixture
def old(path: Path) -> Path:
    """A database that the second migration is still to be applied to."""
    shutil.copy(RELEASED[0], path)
    return path


def test_a_database_is_kept_as_it_was_before_it_is_migrated(old: Path) -> None:
    before = dump(old)
    Store(old).close()
    kept = kept_before(old, "m002_organisation")
    assert dump(kept) == before
    assert kept.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in old.parent.glob("*before*")] == [kept.name]


def test_nothing_is_kept_of_a_new_database_or_when_nothing_is_to_be_migrated(path: Path) -> None:
    Store(path).close()
    Store(path).close()
    assert list(path.parent.glob("*before*")) == []


def test_what_an_earlier_try_has_kept_gives_way(old: Path) -> None:
    kept = kept_before(old, "m002_organisation")
    for left in (kept, kept.with_name(f"{kept.name}.unfinished")):
        left.write_bytes(b"half a copy")
    before = dump(old)
    Store(old).close()
    assert dump(kept) == before
    assert list(old.parent.glob("*.unfinished")) == []


def test_what_can_not_be_kept_is_not_migrated(old: Path) -> None:
    before = dump(old)
    kept_before(old, "m002_organisation").mkdir()
    with pytest.raises(StoreUnavailable, match=r"The data folder can't be used: .*before-m002"):
        Store(old)
    assert dump(old) == before


def test_a_database_that_a_good_copy_can_not_be_made_of_is_not_migrated(old: Path) -> None:
    with closing(sqlite3.connect(old)) as db, db:
        db.execute("INSERT INTO visits VALUES (99, 'visionen', '')")
    before = dump(old)
    with pytest.raises(NotKept, match=r"not migrated, .* visits that refer to missing accounts: 1"):
        Store(old)
    assert dump(old) == before
    assert list(old.parent.glob("*before*")) == []


@pytest.mark.parametrize(
    "command", [("visionsprat", "export"), ("streamlit", "run", "app.py", "--server.port", "0")]
)
def test_a_migration_that_fails_half_way_stops_the_start_and_changes_nothing(
    command: tuple[str, ...], data_folder: Path
) -> None:
    data_folder.mkdir()
    path = data_folder / "visionsprat.db"
    shutil.copy(RELEASED[0], path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE devices (made_by_hand TEXT)")  # in the way of the second migration's own
    before = dump(path)
    ended = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, timeout=90
    )
    assert (ended.returncode, ended.stdout.strip()) == (1, "")
    (said,) = ended.stderr.strip().splitlines()
    kept = kept_before(path, "m002_organisation")
    assert said.removeprefix("Visionsprat can't start. ") == (
        "The database could not be brought up to this version (m002_organisation: table devices already "
        f"exists). It is as it was before. A copy of it is {kept}. Go on with the version of Visionsprat "
        "that ran until now."
    )
    assert dump(path) == dump(kept) == before


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


def test_nothing_is_migrated_under_a_process_of_the_version_before(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "PATIENCE", 0.3)
    before = dump(old)
    with closing(share(old.with_name(IN_USE), 0)):
        with pytest.raises(OlderRunning, match="Stop all processes of Visionsprat, then start again"):
            Store(old)
        assert dump(old) == before
    Store(old).close()
    assert dump(old) != before


def test_a_process_that_a_newer_version_has_overtaken_says_so(path: Path, db: Database) -> None:
    with closing(Store(path)) as store:
        account_id = store.add_account(NewAccount("amina@test.example", "Amina", None))
        pretend_newer(db)
        db.execute("ALTER TABLE reflections RENAME COLUMN text TO words")
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match=r"A newer version .*m999_from_the_future.* Stop this"):
                store.save_reflection(account_id, Draft("skapande/innebar", "Hej", 0))


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


@pytest.mark.parametrize("released", [None, RELEASED[0]], ids=["new", "to be migrated"])
def test_processes_that_start_at_once_all_find_the_schema(released: Path | None, path: Path) -> None:
    if released:
        shutil.copy(released, path)
    starting = [
        subprocess.Popen(
            [sys.executable, "-c", START, str(path)],
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
    if released:
        assert dump(kept_before(path, "m002_organisation")) == dump(released)


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


def test_a_schema_that_is_being_made_meanwhile_is_not_strange(db: Database, path: Path) -> None:
    """Two servers that start at once with a new database: the second looks while the first makes it."""
    with closing(connect(path)) as another:
        looked: list[str] = []

        def meanwhile(statement: str) -> None:
            if any("sqlite_master" in each for each in looked):
                db.conn.set_trace_callback(None)
                migrate(another)
            looked.append(statement)

        db.conn.set_trace_callback(meanwhile)
        assert strange(db) == []
        assert another.table("accounts").exists()
    assert strange(db) == []
