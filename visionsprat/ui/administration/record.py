"""What administrators have done."""

from __future__ import annotations


def draw() -> None:
    """Draw this part of the administration page."""
