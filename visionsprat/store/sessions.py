"""Who is here: sessions, the tickets they begin with, and the steps a person has visited.

All tokens are random and stored as SHA-256; no secret key is needed. A ticket is a row with a `ticket_hash`
and no `token_hash`, so that nothing which looks for a token ever finds it. It is inserted only where the
account is active and its hash is the one that was checked, in one statement, is found only by ticket and
browser mark, and whatever ends sessions ends it too. Redeeming it ends the session that the browser had, in
the same transaction. Sessions hold no client address: the kind of device and the times are enough to know
one's own again.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from visionsprat.content.module import LONGEST_ADDRESS
from visionsprat.domain.records import Account, Action, OwnSession, Reflection, Replaced, Session, Visitor
from visionsprat.errors import SignedOut
from visionsprat.store.base import Connections
from visionsprat.store.events import Event, audit
from visionsprat.store.quotas import fullness
from visionsprat.store.rights import require_admin
from visionsprat.store.times import iso, moment

SESSION_IDLE = timedelta(hours=12)
SESSION_LIFE = timedelta(days=7)
KEPT_LIFE = timedelta(days=30)
#: Of an account at a time: whoever signs in once more ends the one that has rested longest.
MOST_SESSIONS = 20
TICKET_LIFE = timedelta(seconds=60)
#: That a session is alive is written down again only after this long.
SEEN_AGAIN = timedelta(minutes=5)
#: How long, and for how many browsers of an account, it is remembered that somebody signed in with them.
DEVICE_LIFE = timedelta(days=180)
DEVICES_REMEMBERED = 10
_NOTHING = Replaced()

_VISITOR = """
    SELECT a.id, a.email, a.name, a.is_admin,
           EXISTS (SELECT 1 FROM group_managers m WHERE m.account_id = a.id),
           s.last_seen_at,
           (SELECT json_group_object(v.step, v.last_visited_at) FROM visits v WHERE v.account_id = a.id),
           r.question_id, r.text, r.revision, r.updated_at, r.device_kind,
           max(a.erased_revision, a.locked_revision, a.first_revision),
           EXISTS (SELECT 1 FROM text_locks l WHERE l.account_id = a.id), a.address_unproven_since IS NOT NULL
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

OWN_SESSION = "id, created_at, last_seen_at, expires_at, device_kind, is_kept"
_OWN_SESSIONS = f"""
    SELECT {OWN_SESSION} FROM sessions
    WHERE token_hash IS NOT NULL AND expires_at > ? AND (is_kept OR last_seen_at > ?)
      AND account_id = (SELECT account_id FROM sessions WHERE token_hash = ?)
    ORDER BY last_seen_at DESC, id DESC
"""

_RESTED = """
    SELECT token_hash FROM sessions WHERE account_id = ? AND token_hash IS NOT NULL
    ORDER BY last_seen_at DESC, id DESC LIMIT -1 OFFSET ?
"""

_KEEP_VERSIONS = """
    INSERT OR IGNORE INTO reflection_revisions
        (account_id, question_id, revision, text, saved_at, device_kind)
    SELECT r.account_id, r.question_id, r.revision, r.text, r.updated_at, r.device_kind
    FROM sessions s JOIN reflections r ON r.account_id = s.account_id
    WHERE s.token_hash = ? AND NOT is_blank(r.text)
"""
_AUTHOR = "SELECT account_id FROM sessions WHERE token_hash = ?"
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
            has_locks=bool(first[13]),
            address_is_unproven=bool(first[14]),
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

    def add_ticket(
        self, account_id: int, ticket_hash: str, *, keep: bool = False, checked: str | None = None
    ) -> bool:
        """Begin a session that waits, for TICKET_LIFE, for its browser to fetch its cookie.

        One to `keep` lives for KEPT_LIFE however long it rests; others end after SESSION_IDLE of rest.
        False when the account is not active, or its password's hash is no longer the one that was
        `checked`: nothing has begun then.
        """
        now, expires = self._now(), iso(self.clock() + TICKET_LIFE)
        with self._write() as db:
            db.execute("DELETE FROM sessions WHERE expires_at <= ?", [now])
            begun = db.execute(
                "INSERT INTO sessions"
                " (ticket_hash, account_id, created_at, last_seen_at, expires_at, is_kept)"
                " SELECT ?1, id, ?2, ?2, ?3, ?4 FROM accounts"
                " WHERE id = ?5 AND is_active AND (?6 IS NULL OR password_hash = ?6)",
                [ticket_hash, now, expires, int(keep), account_id, checked],
            )
            return bool(begun.rowcount)

    def redeem_ticket(
        self,
        ticket_hash: str,
        token_hash: str,
        device: str = "",
        *,
        kind: str = "",
        replaced: Replaced = _NOTHING,
    ) -> Session | None:
        """Turn a waiting session into a live one; None when the ticket is used, too old or made up.

        Nor is it there any longer when the password has changed since, or the account was closed. From now
        on `device` is the hash of its browser's token; it runs on this `kind` of device, and what is
        `replaced`, by its hashes, ends.
        """
        now, kept, other = (iso(self.clock() + life) for life in (timedelta(0), KEPT_LIFE, SESSION_LIFE))
        with self._write() as db:
            redeemed = db.execute(
                "UPDATE sessions SET ticket_hash = NULL, token_hash = ?, device_kind = ?,"
                " expires_at = iif(is_kept, ?, ?) WHERE ticket_hash = ? AND expires_at > ?"
                " AND account_id IN (SELECT id FROM accounts WHERE is_active) RETURNING account_id, is_kept",
                [token_hash, kind, kept, other, ticket_hash, now],
            ).fetchone()
            if redeemed is None:
                return None
            _end(db, replaced.session)
            for (rested,) in db.execute(_RESTED, [redeemed[0], MOST_SESSIONS]).fetchall():
                _end(db, rested)
            db.execute("UPDATE accounts SET last_signed_in_at = ? WHERE id = ?", [now, redeemed[0]])
            if device:
                _remember_device(db, redeemed[0], device, replaced.device, now)
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
            return _end(db, token_hash)

    def end_sessions(self, account_id: int) -> None:
        with self._write() as db:
            db.execute("DELETE FROM sessions WHERE account_id = ?", [account_id])

    def own_sessions(self, token_hash: str) -> tuple[tuple[OwnSession, ...], int]:
        """The live sessions of whoever has this one, the last used first, and the id of this one; else ()."""
        now = self.clock()
        with self._read() as db:
            rows = db.execute(_OWN_SESSIONS, [iso(now), iso(now - SESSION_IDLE), token_hash]).fetchall()
            this = db.execute("SELECT id FROM sessions WHERE token_hash = ?", [token_hash]).fetchone()
        return tuple(map(own_session, rows)), this[0] if this else 0

    def end_own_session(self, token_hash: str, session_id: int) -> None:
        """End another session of whoever has this one. Raises SignedOut."""
        with self._write() as db:
            account_id = require_session(db, token_hash, self.clock())
            ended = db.execute(
                "SELECT token_hash FROM sessions WHERE id = ? AND account_id = ? AND token_hash IS NOT NULL",
                [session_id, account_id],
            ).fetchone()
            if ended:
                _end(db, ended[0])

    def sign_out_everybody(self, actor_id: int | None, token_hash: str = "") -> int:
        """End all sessions but the administrator's own; returns how many. Raises SignedOut or NotAllowed."""
        with self._write() as db:
            require_admin(db, actor_id)
            if actor_id is not None and require_session(db, token_hash, self.clock()) != actor_id:
                raise SignedOut("There is no live session of the administrator.")
            ended = db.execute(
                "DELETE FROM sessions WHERE token_hash IS NULL OR token_hash <> ?", [token_hash]
            ).rowcount
            details = f"{ended} inloggningar"
            audit(db, Event(self._now(), actor_id, Action.EVERYBODY_SIGNED_OUT, details=details))
            return ended


def _end(db: Database, token_hash: str) -> int | None:
    (author,) = db.execute(_AUTHOR, [token_hash]).fetchone() or (None,)
    if fullness(db, [author, ""]) <= 1:  # else it is the current text only
        db.execute(_KEEP_VERSIONS, [token_hash])
    db.execute(_FORGET_PROVISIONAL, [token_hash])
    ended = db.execute(
        "DELETE FROM sessions WHERE token_hash = ? RETURNING account_id", [token_hash]
    ).fetchone()
    return ended[0] if ended else None


def own_session(row: tuple[Any, ...]) -> OwnSession:
    """From a row of OWN_SESSION's columns."""
    id, begun, seen, expires, kind, is_kept = row
    return OwnSession(id, moment(begun), moment(seen), moment(expires), kind, bool(is_kept))


def require_session(db: Database, token_hash: str, now: datetime) -> int:
    """Whose live session this is, asked in the transaction that does what they want. Raises SignedOut."""
    found = find_session(db, token_hash, now)
    if found is None:
        raise SignedOut("There is no live session.")
    return found[0].id


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
