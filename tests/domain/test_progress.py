"""How far somebody has come, as a table. The module here has two themes of two questions and one of one."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from visionsprat.content.module import Module, Question, Text, Theme, Vision
from visionsprat.domain.progress import (
    MemberCompletion,
    State,
    count_states,
    group_tree,
    member_completion,
    progress,
)
from visionsprat.domain.records import ManagedGroup, Member

NOT_BEGUN, BEGUN, COMPLETE = State.NOT_BEGUN, State.BEGUN, State.COMPLETE


def theme(id: str, *questions: str) -> Theme:
    return Theme(id, 1, id, "body", tuple(Question(f"{id}/{question}", "?") for question in questions))


MODULE = Module(
    Text("title", "body"),
    Vision("title", "sentence", "body"),
    (theme("a", "1", "2"), theme("b", "1", "2"), theme("c", "1")),
)


@pytest.mark.parametrize(
    ("answered", "states", "complete", "next_theme"),
    [
        ("", (NOT_BEGUN, NOT_BEGUN, NOT_BEGUN), 0, "a"),
        ("a/1", (BEGUN, NOT_BEGUN, NOT_BEGUN), 0, "a"),
        ("a/2", (BEGUN, NOT_BEGUN, NOT_BEGUN), 0, "a"),
        ("a/1 a/2", (COMPLETE, NOT_BEGUN, NOT_BEGUN), 1, "b"),
        ("b/1 b/2", (NOT_BEGUN, COMPLETE, NOT_BEGUN), 1, "a"),
        ("a/1 b/1", (BEGUN, BEGUN, NOT_BEGUN), 0, "a"),
        ("c/1", (NOT_BEGUN, NOT_BEGUN, COMPLETE), 1, "a"),
        ("a/1 a/2 c/1", (COMPLETE, NOT_BEGUN, COMPLETE), 2, "b"),
        ("a/1 a/2 b/1 c/1", (COMPLETE, BEGUN, COMPLETE), 2, "b"),
        ("a/1 a/2 b/1 b/2 c/1", (COMPLETE, COMPLETE, COMPLETE), 3, None),
        ("gone/1", (NOT_BEGUN, NOT_BEGUN, NOT_BEGUN), 0, "a"),
    ],
)
def test_progress(answered: str, states: tuple[State, ...], complete: int, next_theme: str | None) -> None:
    found = progress(MODULE, answered.split())
    assert tuple(each.state for each in found.themes) == states
    assert found.complete == complete
    assert found.is_complete is (complete == 3)
    assert found.is_begun is (states != (NOT_BEGUN,) * 3)
    assert (found.next_theme.id if found.next_theme else None) == next_theme


def test_a_theme_says_how_many_of_its_questions_are_answered() -> None:
    found = progress(MODULE, {"a/1", "b/1", "b/2"})
    assert [(each.answered, each.total) for each in found.themes] == [(1, 2), (2, 2), (0, 1)]


def day(number: int) -> datetime:
    return datetime(2026, 11, number, tzinfo=timezone.utc)


ALL = {"a/1": day(3), "a/2": day(9), "b/1": day(5), "b/2": day(4), "c/1": day(1)}


@pytest.mark.parametrize(
    ("answered_at", "themes", "completed_at", "state"),
    [
        ({}, (False, False, False), None, NOT_BEGUN),
        ({"a/1": day(1)}, (False, False, False), None, BEGUN),
        ({"a/1": day(1), "a/2": day(2)}, (True, False, False), None, BEGUN),
        ({"c/1": day(1), "b/1": day(2), "b/2": day(2)}, (False, True, True), None, BEGUN),
        (ALL, (True, True, True), day(9), COMPLETE),
    ],
)
def test_what_a_manager_sees_of_a_member(
    answered_at: dict[str, datetime], themes: tuple[bool, ...], completed_at: datetime | None, state: State
) -> None:
    found = member_completion(MODULE, Member("Amina", "amina@test.example", ("Team 3",), answered_at))
    assert found == MemberCompletion("Amina", "amina@test.example", ("Team 3",), themes, completed_at, state)
    assert found.complete == sum(themes)


def test_people_are_counted_by_how_far_they_have_come() -> None:
    assert count_states(MODULE, {1: 0, 2: 5, 3: 1, 4: 4, 5: 5}) == {NOT_BEGUN: 1, BEGUN: 2, COMPLETE: 2}
    assert count_states(MODULE, {}) == {NOT_BEGUN: 0, BEGUN: 0, COMPLETE: 0}


def test_groups_stand_under_each_other_in_swedish_order_and_count_all_below_once() -> None:
    groups = [
        ManagedGroup(1, "Öst", None, {}),
        ManagedGroup(2, "Team b", 1, {10: 5, 11: 0}),
        ManagedGroup(3, "Team a", 1, {11: 0, 12: 2}),
        ManagedGroup(4, "Norr", None, {10: 5}),
    ]
    found = group_tree(MODULE, groups)
    assert [(node.name, node.depth, node.parent_id, node.people) for node in found] == [
        ("Norr", 0, None, 1),
        ("Öst", 0, None, 3),
        ("Team a", 1, 1, 2),
        ("Team b", 1, 1, 2),
    ]
    assert found[1].counts == {NOT_BEGUN: 1, BEGUN: 1, COMPLETE: 1}
