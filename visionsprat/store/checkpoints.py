"""Bringing the -wal into the database: by one connection at a time, of all processes.

SQLite has a fault from 3.7.0 on (https://sqlite.org/wal.html#walresetbug), mended in 3.51.3: while a
checkpoint begins that finds nothing left to do, another connection may begin the -wal anew, and what is
written next can be taken for brought in. So only the holder of a lock makes checkpoints, never SQLite by
itself (`wal_autocheckpoint` is 0), and it writes something first: a -wal that is not wholly brought in is
not begun anew. Litestream makes checkpoints of its own beside it; what is left there is a coincidence
within microseconds.

No library that brings its own SQLite helps: pysqlite3-binary 0.5.4 has 3.51.1, which has the fault too,
sqlite-utils does not speak apsw, and two SQLite libraries in one process take each other's file locks away.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from visionsprat.store.locks import alone

#: Beside the database: held by whoever makes a checkpoint.
CHECKPOINT = "checkpoint.lock"
#: A checkpoint comes after so many of a process's commits, one to five pages each ...
COMMITS = 300
#: ... or when the -wal has grown by so many bytes since its last one.
GROWTH = 4_000_000
#: The library that Python has found.
SQLITE = sqlite3.sqlite_version
#: The first version in which it is mended, and those before it that have been mended, too.
_MENDED, _MENDED_BEFORE = (3, 51, 3), ((3, 44, 6), (3, 50, 7))


@contextmanager
def only_one(database: Path, patience: float = 0) -> Iterator[None]:
    """Be the only one that makes checkpoints. Raises Held when another does."""
    with alone(database.with_name(CHECKPOINT), patience):
        yield


def checkpoint(db: Database, mode: str) -> bool:
    """Bring the -wal into the database, as `only_one`. False when a reader or a writer stood in the way."""
    db.execute("BEGIN IMMEDIATE")
    try:
        rewrite_mark(db)
        db.commit()
    except BaseException:
        db.rollback()
        raise
    (busy, _, _) = db.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
    return not busy


def rewrite_mark(db: Database) -> None:
    """Write a page of the database, within a transaction, and change nothing."""
    (wanted,) = db.execute("PRAGMA user_version").fetchone()
    db.execute(f"PRAGMA user_version = {wanted}")


def has_reset_fault(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """Whether this version of SQLite has the fault, if nobody has mended it without saying so."""
    mended = any(version[:2] == each[:2] and version >= each for each in _MENDED_BEFORE)
    return (3, 7, 0) <= version < _MENDED and not mended
