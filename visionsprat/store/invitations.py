"""Invitations: one-time links with which people choose a password. Only their hashes are kept here.

Asking for a new password is one write, the same for any address; looking the account up and sending happens
in the background, so the time it takes tells nothing. A link for a forgotten password does not end a
longer-lived invitation, as anybody can ask for one in another's name; using either ends both, and so does a
change of password or address. Requests are counted by a mark of the client, whose key stands in a file
beside the database: one in it would be in each backup beside the marks.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from visionsprat.domain.records import Action, Invited, NewLink, Whom
from visionsprat.domain.tokens import new_code, token_hash
from visionsprat.errors import InvitationExpired, InvitationUsed, InvitationVoid
from visionsprat.store.base import Connections, doubt_address, end_links
from visionsprat.store.errors import translated
from visionsprat.store.events import Event, audit
from visionsprat.store.files import secret_beside
from visionsprat.store.groups import group_paths
from visionsprat.store.locked import IS_USED, lock_texts
from visionsprat.store.rights import require_admin
from visionsprat.store.times import iso, moment

INVITATION_LIFE = timedelta(days=14)
PASSWORD_LINK_LIFE = timedelta(hours=24)
#: For so long a link can say that it is used or too old; then it is as one that was made up.
_REMEMBERED = timedelta(days=90)
#: So many links for a forgotten password may be asked for with one address within REQUESTS_REMEMBERED.
MAX_REQUESTS = 3
REQUESTS_REMEMBERED = timedelta(hours=1)
#: So many from one client, as a whole office may share one, and so many in all: a mail server that sends
#: letters by the thousand to whoever is named gets a bad name.
MAX_REQUESTS_OF_CLIENT = 30
MAX_REQUESTS_IN_ALL = 1000

#: Beside the database.
MARKS_KEY = "marks.key"

_PEOPLE = f"""
    SELECT a.id, a.email, a.name, a.password_hash IS NOT NULL,
           (SELECT json_group_array(group_id) FROM group_members m WHERE m.account_id = a.id),
           {IS_USED}, a.address_unproven_since IS NOT NULL
    FROM accounts a
"""
_WHOM = f"""
    WITH RECURSIVE below (id) AS (
        SELECT :group_id UNION SELECT g.id FROM groups g JOIN below b ON g.parent_id = b.id
    )
    {{select}}
    WHERE a.is_active
      AND (:emails IS NULL OR a.email IN (SELECT value FROM json_each(:emails)))
      AND (:group_id IS NULL OR a.id IN
           (SELECT account_id FROM group_members WHERE group_id IN (SELECT id FROM below)))
      AND (NOT :never_signed_in OR a.last_signed_in_at IS NULL)
      AND (NOT :unused OR NOT {IS_USED})
"""

_NO_SUCH = "There is no such link, or a newer one has taken its place."


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

    def invite(self, actor_id: int | None, whom: Whom, *, by_letter: bool = False) -> tuple[NewLink, ...]:
        """Make a link for each of them, all or none. One made before ends.

        Only one that goes `by_letter` and no other way, to an address that is the person's own, leaves
        open what they have written.
        """
        with self._write() as db:
            require_admin(db, actor_id)
            made = self._add_links(db, whom, INVITATION_LIFE, actor_id, by_letter=by_letter)
            now = self._now()
            if len(made) == 1:
                one = made[0].person
                action = Action.LINK_MADE if one.is_used else Action.INVITED
                details = ("med e-post" if by_letter else "att lämna över") if one.is_used else ""
                audit(db, Event(now, actor_id, action, account_id=one.account_id, details=details))
            elif made:
                group = group_paths(db).get(whom.group_id, "") if whom.group_id else ""
                details = f"{len(made)} personer"
                audit(db, Event(now, actor_id, Action.INVITED, subject=group, details=details))
        return made

    def add_password_link(self, email: str) -> NewLink | None:
        """Make a link for somebody who has forgotten their password; None when nobody has the address."""
        with self._write() as db:
            whom = Whom(emails=frozenset({email}))
            found = self._add_links(db, whom, PASSWORD_LINK_LIFE, None, by_letter=True)
        return found[0] if found else None

    def note_password_request(self, email: str, client: str = "") -> bool:
        """Note that a link for this address was asked for; False when that has been done too often lately.

        `client` is a mark of where it comes from (empty: not counted). What is done is the same whether or
        not somebody has the address.
        """
        now, old = self._now(), iso(self.clock() - REQUESTS_REMEMBERED)
        with self._write() as db:
            db.execute("DELETE FROM password_requests WHERE at <= ?", [old])
            noted = db.execute(
                "INSERT INTO password_requests (email, at, client) SELECT ?1, ?2, ?3"
                " WHERE (SELECT count(*) FROM password_requests WHERE email = ?1) < ?4"
                " AND (?3 = '' OR (SELECT count(*) FROM password_requests WHERE client = ?3) < ?5)"
                " AND (SELECT count(*) FROM password_requests) < ?6",
                [email, now, client, MAX_REQUESTS, MAX_REQUESTS_OF_CLIENT, MAX_REQUESTS_IN_ALL],
            )
            return bool(noted.rowcount)

    def invited(self, token_hash: str) -> Invited:
        """Whose link this is; looking does not use it up. Raises InvitationVoid or what is below it."""
        with self._read() as db:
            account_id, expires_at, to_own_address = self._valid(db, token_hash)
            row = db.execute(f"{_PEOPLE} WHERE a.id = ?", [account_id]).fetchone()
            if row is None:  # erased between the two queries
                raise InvitationVoid(_NO_SUCH)
            return _invited(row, group_paths(db), expires_at, to_own_address)

    def use_invitation(self, token_hash: str, password_hash: str) -> int:
        """Set the password, end all other links and every session of the account; returns its id.

        What was written before is locked in the same transaction, unless the link went to the person's
        own address alone. Raises InvitationVoid or what is below it.
        """
        with self._write() as db:
            now = self._now()
            used = db.execute(
                "UPDATE invitations SET used_at = ?1 WHERE token_hash = ?2 AND used_at IS NULL"
                " AND expires_at > ?1 AND account_id IN (SELECT id FROM accounts WHERE is_active)"
                " RETURNING account_id, to_own_address, made_by, made_at",
                [now, token_hash],
            ).fetchone()
            if used is None:
                self._valid(db, token_hash)  # which says why not
            account_id, to_own_address, made_by, made_at = used
            person = db.execute(f"{_PEOPLE} WHERE a.id = ?", [account_id]).fetchone()
            if to_own_address and not _may_open_others_words(person, to_own_address):
                doubt_address(db, account_id, None, None)  # the first letter to an address proves it
            else:
                _distrust(db, account_id, now, made_by, made_at or now)
            db.execute("UPDATE accounts SET password_hash = ? WHERE id = ?", [password_hash, account_id])
            db.execute("DELETE FROM sessions WHERE account_id = ?", [account_id])
            end_links(db, account_id)
            db.execute(
                "DELETE FROM sign_in_failures"
                " WHERE email = (SELECT email FROM accounts WHERE id = ?) AND factor = 'password'",
                [account_id],
            )
            audit(db, Event(now, account_id, Action.PASSWORD_CHOSEN, account_id=account_id))
            return int(account_id)

    def _valid(self, db: Database, token_hash: str) -> tuple[int, datetime, bool]:
        row = db.execute(
            "SELECT a.id, i.expires_at, i.used_at, i.to_own_address"
            " FROM invitations i JOIN accounts a ON a.id = i.account_id"
            " WHERE i.token_hash = ? AND a.is_active",
            [token_hash],
        ).fetchone()
        if row is None:
            raise InvitationVoid(_NO_SUCH)
        account_id, expires_at, used_at, to_own_address = row
        if used_at is not None:
            raise InvitationUsed("The link has been used.")
        if expires_at <= self._now():
            raise InvitationExpired("The link is too old.")
        return account_id, moment(expires_at), bool(to_own_address)

    def _add_links(
        self, db: Database, whom: Whom, life: timedelta, actor_id: int | None, *, by_letter: bool
    ) -> tuple[NewLink, ...]:
        expires, paths = self.clock() + life, group_paths(db)
        rows = db.execute(f"{_WHOM.format(select=_PEOPLE)} ORDER BY a.search_text", _sought(whom)).fetchall()
        # A letter to somebody who has nothing yet proves the address: who gets it begins with the account.
        own = {row[0] for row in rows if by_letter and not _may_open_others_words(row, True)}
        made = tuple(NewLink(_invited(row, paths, expires, row[0] in own), new_code()) for row in rows)
        old = iso(self.clock() - _REMEMBERED)
        db.execute("DELETE FROM invitations WHERE expires_at <= ?", [old])
        # Anybody can ask for a link to somebody else's address: that must not end a longer invitation.
        db.conn.executemany(
            "DELETE FROM invitations WHERE account_id = ? AND used_at IS NULL AND expires_at <= ?",
            [(each.person.account_id, iso(expires)) for each in made],
        )
        db.conn.executemany(
            "INSERT INTO invitations (token_hash, account_id, expires_at, made_by, made_at, to_own_address)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                (token_hash(each.code), id, iso(expires), actor_id, self._now(), int(id in own))
                for id, each in ((each.person.account_id, each) for each in made)
            ],
        )
        return made


def client_mark(database: Path, client: str) -> str:
    """What stands for where somebody comes from, in every process on this database; "" for nobody.

    Its key is a file beside the database and in no backup: there the marks mean nothing.
    """
    if not client:
        return ""
    with translated():
        key = secret_beside(database.with_name(MARKS_KEY))
    return hashlib.blake2b(client.encode(errors="replace"), key=key, digest_size=6).hexdigest()


def _sought(whom: Whom) -> dict[str, Any]:
    return {
        "emails": None if whom.emails is None else json.dumps(sorted(whom.emails)),
        "group_id": whom.group_id,
        "never_signed_in": whom.never_signed_in,
        "unused": whom.unused,
    }


def _distrust(db: Database, account_id: int, now: str, link_by: int | None, made_at: str) -> None:
    """Whoever uses this link may be another than whose account it is: lock what is written there."""
    if lock_texts(db, account_id, now, link_by=link_by, made_at=made_at):
        audit(db, Event(now, account_id, Action.TEXTS_LOCKED, account_id=account_id))
    (is_certain,) = db.execute(
        f"SELECT {IS_USED} AND a.address_unproven_since IS NULL FROM accounts a WHERE a.id = ?", [account_id]
    ).fetchone()
    if is_certain:
        doubt_address(db, account_id, now, link_by)
    # Nor does an administrator vouch for others before they have had the account for a while again.
    db.execute("UPDATE accounts SET admin_since = ? WHERE id = ?", [now, account_id])


def _may_open_others_words(person: tuple[Any, ...], to_own_address: bool) -> bool:
    """Whether a link might let another in to what this person has written."""
    is_used, is_unproven = person[5:]
    return bool(is_used) and (bool(is_unproven) or not to_own_address)


def _invited(
    row: tuple[Any, ...], paths: dict[int, str], expires_at: datetime, to_own_address: bool
) -> Invited:
    id, email, name, has_password, groups, is_used, _ = row
    locks = _may_open_others_words(row, to_own_address)
    in_groups = tuple(sorted(paths[group] for group in json.loads(groups) if group in paths))
    return Invited(id, email, name, bool(has_password), in_groups, expires_at, bool(is_used), locks)
