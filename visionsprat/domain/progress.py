"""How far somebody has come: pure functions of what they have answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from visionsprat.content.module import Module, Theme
from visionsprat.domain.records import ManagedGroup, Member
from visionsprat.domain.text_rules import swedish_order


class State(Enum):
    NOT_BEGUN = "not-begun"
    BEGUN = "begun"
    COMPLETE = "complete"


@dataclass(frozen=True)
class ThemeProgress:
    theme: Theme
    answered: int

    @property
    def total(self) -> int:
        return len(self.theme.questions)

    @property
    def state(self) -> State:
        return _state(self.answered, self.total)

    @property
    def is_complete(self) -> bool:
        return self.state is State.COMPLETE


@dataclass(frozen=True)
class Progress:
    themes: tuple[ThemeProgress, ...]

    @property
    def complete_themes(self) -> tuple[ThemeProgress, ...]:
        return tuple(theme for theme in self.themes if theme.is_complete)

    @property
    def complete(self) -> int:
        """How many themes are complete."""
        return len(self.complete_themes)

    @property
    def is_complete(self) -> bool:
        return self.complete == len(self.themes)

    @property
    def is_begun(self) -> bool:
        return any(theme.answered for theme in self.themes)

    @property
    def next_theme(self) -> Theme | None:
        """The first theme that is not complete, or None when all are."""
        return next((each.theme for each in self.themes if not each.is_complete), None)


def progress(module: Module, answered: Collection[str]) -> Progress:
    """Progress through `module` when the questions with the ids in `answered` have a non-blank text."""
    return Progress(
        tuple(
            ThemeProgress(theme, sum(question.id in answered for question in theme.questions))
            for theme in module.themes
        )
    )


@dataclass(frozen=True)
class MemberCompletion:
    """What a manager sees of one member: which themes are complete, in the module's order."""

    name: str
    email: str
    groups: tuple[str, ...]
    themes: tuple[bool, ...]
    #: When the last theme became complete; None until all are.
    completed_at: datetime | None
    state: State

    @property
    def complete(self) -> int:
        return sum(self.themes)


@dataclass(frozen=True)
class GroupNode:
    """A group in the tree a manager sees: how far the people in it and below have come, each counted once."""

    id: int
    name: str
    parent_id: int | None
    #: 0 on top.
    depth: int
    counts: Mapping[State, int]

    @property
    def people(self) -> int:
        return sum(self.counts.values())


def member_completion(module: Module, member: Member) -> MemberCompletion:
    found = progress(module, member.answered_at.keys())
    return MemberCompletion(
        name=member.name,
        email=member.email,
        groups=member.groups,
        themes=tuple(theme.is_complete for theme in found.themes),
        completed_at=max(member.answered_at.values()) if found.is_complete else None,
        state=_state(sum(theme.answered for theme in found.themes), len(module.questions)),
    )


def group_tree(module: Module, groups: Collection[ManagedGroup]) -> tuple[GroupNode, ...]:
    """The groups from the top down, each followed by those in it, in the Swedish order of names."""
    below: dict[int | None, list[ManagedGroup]] = {}
    for group in sorted(groups, key=lambda group: swedish_order(group.name)):
        below.setdefault(group.parent_id, []).append(group)
    nodes: list[GroupNode] = []

    def add(group: ManagedGroup, depth: int) -> dict[int, int]:
        place = len(nodes)
        people = dict(group.answered)
        for child in below.get(group.id, []):
            people |= add(child, depth + 1)
        node = GroupNode(group.id, group.name, group.parent_id, depth, count_states(module, people))
        nodes.insert(place, node)
        return people

    for group in below.get(None, []):
        add(group, 0)
    return tuple(nodes)


def count_states(module: Module, answered: Mapping[int, int]) -> Mapping[State, int]:
    """How many people are in each state, from how many questions each has answered."""
    counts = dict.fromkeys(State, 0)
    for count, people in Counter(answered.values()).items():
        counts[_state(count, len(module.questions))] += people
    return counts


def _state(answered: int, total: int) -> State:
    if answered == 0:
        return State.NOT_BEGUN
    return State.COMPLETE if answered == total else State.BEGUN
