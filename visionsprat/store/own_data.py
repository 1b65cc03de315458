"""What somebody does with all that is stored about them: take a copy, or erase it for good."""

from __future__ import annotations

import json
from typing import Any

from sqlite_utils import Database

from visionsprat.records import (
    Action,
    OwnData,
    OwnEvent,
    OwnInvitation,
    OwnReflection,
    OwnSession,
    Reflection,
)
from visionsprat.store.connections import (
    Connections,
    audit,
    moment,
    require_another_admin,
    want_wiping,
)
from visionsprat.store.groups import group_paths

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
_SESSIONS = (
    "SELECT created_at, last_seen_at, expires_at FROM sessions WHERE account_id = ? ORDER BY created_at"
)
_DEVICES = "SELECT signed_in_at FROM devices WHERE account_id = ? ORDER BY signed_in_at"
_INVITATIONS = "SELECT expires_at, used_at FROM invitations WHERE account_id = ? ORDER BY expires_at"
_FAILURES = "SELECT at FROM sign_in_failures WHERE email = ? ORDER BY at"
_REQUESTS = "SELECT at FROM password_requests WHERE email = ? ORDER BY at"
_AUDIT = """
    SELECT at, action, subject, details, actor_id IS ?1
    FROM audit_log WHERE actor_id = ?1 OR subject_id = ?1 ORDER BY at, rowid
"""
# What is written from now on must be told from what a browser still shows: the revisions go on.
_ERASED_REVISION = """
    UPDATE accounts SET erased_revision = 1 + max(
        erased_revision,
        coalesce((SELECT max(revision) FROM reflections WHERE account_id = ?1), 0),
        coalesce((SELECT max(revision) FROM reflection_revisions WHERE account_id = ?1), 0)
    ) WHERE id = ?1
"""
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

    def erase_reflections(self, account_id: int) -> None:
        """Take away all that somebody has written, earlier texts too.

        It can't be read any more afterwards; wiping takes it from the database's files as well.
        """
        with self._write() as db:
            db.execute(_ERASED_REVISION, [account_id])
            gone = [
                db.execute(f"DELETE FROM {table} WHERE account_id = ?", [account_id]).rowcount
                for table in ("reflections", "reflection_revisions")
            ]
            if any(gone):
                want_wiping(db)

    def erase_account(self, account_id: int) -> None:
        """Take away an account with all that hangs on it. Raises LastAdministrator.

        What the audit log tells of it is kept, without the address.
        """
        with self._write() as db:
            found = db.execute("SELECT email FROM accounts WHERE id = ?", [account_id]).fetchone()
            if found is None:
                return  # erased meanwhile
            require_another_admin(db, account_id)
            audit(db, self._now(), account_id, Action.ERASED, account_id=account_id)
            for statement in _WITHOUT_ADDRESS:
                db.execute(statement, {"id": account_id, "email": found[0], "erased": ERASED})
            db.execute("DELETE FROM accounts WHERE id = ?", [account_id])
            want_wiping(db)


def _own_data(db: Database, account_id: int) -> OwnData | None:
    row = db.execute(
        "SELECT email, name, is_admin, created_at, last_signed_in_at FROM accounts WHERE id = ?", [account_id]
    ).fetchone()
    if row is None:
        return None
    email, name, is_admin, created_at, signed_in = row
    paths = group_paths(db)

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
        sessions=tuple(OwnSession(*map(moment, row)) for row in rows(_SESSIONS)),
        devices=tuple(moment(at) for (at,) in rows(_DEVICES)),
        invitations=tuple(
            OwnInvitation(moment(expires), moment(used) if used else None)
            for expires, used in rows(_INVITATIONS)
        ),
        failed_sign_ins=tuple(moment(at) for (at,) in rows(_FAILURES, email)),
        password_requests=tuple(moment(at) for (at,) in rows(_REQUESTS, email)),
        events=tuple(
            OwnEvent(moment(at), Action(code), subject, details, bool(own))
            for at, code, subject, details, own in rows(_AUDIT)
        ),
    )


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
