"""The staff list's side of the store: everybody at once, read and changed in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from operator import attrgetter

from sqlite_utils import Database

from visionsprat.domain.records import Action, Directory, StaffChange, StaffMember, StaffPlan
from visionsprat.domain.text_rules import search_text
from visionsprat.domain.tokens import new_key
from visionsprat.errors import StaffListOutdated
from visionsprat.store.base import Connections
from visionsprat.store.events import Event, audit
from visionsprat.store.groups import group_id_of, group_paths
from visionsprat.store.rights import require_admin

_NOBODY = StaffMember("", "", frozenset(), frozenset(), True)


class Staff(Connections):
    def directory(self) -> Directory:
        """Everybody who has an account, with the groups they belong to and manage."""
        with self._read() as db:
            db.execute("BEGIN")  # one picture of the database from several queries
            try:
                return _directory(db)
            finally:
                db.rollback()

    def apply_staff(
        self,
        plan: StaffPlan,
        actor_id: int | None,
        source: str,
        report: Callable[[float], object] = lambda part: None,
    ) -> None:
        """Do what the plan says, all of it or nothing. `source` is the file's name, for the audit log.

        Raises StaffListOutdated when something has changed since the plan was made.
        """
        with self._write() as db:
            require_admin(db, actor_id)
            if _directory(db) != plan.before:
                raise StaffListOutdated("Something has changed since the staff list was previewed.")
            report(0.2)
            _insert_new(db, plan.new, self._now())
            report(0.5)
            _update_changed(db, plan)
            report(0.7)
            _set_groups(db, plan)
            report(0.9)
            self._note(db, plan, actor_id, source)
        report(1.0)

    def _note(self, db: Database, plan: StaffPlan, actor_id: int | None, source: str) -> None:
        now, ids = self._now(), _ids(db)
        details = f"{len(plan.new)} nya, {len(plan.changed)} ändrade, {len(plan.deactivated)} avaktiverade"
        audit(db, Event(now, actor_id, Action.STAFF_IMPORTED, subject=source, details=details))
        for change in plan.changed:
            if change.before.is_active != change.after.is_active:
                action = Action.REACTIVATED if change.after.is_active else Action.DEACTIVATED
                audit(db, Event(now, actor_id, action, account_id=ids[change.after.email]))


def _directory(db: Database) -> Directory:
    paths = group_paths(db)
    groups, manages = (
        _paths_by_account(db.execute(f"SELECT account_id, group_id FROM {table}"), paths)
        for table in ("group_members", "group_managers")
    )
    rows = db.execute("SELECT id, email, name, is_active, is_admin FROM accounts").fetchall()
    return Directory(
        people={
            email: StaffMember(email, name, groups[id], manages[id], bool(is_active))
            for id, email, name, is_active, _ in rows
        },
        administrators=frozenset(
            email for _, email, _, is_active, is_admin in rows if is_active and is_admin
        ),
        groups=frozenset(paths.values()),
    )


def _paths_by_account(
    rows: Iterable[tuple[int, int]], paths: dict[int, str]
) -> defaultdict[int, frozenset[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for account_id, group_id in rows:
        found[account_id].add(paths[group_id])
    return defaultdict(frozenset, {account_id: frozenset(groups) for account_id, groups in found.items()})


def _insert_new(db: Database, people: Iterable[StaffMember], now: str) -> None:
    # No password is hashed: each chooses one with an invitation.
    db.conn.executemany(
        "INSERT INTO accounts (email, name, search_text, is_active, created_at, draft_key)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [(e.email, e.name, search_text(e.name, e.email), int(e.is_active), now, new_key()) for e in people],
    )


def _update_changed(db: Database, plan: StaffPlan) -> None:
    db.conn.executemany(
        "UPDATE accounts SET name = ?, search_text = ?, is_active = ? WHERE email = ?",
        [
            (after.name, search_text(after.name, after.email), int(after.is_active), after.email)
            for after in (change.after for change in plan.changed)
        ],
    )
    db.conn.executemany(
        "DELETE FROM sessions WHERE account_id = (SELECT id FROM accounts WHERE email = ?)",
        [(person.email,) for person in plan.deactivated],
    )


def _set_groups(db: Database, plan: StaffPlan) -> None:
    ids = _ids(db)
    changes = [*(StaffChange(_NOBODY, each) for each in plan.new), *plan.changed]
    paths = {path for each in changes for person in (each.before, each.after) for path in _paths_of(person)}
    groups = {path: group_id_of(db, path) for path in sorted(paths)}
    for table, of in (("group_members", attrgetter("groups")), ("group_managers", attrgetter("manages"))):
        db.conn.executemany(
            f"DELETE FROM {table} WHERE group_id = ? AND account_id = ?",
            [(groups[path], ids[e.after.email]) for e in changes for path in of(e.before) - of(e.after)],
        )
        db.conn.executemany(
            f"INSERT INTO {table} (group_id, account_id) VALUES (?, ?)",
            [(groups[path], ids[e.after.email]) for e in changes for path in of(e.after) - of(e.before)],
        )


def _paths_of(person: StaffMember) -> frozenset[str]:
    return person.groups | person.manages


def _ids(db: Database) -> dict[str, int]:
    return dict(db.execute("SELECT email, id FROM accounts").fetchall())
