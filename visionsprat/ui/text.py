"""Swedish words, numbers and times."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from visionsprat.fields import MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARACTERS, Fault

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

#: What is wrong with something filled in, and what to do.
FAULTS = {
    Fault.EMAIL: "Det där ser inte ut som en e-postadress. Skriv den så här: namn@exempel.se.",
    Fault.NAME: "Skriv ditt namn, högst 100 tecken.",
    Fault.GROUP: "Skriv gruppens namn, högst 100 tecken och utan tecknet |.",
    Fault.GROUP_CIRCLE: "En grupp kan inte ligga under en grupp med samma namn.",
    Fault.PASSWORD_SHORT: f"Lösenordet är för kort. Det ska ha minst {MIN_PASSWORD_CHARACTERS} tecken.",
    Fault.PASSWORD_LONG: (
        f"Lösenordet är för långt. Det får ta högst {MAX_PASSWORD_BYTES} byte, "
        "och å, ä och ö räknas som två var."
    ),
    Fault.PASSWORD_COMMON: "Lösenordet är för lätt att gissa. Pröva flera ord som inte hör ihop.",
}

NO_COOKIES = "Webbläsaren tar inte emot kakor. Tillåt kakor för den här webbplatsen och ladda om sidan."
PASSWORD_ADVICE = f"Minst {MIN_PASSWORD_CHARACTERS} tecken. Gärna några ord som inte hör ihop."


def number(count: int) -> str:
    """A small number as a word."""
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else str(count)


def day(moment: datetime) -> str:
    """As in "12 november 2026"."""
    local = moment.astimezone(STOCKHOLM)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"


def saved(moment: datetime, now: datetime) -> str:
    """When something was saved, as in "Sparat i dag 14:03" or "Sparat 12 november 2026, 09:41"."""
    local, today = moment.astimezone(STOCKHOLM), now.astimezone(STOCKHOLM).date()
    clock = f"{local:%H:%M}"
    if local.date() == today:
        return f"Sparat i dag {clock}"
    if local.date() == today - timedelta(days=1):
        return f"Sparat i går {clock}"
    return f"Sparat {day(moment)}, {clock}"
