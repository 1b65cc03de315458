"""One-time links with which people choose their password."""

from __future__ import annotations


def draw() -> None:
    """Draw this part of the administration page."""
