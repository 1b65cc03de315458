"""Groups: a tree of them, and what administrators do with it."""

from __future__ import annotations

import json
import sqlite3

from sqlite_utils import Database

from visionsprat.domain.records import Action, GroupRow
from visionsprat.domain.text_rules import swedish_order
from visionsprat.errors import GroupCircle, GroupNameTaken, GroupNotEmpty
from visionsprat.store.base import Connections
from visionsprat.store.events import Event, audit
from visionsprat.store.rights import require_admin

_PATHS = """
    WITH RECURSIVE paths (id, path) AS (
        SELECT id, name FROM groups WHERE parent_id IS NULL
        UNION ALL SELECT g.id, p.path || '/' || g.name FROM groups g JOIN paths p ON g.parent_id = p.id
    )
    SELECT id, path FROM paths
"""

_ROWS = """
    SELECT g.id, (SELECT count(*) FROM group_members m WHERE m.group_id = g.id),
           (SELECT json_group_array(a.email) FROM group_managers m JOIN accounts a ON a.id = m.account_id
            WHERE m.group_id = g.id),
           EXISTS (SELECT 1 FROM groups below WHERE below.parent_id = g.id)
    FROM groups g
"""


class Groups(Connections):
    def group_paths(self) -> dict[int, str]:
        """The path of every group by its id, in the Swedish order of paths."""
        with self._read() as db:
            paths = group_paths(db)
        return dict(sorted(paths.items(), key=lambda each: swedish_order(each[1])))

    def group_rows(self) -> tuple[GroupRow, ...]:
        """Every group with what lies directly in it, each followed by those below it."""
        with self._read() as db:
            paths = group_paths(db)
            rows = db.execute(_ROWS).fetchall()
        found = (
            GroupRow(id, paths[id], people, tuple(sorted(json.loads(managers))), bool(has_groups))
            for id, people, managers, has_groups in rows
            if id in paths  # made between the two queries
        )
        return tuple(sorted(found, key=lambda row: [swedish_order(name) for name in row.path.split("/")]))

    def make_group(self, actor_id: int | None, path: str) -> int:
        """Make a group, and those above it that are missing; returns its id. Raises GroupNameTaken."""
        with self._write() as db:
            require_admin(db, actor_id)
            if path in group_paths(db).values():
                raise GroupNameTaken(f"There is a group {path} already.")
            group_id = group_id_of(db, path)
            audit(db, Event(self._now(), actor_id, Action.GROUP_MADE, subject=path))
            return group_id

    def rename_group(self, actor_id: int | None, group_id: int, name: str) -> None:
        """Raises GroupNameTaken or GroupCircle."""
        self._relocate(actor_id, Action.GROUP_RENAMED, group_id, name=name)

    def move_group(self, actor_id: int | None, group_id: int, parent_id: int | None) -> None:
        """Put a group with all below it under another, or on top (None). Raises as rename_group does."""
        self._relocate(actor_id, Action.GROUP_MOVED, group_id, parent_id=parent_id)

    def merge_group(self, actor_id: int | None, group_id: int, into_id: int) -> None:
        """Let another group take over the people, managers and groups of one, which then is gone.

        Groups below the two that have the same name are merged likewise. Raises GroupCircle.
        """
        with self._write() as db:
            require_admin(db, actor_id)
            before = group_paths(db)
            if group_id not in before or into_id not in before:
                return  # gone meanwhile
            if f"{before[into_id]}/".startswith(f"{before[group_id]}/"):
                raise GroupCircle("A group can't be merged into itself or one below it.")
            _merge(db, group_id, into_id)
            _refuse_circles(group_paths(db))
            path, into = before[group_id], before[into_id]
            audit(db, Event(self._now(), actor_id, Action.GROUP_MERGED, subject=path, details=into))

    def remove_group(self, actor_id: int | None, group_id: int) -> None:
        """Raises GroupNotEmpty when it has people, managers or groups below it."""
        with self._write() as db:
            require_admin(db, actor_id)
            path = group_paths(db).get(group_id)
            if path is None:
                return  # gone meanwhile
            removed = db.execute(
                "DELETE FROM groups WHERE id = ?1"
                " AND NOT EXISTS (SELECT 1 FROM group_members WHERE group_id = ?1)"
                " AND NOT EXISTS (SELECT 1 FROM group_managers WHERE group_id = ?1)"
                " AND NOT EXISTS (SELECT 1 FROM groups below WHERE below.parent_id = ?1)",
                [group_id],
            )
            if not removed.rowcount:
                raise GroupNotEmpty(f"{path} is not empty.")
            audit(db, Event(self._now(), actor_id, Action.GROUP_REMOVED, subject=path))

    def _relocate(self, actor_id: int | None, action: Action, group_id: int, **new: str | int | None) -> None:
        """Give a group another name or parent, where that leads neither to a doubled path nor in a circle."""
        with self._write() as db:
            require_admin(db, actor_id)
            before = group_paths(db)
            if group_id not in before:
                return  # gone meanwhile
            ((column, value),) = new.items()
            try:
                db.execute(f"UPDATE groups SET {column} = ? WHERE id = ?", [value, group_id])
            except sqlite3.IntegrityError as error:
                if "FOREIGN KEY" in str(error):
                    return  # the new place is gone meanwhile
                raise GroupNameTaken("There is a group with this name in the same place.") from error
            after = group_paths(db)
            if group_id not in after:
                raise GroupCircle("A group can't lie below itself.")
            _refuse_circles(after)
            if after[group_id] != before[group_id]:
                path = before[group_id]
                audit(db, Event(self._now(), actor_id, action, subject=path, details=after[group_id]))


def _merge(db: Database, group_id: int, into_id: int) -> None:
    for table in ("group_members", "group_managers"):
        db.execute(
            f"INSERT OR IGNORE INTO {table} (group_id, account_id)"
            f" SELECT ?, account_id FROM {table} WHERE group_id = ?",
            [into_id, group_id],
        )
    below = "SELECT name, id FROM groups WHERE parent_id = ?"
    there = dict(db.execute(below, [into_id]).fetchall())
    for name, child_id in db.execute(below, [group_id]).fetchall():
        if name in there and there[name] != group_id:
            _merge(db, child_id, there[name])
        else:
            db.execute("UPDATE groups SET parent_id = ? WHERE id = ?", [into_id, child_id])
    db.execute("DELETE FROM groups WHERE id = ?", [group_id])


def _refuse_circles(paths: dict[int, str]) -> None:
    """A group below one with its own name would look like a circle in a staff list. Raises GroupCircle."""
    for path in paths.values():
        names = path.casefold().split("/")
        if len(set(names)) < len(names):
            raise GroupCircle(f"{path} has a group below one with its own name.")


def group_paths(db: Database) -> dict[int, str]:
    """The path of every group, "Vård/Hemtjänst Norr/Team 3", by its id."""
    return dict(db.execute(_PATHS).fetchall())


def group_id_of(db: Database, path: str) -> int:
    """The id of the group with this path ("Vård/Hemtjänst Norr/Team 3"), made with those above it."""
    group_id: int | None = None
    for name in path.split("/"):
        found = db.execute("SELECT id FROM groups WHERE parent_id IS ? AND name = ?", [group_id, name])
        row = (
            found.fetchone()
            or db.execute(
                "INSERT INTO groups (name, parent_id) VALUES (?, ?) RETURNING id", [name, group_id]
            ).fetchone()
        )
        group_id = int(row[0])
    assert group_id is not None  # split() gives one name at least
    return group_id
