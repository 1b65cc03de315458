"""Everybody there is: somebody of each kind."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    VISITOR = "a visitor"
    BEGUN = "a learner who has begun"
    COMPLETE = "a learner who is complete"
    MANAGER = "a manager"
    ADMINISTRATOR = "an administrator"
