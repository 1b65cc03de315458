"""How the -wal gets into the database: by and by, by one at a time, and never when nothing is left to do."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.stored import QUESTION, save, sql
from visionsprat.settings import ROOT
from visionsprat.store import Store, base
from visionsprat.store.checkpoints import (
    CHECKPOINT,
    COMMITS,
    checkpoint,
    has_reset_fault,
    only_one,
    rewrite_mark,
)
from visionsprat.store.locks import Held, alone
from visionsprat.store.schema import connect

PAGE = 4096 + 24


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> int:
    """So many commits between checkpoints as a test has patience for."""
    monkeypatch.setattr(base, "COMMITS", 30)
    return 30


def size_of_log(store: Store) -> int:
    return Path(f"{store.path}-wal").stat().st_size


def write_often(store: Store, times: int) -> None:
    """Commit a page each time, and change nothing."""
    for _ in range(times):
        with store._write() as db:
            rewrite_mark(db)


def brought_in(store: Store) -> set[object]:
    """The texts in the database's own file, without what is only in the -wal."""
    with closing(sqlite3.connect(f"{store.path.as_uri()}?mode=ro&immutable=1", uri=True)) as db:
        return {text for (text,) in db.execute("SELECT text FROM reflections")}


def test_no_connection_makes_checkpoints_by_itself(store: Store) -> None:
    with store._read() as db, closing(connect(store.path)) as another:
        for each in (db, another):
            assert each.execute("PRAGMA wal_autocheckpoint").fetchone() == (0,)


def test_the_log_is_brought_in_after_so_many_commits_and_does_not_grow_for_ever(
    store: Store, amina: int, often: int
) -> None:
    save(store, amina, "Hej")
    assert brought_in(store) == set()
    write_often(store, often)
    assert brought_in(store) == {"Hej"}
    whole = size_of_log(store)
    write_often(store, 2 * often)
    assert size_of_log(store) <= whole + 10 * PAGE


def test_one_large_change_is_brought_in_at_once(
    store: Store, amina: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "GROWTH", 20 * PAGE)
    save(store, amina, "ö" * 20_000)
    save(store, amina, "å" * 20_000, 1)
    save(store, amina, "ä" * 20_000, 2)
    assert brought_in(store)


def test_while_another_process_is_at_it_nobody_else_is_and_saving_goes_on(
    store: Store, amina: int, often: int
) -> None:
    save(store, amina, "Hej")
    with alone(store.path.with_name(CHECKPOINT)):
        write_often(store, often + 10)
        assert brought_in(store) == set()
        with pytest.raises(Held), only_one(store.path):
            pass
    write_often(store, 1)
    assert brought_in(store) == {"Hej"}


def test_wiping_is_put_off_while_another_is_at_it(
    store: Store, amina: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "READERS_PATIENCE", 0.05)
    save(store, amina, "Hej")
    store.erase_reflections(amina)
    with alone(store.path.with_name(CHECKPOINT)):
        assert not store.wipe()
    assert store.wanted_wipings() == 1
    assert store.wipe()


def test_a_checkpoint_never_begins_with_nothing_left_to_do(store: Store, amina: int) -> None:
    """The fault of SQLite needs just that: what is not brought in keeps the -wal from being begun anew."""
    seen: list[str] = []
    with closing(connect(store.path)) as db:
        db.conn.set_trace_callback(seen.append)
        for mode in ("PASSIVE", "PASSIVE", "TRUNCATE", "PASSIVE"):
            before = size_of_log(store)
            assert checkpoint(db, mode)
            written = seen.index("COMMIT")
            assert seen[written + 1] == f"PRAGMA wal_checkpoint({mode})"
            seen.clear()
            assert mode == "TRUNCATE" or size_of_log(store) >= max(before, PAGE)
    assert store.wanted_wipings() == 0


def test_what_is_wanted_to_be_wiped_is_not_forgotten_by_a_checkpoint(store: Store, amina: int) -> None:
    save(store, amina, "Hej")
    store.erase_reflections(amina)
    with closing(connect(store.path)) as db:
        assert checkpoint(db, "PASSIVE")
    assert store.wanted_wipings() == 1


WRITE = """
import sys
from contextlib import closing
from pathlib import Path
from visionsprat.store import Store
from visionsprat.store.checkpoints import rewrite_mark
with closing(Store(Path(sys.argv[1]))) as store:
    for _ in range(700):
        with store._write() as db:
            rewrite_mark(db)
"""


def test_two_processes_that_write_at_once_keep_the_log_short_and_the_database_whole(
    store: Store, amina: int
) -> None:
    save(store, amina, "Hej")
    writing = [subprocess.Popen([sys.executable, "-c", WRITE, str(store.path)], cwd=ROOT) for _ in range(2)]
    assert [each.wait(timeout=120) for each in writing] == [0, 0]
    assert size_of_log(store) < 3 * COMMITS * PAGE
    assert sql(store, "PRAGMA integrity_check") == [("ok",)]
    assert sql(store, "SELECT text FROM reflections WHERE question_id = ?", QUESTION) == [("Hej",)]


@pytest.mark.parametrize(
    ("version", "has_it"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 53, 0), False),
    ],
)
def test_which_versions_have_the_fault(version: tuple[int, ...], has_it: bool) -> None:
    assert has_reset_fault(version) is has_it
