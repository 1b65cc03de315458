"""Who is here: sessions, the tickets they begin with, and the steps a person has visited."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlite_utils import Database

from visionsprat.content import LONGEST_ADDRESS
from visionsprat.records import Account, Reflection, Session, Visitor
from visionsprat.store.connections import Connections, iso, moment

SESSION_IDLE = timedelta(hours=12)
SESSION_LIFE = timedelta(days=7)
KEPT_LIFE = timedelta(days=30)
TICKET_LIFE = timedelta(seconds=60)
#: That a session is alive is written down again only after this long.
SEEN_AGAIN = timedelta(minutes=5)
#: How long, and for how many browsers of an account, it is remembered that somebody signed in with them.
DEVICE_LIFE = timedelta(days=180)
DEVICES_REMEMBERED = 10

_VISITOR = """
    SELECT a.id, a.email, a.name, a.is_admin,
           EXISTS (SELECT 1 FROM group_managers m WHERE m.account_id = a.id),
           s.last_seen_at,
           (SELECT json_group_object(v.step, v.last_visited_at) FROM visits v WHERE v.account_id = a.id),
           r.question_id, r.text, r.revision, r.updated_at, r.device_kind, a.erased_revision
    FROM sessions s JOIN accounts a ON a.id = s.account_id
    LEFT JOIN reflections r ON r.account_id = a.id
    WHERE s.token_hash = ? AND s.expires_at > ? AND (s.is_kept OR s.last_seen_at > ?) AND a.is_active = 1
"""

_SESSION = """
    SELECT a.id, a.email, a.name, a.is_admin,
           EXISTS (SELECT 1 FROM group_managers m WHERE m.account_id = a.id), s.last_seen_at
    FROM sessions s JOIN accounts a ON a.id = s.account_id
    WHERE s.token_hash = ? AND s.expires_at > ? AND (s.is_kept OR s.last_seen_at > ?) AND a.is_active = 1
"""


_KEEP_VERSIONS = """
    INSERT OR IGNORE INTO reflection_revisions
        (account_id, question_id, revision, text, saved_at, device_kind)
    SELECT r.account_id, r.question_id, r.revision, r.text, r.updated_at, r.device_kind
    FROM sessions s JOIN reflections r ON r.account_id = s.account_id
    WHERE s.token_hash = ? AND NOT is_blank(r.text)
"""
# The sitting is over: only within it is a text measured against the fullest one.
_FORGET_PROVISIONAL = """
    DELETE FROM reflection_revisions WHERE is_provisional
    AND account_id = (SELECT account_id FROM sessions WHERE token_hash = ?)
"""


class Sessions(Connections):
    def visitor(self, token_hash: str) -> Visitor | None:
        """Whose session this is, with all they have written; None when there is no such live session."""
        with self._read() as db:
            rows = db.execute(_VISITOR, _key(token_hash, self.clock())).fetchall()
        if not rows:
            return None
        first = rows[0]
        return Visitor(
            account=Account(first[0], first[1], first[2], bool(first[3]), bool(first[4])),
            reflections={
                row[7]: Reflection(row[8], row[9], moment(row[10]), row[11]) for row in rows if row[7]
            },
            last_seen_at=moment(first[5]),
            visits={step: moment(at) for step, at in json.loads(first[6]).items()},
            erased_revision=first[12],
        )

    def account_of_session(self, token_hash: str) -> Account | None:
        with self._read() as db:
            found = find_session(db, token_hash, self.clock())
        return found[0] if found else None

    def record_visit(self, account_id: int, token_hash: str, step: str, steps: Collection[str]) -> None:
        """Note that the session is alive and the step visited, which is one of the module's `steps`.

        Raises ValueError for any other: where somebody says to be is theirs to make up.
        """
        if step not in steps:
            raise ValueError("a visit to what is no step")
        now = self.clock()
        with self._write() as db:
            note_alive(db, token_hash, now)
            # Earlier versions noted whatever a client claimed. Shorter ones may be an earlier content's.
            db.execute(
                "DELETE FROM visits WHERE account_id = ? AND length(step) > ?", [account_id, LONGEST_ADDRESS]
            )
            db.execute(
                "INSERT INTO visits SELECT id, ?, ? FROM accounts WHERE id = ?"  # erased meanwhile: no visit
                " ON CONFLICT DO UPDATE SET last_visited_at = excluded.last_visited_at",
                [step, iso(now), account_id],
            )

    def add_ticket(self, account_id: int, ticket_hash: str, *, keep: bool = False) -> None:
        """Begin a session that waits, for TICKET_LIFE, for its browser to fetch its cookie.

        One to `keep` lives for KEPT_LIFE however long it rests; others end after SESSION_IDLE of rest.
        """
        now, expires = self._now(), iso(self.clock() + TICKET_LIFE)
        with self._write() as db:
            db.execute("DELETE FROM sessions WHERE expires_at <= ?", [now])
            db.execute(
                "INSERT INTO sessions (token_hash, account_id, created_at, last_seen_at, expires_at, is_kept)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [ticket_hash, account_id, now, now, expires, int(keep)],
            )

    def redeem_ticket(
        self, ticket_hash: str, token_hash: str, device: str = "", earlier_device: str = ""
    ) -> Session | None:
        """Turn a waiting session into a live one; None when the ticket is used, too old or made up.

        From now on `device` is the hash of its browser's token, in place of `earlier_device`.
        """
        now, kept, other = (iso(self.clock() + life) for life in (timedelta(0), KEPT_LIFE, SESSION_LIFE))
        with self._write() as db:
            redeemed = db.execute(
                "UPDATE sessions SET token_hash = ?, expires_at = iif(is_kept, ?, ?)"
                " WHERE token_hash = ? AND expires_at > ? RETURNING account_id, is_kept",
                [token_hash, kept, other, ticket_hash, now],
            ).fetchone()
            if redeemed is None:
                return None
            db.execute("UPDATE accounts SET last_signed_in_at = ? WHERE id = ?", [now, redeemed[0]])
            if device:
                _remember_device(db, redeemed[0], device, earlier_device, now)
                self._forget_devices(db, redeemed[0])
            return Session(life=KEPT_LIFE if redeemed[1] else None)

    def _forget_devices(self, db: Database, account_id: int) -> None:
        db.execute("DELETE FROM devices WHERE signed_in_at <= ?", [iso(self.clock() - DEVICE_LIFE)])
        db.execute(
            "DELETE FROM devices WHERE account_id = ?1 AND token_hash NOT IN (SELECT token_hash FROM devices"
            " WHERE account_id = ?1 ORDER BY signed_in_at DESC LIMIT ?2)",
            [account_id, DEVICES_REMEMBERED],
        )

    def end_session(self, token_hash: str) -> int | None:
        """End a session, and return whose it was. What they have written is kept as a version of its own."""
        with self._write() as db:
            db.execute(_KEEP_VERSIONS, [token_hash])
            db.execute(_FORGET_PROVISIONAL, [token_hash])
            ended = db.execute(
                "DELETE FROM sessions WHERE token_hash = ? RETURNING account_id", [token_hash]
            ).fetchone()
        return ended[0] if ended else None

    def end_sessions(self, account_id: int) -> None:
        with self._write() as db:
            db.execute("DELETE FROM sessions WHERE account_id = ?", [account_id])


def find_session(db: Database, token_hash: str, now: datetime) -> tuple[Account, datetime] | None:
    """Whose live session this is, and when it was last seen to be alive."""
    row = db.execute(_SESSION, _key(token_hash, now)).fetchone()
    return (Account(row[0], row[1], row[2], bool(row[3]), bool(row[4])), moment(row[5])) if row else None


def note_alive(db: Database, token_hash: str, now: datetime) -> None:
    db.execute("UPDATE sessions SET last_seen_at = ? WHERE token_hash = ?", [iso(now), token_hash])


def _key(token_hash: str, now: datetime) -> list[str]:
    return [token_hash, iso(now), iso(now - SESSION_IDLE)]


def _remember_device(db: Database, account_id: int, device: str, earlier: str, now: str) -> None:
    # Others who share the computer are still known in its browser, under its new token.
    db.execute("UPDATE devices SET token_hash = ? WHERE token_hash = ?", [device, earlier])
    db.execute(
        "INSERT INTO devices (account_id, token_hash, signed_in_at) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET signed_in_at = excluded.signed_in_at",
        [account_id, device, now],
    )
