"""What every part of the store stands on: connections and transactions.

A pool of connections rather than one a thread. One is held throughout, and the three files are known by
inode: SQLite would go on writing into files that are removed or replaced, and what was acknowledged would
be gone with the process. So every use asks whether they still have their names (some µs), and each write
whether the -wal has become smaller (2 µs): SQLite would write on behind the gap, acknowledge it, and bring
the gap into the database. Wiping makes it smaller, too, so one `quick_check` then tells whether all its
pages are there.

The threads of a process take turns to write: SQLite sleeps between its tries to get the lock, so among many
the last may go first and one wait in vain. A connection that met trouble is closed: it may have been opened
read-only or be left in a transaction, and would go on failing when all is well. Temporary files lie beside
the database (`temp_store_directory`, deprecated, but the one way after Python has loaded SQLite): they hold
people's texts, and a full /tmp would put off wiping.
"""

from __future__ import annotations

import functools
import logging
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path

from sqlite_utils import Database

from visionsprat.domain.text_rules import is_blank, search_text
from visionsprat.errors import OlderRunning, StoreUnavailable
from visionsprat.store.checkpoints import CHECKPOINT, COMMITS, GROWTH, checkpoint, only_one, rewrite_mark
from visionsprat.store.epochs import epoch
from visionsprat.store.errors import translated
from visionsprat.store.files import faults, keep_before, look, make_private, make_private_folder
from visionsprat.store.locks import IN_USE, Held, alone, share
from visionsprat.store.schema import MIGRATION_PATIENCE, PATIENCE, connect, migrate, migrations, unknown
from visionsprat.store.times import iso

_log = logging.getLogger("visionsprat")

#: How long, in seconds, wiping waits for readers. Nobody can write meanwhile, and Litestream reads for ever.
READERS_PATIENCE = 1.0


class Connections:
    """The database of one installation. Safe to use from several threads and processes at once."""

    def __init__(
        self, path: Path, clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc)
    ) -> None:
        """Open the database at `path`, making or upgrading it.

        Raises OlderRunning when it is to be upgraded while others have it open.
        Raises StoreUnavailable when it can't be opened, DatabaseTooNew when a newer version wrote it,
        MigrationFailed or NotKept when it can't be upgraded and is left as it was.
        """
        self.path = path
        self.clock = clock
        # Streamlit starts a thread for each script run: connections kept by thread would be opened
        # anew each time, so idle ones wait here. A connection is in one thread's hands at a time.
        self._idle: queue.LifoQueue[Database] = queue.LifoQueue()
        # Held until the end and never used: SQLite takes the companions away with the last connection.
        # So the files stay the ones they are now, unless somebody else lays hands on them.
        self._held: Database | None = None
        self._files: tuple[tuple[int, int], ...] = ()
        #: How large the -wal was after our last commit.
        self._log_size = 0
        #: How large it was at our last checkpoint, and how many commits we have made since.
        self._brought_in, self._commits = 0, 0
        self._holding = threading.Lock()
        self._writing = threading.Lock()
        try:
            with translated():
                make_private_folder(path.parent)
                make_private(path.with_name(IN_USE))
                make_private(path.with_name(CHECKPOINT))
                _migrate_alone(path)
                # Whoever restores a backup must know that this process has the database open.
                self._presence = share(path.with_name(IN_USE), PATIENCE)
                try:
                    make_private(path)
                    with closing(connect(path)) as db:
                        _keep_temporary_files_beside(db, path)
                        migrate(db, keep=functools.partial(keep_before, path))
                        wipe(db, path)
                        #: See epochs.py. It changes while nobody has the database open.
                        self.epoch = epoch(db)
                    self._hold()
                except BaseException:
                    self._presence.close()
                    raise
        except Held as error:
            raise StoreUnavailable("A backup is being restored. Start again when that is done.") from error
        except StoreUnavailable as error:
            raise StoreUnavailable(
                f"{error} See that {path.parent} can be written, or set VISIONSPRAT_DATA."
            ) from error

    def close(self) -> None:
        while not self._idle.empty():
            self._idle.get_nowait().close()
        with self._holding:
            if self._held:
                self._held.close()
            self._held = None
        self._presence.close()

    def check_health(self) -> None:
        """Raises StoreUnavailable unless the database can be read and written."""
        with self._write() as db:
            # Down to the disk, which may be full: what is taken back before its COMMIT gets nowhere.
            rewrite_mark(db)

    def wanted_wipings(self) -> int:
        """How many erasures the database's files are still to be wiped of."""
        with self._read() as db:
            return _wanted(db)

    def wipe(self) -> bool:
        """Write the files anew without a trace of what was erased; nobody can write meanwhile.

        False when that has to wait, as another connection has the database for long.
        """
        with self._turn(), self._read() as db:
            self._require_whole_log()
            done = wipe(db, self.path)
            self._log_size = _size_of_log(self.path)  # it was us: no need to see whether all is there
            return done

    def _hold(self) -> None:
        if self._held:
            return
        db = connect(self.path, create=False)  # a file that has gone away must not begin anew, empty
        with self._holding:
            if self._held:
                db.close()
            else:
                self._files = _identities(self.path)
                self._log_size = _size_of_log(self.path)
                self._held = db

    def _connection(self) -> Database:
        """An idle connection, or a new one.

        Raises StoreUnavailable when the files are no longer there under their names, although SQLite
        would go on reading and writing them: what was saved now would be gone with the process.
        """
        self._hold()
        if _identities(self.path) != self._files:
            raise StoreUnavailable(
                f"Another file has taken the place of {self.path}, or of one of its companions."
                " Stop the server, see to the files, and start it again."
            )
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            db = connect(self.path, create=False)
            db.register_function(is_blank, deterministic=True)
            db.register_function(search_text, deterministic=True)
            return db

    @contextmanager
    def _read(self) -> Iterator[Database]:
        with translated():
            db = self._connection()
            try:
                yield db
            except sqlite3.Error as error:
                # It may have been opened while nobody could write, or be left in a transaction.
                db.close()
                if names := _newer(self.path):
                    raise StoreUnavailable(
                        f"A newer version of Visionsprat has changed the database ({', '.join(names)})."
                        " Stop this process: it is of the version before."
                    ) from error
                raise
            except BaseException:
                self._idle.put(db)
                raise
            self._idle.put(db)

    @contextmanager
    def _write(self) -> Iterator[Database]:
        with self._turn(), self._read() as db:
            # A deferred transaction that reads first can fail at once in WAL mode, whatever the timeout.
            db.execute("BEGIN IMMEDIATE")
            try:
                self._require_whole_log()
                yield db
                db.commit()
                self._log_size = _size_of_log(self.path)
            except BaseException:
                db.rollback()
                raise
            self._checkpoint_by_and_by(db)

    def _checkpoint_by_and_by(self, db: Database) -> None:
        """Bring the -wal into the database when much has been written; what is in it is safe either way."""
        self._commits += 1
        self._brought_in = min(self._brought_in, self._log_size)
        if self._commits < COMMITS and self._log_size - self._brought_in < GROWTH:
            return
        db.execute("PRAGMA busy_timeout = 0")  # who has just saved does not wait for others
        try:
            with only_one(self.path):
                checkpoint(db, "PASSIVE")
        except Held:
            return  # another is at it: the next commit looks again
        except sqlite3.DatabaseError as error:
            if "locked" in str(error):
                return
            _log.warning("The -wal was not brought into the database: %s. It is tried again.", error)
        finally:
            db.execute(f"PRAGMA busy_timeout = {PATIENCE * 1000:.0f}")
        self._commits, self._brought_in = 0, self._log_size

    def _require_whole_log(self) -> None:
        """Raises StoreUnavailable when the -wal has been cut off, which SQLite does not notice.

        It would go on writing behind the gap, and then bring the gap into the database.
        """
        if _size_of_log(self.path) < self._log_size and not _is_whole(self.path):  # wiping empties it, too
            raise StoreUnavailable(f"{self.path}-wal has been cut off. Stop the server, and start it again.")

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Our turn to write among the threads of this process.

        SQLite sleeps between its tries: the one that comes last may go first, and the first wait in vain.
        """
        if not self._writing.acquire(timeout=PATIENCE):
            raise StoreUnavailable("The database can't be used now: others are writing.")
        try:
            yield
        finally:
            self._writing.release()

    def _now(self) -> str:
        return iso(self.clock())


def _keep_temporary_files_beside(db: Database, path: Path) -> None:
    """What VACUUM writes on the way holds people's texts, and /tmp is what most programs fill.

    It is a setting of the whole process, with no other way to it. A folder that has gone is passed over.
    """
    if not db.execute("PRAGMA temp_store_directory").fetchone():
        folder = str(path.parent.absolute()).replace("'", "''")
        db.execute(f"PRAGMA temp_store_directory = '{folder}'")


def _migrate_alone(path: Path) -> None:
    """Migrate a database that an older version has made, while nobody else has it open.

    Raises OlderRunning: a process of that version would go on writing, and understand the schema no more.
    """
    began = time.monotonic()
    while _is_outdated(path):
        try:
            with alone(path.with_name(IN_USE), 0.2), closing(connect(path, create=False)) as db:
                migrate(db, keep=functools.partial(keep_before, path))
        except Held as error:
            waited = time.monotonic() - began
            try:
                share(path.with_name(IN_USE), 0).close()
            except Held:  # another start is migrating it
                if waited > MIGRATION_PATIENCE:
                    raise
                time.sleep(0.05)
                continue
            if waited > PATIENCE:
                raise OlderRunning(
                    "The database is to be brought up to this version, but a process of the one before has it"
                    " open. Stop all processes of Visionsprat, then start again."
                ) from error


def _is_outdated(path: Path) -> bool:
    with suppress(sqlite3.Error, OSError), look(path) as db:
        return bool(migrations.applied(db) and migrations.pending(db)) and not unknown(db)
    return False


def _newer(path: Path) -> list[str]:
    """The migrations that the database has and this version does not know."""
    with suppress(sqlite3.Error, OSError), look(path) as db:
        return unknown(db)
    return []


def end_links(db: Database, account_id: int) -> None:
    """End every link with which a password could still be chosen for the account."""
    db.execute("DELETE FROM invitations WHERE account_id = ? AND used_at IS NULL", [account_id])


def doubt_address(db: Database, account_id: int, now: str | None, actor_id: int | None) -> None:
    """Note that it is open from now on whether the address is the person's own; with None, that it is."""
    db.execute(
        "UPDATE accounts SET address_unproven_since = ?, address_unproven_by = ? WHERE id = ?",
        [now, actor_id, account_id],
    )


def want_wiping(db: Database) -> None:
    """Note, in the transaction that erases something, that the database's files are to be wiped of it."""
    db.execute(f"PRAGMA user_version = {_wanted(db) + 1}")


def _wanted(db: Database) -> int:
    (wanted,) = db.execute("PRAGMA user_version").fetchone()
    return int(wanted)


def wipe(db: Database, path: Path) -> bool:
    """Write the database's files anew without a trace of what was erased, if that is still to be done.

    False when it can't be done now, as another connection has the database for long: wiping.py tries it
    again, and so does the next start.
    """
    wanted = _wanted(db)
    if not wanted:
        return True
    try:
        with translated(), only_one(path, READERS_PATIENCE):
            _empty_wal(db)  # first: while somebody reads on, all would be written anew in vain
            # secure_delete leaves copies behind where SQLite has divided a page.
            db.execute("VACUUM")
            checkpoint(db, "PASSIVE")  # others may write during most of it
            _empty_wal(db)
            db.execute("BEGIN IMMEDIATE")
            try:
                if _wanted(db) == wanted:  # nothing was erased meanwhile
                    db.execute("PRAGMA user_version = 0")
            finally:
                db.commit()
    except (Held, StoreUnavailable) as error:
        _log.warning("What was erased is still to be wiped from the database's files: %s", error)
        return False
    return True


def _empty_wal(db: Database) -> None:
    """Bring the -wal into the database and empty it. Raises StoreUnavailable when another reads for long."""
    db.execute(f"PRAGMA busy_timeout = {READERS_PATIENCE * 1000:.0f}")
    try:
        done = checkpoint(db, "TRUNCATE")
    finally:
        db.execute(f"PRAGMA busy_timeout = {PATIENCE * 1000:.0f}")
    if not done:
        raise StoreUnavailable("The database is being read.")


def _identities(path: Path) -> tuple[tuple[int, int], ...]:
    """What tells the database's files from others of the same names. Raises OSError when one is gone."""
    found = (os.stat(f"{path}{end}") for end in ("", "-wal", "-shm"))
    return tuple((each.st_dev, each.st_ino) for each in found)


def _size_of_log(path: Path) -> int:
    return os.stat(f"{path}-wal").st_size


def _is_whole(path: Path) -> bool:
    """Whether every page of the database can be found, in its file or in the -wal."""
    try:
        return not faults(path, quick=True)
    except (StoreUnavailable, sqlite3.OperationalError):
        return False
