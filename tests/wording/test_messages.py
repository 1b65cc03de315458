"""Swedish words and times."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from visionsprat.wording.messages import midnight, too_many

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


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "0000-01-01", "2026-02-30", "i dag"])
def test_a_day_beyond_the_calendar_is_none(day: str) -> None:
    with pytest.raises(ValueError):
        midnight(day)


@pytest.mark.parametrize("day", ["9998-12-31", "0002-01-01", " 2026-11-24 "])
def test_a_day_has_one_before_it_and_one_after_it(day: str) -> None:
    found = midnight(day)
    assert found is not None
    for each in (found - timedelta(days=1), found, found + timedelta(days=1)):
        assert each.astimezone(timezone.utc)
