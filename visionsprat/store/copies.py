"""Database files as wholes: copied, examined and counted, whether or not a server has them open."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from visionsprat.migrations import connect, migrate, migrations, unknown
from visionsprat.records import Action, Contents
from visionsprat.store.connections import audit, iso, moment, translated

#: As many faults as are of use to anybody.
_MOST = 20
#: Errors that tell of the surroundings; any other tells that the file is damaged.
_SURROUNDINGS = ("locked", "busy", "unable to open", "disk i/o", "readonly")


def copy(source: Path, target: Path) -> None:
    """Write a copy of a database, which others may be writing in, as one plain file of its own.

    VACUUM INTO reads one state of the database, hinders nobody, and takes nothing along of what has been
    deleted. Raises StoreUnavailable, also when the target exists.
    """
    with translated(), _look(source) as db:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        db.execute("VACUUM INTO ?", [str(target)])


def faults(path: Path, *, quick: bool = False) -> list[str]:
    """What is wrong with a database file, in SQLite's words. None of them holds what anybody wrote.

    `quick` passes over the indexes and the references between tables. Raises StoreUnavailable when the
    file can't be read at all.
    """
    with translated():
        try:
            with _look(path) as db:
                rows = db.execute(f"PRAGMA {'quick' if quick else 'integrity'}_check({_MOST})").fetchall()
                found = [" ".join(line.split()) for (line,) in rows if line != "ok"]
                return found or ([] if quick else _broken_references(db))
        except sqlite3.DatabaseError as error:
            if any(word in str(error).lower() for word in _SURROUNDINGS):
                raise
            return [str(error)]


def _broken_references(db: Database) -> list[str]:
    rows = db.execute(
        'SELECT "table", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2'
    ).fetchall()
    return [f"rows of {table} that refer to missing {parent}: {count}" for table, parent, count in rows]


def contents(path: Path) -> Contents | None:
    """How much a database holds, and of which version it is; None for one that is not ours."""
    with translated(), _look(path) as db:
        applied = {each.name for each in migrations.applied(db)}
        if not applied:
            return None
        accounts = db.execute("SELECT count(*) FROM accounts").fetchone()[0]
        reflections, last = db.execute("SELECT count(*), max(updated_at) FROM reflections").fetchone()
        pending = tuple(each.name for each in migrations.pending(db))
        return Contents(accounts, reflections, moment(last) if last else None, tuple(unknown(db)), pending)


def count_answers(path: Path) -> dict[str, int]:
    """How many reflections there are to each question, by its id."""
    with translated(), _look(path) as db:
        rows = db.execute("SELECT question_id, count(*) FROM reflections GROUP BY question_id ORDER BY 1")
        return dict(rows.fetchall())


def renew(path: Path, now: datetime, source: str) -> None:
    """Make a copy fit to go on with: migrate it, sign everybody out, and note where it comes from.

    A session that was ended after the copy was made must not be alive again.
    """
    with translated(), closing(connect(path, create=False)) as db:
        migrate(db)
        with db.atomic():
            db.execute("DELETE FROM sessions")
            audit(db, iso(now), None, Action.RESTORED, subject=source)


def fold(path: Path) -> None:
    """Bring a database's companion -wal into the file itself. Nobody may have it open."""
    with translated(), closing(connect(path, create=False)) as db:
        db.execute("PRAGMA journal_mode = DELETE")


@contextmanager
def _look(path: Path) -> Iterator[Database]:
    """A connection that can't change the database, and leaves even its -wal as it is."""
    address = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
        # In a damaged file even the names may be.
        connection.text_factory = lambda raw: raw.decode(errors="replace")
        yield Database(connection)
