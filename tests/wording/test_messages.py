"""What is said to people."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from visionsprat.wording.messages import too_many

NOW = datetime(2026, 11, 12, 13, 2, 40, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("wait", "told"),
    [
        (timedelta(seconds=1), "Vänta en minut"),
        (timedelta(seconds=60), "Vänta en minut"),
        (timedelta(seconds=61), "Vänta till 14:04"),
        (timedelta(seconds=80), "Vänta till 14:04"),
        (timedelta(seconds=81), "Vänta till 14:05"),
        (timedelta(minutes=15), "Vänta till 14:18"),
    ],
)
def test_the_time_that_is_named_is_late_enough(wait: timedelta, told: str) -> None:
    assert too_many(NOW + wait, NOW) == f"Det har blivit för många försök. {told} och försök igen."
