"""The staff list: upload a file, see what it will change, confirm."""

from __future__ import annotations


def draw() -> None:
    """Draw this part of the administration page."""
