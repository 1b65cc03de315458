"""The only place with SQL: one method a use case, frozen dataclasses in and out."""

from __future__ import annotations

import json
import queue
import sqlite3
import unicodedata
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

from sqlite_utils import Database

from visionsprat.migrations import connect, migrate
from visionsprat.records import (
    Account,
    AlreadyClaimed,
    Conflict,
    Credentials,
    EmailTaken,
    Group,
    Member,
    NewAccount,
    Reflection,
    StoreUnavailable,
    Visitor,
)
from visionsprat.writing import clean, is_blank, nfc

SESSION_IDLE = timedelta(hours=12)
SESSION_LIFE = timedelta(days=7)
TICKET_LIFE = timedelta(seconds=60)
FAILURES_REMEMBERED = timedelta(minutes=15)
#: A text is kept as an earlier version once it has rested this long ...
SITTING = timedelta(minutes=10)
#: ... or when a save takes away more than this many characters at once.
LARGE_DELETION = 200

_VISITOR = """
    SELECT a.id, a.email, a.name, a.is_admin,
           EXISTS (SELECT 1 FROM group_managers m WHERE m.account_id = a.id),
           s.last_seen_at,
           (SELECT json_group_object(v.step, v.last_visited_at) FROM visits v WHERE v.account_id = a.id),
           r.question_id, r.text, r.revision, r.updated_at
    FROM sessions s JOIN accounts a ON a.id = s.account_id
    LEFT JOIN reflections r ON r.account_id = a.id
    WHERE s.token_hash = ? AND s.expires_at > ? AND s.last_seen_at > ? AND a.is_active = 1
"""

_SESSION = """
    SELECT a.id, a.email, a.name, a.is_admin,
           EXISTS (SELECT 1 FROM group_managers m WHERE m.account_id = a.id)
    FROM sessions s JOIN accounts a ON a.id = s.account_id
    WHERE s.token_hash = ? AND s.expires_at > ? AND s.last_seen_at > ? AND a.is_active = 1
"""

# The text is looked at only by is_blank(), inside the database: it is never selected.
_GROUPS = """
    WITH RECURSIVE seen (id) AS (
        SELECT group_id FROM group_managers WHERE account_id = ?
        UNION SELECT g.id FROM groups g JOIN seen ON g.parent_id = seen.id
    )
    SELECT g.id, g.name, a.id, a.name, r.question_id, r.created_at
    FROM seen JOIN groups g ON g.id = seen.id
    LEFT JOIN group_members m ON m.group_id = g.id
    LEFT JOIN accounts a ON a.id = m.account_id AND a.is_active = 1
    LEFT JOIN reflections r ON r.account_id = a.id AND NOT is_blank(r.text)
        AND r.question_id IN (SELECT value FROM json_each(?))
"""


class Store:
    """The database of one installation. Safe to use from several threads and processes at once."""

    def __init__(
        self, path: Path, clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc)
    ) -> None:
        """Open the database at `path`, making or upgrading it.

        Raises StoreUnavailable when it can't be opened, DatabaseTooNew when a newer version wrote it.
        """
        self.path = path
        self.clock = clock
        # Streamlit starts a thread for each script run: connections kept by thread would be opened
        # anew each time, so idle ones wait here. A connection is in one thread's hands at a time.
        self._idle: queue.LifoQueue[Database] = queue.LifoQueue()
        try:
            with _translated():
                path.parent.mkdir(parents=True, exist_ok=True)
                with closing(connect(path)) as db:
                    migrate(db)
        except StoreUnavailable as error:
            raise StoreUnavailable(
                f"{error} See that {path.parent} can be written, or set VISIONSPRAT_DATA."
            ) from error

    def close(self) -> None:
        while not self._idle.empty():
            self._idle.get_nowait().close()

    # Who is here

    def visitor(self, token_hash: str) -> Visitor | None:
        """Whose session this is, with all they have written; None when there is no such live session."""
        with self._read() as db:
            rows = db.execute(_VISITOR, self._session_key(token_hash)).fetchall()
        if not rows:
            return None
        first = rows[0]
        return Visitor(
            account=Account(first[0], first[1], first[2], bool(first[3]), bool(first[4])),
            reflections={row[7]: Reflection(row[8], row[9], _time(row[10])) for row in rows if row[7]},
            last_seen_at=_time(first[5]),
            visits={step: _time(at) for step, at in json.loads(first[6]).items()},
        )

    def account_of_session(self, token_hash: str) -> Account | None:
        with self._read() as db:
            row = db.execute(_SESSION, self._session_key(token_hash)).fetchone()
        return Account(row[0], row[1], row[2], bool(row[3]), bool(row[4])) if row else None

    def record_visit(self, account_id: int, token_hash: str, step: str) -> None:
        """Note that the session is alive and the step visited."""
        now = self._now()
        with self._write() as db:
            db.execute("UPDATE sessions SET last_seen_at = ? WHERE token_hash = ?", [now, token_hash])
            db.execute(
                "INSERT INTO visits VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET last_visited_at = excluded.last_visited_at",
                [account_id, step, now],
            )

    def _session_key(self, token_hash: str) -> list[str]:
        return [token_hash, self._now(), _iso(self.clock() - SESSION_IDLE)]

    # Sessions

    def add_ticket(self, account_id: int, ticket_hash: str) -> None:
        """Begin a session that waits, for TICKET_LIFE, for its browser to fetch its cookie."""
        now, expires = self._now(), _iso(self.clock() + TICKET_LIFE)
        with self._write() as db:
            db.execute("DELETE FROM sessions WHERE expires_at <= ?", [now])
            db.execute(
                "INSERT INTO sessions VALUES (?, ?, ?, ?, ?)", [ticket_hash, account_id, now, now, expires]
            )

    def redeem_ticket(self, ticket_hash: str, token_hash: str) -> bool:
        """Turn a waiting session into a live one; False when the ticket is used, too old or made up."""
        expires = _iso(self.clock() + SESSION_LIFE)
        with self._write() as db:
            redeemed = db.execute(
                "UPDATE sessions SET token_hash = ?, expires_at = ? WHERE token_hash = ? AND expires_at > ?",
                [token_hash, expires, ticket_hash, self._now()],
            )
            return redeemed.rowcount == 1

    def end_session(self, token_hash: str) -> None:
        with self._write() as db:
            db.execute("DELETE FROM sessions WHERE token_hash = ?", [token_hash])

    def end_sessions(self, account_id: int) -> None:
        with self._write() as db:
            db.execute("DELETE FROM sessions WHERE account_id = ?", [account_id])

    # Accounts

    def is_claimed(self) -> bool:
        """Whether the installation has any account."""
        with self._read() as db:
            return bool(db.execute("SELECT EXISTS (SELECT 1 FROM accounts)").fetchone()[0])

    def claim(self, account: NewAccount) -> int:
        """Make the very first account. Raises AlreadyClaimed when there is one. Returns its id."""
        with self._write() as db:
            if db.execute("SELECT 1 FROM accounts LIMIT 1").fetchone():
                raise AlreadyClaimed("This installation has its first account already.")
            return self._insert_account(db, account)

    def add_account(self, account: NewAccount) -> int:
        """Make an account, and the groups it names if they are missing; returns its id. Raises EmailTaken."""
        with self._write() as db:
            return self._insert_account(db, account)

    def _insert_account(self, db: Database, account: NewAccount) -> int:
        now = self._now()
        inserted = db.execute(
            "INSERT INTO accounts (email, name, password_hash, is_admin, created_at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING RETURNING id",
            [account.email, account.name, account.password_hash, int(account.is_admin), now],
        ).fetchone()
        if inserted is None:
            raise EmailTaken(account.email)
        account_id: int = inserted[0]
        for table, group in (("group_members", account.member_of), ("group_managers", account.manages)):
            if group is not None:
                db.execute(f"INSERT INTO {table} VALUES (?, ?)", [_group_id(db, group), account_id])
        _audit(db, now, account_id, "account added", account.email)
        return account_id

    def credentials(self, email: str) -> Credentials | None:
        """The active account with this address, if it has a password."""
        with self._read() as db:
            row = db.execute(
                "SELECT id, password_hash FROM accounts"
                " WHERE email = ? AND is_active = 1 AND password_hash IS NOT NULL",
                [email],
            ).fetchone()
        return Credentials(row[0], row[1]) if row else None

    def rename(self, account_id: int, name: str) -> None:
        with self._write() as db:
            db.execute("UPDATE accounts SET name = ? WHERE id = ?", [name, account_id])

    def set_password(self, account_id: int, password_hash: str) -> None:
        """Store a new password and end every session of the account."""
        with self._write() as db:
            db.execute("UPDATE accounts SET password_hash = ? WHERE id = ?", [password_hash, account_id])
            db.execute("DELETE FROM sessions WHERE account_id = ?", [account_id])
            _audit(db, self._now(), account_id, "password changed", str(account_id))

    # Failed sign-ins

    def recent_failures(self, email: str) -> int:
        with self._read() as db:
            since = _iso(self.clock() - FAILURES_REMEMBERED)
            found = db.execute(
                "SELECT count(*) FROM sign_in_failures WHERE email = ? AND at > ?", [email, since]
            )
            return int(found.fetchone()[0])

    def record_failure(self, email: str) -> None:
        with self._write() as db:
            old = _iso(self.clock() - FAILURES_REMEMBERED)
            db.execute("DELETE FROM sign_in_failures WHERE at <= ?", [old])
            db.execute("INSERT INTO sign_in_failures VALUES (?, ?)", [email, self._now()])

    def forget_failures(self, email: str) -> None:
        with self._write() as db:
            db.execute("DELETE FROM sign_in_failures WHERE email = ?", [email])

    # Reflections

    def save_reflection(
        self, account_id: int, question_id: str, text: str, based_on: int, unanswered: Collection[str] = ()
    ) -> Reflection | Conflict:
        """Store `text` as the account's reflection when `based_on` is the newest revision (0: none yet).

        The same text again is a no-op. When a newer revision with another text is stored, both are
        kept and the Conflict shows the stored one, unless that is one of `unanswered`: texts that the
        same writer sent before and got no answer about. Returns after COMMIT.
        Raises TextTooLong, TextRefused, StoreUnavailable.
        """
        text = clean(text)
        now = self.clock()
        key = [account_id, question_id]
        with self._write() as db:
            current = _current(db, key) or Reflection("", 0, now)
            if text == current.text:
                return current
            kept_revision, kept_text = _newest_kept(db, key)
            saved = Reflection(text, max(kept_revision, current.revision) + 1, now)
            if current.revision > based_on and current.text not in map(nfc, unanswered):
                if text != kept_text:  # the browser may send a refused text again
                    _keep(db, key, saved)
                return Conflict(current)
            if _worth_keeping(current, saved) or kept_revision > current.revision:
                _keep(db, key, current)
            _put(db, key, saved, newly_answered=is_blank(current.text))
            return saved

    # Completion

    def managed_groups(self, manager_id: int, question_ids: Collection[str]) -> tuple[Group, ...]:
        """The groups that somebody manages and all below them, with who has answered which questions.

        Neither texts nor their lengths leave the database here.
        """
        with self._read() as db:
            rows = db.execute(_GROUPS, [manager_id, json.dumps(list(question_ids))]).fetchall()
        groups: dict[int, tuple[str, dict[int, Member]]] = {}
        for group_id, group_name, account_id, name, question_id, at in rows:
            members = groups.setdefault(group_id, (group_name, {}))[1]
            if account_id is None:
                continue
            member = members.setdefault(account_id, Member(name, {}))
            if question_id is not None:
                members[account_id] = Member(name, {**member.answered_at, question_id: _time(at)})
        return tuple(
            Group(name, tuple(sorted(members.values(), key=lambda member: swedish_order(member.name))))
            for name, members in sorted(groups.values(), key=lambda group: swedish_order(group[0]))
        )

    # The database itself

    def check_health(self) -> None:
        """Raises StoreUnavailable unless the database can be read and written."""
        with self._write() as db:
            db.execute("UPDATE accounts SET name = name WHERE id = (SELECT min(id) FROM accounts)")
            db.rollback()

    @contextmanager
    def _read(self) -> Iterator[Database]:
        with _translated():
            try:
                db = self._idle.get_nowait()
            except queue.Empty:
                db = connect(self.path, create=False)  # a file that has gone away must not begin anew, empty
                db.register_function(is_blank, deterministic=True)
            try:
                yield db
            finally:
                self._idle.put(db)

    @contextmanager
    def _write(self) -> Iterator[Database]:
        with self._read() as db:
            # A deferred transaction that reads first can fail at once in WAL mode, whatever the timeout.
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.commit()
            except BaseException:
                db.rollback()
                raise

    def _now(self) -> str:
        return _iso(self.clock())


def swedish_order(name: str) -> str:
    """A sort key that puts å, ä and ö last, in that order, and é with e."""
    last = {"å": "{", "ä": "|", "ö": "}"}
    letters = unicodedata.normalize("NFC", name).casefold()
    return "".join(last.get(letter) or unicodedata.normalize("NFD", letter)[0] for letter in letters)


def _current(db: Database, key: list[object]) -> Reflection | None:
    row = db.execute(
        "SELECT text, revision, updated_at FROM reflections WHERE account_id = ? AND question_id = ?", key
    ).fetchone()
    return Reflection(row[0], row[1], _time(row[2])) if row else None


def _newest_kept(db: Database, key: list[object]) -> tuple[int, str | None]:
    row: tuple[int, str] | None = db.execute(
        "SELECT revision, text FROM reflection_revisions WHERE account_id = ? AND question_id = ?"
        " ORDER BY revision DESC LIMIT 1",
        key,
    ).fetchone()
    return row or (0, None)


def _worth_keeping(current: Reflection, saved: Reflection) -> bool:
    rested = saved.saved_at - current.saved_at > SITTING
    shrunk = len(current.text) - len(saved.text) > LARGE_DELETION
    return not is_blank(current.text) and (rested or shrunk)


def _keep(db: Database, key: list[object], kept: Reflection) -> None:
    db.execute(
        "INSERT OR IGNORE INTO reflection_revisions VALUES (?, ?, ?, ?, ?)",
        [*key, kept.revision, kept.text, _iso(kept.saved_at)],
    )


def _put(db: Database, key: list[object], saved: Reflection, *, newly_answered: bool) -> None:
    # created_at is when the answer last went from blank to something: completion is dated by it.
    at = _iso(saved.saved_at)
    db.execute(
        "INSERT INTO reflections (account_id, question_id, text, revision, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET text = excluded.text,"
        " revision = excluded.revision, updated_at = excluded.updated_at,"
        " created_at = CASE WHEN ? THEN excluded.created_at ELSE created_at END",
        [*key, saved.text, saved.revision, at, at, newly_answered],
    )


def _group_id(db: Database, name: str) -> int:
    """The id of the top-level group with this name, made if there is none."""
    found = db.execute("SELECT id FROM groups WHERE parent_id IS NULL AND name = ?", [name]).fetchone()
    found = found or db.execute("INSERT INTO groups (name) VALUES (?) RETURNING id", [name]).fetchone()
    return int(found[0])


def _audit(db: Database, at: str, actor_id: int, action: str, subject: str) -> None:
    db.execute("INSERT INTO audit_log VALUES (?, ?, ?, ?)", [at, actor_id, action, subject])


def _iso(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


_TROUBLE = ("locked", "busy", "readonly", "full", "unable to open", "disk i/o", "malformed", "not a database")


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the environment's failures into StoreUnavailable; what looks like a bug of ours surfaces."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if any(word in str(error).lower() for word in _TROUBLE):
            raise StoreUnavailable(f"The database can't be used now: {error}.") from error
        raise
    except OSError as error:
        raise StoreUnavailable(f"The data folder can't be used: {error}.") from error
