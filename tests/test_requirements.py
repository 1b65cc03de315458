"""constraints.txt pins every package that is installed for us, whichever asks for it, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import distribution, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from visionsprat.settings import ROOT

LISTS = ("requirements.txt", "requirements-ops.txt", "tests/requirements.txt")
#: It comes with Python's own environments; sqlite-utils asks for it.
_PYTHONS_OWN = {"pip"}


def lines(name: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return [line for each in text.splitlines() if (line := each.partition("#")[0].strip())]


def asked_for(name: str) -> list[Requirement]:
    return [Requirement(line) for line in lines(name) if not line.startswith("-")]


def pinned() -> dict[str, str]:
    return {
        canonicalize_name(name): number
        for name, number in (each.split("==") for each in lines("constraints.txt"))
    }


def with_all_they_bring(wanted: list[Requirement]) -> Iterator[str]:
    """The names of what is installed here for these, each once."""
    met: set[tuple[str, str]] = set()
    waiting = [(each, "") for each in wanted]
    while waiting:
        asked, extra = waiting.pop()
        if asked.marker is not None and not asked.marker.evaluate({"extra": extra}):
            continue
        for its_extra in ("", *asked.extras):
            name = canonicalize_name(asked.name)
            if (name, its_extra) not in met:
                met.add((name, its_extra))
                waiting += [(Requirement(each), its_extra) for each in distribution(name).requires or ()]
    yield from {name for name, _ in met}


def test_every_version_is_pinned_and_nothing_else() -> None:
    wanted = [each for name in LISTS for each in asked_for(name)]
    needed = {*with_all_they_bring(wanted)} - _PYTHONS_OWN
    assert needed == set(pinned())


def test_what_is_pinned_is_what_is_tested() -> None:
    assert pinned() == {name: version(name) for name in pinned()}


def test_what_is_pinned_is_within_what_is_asked_for() -> None:
    numbers = pinned()
    for each in (found for name in LISTS for found in asked_for(name)):
        assert each.specifier.contains(numbers[canonicalize_name(each.name)]), str(each)


@pytest.mark.parametrize("name", LISTS)
def test_the_commands_that_install_take_the_pinned_ones(name: str) -> None:
    """pip looks for it beside the list."""
    (constraints,) = re.findall(r"^-c (\S+)$", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
    assert (Path(ROOT / name).parent / constraints).resolve() == ROOT / "constraints.txt"


def test_each_library_has_its_reason() -> None:
    """In a comment above it; two that do one thing together share theirs."""
    blocks = (ROOT / "requirements.txt").read_text(encoding="utf-8").split("\n\n", 1)[1]
    reasons = re.findall(r"(?:^# .+\n)+(?:^[^#\n].*\n){1,2}", blocks, re.MULTILINE)
    assert "".join(reasons) == blocks
