"""Invitations: one-time links with which people choose a password. Only their hashes are kept here."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from visionsprat.errors import InvitationExpired, InvitationUsed, InvitationVoid
from visionsprat.records import Action, Invited, Whom
from visionsprat.store.connections import Connections, audit, end_links, iso, moment, require_admin
from visionsprat.store.groups import group_paths

INVITATION_LIFE = timedelta(days=14)
PASSWORD_LINK_LIFE = timedelta(hours=24)
#: For so long a link can say that it is used or too old; then it is as one that was made up.
_REMEMBERED = timedelta(days=90)
#: So many links for a forgotten password may be asked for with one address within REQUESTS_REMEMBERED.
MAX_REQUESTS = 3
REQUESTS_REMEMBERED = timedelta(hours=1)

_PEOPLE = """
    SELECT a.id, a.email, a.name, a.password_hash IS NOT NULL,
           (SELECT json_group_array(group_id) FROM group_members m WHERE m.account_id = a.id)
    FROM accounts a
"""
_WHOM = """
    WITH RECURSIVE below (id) AS (
        SELECT :group_id UNION SELECT g.id FROM groups g JOIN below b ON g.parent_id = b.id
    )
    {select}
    WHERE a.is_active
      AND (:emails IS NULL OR a.email IN (SELECT value FROM json_each(:emails)))
      AND (:group_id IS NULL OR a.id IN
           (SELECT account_id FROM group_members WHERE group_id IN (SELECT id FROM below)))
      AND (NOT :never_signed_in OR a.last_signed_in_at IS NULL)
"""

_NO_SUCH = "There is no such link, or a newer one has taken its place."

#: Makes the token of somebody's link, and gives back its hash.
NewToken = Callable[[int], str]


class Invitations(Connections):
    def count_invitees(self, whom: Whom) -> int:
        with self._read() as db:
            counted = db.execute(_WHOM.format(select="SELECT count(*) FROM accounts a"), _sought(whom))
            return int(counted.fetchone()[0])

    def unknown_emails(self, emails: frozenset[str]) -> tuple[str, ...]:
        """Those of the addresses that no active account has."""
        with self._read() as db:
            rows = db.execute(
                _WHOM.format(select="SELECT a.email FROM accounts a"), _sought(Whom(emails=emails))
            ).fetchall()
        return tuple(sorted(emails - {email for (email,) in rows}))

    def invite(self, actor_id: int | None, whom: Whom, new_token: NewToken) -> tuple[Invited, ...]:
        """Make a link for each of them, all or none. One made before ends."""
        with self._write() as db:
            require_admin(db, actor_id)
            invited = self._add_links(db, whom, INVITATION_LIFE, new_token)
            now = self._now()
            if len(invited) == 1:
                audit(db, now, actor_id, Action.INVITED, account_id=invited[0].account_id)
            elif invited:
                group = group_paths(db).get(whom.group_id, "") if whom.group_id else ""
                details = f"{len(invited)} personer"
                audit(db, now, actor_id, Action.INVITED, subject=group, details=details)
        return invited

    def add_password_link(self, email: str, new_token: NewToken) -> Invited | None:
        """Make a link for somebody who has forgotten their password; None when nobody has the address."""
        with self._write() as db:
            found = self._add_links(db, Whom(emails=frozenset({email})), PASSWORD_LINK_LIFE, new_token)
        return found[0] if found else None

    def note_password_request(self, email: str) -> bool:
        """Note that a link for this address was asked for; False when that has been done too often lately.

        What is done is the same whether or not somebody has the address.
        """
        now, old = self._now(), iso(self.clock() - REQUESTS_REMEMBERED)
        with self._write() as db:
            db.execute("DELETE FROM password_requests WHERE at <= ?", [old])
            noted = db.execute(
                "INSERT INTO password_requests (email, at) SELECT ?1, ?2"
                " WHERE (SELECT count(*) FROM password_requests WHERE email = ?1) < ?3",
                [email, now, MAX_REQUESTS],
            )
            return bool(noted.rowcount)

    def invited(self, token_hash: str) -> Invited:
        """Whose link this is; looking does not use it up. Raises InvitationVoid or what is below it."""
        with self._read() as db:
            account_id, expires_at = self._valid(db, token_hash)
            row = db.execute(f"{_PEOPLE} WHERE a.id = ?", [account_id]).fetchone()
            if row is None:  # erased between the two queries
                raise InvitationVoid(_NO_SUCH)
            return _invited(row, group_paths(db), expires_at)

    def use_invitation(self, token_hash: str, password_hash: str) -> int:
        """Set the password, end all other links and every session of the account; returns its id.

        Raises InvitationVoid or what is below it.
        """
        with self._write() as db:
            now = self._now()
            used = db.execute(
                "UPDATE invitations SET used_at = ?1 WHERE token_hash = ?2 AND used_at IS NULL"
                " AND expires_at > ?1 AND account_id IN (SELECT id FROM accounts WHERE is_active)"
                " RETURNING account_id",
                [now, token_hash],
            ).fetchone()
            account_id: int = used[0] if used else self._valid(db, token_hash)[0]  # which says why not
            db.execute("UPDATE accounts SET password_hash = ? WHERE id = ?", [password_hash, account_id])
            db.execute("DELETE FROM sessions WHERE account_id = ?", [account_id])
            end_links(db, account_id)
            db.execute(
                "DELETE FROM sign_in_failures"
                " WHERE email = (SELECT email FROM accounts WHERE id = ?) AND factor = 'password'",
                [account_id],
            )
            audit(db, now, account_id, Action.PASSWORD_CHOSEN, account_id=account_id)
            return account_id

    def _valid(self, db: Database, token_hash: str) -> tuple[int, datetime]:
        row = db.execute(
            "SELECT a.id, i.expires_at, i.used_at FROM invitations i JOIN accounts a ON a.id = i.account_id"
            " WHERE i.token_hash = ? AND a.is_active",
            [token_hash],
        ).fetchone()
        if row is None:
            raise InvitationVoid(_NO_SUCH)
        account_id, expires_at, used_at = row
        if used_at is not None:
            raise InvitationUsed("The link has been used.")
        if expires_at <= self._now():
            raise InvitationExpired("The link is too old.")
        return account_id, moment(expires_at)

    def _add_links(
        self, db: Database, whom: Whom, life: timedelta, new_token: NewToken
    ) -> tuple[Invited, ...]:
        expires, paths = self.clock() + life, group_paths(db)
        rows = db.execute(f"{_WHOM.format(select=_PEOPLE)} ORDER BY a.search_text", _sought(whom)).fetchall()
        people = tuple(_invited(row, paths, expires) for row in rows)
        old = iso(self.clock() - _REMEMBERED)
        db.execute("DELETE FROM invitations WHERE expires_at <= ?", [old])
        # Anybody can ask for a link to somebody else's address: that must not end a longer invitation.
        db.conn.executemany(
            "DELETE FROM invitations WHERE account_id = ? AND used_at IS NULL AND expires_at <= ?",
            [(each.account_id, iso(expires)) for each in people],
        )
        db.conn.executemany(
            "INSERT INTO invitations (token_hash, account_id, expires_at) VALUES (?, ?, ?)",
            [(new_token(each.account_id), each.account_id, iso(expires)) for each in people],
        )
        return people


def _sought(whom: Whom) -> dict[str, Any]:
    return {
        "emails": None if whom.emails is None else json.dumps(sorted(whom.emails)),
        "group_id": whom.group_id,
        "never_signed_in": whom.never_signed_in,
    }


def _invited(row: tuple[Any, ...], paths: dict[int, str], expires_at: datetime) -> Invited:
    id, email, name, has_password, groups = row
    in_groups = tuple(sorted(paths[group] for group in json.loads(groups) if group in paths))
    return Invited(id, email, name, bool(has_password), in_groups, expires_at)
