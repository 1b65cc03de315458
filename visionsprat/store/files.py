"""Database files as wholes: made, copied, examined and counted, whether or not a server has them open."""

from __future__ import annotations

import logging
import os
import secrets
import sqlite3
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from visionsprat.domain.email_addresses import one_form
from visionsprat.domain.records import Action, Contents
from visionsprat.domain.text_rules import composed
from visionsprat.domain.tokens import new_key
from visionsprat.errors import CannotStart
from visionsprat.store.epochs import begin_epoch
from visionsprat.store.errors import translated
from visionsprat.store.events import Event, audit
from visionsprat.store.schema import connect, migrate, migrations, strange, unknown
from visionsprat.store.times import iso, moment

_log = logging.getLogger("visionsprat")

#: Between a database's name and that of the migration before which it was copied.
BEFORE = ".before-"
#: As many faults as are of use to anybody.
_MOST = 20
#: Errors that tell of the surroundings; any other tells that the file is damaged.
_SURROUNDINGS = {
    *(sqlite3.SQLITE_PERM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM),
    *(sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN),
    sqlite3.SQLITE_PROTOCOL,
}


class NotKept(CannotStart):
    """The database can't be copied as it should be before it is migrated."""


def keep_before(path: Path, migration: str) -> Path:
    """Copy a database beside itself before it is migrated, and return where.

    The copy is checked and on the disk, and takes the place of what an earlier try has left. Raises NotKept.
    """
    kept = path.with_name(f"{path.name}{BEFORE}{migration}")
    unfinished = kept.with_name(f"{kept.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        _copy(path, unfinished)
        if problems := _faults(unfinished):
            raise NotKept(
                f"The database was not migrated, as the copy that is made before is damaged ({problems[0]})."
            )
        put_in_place(unfinished, kept)
    finally:
        unfinished.unlink(missing_ok=True)
    return kept


def make_private(file: Path) -> None:
    """Make a file that nobody else can read, if it is not there yet; SQLite's companions get its mode."""
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def secret_beside(file: Path) -> bytes:
    """The random bytes in a file that nobody else can read; the first process to ask makes them.

    It gets its name when all of it is there, and another's that was quicker stays.
    """
    with suppress(FileNotFoundError):
        return file.read_bytes()
    new = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as opened:
            opened.write(new_key())
        _name(new, file)
    finally:
        new.unlink(missing_ok=True)
    return file.read_bytes()


def _name(new: Path, file: Path) -> None:
    try:
        os.link(new, file)
    except FileExistsError:
        pass
    except OSError:  # no hard links (Samba, exFAT): of two first starts at once the later may win
        if not file.exists():
            os.replace(new, file)


def make_private_folder(folder: Path) -> None:
    """Make a folder that nobody else can open, if it is not there yet."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def open_to_others(folder: Path) -> list[Path]:
    """The folder and what lies in it and right below, as far as other accounts of this machine are let in."""
    if os.name != "posix" or not folder.is_dir():  # elsewhere rights are not in the mode
        return []
    files = (each for each in [*folder.glob("*"), *folder.glob("*/*")] if not each.name.startswith("."))
    found = []
    for path in (folder, *sorted(files)):
        with suppress(OSError):  # gone meanwhile
            if path.lstat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) and not path.is_symlink():
                found.append(path)
    return found


def of_another_account(folder: Path, own: int | None = None) -> dict[Path, int]:
    """What lies in the folder, and the folder, as far as another account than our `own` has it; and which."""
    if os.name != "posix" or not folder.is_dir():
        return {}
    own = os.geteuid() if own is None else own
    found = {}
    for path in (folder, *sorted(each for each in folder.glob("*") if not each.name.startswith("."))):
        with suppress(OSError):  # gone meanwhile
            if (owner := path.lstat().st_uid) != own:
                found[path] = owner
    return found


def copy(source: Path, target: Path) -> None:
    """Write a copy of a database, which others may be writing in, as one plain file of its own.

    VACUUM INTO reads one state of the database, hinders nobody, and takes nothing along of what has been
    deleted. Raises StoreUnavailable, also when the target is there already.
    """
    with translated():
        _copy(source, target)


def _copy(source: Path, target: Path) -> None:
    with look(source) as db:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            db.execute("VACUUM INTO ?", [str(target)])
        except (sqlite3.OperationalError, UnicodeDecodeError) as error:
            if problems := _faults(source, quick=True):  # SQLite says but what it fell over
                raise sqlite3.DatabaseError(f"database disk image is malformed: {problems[0]}") from error
            raise


def faults(path: Path, *, quick: bool = False) -> list[str]:
    """What is wrong with a database file, in SQLite's words. None of them holds what anybody wrote.

    `quick` passes over the indexes and the references between tables. Raises StoreUnavailable for what tells
    of the surroundings.
    """
    with translated():
        return _faults(path, quick=quick)


def _faults(path: Path, *, quick: bool = False) -> list[str]:
    try:
        with look(path) as db:
            rows = db.execute(f"PRAGMA {'quick' if quick else 'integrity'}_check({_MOST})").fetchall()
            found = [" ".join(line.split()) for (line,) in rows if line != "ok"]
            found = found or [f"the schema is not as it was made: {each}" for each in strange(db)]
            return found or ([] if quick else _broken_references(db))
    except UnicodeDecodeError:  # SQLite's own message quotes what is no text any more
        return ["a name in the schema is no text"]
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in _SURROUNDINGS:
            raise
        return [" ".join(str(error).split())]


def _broken_references(db: Database) -> list[str]:
    rows = db.execute(
        'SELECT "table", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2'
    ).fetchall()
    return [f"rows of {table} that refer to missing {parent}: {count}" for table, parent, count in rows]


@contextmanager
def look(path: Path) -> Iterator[Database]:
    """A connection that can't change the database, and leaves even its -wal as it is."""
    address = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
        # In a damaged file even the names may be.
        connection.text_factory = lambda raw: raw.decode(errors="replace")
        yield Database(connection)


def put_in_place(new: Path, path: Path) -> None:
    """Give a file its name once all of it is on the disk, and see that the name is, too.

    Where a folder can't be synced (Samba, VirtualBox) that is told: what has been done is not taken back.
    """
    sync(new)
    os.replace(new, path)
    if os.name != "posix":  # elsewhere a folder can't be opened
        return
    try:
        sync(path.parent)
    except OSError as error:
        _log.warning(
            "%s is written, but its folder can't be synced (%s): a power cut within a minute may undo it.",
            path,
            error.strerror,
        )


def sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def contents(path: Path) -> Contents | None:
    """How much a database holds, and of which version it is; None for one that is not ours."""
    with translated(), look(path) as db:
        applied = {each.name for each in migrations.applied(db)}
        if not applied:
            return None
        accounts = db.execute("SELECT count(*) FROM accounts").fetchone()[0]
        counts = [
            db.execute(f"SELECT count(*), max(updated_at) FROM {each}").fetchone() for each in _texts(db)
        ]
        last = max((at for _, at in counts if at), default=None)
        pending = tuple(each.name for each in migrations.pending(db))
        return Contents(
            accounts,
            sum(count for count, _ in counts),
            moment(last) if last else None,
            tuple(unknown(db)),
            pending,
            locked=sum(count for count, _ in counts[1:]),
        )


def _texts(db: Database) -> list[str]:
    """The tables of people's current texts; there are no locked ones in an old database."""
    found = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return [each for each in ("reflections", "locked_reflections") if each in found]


def count_answers(path: Path) -> dict[str, int]:
    """How many reflections there are to each question, by its id; locked ones, too."""
    with translated(), look(path) as db:
        all_of = " UNION ALL ".join(f"SELECT question_id FROM {each}" for each in _texts(db))
        rows = db.execute(f"SELECT question_id, count(*) FROM ({all_of}) GROUP BY question_id ORDER BY 1")
        return dict(rows.fetchall())


def written_twice(path: Path) -> tuple[list[list[int]], list[list[int]]]:
    """The ids of accounts, and of groups in one place, that are the same but for how they are written."""
    with translated(), look(path) as db:
        accounts = db.execute("SELECT email, id FROM accounts ORDER BY id").fetchall()
        groups = db.execute("SELECT name, parent_id, id FROM groups ORDER BY id").fetchall()
    return (
        _together((one_form(email), id) for email, id in accounts),
        _together(((parent_id, composed(name)), id) for name, parent_id, id in groups),
    )


def _together(forms: Iterable[tuple[object, int]]) -> list[list[int]]:
    found: defaultdict[object, list[int]] = defaultdict(list)
    for form, id in forms:
        found[form].append(id)
    return [ids for ids in found.values() if len(ids) > 1]


def renew(path: Path, now: datetime, source: str) -> None:
    """Make a copy fit to go on with: migrate it, sign everybody out, and note where it comes from.

    A session that was ended after the copy was made must not be alive again, and nothing may have a number
    that it had in the time that is lost.
    """
    with translated(), closing(connect(path, create=False)) as db:
        migrate(db)
        with db.atomic():
            db.execute("DELETE FROM sessions")
            begin_epoch(db)
            audit(db, Event(iso(now), None, Action.RESTORED, subject=source))


def fold(path: Path) -> None:
    """Bring a database's companion -wal into the file itself. Nobody may have it open."""
    with translated(), closing(connect(path, create=False)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
