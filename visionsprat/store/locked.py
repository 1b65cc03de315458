"""Texts that are locked: what was written before somebody used a link that others may have had.

They stand in tables of their own, which nothing that shows texts reads, until whoever wrote them gives the
old password, or another administrator or whoever runs the server vouches for them. They move there in the
transaction that sets the new password, so no page, route, export or conflict can forget to look. Whether a
link locks is decided at its use: not if it went by letter alone to an address that is not in doubt
(`invitations.to_own_address`).

The old password unlocks, and becomes the password again, with everybody signed out: whoever has made up a
password for somebody and told it them would read along otherwise. Each lock keeps the hash of before
itself, so the one who came in by the first link opens only what was locked after it. Revisions go on from
`accounts.locked_revision`, so a tab that still shows an old text meets a conflict and both texts are kept;
locked texts come back under the numbers they had.
"""

from __future__ import annotations

from datetime import timedelta

from sqlite_utils import Database

from visionsprat.domain.records import Action, TextLock
from visionsprat.domain.text_rules import is_blank
from visionsprat.errors import NotAllowed
from visionsprat.store.base import Connections, doubt_address, end_links
from visionsprat.store.events import Event, audit
from visionsprat.store.rights import require_admin
from visionsprat.store.times import iso, moment

#: So long an administrator must have been one, in their own hands, before the link was made: another
#: account that is made for the purpose vouches for nobody.
VOUCHING_AFTER = timedelta(days=7)

#: Whether somebody (`accounts a`) has ever signed in or written.
IS_USED = """
    (a.last_signed_in_at IS NOT NULL OR a.locked_revision > 0
     OR EXISTS (SELECT 1 FROM reflections u WHERE u.account_id = a.id))
"""
_LOCK_REFLECTIONS = """
    INSERT INTO locked_reflections (account_id, question_id, revision, lock_id, text, bring_to_meeting,
                                    created_at, updated_at, device_kind)
    SELECT account_id, question_id, revision, ?, text, bring_to_meeting, created_at, updated_at, device_kind
    FROM reflections WHERE account_id = ?
"""
_LOCK_REVISIONS = """
    INSERT INTO locked_revisions (account_id, question_id, revision, lock_id, text, saved_at, device_kind)
    SELECT account_id, question_id, revision, ?, text, saved_at, device_kind
    FROM reflection_revisions WHERE account_id = ?
"""
# New revisions go on from here, so that a tab that still shows an old text can't pass for a newer one.
_LOCKED_REVISION = """
    UPDATE accounts SET locked_revision = 1 + max(
        erased_revision, locked_revision, first_revision,
        coalesce((SELECT max(revision) FROM reflections WHERE account_id = ?1), 0),
        coalesce((SELECT max(revision) FROM reflection_revisions WHERE account_id = ?1), 0)
    ) WHERE id = ?1
"""
_RESTORE_REVISIONS = """
    INSERT INTO reflection_revisions (account_id, question_id, revision, text, saved_at, device_kind)
    SELECT account_id, question_id, revision, text, saved_at, device_kind
    FROM locked_revisions WHERE lock_id = ? ON CONFLICT DO NOTHING
"""
# Something new stands there: the locked text becomes an earlier version of it.
_RESTORE_AS_VERSION = """
    INSERT INTO reflection_revisions (account_id, question_id, revision, text, saved_at, device_kind)
    SELECT account_id, question_id, revision, text, updated_at, device_kind
    FROM locked_reflections WHERE lock_id = ? AND question_id = ? ON CONFLICT DO NOTHING
"""
_ANSWERED_BEFORE = """
    UPDATE reflections SET created_at = min(reflections.created_at, l.created_at),
        bring_to_meeting = max(reflections.bring_to_meeting, l.bring_to_meeting)
    FROM locked_reflections l WHERE l.lock_id = ? AND l.question_id = ?
    AND reflections.account_id = l.account_id AND reflections.question_id = l.question_id
"""
# The revision is newer than any that a tab may show, so that nothing is written over the text unseen.
_RESTORE = """
    INSERT INTO reflections (account_id, question_id, text, revision, bring_to_meeting, created_at,
                             updated_at, device_kind)
    SELECT l.account_id, l.question_id, l.text, 1 + max(
               a.locked_revision, a.erased_revision, a.first_revision,
               coalesce((SELECT max(revision) FROM reflections r
                         WHERE r.account_id = l.account_id AND r.question_id = l.question_id), 0),
               coalesce((SELECT max(revision) FROM reflection_revisions r
                         WHERE r.account_id = l.account_id AND r.question_id = l.question_id), 0)
           ), l.bring_to_meeting, l.created_at, l.updated_at, l.device_kind
    FROM locked_reflections l JOIN accounts a ON a.id = l.account_id
    WHERE l.lock_id = ? AND l.question_id = ?
    ON CONFLICT DO UPDATE SET text = excluded.text, revision = excluded.revision,
        bring_to_meeting = excluded.bring_to_meeting, created_at = excluded.created_at,
        updated_at = excluded.updated_at, device_kind = excluded.device_kind
"""


class LockedTexts(Connections):
    def text_locks(self, account_id: int, actor_id: int | None = None) -> tuple[TextLock, ...]:
        """The locks on what somebody has written, the oldest first; released ones until they say they know.

        Each tells whether `actor_id` is an administrator who may release it.
        """
        with self._read() as db:
            return _locks(db, account_id, actor_id)

    def old_passwords(self, account_id: int) -> dict[int, str]:
        """The hash of the password that was in force before each lock, by the lock's id."""
        with self._read() as db:
            rows = db.execute(
                "SELECT id, password_hash FROM text_locks"
                " WHERE account_id = ? AND released_at IS NULL AND password_hash IS NOT NULL",
                [account_id],
            ).fetchall()
        return dict(rows)

    def unlock_texts(self, account_id: int, lock_id: int) -> bool:
        """Put back what was locked, for whoever has shown that they know the password from before.

        That is the account's password again, and everybody is signed out: whoever chose the other one
        gets at nothing. False when there is no such lock any more.
        """
        with self._write() as db:
            found = db.execute(
                "SELECT password_hash FROM text_locks"
                " WHERE id = ? AND account_id = ? AND released_at IS NULL AND password_hash IS NOT NULL",
                [lock_id, account_id],
            ).fetchone()
            if found is None:
                return False
            _put_back(db, lock_id)
            db.execute("DELETE FROM text_locks WHERE id = ?", [lock_id])
            db.execute("UPDATE accounts SET password_hash = ? WHERE id = ?", [found[0], account_id])
            db.execute("DELETE FROM sessions WHERE account_id = ?", [account_id])
            end_links(db, account_id)
            audit(db, Event(self._now(), account_id, Action.TEXTS_UNLOCKED, account_id=account_id))
            return True

    def release_texts(self, actor_id: int | None, account_id: int) -> bool:
        """Put back what was locked, on the word of another administrator, or in the terminal (None).

        Of several locks those that this administrator may release. False when there is none any more.
        Raises NotAllowed when there is, and they may not.
        """
        with self._write() as db:
            require_admin(db, actor_id)
            locks = [each for each in _locks(db, account_id, actor_id) if each.released_at is None]
            released = locks if actor_id is None else [each for each in locks if each.may_release]
            if locks and not released:
                raise NotAllowed("Another administrator has to release these texts.")
            now = self._now()
            for each in reversed(released):  # of several texts the newest becomes the current one
                _put_back(db, each.id)
                db.execute(
                    "UPDATE text_locks SET released_at = ?, released_by = ?, password_hash = NULL"
                    " WHERE id = ?",
                    [now, actor_id, each.id],
                )
            if released:
                audit(db, Event(now, actor_id, Action.TEXTS_RELEASED, account_id=account_id))
            return bool(released)

    def know_of_release(self, account_id: int) -> None:
        """The person says that they know that their texts have been released."""
        with self._write() as db:
            db.execute(
                "DELETE FROM text_locks WHERE account_id = ? AND released_at IS NOT NULL", [account_id]
            )

    def confirm_address(self, account_id: int) -> None:
        """The person says that the account's address is their own."""
        with self._write() as db:
            doubted = "SELECT 1 FROM accounts WHERE id = ? AND address_unproven_since IS NOT NULL"
            if db.execute(doubted, [account_id]).fetchone():
                doubt_address(db, account_id, None, None)
                audit(db, Event(self._now(), account_id, Action.ADDRESS_CONFIRMED, account_id=account_id))


def lock_texts(db: Database, account_id: int, now: str, *, link_by: int | None, made_at: str) -> bool:
    """Move all that somebody has written out of every page's reach. False when they have written nothing.

    `link_by` is who made the link that is being used, at `made_at`; None: the terminal, or themself.
    """
    written = db.execute(
        "SELECT EXISTS (SELECT 1 FROM reflections WHERE account_id = ?1)"
        " OR EXISTS (SELECT 1 FROM reflection_revisions WHERE account_id = ?1)",
        [account_id],
    )
    if not written.fetchone()[0]:
        return False
    (lock_id,) = db.execute(
        "INSERT INTO text_locks (account_id, locked_at, password_hash, since, link_by, address_by)"
        " SELECT id, ?, password_hash, min(?, coalesce(address_unproven_since, ?)), ?, address_unproven_by"
        " FROM accounts WHERE id = ? RETURNING id",
        [now, made_at, made_at, link_by, account_id],
    ).fetchone()
    db.execute(_LOCK_REFLECTIONS, [lock_id, account_id])
    db.execute(_LOCK_REVISIONS, [lock_id, account_id])
    db.execute(_LOCKED_REVISION, [account_id])
    for table in ("reflections", "reflection_revisions"):
        db.execute(f"DELETE FROM {table} WHERE account_id = ?", [account_id])
    return True


def _put_back(db: Database, lock_id: int) -> None:
    """Give back what a lock holds. What has been written meanwhile stays, with the locked text before it."""
    db.execute(_RESTORE_REVISIONS, [lock_id])
    rows = db.execute(
        "SELECT l.question_id, l.text, coalesce(r.text, '') FROM locked_reflections l LEFT JOIN reflections r"
        " ON r.account_id = l.account_id AND r.question_id = l.question_id WHERE l.lock_id = ?",
        [lock_id],
    ).fetchall()
    for question_id, locked, current in rows:
        if is_blank(current):
            db.execute(_RESTORE, [lock_id, question_id])
        elif not is_blank(locked):
            db.execute(_RESTORE_AS_VERSION, [lock_id, question_id])
            db.execute(_ANSWERED_BEFORE, [lock_id, question_id])
    for table in ("locked_reflections", "locked_revisions"):
        db.execute(f"DELETE FROM {table} WHERE lock_id = ?", [lock_id])


def _locks(db: Database, account_id: int, actor_id: int | None) -> tuple[TextLock, ...]:
    rows = db.execute(
        "SELECT id, locked_at, released_at, released_by, since, link_by, address_by FROM text_locks"
        " WHERE account_id = ? ORDER BY id",
        [account_id],
    ).fetchall()
    return tuple(
        TextLock(
            id,
            moment(locked_at),
            moment(released_at) if released_at else None,
            _name(db, released_by),
            may_release=not released_at and _vouches(db, actor_id, {account_id, link_by, address_by}, since),
        )
        for id, locked_at, released_at, released_by, since, link_by, address_by in rows
    )


def _name(db: Database, account_id: int | None) -> str:
    found = db.execute("SELECT name FROM accounts WHERE id = ?", [account_id]).fetchone()
    return str(found[0]) if found else ""


def _vouches(db: Database, actor_id: int | None, not_these: set[int | None], since: str) -> bool:
    """Whether this administrator has had no part in the lock, and was one, themself, well before it."""
    if actor_id is None or actor_id in not_these:
        return False
    found = db.execute(
        "SELECT 1 FROM accounts WHERE id = ? AND is_admin AND is_active"
        " AND max(created_at, coalesce(admin_since, '')) <= ?",
        [actor_id, iso(moment(since) - VOUCHING_AFTER)],
    )
    return found.fetchone() is not None
