"""What somebody does with all that is stored about them: take a copy, or erase it for good.

Revisions go on from `accounts.erased_revision`: a tab or device that saves upon an older one is told (409,
`erased`) and asked, and nothing of it is kept. Account ids are AUTOINCREMENT, as drafts in browsers are
kept by them and SQLite would give the highest one away again. Erasing reflections is not in the audit log,
as administrators see nothing of the learning; erasing an account is, with every address of its own replaced
by "raderat konto".
"""

from __future__ import annotations

import json
from typing import Any

from sqlite_utils import Database

from visionsprat.domain.records import (
    Action,
    OwnData,
    OwnEvent,
    OwnFailure,
    OwnInvitation,
    OwnLock,
    OwnReflection,
    Reflection,
)
from visionsprat.domain.tokens import new_key
from visionsprat.errors import SignedOut
from visionsprat.store.base import Connections, want_wiping
from visionsprat.store.events import Event, audit
from visionsprat.store.groups import group_paths
from visionsprat.store.rights import require_another_admin
from visionsprat.store.second_factor import find_second_factor
from visionsprat.store.sessions import OWN_SESSION, own_session
from visionsprat.store.times import moment

#: What stands in the audit log for somebody who has erased their account.
ERASED = "raderat konto"

_REFLECTIONS = """
    SELECT r.question_id, r.text, r.updated_at, r.created_at, r.bring_to_meeting, r.device_kind,
           (SELECT json_group_array(json_array(e.revision, e.saved_at, e.text, e.device_kind))
            FROM reflection_revisions e
            WHERE e.account_id = r.account_id AND e.question_id = r.question_id AND e.revision <> r.revision)
    FROM reflections r WHERE r.account_id = ? ORDER BY r.question_id
"""
_VISITS = "SELECT step, last_visited_at FROM visits WHERE account_id = ? ORDER BY step"
_SESSIONS = f"SELECT {OWN_SESSION} FROM sessions WHERE account_id = ? AND token_hash IS NOT NULL ORDER BY id"
_DEVICES = "SELECT signed_in_at FROM devices WHERE account_id = ? ORDER BY signed_in_at"
_INVITATIONS = "SELECT expires_at, used_at, made_at FROM invitations WHERE account_id = ? ORDER BY expires_at"
# How many, and from when: the words are not even for their author, until they are unlocked.
_LOCKS = """
    SELECT l.locked_at, l.released_at, count(r.text), min(r.updated_at), max(r.updated_at)
    FROM text_locks l LEFT JOIN locked_reflections r ON r.lock_id = l.id AND NOT is_blank(r.text)
    WHERE l.account_id = ? GROUP BY l.id ORDER BY l.id
"""
_FAILURES = "SELECT at, client FROM sign_in_failures WHERE email = ? ORDER BY at"
_REQUESTS = "SELECT at FROM password_requests WHERE email = ? ORDER BY at"
_AUDIT = """
    SELECT at, action, subject, details, actor_id IS ?1
    FROM audit_log WHERE actor_id = ?1 OR subject_id = ?1 ORDER BY at, rowid
"""
# What is written from now on must be told from what a browser still shows: the revisions go on.
_ERASED_REVISION = """
    UPDATE accounts SET erased_revision = 1 + max(
        erased_revision, locked_revision, first_revision,
        coalesce((SELECT max(revision) FROM reflections WHERE account_id = ?1), 0),
        coalesce((SELECT max(revision) FROM reflection_revisions WHERE account_id = ?1), 0)
    ) WHERE id = ?1
"""
# What browsers still keep of it can be read no more.
_NEW_DRAFT_KEY = "UPDATE accounts SET draft_key = ? WHERE id = ?"
_WITHOUT_ADDRESS = (
    "UPDATE audit_log SET actor = :erased WHERE actor_id = :id OR actor = :email COLLATE NOCASE",
    "UPDATE audit_log SET subject = :erased, details = ''"
    " WHERE subject_id = :id OR subject = :email COLLATE NOCASE",
    "UPDATE audit_log SET details = '' WHERE details = :email COLLATE NOCASE",  # an address since corrected
    "DELETE FROM sign_in_failures WHERE email = :email",
    "DELETE FROM password_requests WHERE email = :email",
)


class OwnDataStore(Connections):
    def own_data(self, account_id: int) -> OwnData | None:
        """All that is stored about somebody; None when there is no such account."""
        with self._read() as db:
            db.execute("BEGIN")  # one picture of the database from several queries
            try:
                return _own_data(db, account_id)
            finally:
                db.rollback()

    def erase_reflections(self, account_id: int, checked: str | None = None) -> None:
        """Take away all that somebody has written, earlier texts too.

        It can't be read any more afterwards; wiping takes it from the database's files as well. Raises
        SignedOut when the account's password is no longer the one whose hash was `checked`.
        """
        with self._write() as db:
            _require_hash(db, account_id, checked)
            db.execute(_ERASED_REVISION, [account_id])
            db.execute(_NEW_DRAFT_KEY, [new_key(), account_id])
            gone = [
                db.execute(f"DELETE FROM {table} WHERE account_id = ?", [account_id]).rowcount
                for table in ("reflections", "reflection_revisions", "text_locks")  # with what is locked
            ]
            if any(gone):
                want_wiping(db)

    def erase_account(self, account_id: int, checked: str | None = None) -> None:
        """Take away an account with all that hangs on it. Raises LastAdministrator.

        What the audit log tells of it is kept, without the address. Raises SignedOut when the account's
        password is no longer the one whose hash was `checked`.
        """
        with self._write() as db:
            found = db.execute("SELECT email FROM accounts WHERE id = ?", [account_id]).fetchone()
            if found is None:
                return  # erased meanwhile
            _require_hash(db, account_id, checked)
            require_another_admin(db, account_id)
            audit(db, Event(self._now(), account_id, Action.ERASED, account_id=account_id))
            for statement in _WITHOUT_ADDRESS:
                db.execute(statement, {"id": account_id, "email": found[0], "erased": ERASED})
            db.execute("DELETE FROM accounts WHERE id = ?", [account_id])
            want_wiping(db)


def _require_hash(db: Database, account_id: int, checked: str | None) -> None:
    found = db.execute(
        "SELECT 1 FROM accounts WHERE id = ? AND is_active AND password_hash = ?", [account_id, checked]
    )
    if checked is not None and found.fetchone() is None:
        raise SignedOut("The password has been changed meanwhile, or the account closed.")


def _own_data(db: Database, account_id: int) -> OwnData | None:
    row = db.execute(
        "SELECT email, name, is_admin, created_at, last_signed_in_at, address_unproven_since"
        " FROM accounts WHERE id = ?",
        [account_id],
    ).fetchone()
    if row is None:
        return None
    email, name, is_admin, created_at, signed_in, unproven = row
    paths, factor = group_paths(db), find_second_factor(db, account_id)

    def rows(query: str, key: object = account_id) -> list[tuple[Any, ...]]:
        return db.execute(query, [key]).fetchall()

    groups, manages = (
        tuple(sorted(paths[id] for (id,) in rows(f"SELECT group_id FROM {table} WHERE account_id = ?")))
        for table in ("group_members", "group_managers")
    )
    return OwnData(
        email=email,
        name=name,
        is_admin=bool(is_admin),
        created_at=moment(created_at),
        last_signed_in_at=moment(signed_in) if signed_in else None,
        groups=groups,
        manages=manages,
        reflections=tuple(_own_reflection(row) for row in rows(_REFLECTIONS)),
        visits={step: moment(at) for step, at in rows(_VISITS)},
        sessions=tuple(map(own_session, rows(_SESSIONS))),
        devices=tuple(moment(at) for (at,) in rows(_DEVICES)),
        invitations=tuple(
            OwnInvitation(moment(expires), *(moment(at) if at else None for at in (used, made)))
            for expires, used, made in rows(_INVITATIONS)
        ),
        failed_sign_ins=tuple(OwnFailure(moment(at), client) for at, client in rows(_FAILURES, email)),
        password_requests=tuple(moment(at) for (at,) in rows(_REQUESTS, email)),
        events=tuple(
            OwnEvent(moment(at), Action(code), subject, details, bool(own))
            for at, code, subject, details, own in rows(_AUDIT)
        ),
        locks=tuple(_own_lock(row) for row in rows(_LOCKS)),
        address_unproven_since=moment(unproven) if unproven else None,
        second_factor_set_at=factor.set_at if factor else None,
        recovery_codes=factor.recovery_codes if factor else 0,
    )


def _own_lock(row: tuple[Any, ...]) -> OwnLock:
    locked, released, texts, first, last = row
    at = [moment(each) if each else None for each in (released, first, last)]
    return OwnLock(moment(locked), at[0], texts, at[1], at[2])


def _own_reflection(row: tuple[Any, ...]) -> OwnReflection:
    question_id, text, saved_at, begun_at, bring_to_meeting, device_kind, earlier = row
    return OwnReflection(
        question_id=question_id,
        text=text,
        saved_at=moment(saved_at),
        begun_at=moment(begun_at),
        bring_to_meeting=bool(bring_to_meeting),
        device_kind=device_kind,
        earlier=tuple(
            Reflection(text, revision, moment(at), device_kind)
            for revision, at, text, device_kind in sorted(json.loads(earlier))
        ),
    )
