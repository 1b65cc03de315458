"""How far somebody has come: pure functions of what they have answered."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from visionsprat.content import Module, Theme
from visionsprat.records import Group, Member


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
        if self.answered == 0:
            return State.NOT_BEGUN
        return State.COMPLETE if self.answered == self.total else State.BEGUN

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
    themes: tuple[bool, ...]
    #: When the last theme became complete; None until all are.
    completed_at: datetime | None

    @property
    def complete(self) -> int:
        return sum(self.themes)


@dataclass(frozen=True)
class GroupCompletion:
    name: str
    members: tuple[MemberCompletion, ...]

    @property
    def complete(self) -> int:
        """How many members have completed the module."""
        return sum(member.completed_at is not None for member in self.members)


def group_completion(module: Module, group: Group) -> GroupCompletion:
    return GroupCompletion(group.name, tuple(_member_completion(module, member) for member in group.members))


def _member_completion(module: Module, member: Member) -> MemberCompletion:
    found = progress(module, member.answered_at.keys())
    return MemberCompletion(
        name=member.name,
        themes=tuple(theme.is_complete for theme in found.themes),
        completed_at=max(member.answered_at.values()) if found.is_complete else None,
    )
