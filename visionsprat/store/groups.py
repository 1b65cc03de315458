"""Groups: a tree of them, their members and managers, and who has completed what."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Collection

from sqlite_utils import Database

from visionsprat.records import Group, Member
from visionsprat.store.connections import Connections, moment

# The text is looked at only by is_blank(), inside the database: it is never selected.
_GROUPS = """
    WITH RECURSIVE seen (id) AS (
        SELECT group_id FROM group_managers WHERE account_id = ?
        UNION SELECT g.id FROM groups g JOIN seen ON g.parent_id = seen.id
    )
    SELECT g.id, g.name, a.id, a.name, r.question_id, r.created_at
    FROM seen JOIN groups g ON g.id = seen.id
    LEFT JOIN group_members m ON m.group_id = g.id
    LEFT JOIN accounts a ON a.id = m.account_id AND a.is_active = 1
    LEFT JOIN reflections r ON r.account_id = a.id AND NOT is_blank(r.text)
        AND r.question_id IN (SELECT value FROM json_each(?))
"""

_PATHS = """
    WITH RECURSIVE paths (id, path) AS (
        SELECT id, name FROM groups WHERE parent_id IS NULL
        UNION ALL SELECT g.id, p.path || '/' || g.name FROM groups g JOIN paths p ON g.parent_id = p.id
    )
    SELECT id, path FROM paths
"""


class Groups(Connections):
    def group_paths(self) -> dict[int, str]:
        """The path of every group by its id, in the Swedish order of paths."""
        with self._read() as db:
            paths = group_paths(db)
        return dict(sorted(paths.items(), key=lambda each: swedish_order(each[1])))

    def managed_groups(self, manager_id: int, question_ids: Collection[str]) -> tuple[Group, ...]:
        """The groups that somebody manages and all below them, with who has answered which questions.

        Neither texts nor their lengths leave the database here.
        """
        with self._read() as db:
            rows = db.execute(_GROUPS, [manager_id, json.dumps(list(question_ids))]).fetchall()
        groups: dict[int, tuple[str, dict[int, Member]]] = {}
        for group_id, group_name, account_id, name, question_id, at in rows:
            members = groups.setdefault(group_id, (group_name, {}))[1]
            if account_id is None:
                continue
            member = members.setdefault(account_id, Member(name, {}))
            if question_id is not None:
                members[account_id] = Member(name, {**member.answered_at, question_id: moment(at)})
        return tuple(
            Group(name, tuple(sorted(members.values(), key=lambda member: swedish_order(member.name))))
            for name, members in sorted(groups.values(), key=lambda group: swedish_order(group[0]))
        )


def swedish_order(name: str) -> str:
    """A sort key that puts å, ä and ö last, in that order, and é with e."""
    last = {"å": "{", "ä": "|", "ö": "}"}
    letters = unicodedata.normalize("NFC", name).casefold()
    return "".join(last.get(letter) or unicodedata.normalize("NFD", letter)[0] for letter in letters)


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
