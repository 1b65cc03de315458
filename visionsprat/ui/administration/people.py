"""Find a person, and what an administrator does for them."""

from __future__ import annotations


def draw() -> None:
    """Draw this part of the administration page."""
