"""Days and times."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from visionsprat.wording.formats import midnight


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
