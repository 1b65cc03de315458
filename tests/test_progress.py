"""How far somebody has come, as a table. The module here has two themes of two questions and one of one."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from visionsprat.content import Module, Question, Text, Theme, Vision
from visionsprat.progress import (
    GroupCompletion,
    MemberCompletion,
    State,
    group_completion,
    progress,
)
from visionsprat.records import Group, Member

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
    ("answered_at", "themes", "completed_at"),
    [
        ({}, (False, False, False), None),
        ({"a/1": day(1)}, (False, False, False), None),
        ({"a/1": day(1), "a/2": day(2)}, (True, False, False), None),
        ({"c/1": day(1), "b/1": day(2), "b/2": day(2)}, (False, True, True), None),
        (ALL, (True, True, True), day(9)),
    ],
)
def test_what_a_manager_sees_of_a_member(
    answered_at: dict[str, datetime], themes: tuple[bool, ...], completed_at: datetime | None
) -> None:
    found = group_completion(MODULE, Group("Team 3", (Member("Amina Testsson", answered_at),)))
    assert found.members == (MemberCompletion("Amina Testsson", themes, completed_at),)
    assert found.members[0].complete == sum(themes)


def test_a_group_counts_the_members_who_have_completed_the_module() -> None:
    members = (Member("A", ALL), Member("B", {}), Member("C", ALL), Member("D", {"c/1": day(1)}))
    assert group_completion(MODULE, Group("Team 3", members)).complete == 2
    assert group_completion(MODULE, Group("Tom grupp", ())) == GroupCompletion("Tom grupp", ())
