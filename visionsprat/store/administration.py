"""What administrators do for people. Each use case asks whether the actor is one, and is audited.

An administrator's own address asks for the password here, too (`correct(checked=…)`): at an unlocked
computer it would bring the letters of "Glömt lösenordet?" to whoever sits there. An address that another
has corrected, or whose handed-out link was used, is in doubt (`accounts.address_unproven_since`) until its
person says on a page that it is theirs. Signing in proves nothing: one may be told a plausible address
whose letters another reads.
"""

from __future__ import annotations

import json
from typing import Any

from visionsprat.domain.email_addresses import sought
from visionsprat.domain.records import Action, PeopleFound, Person, Show
from visionsprat.domain.text_rules import search_text
from visionsprat.errors import EmailTaken, SignedOut
from visionsprat.store.base import Connections, doubt_address, end_links
from visionsprat.store.events import Event, audit
from visionsprat.store.groups import group_paths
from visionsprat.store.locked import IS_USED
from visionsprat.store.rights import require_admin, require_another_admin
from visionsprat.store.times import moment

_SHOWN = {
    Show.ALL: "1",
    Show.NEVER_SIGNED_IN: "a.is_active AND a.last_signed_in_at IS NULL",
    Show.ADMINISTRATORS: "a.is_admin",
    Show.DEACTIVATED: "NOT a.is_active",
    Show.WITHOUT_GROUP: (
        "a.is_active AND NOT EXISTS (SELECT 1 FROM group_members m WHERE m.account_id = a.id)"
    ),
}
_PEOPLE = f"""
    SELECT a.id, a.email, a.name, a.is_active, a.is_admin, a.password_hash IS NOT NULL, a.last_signed_in_at,
           (SELECT json_group_array(group_id) FROM group_members m WHERE m.account_id = a.id),
           (SELECT json_group_array(group_id) FROM group_managers m WHERE m.account_id = a.id),
           {IS_USED}, a.address_unproven_since IS NOT NULL
    FROM accounts a
"""


_RELATIONS = {
    ("group_members", True): Action.MADE_MEMBER,
    ("group_members", False): Action.MEMBER_REMOVED,
    ("group_managers", True): Action.MADE_MANAGER,
    ("group_managers", False): Action.MANAGER_REMOVED,
}


class Administration(Connections):
    def find_people(self, search: str, show: Show = Show.ALL, limit: int = 50) -> PeopleFound:
        """The people with every word of `search` in their name or address."""
        words = sought(search)
        where = " AND ".join([_SHOWN[show], *("instr(a.search_text, ?)" for _ in words)])
        with self._read() as db:
            count = db.execute(f"SELECT count(*) FROM accounts a WHERE {where}", words).fetchone()[0]
            rows = db.execute(
                f"{_PEOPLE} WHERE {where} ORDER BY a.search_text LIMIT ?", [*words, limit]
            ).fetchall()
            paths = group_paths(db) if rows else {}
        return PeopleFound(count, tuple(_person(row, paths) for row in rows))

    def count_people(self) -> dict[Show, int]:
        with self._read() as db:
            counts = ", ".join(f"count(*) FILTER (WHERE {where})" for where in _SHOWN.values())
            return dict(zip(_SHOWN, db.execute(f"SELECT {counts} FROM accounts a").fetchone(), strict=True))

    def person(self, account_id: int) -> Person | None:
        with self._read() as db:
            row = db.execute(f"{_PEOPLE} WHERE a.id = ?", [account_id]).fetchone()
            return _person(row, group_paths(db)) if row else None

    def correct(
        self, actor_id: int | None, account_id: int, name: str, email: str, *, checked: str | None = None
    ) -> None:
        """A corrected address ends the links that went to the other one. Raises EmailTaken.

        Until its person has said that it is theirs, a link to it locks what they have written. Their own
        address administrators change with the hash that their password was `checked` with. Raises SignedOut
        when that is not theirs, or no longer.
        """
        with self._write() as db:
            require_admin(db, actor_id)
            if db.execute(
                "SELECT 1 FROM accounts WHERE email = ? AND id <> ?", [email, account_id]
            ).fetchone():
                raise EmailTaken(email)
            before = db.execute(
                "SELECT email, password_hash FROM accounts WHERE id = ?", [account_id]
            ).fetchone()
            details = before[0] if before and before[0] != email else ""
            # Who sits at an administrator's unlocked computer must not get a letter with a way to stay in.
            if details and actor_id == account_id and checked != before[1]:
                raise SignedOut("The administrator's password was not given, or has been changed since.")
            db.execute(
                "UPDATE accounts SET name = ?, email = ?, search_text = ? WHERE id = ?",
                [name, email, search_text(name, email), account_id],
            )
            if details:
                end_links(db, account_id)
                doubt_address(db, account_id, self._now(), actor_id)
            audit(db, Event(self._now(), actor_id, Action.CORRECTED, account_id=account_id, details=details))

    def set_member(self, actor_id: int | None, account_id: int, group_id: int, member: bool) -> None:
        """Put somebody into a group, or take them out of it."""
        self._set_relation(actor_id, "group_members", account_id, group_id, member)

    def set_manager(self, actor_id: int | None, account_id: int, group_id: int, manager: bool) -> None:
        """Let somebody manage a group, or no longer."""
        self._set_relation(actor_id, "group_managers", account_id, group_id, manager)

    def set_administrator(self, actor_id: int | None, account_id: int, administrator: bool) -> None:
        """Raises LastAdministrator."""
        with self._write() as db:
            require_admin(db, actor_id)
            if not administrator:
                require_another_admin(db, account_id)
            db.execute(
                "UPDATE accounts SET is_admin = ?, admin_since = ? WHERE id = ? AND is_admin <> ?1",
                [int(administrator), self._now(), account_id],
            )
            action = Action.MADE_ADMINISTRATOR if administrator else Action.ADMINISTRATOR_REMOVED
            audit(db, Event(self._now(), actor_id, action, account_id=account_id))

    def set_active(self, actor_id: int | None, account_id: int, active: bool) -> None:
        """Let somebody in again, or out at once; what they have written is kept. Raises LastAdministrator."""
        with self._write() as db:
            require_admin(db, actor_id)
            if not active:
                require_another_admin(db, account_id)
                db.execute("DELETE FROM sessions WHERE account_id = ?", [account_id])
            db.execute("UPDATE accounts SET is_active = ? WHERE id = ?", [int(active), account_id])
            action = Action.REACTIVATED if active else Action.DEACTIVATED
            audit(db, Event(self._now(), actor_id, action, account_id=account_id))

    def sign_out_everywhere(self, actor_id: int | None, account_id: int) -> None:
        with self._write() as db:
            require_admin(db, actor_id)
            db.execute("DELETE FROM sessions WHERE account_id = ?", [account_id])
            audit(db, Event(self._now(), actor_id, Action.SIGNED_OUT, account_id=account_id))

    def _set_relation(
        self, actor_id: int | None, table: str, account_id: int, group_id: int, related: bool
    ) -> None:
        with self._write() as db:
            require_admin(db, actor_id)
            path = group_paths(db).get(group_id)
            known = db.execute("SELECT 1 FROM accounts WHERE id = ?", [account_id]).fetchone()
            if path is None or known is None:
                return  # gone meanwhile
            change = (
                f"INSERT OR IGNORE INTO {table} (group_id, account_id) VALUES (?, ?)"
                if related
                else f"DELETE FROM {table} WHERE group_id = ? AND account_id = ?"
            )
            if db.execute(change, [group_id, account_id]).rowcount:
                action = _RELATIONS[table, related]
                audit(db, Event(self._now(), actor_id, action, account_id=account_id, details=path))


def _person(row: tuple[Any, ...], paths: dict[int, str]) -> Person:
    id, email, name, is_active, is_admin, has_password, signed_in, groups, manages, is_used, unproven = row
    return Person(
        id=id,
        email=email,
        name=name,
        is_active=bool(is_active),
        is_admin=bool(is_admin),
        has_password=bool(has_password),
        last_signed_in_at=moment(signed_in) if signed_in else None,
        groups={group: paths[group] for group in json.loads(groups)},
        manages={group: paths[group] for group in json.loads(manages)},
        is_used=bool(is_used),
        address_is_unproven=bool(unproven),
    )
