"""A clock that tests move by hand."""

from __future__ import annotations

from datetime import datetime, timezone


class Clock:
    """Stands still until `now` is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 12, 8, 0, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.now
