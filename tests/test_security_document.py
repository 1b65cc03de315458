"""docs/security.md: the tests that it names exist, its numbers are the code's, and its counts are right."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from datetime import timedelta

import pytest

from visionsprat.settings import ROOT
from visionsprat.web.websocket import Rate

DOCUMENT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
#: A row of "Limits": what, the number in words, and the names of constants, without those of functions.
LIMITS = [
    (name, number)
    for number, where in re.findall(r"^\| [^|]+ \| ([^|]+) \| ([^|]+) \| [^|]*\|$", DOCUMENT, re.MULTILINE)
    for name in re.findall(r"`([a-z_.]+\._?[A-Z][A-Z_]+)`", where)
]
#: Said otherwise than the constant is: half of the cores.
_IN_WORDS = {"runtime.turns.AT_ONCE"}


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`(tests/[\w/]+\.py(?:::\w+)?)`", DOCUMENT))))
def test_a_test_that_is_named_exists(named: str) -> None:
    file, _, test = named.partition("::")
    source = (ROOT / file).read_text(encoding="utf-8")
    assert not test or re.search(rf"^(async )?def {test}\(", source, re.MULTILINE)


def test_there_are_limits() -> None:
    assert len(LIMITS) > 60


@pytest.mark.parametrize(("name", "number"), LIMITS)
def test_a_limit_is_the_codes(name: str, number: str) -> None:
    value = constant(name)
    if name not in _IN_WORDS:
        for each in said(value):
            assert re.search(rf"(?<![\d,.]){re.escape(each)}(?![\d]|,\d|\.\d)", number), value


def constant(name: str) -> object:
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(f"visionsprat.{module}"), attribute)


def said(value: object) -> list[str]:
    """How the document says it."""
    if isinstance(value, timedelta):
        units = {"days": timedelta(days=1), "hours": timedelta(hours=1), "minutes": timedelta(minutes=1)}
        unit = next((each for each, one in units.items() if value > one and not value % one), "seconds")
        return [f"{value // units.get(unit, timedelta(seconds=1)):,} {unit}"]
    if isinstance(value, Rate):
        return [f"{value.burst:g} at once", f"{value.per_second:g} a second"]
    if isinstance(value, dict):
        return [f"{each:,}" for each in value.values()]
    assert isinstance(value, int | float)
    return [f"{int(value):,}" if value == int(value) else str(value)]


def test_each_line_of_asvs_is_there_once_and_counted() -> None:
    verdicts = "held|not held|does not apply"
    rows = re.findall(rf"^\| (\d+\.\d+\.\d+) \| [^|]+ \| ({verdicts}) \| [^|]+ \|$", DOCUMENT, re.MULTILINE)
    assert len({number for number, _ in rows}) == len(rows) == 105
    counts = Counter(verdict for _, verdict in rows)
    said_so = (
        f"Of 105, {counts['held']} are held, {counts['not held']} are not, {counts['does not apply']} do not"
    )
    assert said_so in DOCUMENT


def test_what_is_held_has_a_test_or_says_that_it_has_none() -> None:
    held = re.findall(r"^\| \d+\.\d+\.\d+ \| [^|]+ \| held \| ([^|]+) \|$", DOCUMENT, re.MULTILINE)
    assert not [why for why in held if "::test_" not in why and "no test" not in why]
