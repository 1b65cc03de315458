"""The history of the database's schema. A migration that has been released never changes.

A migration wants the database alone: a process of the version before would go on writing, and not
understand what it meets. A copy is made before, by the one that migrates and under its write lock, beside
the database rather than among the backups, whose thinning could take it the next day.

A schema is compared with what the migrations make (`strange`, 12 ms): a flipped bit in a column's name is
no fault to `quick_check`. Quotation marks do not count, as versions of SQLite differ there, nor do tables
of other programs.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database, Migrations

from visionsprat.domain.email_addresses import one_form
from visionsprat.domain.text_rules import composed, search_text
from visionsprat.errors import CannotStart


class DatabaseTooNew(CannotStart):
    """The database has migrations that this version does not know."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(
            f"The database was written by a newer version of Visionsprat ({', '.join(names)}). "
            "Start that version, or restore a backup made by this one."
        )


class MigrationFailed(CannotStart):
    """The database could not be brought up to date, and is as it was before."""

    def __init__(self, name: str, cause: Exception, kept: Path | None) -> None:
        # A message that is not SQLite's own may hold what somebody has written.
        reason = str(cause) if isinstance(cause, sqlite3.Error) else type(cause).__name__
        copy = f" A copy of it is {kept}." if kept else ""
        super().__init__(
            f"The database could not be brought up to this version ({name}: {reason}). It is as it was "
            f"before.{copy} Go on with the version of Visionsprat that ran until now."
        )


migrations = Migrations("visionsprat")

#: How long, in seconds, a connection waits for a lock that another one holds.
PATIENCE = 5.0
#: The same for a start that finds a database to migrate: another one may be copying and migrating it.
MIGRATION_PATIENCE = 120.0

# Times are UTC, ISO 8601 with milliseconds, so that they sort as text.
_INITIAL = (
    """CREATE TABLE accounts (
        id INTEGER PRIMARY KEY,
        email TEXT NOT NULL UNIQUE COLLATE NOCASE,
        name TEXT NOT NULL,
        password_hash TEXT,
        is_admin INTEGER NOT NULL DEFAULT 0 CHECK (is_admin IN (0, 1)),
        is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
        created_at TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE sessions (
        token_hash TEXT PRIMARY KEY,
        account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        created_at TEXT NOT NULL,
        last_seen_at TEXT NOT NULL,
        expires_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX sessions_account ON sessions (account_id)",
    """CREATE TABLE groups (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        parent_id INTEGER REFERENCES groups (id),
        meeting_at TEXT,
        meeting_place TEXT
    ) STRICT""",
    "CREATE UNIQUE INDEX groups_name ON groups (coalesce(parent_id, 0), name)",
    """CREATE TABLE group_members (
        group_id INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
        account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        PRIMARY KEY (group_id, account_id)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX group_members_account ON group_members (account_id)",
    """CREATE TABLE group_managers (
        group_id INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
        account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        PRIMARY KEY (group_id, account_id)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX group_managers_account ON group_managers (account_id)",
    """CREATE TABLE reflections (
        account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        question_id TEXT NOT NULL,
        text TEXT NOT NULL,
        revision INTEGER NOT NULL,
        bring_to_meeting INTEGER NOT NULL DEFAULT 0 CHECK (bring_to_meeting IN (0, 1)),
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        PRIMARY KEY (account_id, question_id)
    ) STRICT""",
    """CREATE TABLE reflection_revisions (
        account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        question_id TEXT NOT NULL,
        revision INTEGER NOT NULL,
        text TEXT NOT NULL,
        saved_at TEXT NOT NULL,
        PRIMARY KEY (account_id, question_id, revision)
    ) STRICT""",
    """CREATE TABLE visits (
        account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        step TEXT NOT NULL,
        last_visited_at TEXT NOT NULL,
        PRIMARY KEY (account_id, step)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE invitations (
        token_hash TEXT PRIMARY KEY,
        account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        expires_at TEXT NOT NULL,
        used_at TEXT
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE sign_in_failures (
        email TEXT NOT NULL COLLATE NOCASE,
        at TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX sign_in_failures_email ON sign_in_failures (email, at)",
    """CREATE TABLE audit_log (
        at TEXT NOT NULL,
        actor_id INTEGER REFERENCES accounts (id) ON DELETE SET NULL,
        action TEXT NOT NULL,
        subject TEXT NOT NULL
    ) STRICT""",
)


@migrations()
def m001_initial(db: Database) -> None:
    for statement in _INITIAL:
        db.execute(statement)


_ORGANISATION = (
    # AUTOINCREMENT: browsers keep drafts by the account's id, so nobody may get an erased account's.
    """CREATE TABLE accounts_anew (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        email TEXT NOT NULL UNIQUE COLLATE NOCASE,
        name TEXT NOT NULL,
        password_hash TEXT,
        is_admin INTEGER NOT NULL DEFAULT 0 CHECK (is_admin IN (0, 1)),
        is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
        created_at TEXT NOT NULL
    ) STRICT""",
    "INSERT INTO accounts_anew SELECT * FROM accounts",
    "DROP TABLE accounts",
    "ALTER TABLE accounts_anew RENAME TO accounts",
    "ALTER TABLE accounts ADD COLUMN erased_revision INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE accounts ADD COLUMN search_text TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE accounts ADD COLUMN last_signed_in_at TEXT",
    "ALTER TABLE sessions ADD COLUMN is_kept INTEGER NOT NULL DEFAULT 0 CHECK (is_kept IN (0, 1))",
    "ALTER TABLE sign_in_failures ADD COLUMN client TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX sign_in_failures_client ON sign_in_failures (client, at)",
    "ALTER TABLE sign_in_failures ADD COLUMN device TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE sign_in_failures ADD COLUMN until TEXT NOT NULL DEFAULT ''",
    "UPDATE sign_in_failures SET until = at",
    """CREATE TABLE devices (
        account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        token_hash TEXT NOT NULL,
        signed_in_at TEXT NOT NULL,
        PRIMARY KEY (account_id, token_hash)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX devices_token ON devices (token_hash)",
    "CREATE INDEX invitations_account ON invitations (account_id)",
    """CREATE TABLE password_requests (
        email TEXT NOT NULL COLLATE NOCASE,
        at TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX password_requests_email ON password_requests (email, at)",
    "CREATE INDEX groups_parent ON groups (parent_id)",
    # The names stay readable when an account is moved or corrected, and are taken out when it is erased.
    "ALTER TABLE audit_log ADD COLUMN actor TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE audit_log ADD COLUMN subject_id INTEGER REFERENCES accounts (id) ON DELETE SET NULL",
    "ALTER TABLE audit_log ADD COLUMN details TEXT NOT NULL DEFAULT ''",
    "UPDATE audit_log SET actor = coalesce((SELECT email FROM accounts WHERE id = actor_id), '')",
    "UPDATE audit_log SET subject_id = actor_id, subject = actor WHERE action = 'password changed'",
    "UPDATE audit_log SET subject_id = (SELECT id FROM accounts WHERE email = subject)"
    " WHERE action = 'account added'",
    "CREATE INDEX audit_log_at ON audit_log (at)",
)


@migrations()
def m002_organisation(db: Database) -> None:
    for statement in _ORGANISATION:
        db.execute(statement)
    for account_id, name, email in db.execute("SELECT id, name, email FROM accounts").fetchall():
        db.execute("UPDATE accounts SET search_text = ? WHERE id = ?", [search_text(name, email), account_id])


_VERSIONS = (
    "ALTER TABLE reflections ADD COLUMN device_kind TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE reflection_revisions ADD COLUMN device_kind TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE reflection_revisions"
    " ADD COLUMN is_provisional INTEGER NOT NULL DEFAULT 0 CHECK (is_provisional IN (0, 1))",
)


@migrations()
def m003_versions(db: Database) -> None:
    for statement in _VERSIONS:
        db.execute(statement)


_SESSIONS = (
    # A row that waits for its browser has a ticket and no token: nothing that looks for a token finds it.
    # The id names a session to its person, and opens nothing.
    """CREATE TABLE sessions_anew (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        token_hash TEXT UNIQUE,
        ticket_hash TEXT UNIQUE,
        account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        created_at TEXT NOT NULL,
        last_seen_at TEXT NOT NULL,
        expires_at TEXT NOT NULL,
        is_kept INTEGER NOT NULL DEFAULT 0 CHECK (is_kept IN (0, 1)),
        device_kind TEXT NOT NULL DEFAULT '',
        CHECK ((token_hash IS NULL) <> (ticket_hash IS NULL))
    ) STRICT""",
    # What lives for a minute only is waiting, and asks for its password once more.
    "INSERT INTO sessions_anew (token_hash, account_id, created_at, last_seen_at, expires_at, is_kept)"
    " SELECT token_hash, account_id, created_at, last_seen_at, expires_at, is_kept FROM sessions"
    " WHERE julianday(expires_at) - julianday(created_at) > 0.01 ORDER BY created_at",
    "DROP TABLE sessions",
    "ALTER TABLE sessions_anew RENAME TO sessions",
    "CREATE INDEX sessions_account ON sessions (account_id)",
)


@migrations()
def m004_sessions(db: Database) -> None:
    for statement in _SESSIONS:
        db.execute(statement)


_LOCKED_TEXTS = (
    # Since when, and through whom, it is open whether the address is its person's own; NULL: it is.
    "ALTER TABLE accounts ADD COLUMN address_unproven_since TEXT",
    "ALTER TABLE accounts ADD COLUMN address_unproven_by INTEGER REFERENCES accounts (id) ON DELETE SET NULL",
    # Since when an administrator's account is in their own hands, where that is not from the beginning.
    "ALTER TABLE accounts ADD COLUMN admin_since TEXT",
    # Where the revisions of new texts go on from: those before are locked.
    "ALTER TABLE accounts ADD COLUMN locked_revision INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE invitations ADD COLUMN made_by INTEGER REFERENCES accounts (id) ON DELETE SET NULL",
    "ALTER TABLE invitations ADD COLUMN made_at TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE invitations"
    " ADD COLUMN to_own_address INTEGER NOT NULL DEFAULT 0 CHECK (to_own_address IN (0, 1))",
    # Who made the link, and who corrected the address it went to; `since` is when the first of it was done.
    """CREATE TABLE text_locks (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        locked_at TEXT NOT NULL,
        password_hash TEXT,
        since TEXT NOT NULL,
        link_by INTEGER REFERENCES accounts (id) ON DELETE SET NULL,
        address_by INTEGER REFERENCES accounts (id) ON DELETE SET NULL,
        released_at TEXT,
        released_by INTEGER REFERENCES accounts (id) ON DELETE SET NULL
    ) STRICT""",
    "CREATE INDEX text_locks_account ON text_locks (account_id)",
    """CREATE TABLE locked_reflections (
        account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        question_id TEXT NOT NULL,
        revision INTEGER NOT NULL,
        lock_id INTEGER NOT NULL REFERENCES text_locks (id) ON DELETE CASCADE,
        text TEXT NOT NULL,
        bring_to_meeting INTEGER NOT NULL CHECK (bring_to_meeting IN (0, 1)),
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        device_kind TEXT NOT NULL,
        PRIMARY KEY (account_id, question_id, revision)
    ) STRICT""",
    """CREATE TABLE locked_revisions (
        account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        question_id TEXT NOT NULL,
        revision INTEGER NOT NULL,
        lock_id INTEGER NOT NULL REFERENCES text_locks (id) ON DELETE CASCADE,
        text TEXT NOT NULL,
        saved_at TEXT NOT NULL,
        device_kind TEXT NOT NULL,
        PRIMARY KEY (account_id, question_id, revision)
    ) STRICT""",
)


@migrations()
def m005_locked_texts(db: Database) -> None:
    for statement in _LOCKED_TEXTS:
        db.execute(statement)


@migrations()
def m006_draft_keys(db: Database) -> None:
    # By which browsers keep somebody's unsaved text secret. Made with each account, so that a backup has it.
    db.execute("ALTER TABLE accounts ADD COLUMN draft_key BLOB")
    for (account_id,) in db.execute("SELECT id FROM accounts").fetchall():
        db.execute("UPDATE accounts SET draft_key = ? WHERE id = ?", [secrets.token_bytes(32), account_id])


@migrations()
def m007_requests_by_client(db: Database) -> None:
    # A mark, by a key that is in no backup, and never an address.
    db.execute("ALTER TABLE password_requests ADD COLUMN client TEXT NOT NULL DEFAULT ''")
    db.execute("CREATE INDEX password_requests_client ON password_requests (client, at)")


_SECOND_FACTOR = (
    # The secret is needed to check a code; recovery codes are kept as hashes until they are used.
    """CREATE TABLE second_factors (
        account_id INTEGER PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
        secret TEXT NOT NULL,
        set_at TEXT NOT NULL,
        last_step INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE recovery_codes (
        account_id INTEGER NOT NULL REFERENCES second_factors (account_id) ON DELETE CASCADE,
        code_hash TEXT NOT NULL,
        PRIMARY KEY (account_id, code_hash)
    ) STRICT, WITHOUT ROWID""",
    "ALTER TABLE sign_in_failures"
    " ADD COLUMN factor TEXT NOT NULL DEFAULT 'password' CHECK (factor IN ('password', 'code'))",
)


@migrations()
def m008_second_factor(db: Database) -> None:
    for statement in _SECOND_FACTOR:
        db.execute(statement)


@migrations()
def m009_one_form(db: Database) -> None:
    # Names and addresses are compared in one form from now on. Where two accounts, or groups in one place,
    # would become one, all of them stay as they are: `check` tells of them, and their people decide.
    accounts = db.execute("SELECT id, email, name FROM accounts").fetchall()
    forms = Counter(one_form(email) for _, email, _ in accounts)
    for id, email, name in accounts:
        form = one_form(email)
        new = email if forms[form] > 1 else form
        values = [new, composed(name), search_text(name, new), id]
        db.execute("UPDATE accounts SET email = ?, name = ?, search_text = ? WHERE id = ?", values)
        for column in ("actor", "subject", "details") if new != email else ():
            db.execute(f"UPDATE audit_log SET {column} = ? WHERE {column} = ?", [new, email])
    groups = db.execute("SELECT id, parent_id, name FROM groups").fetchall()
    names = Counter((parent_id, composed(name)) for _, parent_id, name in groups)
    for id, parent_id, name in groups:
        if names[parent_id, composed(name)] == 1:
            db.execute("UPDATE groups SET name = ? WHERE id = ?", [composed(name), id])


@migrations()
def m010_epoch(db: Database) -> None:
    # The name of this life of the database, which a restore changes: see store/epochs.py.
    db.execute("CREATE TABLE epoch (id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL) STRICT")
    db.execute("INSERT INTO epoch VALUES (1, ?)", [secrets.token_hex(8)])
    # Where the revisions of texts go on from that are new in it.
    db.execute("ALTER TABLE accounts ADD COLUMN first_revision INTEGER NOT NULL DEFAULT 0")


def connect(path: Path, *, create: bool = True) -> Database:
    """Open a connection with its pragmas: the one place that knows them.

    A file that is not there is made, unless `create` is False. Transactions are begun explicitly
    (isolation_level None). One thread uses a connection at a time.
    """
    address = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
    connection = sqlite3.connect(
        address, uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False
    )
    try:
        _turn_wal_on(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA wal_autocheckpoint = 0")  # see store/checkpoints.py
    except BaseException:
        connection.close()
        raise
    return Database(connection)


def _turn_wal_on(connection: sqlite3.Connection) -> None:
    """Turn WAL on. SQLite does not wait of itself here while another process is making the database."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def unknown(db: Database) -> list[str]:
    """The migrations of a newer version of Visionsprat that the database has."""
    return [each.name for each in migrations.applied(db) if each.name not in globals()]


def strange(db: Database) -> list[str]:
    """What of the schema is not as our migrations have made it, such as "table visits".

    What is there besides is not our affair, nor what a newer version has made. It is looked at as of one
    moment: somebody else may be making the schema. Raises sqlite3.DatabaseError when the list of the
    migrations can't be read.
    """
    db.execute("BEGIN")
    try:
        return _strange(db)
    finally:
        db.execute("ROLLBACK")


def _strange(db: Database) -> list[str]:
    there = _statements(db)
    listed = f"table {migrations.migrations_table}"
    if db.table(migrations.migrations_table).exists():
        rows = db.execute(f"SELECT name, migration_set, applied_at FROM {migrations.migrations_table}")
        if not all(isinstance(name, str) for name, *_ in rows.fetchall()):
            return [listed]
    applied = [each.name for each in migrations.applied(db)]
    if not applied:
        ours = {("table", "accounts"), ("table", "reflections")} <= there.keys()
        return [listed] if ours else []
    known = [each.name for each in migrations._migrations]
    if applied != known[: len(applied)]:
        return []
    with closing(Database(memory=True)) as made:
        for each in migrations._migrations[: len(applied)]:
            each.fn(made)
        expected = _statements(made)
    return [f"{kind} {name}" for (kind, name), sql in expected.items() if there.get((kind, name)) != sql]


def _statements(db: Database) -> dict[tuple[str, str], str]:
    """The statements that make up a schema. SQLite's versions quote names differently when they rename."""
    rows = db.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
    return {
        (str(kind), str(name)): " ".join(str(sql).replace('"', "").split())
        for kind, name, sql in rows.fetchall()
        if not str(name).startswith(("sqlite_", "_sqlite_"))
    }


def schema() -> str:
    """The name of the newest migration."""
    return max(name for name in globals() if re.fullmatch(r"m\d{3}_\w+", name))


def migrate(db: Database, keep: Callable[[str], Path] | None = None) -> None:
    """Bring the schema up to date in one transaction; two starting servers wait for each other.

    A database that is not new is first handed to `keep`, with the name of the migration to come, by the one
    that migrates it; nobody can write meanwhile. Raises DatabaseTooNew when a newer version of Visionsprat
    has written the database, and MigrationFailed.
    """
    db.execute(
        "PRAGMA foreign_keys = OFF"
    )  # dropping a table to make it anew would empty those that refer to it
    _begin(db)
    try:
        if names := unknown(db):
            raise DatabaseTooNew(names)
        if migrations.applied(db):
            _upgrade(db, keep)
        else:
            migrations.apply(db)
        db.commit()
    except BaseException:
        db.rollback()
        raise
    finally:
        db.execute("PRAGMA foreign_keys = ON")


def _begin(db: Database) -> None:
    if migrations.applied(db) and migrations.pending(db):
        db.execute(f"PRAGMA busy_timeout = {MIGRATION_PATIENCE * 1000:.0f}")
    try:
        db.execute("BEGIN IMMEDIATE")
    finally:
        db.execute(f"PRAGMA busy_timeout = {PATIENCE * 1000:.0f}")


def _upgrade(db: Database, keep: Callable[[str], Path] | None) -> None:
    pending = [each.name for each in migrations.pending(db)]
    if not pending:
        return
    kept = keep(pending[0]) if keep else None
    try:
        migrations.apply(db)
        db.commit()
    except Exception as error:
        failed = next((each.name for each in migrations.pending(db)), pending[-1])
        raise MigrationFailed(failed, error, kept) from error
