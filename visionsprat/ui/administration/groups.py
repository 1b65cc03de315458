"""The tree of groups: make, rename, move, merge, remove."""

from __future__ import annotations


def draw() -> None:
    """Draw this part of the administration page."""
