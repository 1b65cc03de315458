"""Numbers, days and times as they are written in Swedish, and days as they are read."""

from __future__ import annotations

from datetime import MAXYEAR, MINYEAR, datetime, timedelta
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")
_NUMBERS = ("noll", "ett", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio", "tio", "elva", "tolv")
_MONTHS = (
    "januari",
    "februari",
    "mars",
    "april",
    "maj",
    "juni",
    "juli",
    "augusti",
    "september",
    "oktober",
    "november",
    "december",
)


def thousands(count: int) -> str:
    """A number with a space between thousands, as in "10 000"."""
    return f"{count:,}".replace(",", "\u00a0")


def number(count: int) -> str:
    """A small number as a word."""
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else str(count)


def day(moment: datetime) -> str:
    """As in "12 november 2026"."""
    local = moment.astimezone(STOCKHOLM)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"


def when(moment: datetime, now: datetime) -> str:
    """As in "i dag 14:03", "i går 09:41" or "12 november 2026, 09:41"."""
    local, today = moment.astimezone(STOCKHOLM), now.astimezone(STOCKHOLM).date()
    clock = f"{local:%H:%M}"
    if local.date() == today:
        return f"i dag {clock}"
    if local.date() == today - timedelta(days=1):
        return f"i går {clock}"
    return minute(moment)


def minute(at: datetime) -> str:
    """As in "24 november 2026, 14:03"."""
    return f"{day(at)}, {at.astimezone(STOCKHOLM):%H:%M}"


def sortable(at: datetime) -> str:
    """As in "2026-11-24 14:03", for tables that are sorted elsewhere."""
    return f"{at.astimezone(STOCKHOLM):%Y-%m-%d %H:%M}"


def midnight(day: str) -> datetime | None:
    """The beginning of a day written as "2026-11-24"; None for nothing.

    Raises ValueError, also for a day so near an end of the calendar that there may be none beside it.
    """
    if not day.strip():
        return None
    found = datetime.strptime(day.strip(), "%Y-%m-%d").replace(tzinfo=STOCKHOLM)
    if not MINYEAR < found.year < MAXYEAR:
        raise ValueError("not a year of ours")
    return found
