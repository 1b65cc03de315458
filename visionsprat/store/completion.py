"""What managers see: the groups they manage and all below, and who has answered what. Never a text.

Completion is dated by `reflections.created_at`, which moves when an answer goes from blank to something:
derived, and a later edit does not move it.
"""

from __future__ import annotations

import json
from collections.abc import Collection

from visionsprat.domain.records import ManagedGroup, Member
from visionsprat.domain.text_rules import swedish_order
from visionsprat.store.base import Connections
from visionsprat.store.times import moment

_SEEN = """
    WITH RECURSIVE seen (id) AS (
        SELECT group_id FROM group_managers WHERE account_id = :manager
        UNION SELECT g.id FROM groups g JOIN seen ON g.parent_id = seen.id
    )
"""
# The text is looked at inside the database only: it is never selected. Most texts begin with a letter
# or a digit, which SQLite sees by itself; is_blank() judges the others.
_ANSWERED = """
    r.question_id IN (SELECT value FROM json_each(:questions))
    AND (unicode(r.text) BETWEEN 33 AND 126 OR unicode(r.text) BETWEEN 192 AND 591 OR NOT is_blank(r.text))
"""
# What is locked goes on counting, unless the question has been answered anew and counts already.
_LOCKED = f"""
    SELECT count(DISTINCT r.question_id) FROM locked_reflections r
    WHERE r.account_id = m.account_id AND {_ANSWERED} AND NOT EXISTS (SELECT 1 FROM reflections n
        WHERE n.account_id = r.account_id AND n.question_id = r.question_id AND NOT is_blank(n.text))
"""
_GROUPS = f"""{_SEEN}
    SELECT g.id, g.name, iif(g.parent_id IN seen, g.parent_id, NULL) FROM groups g WHERE g.id IN seen
"""
_COUNTS = f"""{_SEEN}
    SELECT m.group_id, m.account_id, coalesce(n.answered, 0) + ({_LOCKED})
    FROM group_members m JOIN accounts a ON a.id = m.account_id AND a.is_active
    LEFT JOIN (SELECT r.account_id, count(*) AS answered FROM reflections r WHERE {_ANSWERED}
               GROUP BY r.account_id) n ON n.account_id = m.account_id
    WHERE m.group_id IN seen
"""
# Those below the group asked for, of those that are seen: a group of somebody else's gives nobody.
_MEMBERS = f"""{_SEEN}, wanted (id) AS (
        SELECT id FROM seen WHERE :group IS NULL OR id = :group
        UNION SELECT g.id FROM groups g JOIN wanted ON g.parent_id = wanted.id
    ), members (account_id, names) AS (
        SELECT m.account_id, json_group_array(g.name) FROM group_members m JOIN groups g ON g.id = m.group_id
        WHERE m.group_id IN wanted GROUP BY m.account_id
    )
    SELECT a.id, a.name, a.email, members.names, r.question_id, r.created_at
    FROM members JOIN accounts a ON a.id = members.account_id AND a.is_active
    LEFT JOIN reflections r ON r.account_id = a.id AND {_ANSWERED}
    UNION ALL
    SELECT a.id, a.name, a.email, members.names, r.question_id, r.created_at
    FROM members JOIN accounts a ON a.id = members.account_id AND a.is_active
    JOIN locked_reflections r ON r.account_id = a.id AND {_ANSWERED}
"""


class Completion(Connections):
    """A manager sees completion; neither texts nor their lengths leave the database here."""

    def managed_groups(self, manager_id: int, question_ids: Collection[str]) -> tuple[ManagedGroup, ...]:
        """The groups that somebody manages and all below them, with how much each member has answered."""
        asked = {"manager": manager_id, "questions": json.dumps(list(question_ids))}
        with self._read() as db:
            groups = db.execute(_GROUPS, asked).fetchall()
            counts = db.execute(_COUNTS, asked).fetchall() if groups else []
        answered: dict[int, dict[int, int]] = {id: {} for id, _, _ in groups}
        for group_id, account_id, count in counts:
            if group_id in answered:  # made between the two queries
                answered[group_id][account_id] = count
        return tuple(ManagedGroup(id, name, parent, answered[id]) for id, name, parent in groups)

    def managed_members(
        self, manager_id: int, group_id: int | None, question_ids: Collection[str]
    ) -> tuple[Member, ...]:
        """The people in a group and all below it, if this manager sees it; of all they see with None."""
        asked = {"manager": manager_id, "group": group_id, "questions": json.dumps(list(question_ids))}
        with self._read() as db:
            rows = db.execute(_MEMBERS, asked).fetchall()
        found: dict[int, tuple[str, str, str]] = {}
        answered_at: dict[int, dict[str, str]] = {}
        for account_id, name, email, groups, question_id, at in rows:
            found[account_id] = (name, email, groups)
            answers = answered_at.setdefault(account_id, {})
            if question_id is not None:  # locked and answered anew: dated by when it first was
                answers[question_id] = min(at, answers.get(question_id, at))
        members = (
            Member(
                name,
                email,
                tuple(sorted(json.loads(groups), key=swedish_order)),
                {question: moment(at) for question, at in answered_at[account_id].items()},
            )
            for account_id, (name, email, groups) in found.items()
        )
        return tuple(sorted(members, key=lambda member: swedish_order(member.name)))
