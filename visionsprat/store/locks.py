"""Locks between processes: who has the database open, and who has a folder alone.

SQLite's own file locks on an empty file do it: they work on every system that SQLite does, and end with
the process that holds them, however it ends.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from visionsprat.errors import Unavailable

#: Beside the database: shared by all who have it open, held alone by who puts another in its place.
IN_USE = "in-use.lock"


class Held(Unavailable):
    """Somebody else holds the lock."""


def share(file: Path, patience: float) -> sqlite3.Connection:
    """Hold a lock together with others until the connection is closed. Raises Held."""
    return _hold(file, "BEGIN", patience)


@contextmanager
def alone(file: Path, patience: float = 0) -> Iterator[None]:
    """Hold a lock that nobody else holds, alone or shared. Raises Held."""
    with closing(_hold(file, "BEGIN EXCLUSIVE", patience)):
        yield


def _hold(file: Path, begin: str, patience: float) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=patience, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = MEMORY")  # nothing is ever written, so leave no file behind
        connection.execute(begin)
        connection.execute("SELECT 1 FROM sqlite_master").fetchall()
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            raise Held(f"{file} is held by another process.") from error
        raise
    return connection
