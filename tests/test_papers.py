"""The papers say what the code does: rooms, commands, settings, routes, versions, names of the trade."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version
from starlette.routing import Mount, Route

from app import app
from visionsprat.domain.records import MOST_UNANSWERED
from visionsprat.domain.text_rules import MAX_CHARACTERS, MOST_MARKS
from visionsprat.settings import ROOT, SettingError, load_settings
from visionsprat.version import VERSION
from visionsprat.web.api import MAX_BODY_BYTES, VERSIONS_AT_A_TIME

PAPERS = [
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    *(f"docs/{each.name}" for each in (ROOT / "docs").glob("*.md")),
]
PACKAGE = ROOT / "visionsprat"
#: What the trade calls it, and the module that does it. docs/browser-side.md has what a browser does.
TRADE = {
    r"cross-site request forgery \(CSRF\)": "web/security.py",
    r"Content Security Policy \(CSP\)": "web/security.py",
    r"CORS": "web/security.py",
    r"Rate limiting": "runtime/rate_limits.py",
    r"token buckets": "web/websocket.py",
    r"throttling": "web/websocket.py",
    r"Throttling": "runtime/turns.py",
    r"lockout": "store/attempts.py",
    r"device cookies": "store/attempts.py",
    r"optimistic concurrency": "store/reflections.py",
    r"debounce": "ui/editor.py",
}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


# Rooms


def rooms() -> list[tuple[str, str, str]]:
    """The rows of the table: line, room, what it holds."""
    return re.findall(r"^\| (\d+) \| `(\w+)` \| (.+) \|$", read("ARCHITECTURE.md"), re.MULTILINE)


def test_the_rooms_are_those_of_the_contract_in_its_order() -> None:
    contracts = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    (layers,) = [each["layers"] for each in contracts if each["type"] == "layers"]
    wanted = [(str(line), room) for line, layer in enumerate(layers, 1) for room in layer.split(" | ")]
    assert [(line, room) for line, room, _ in rooms()] == wanted


def test_each_room_is_there_and_none_is_left_out() -> None:
    there = {
        each.stem for each in PACKAGE.iterdir() if each.suffix == ".py" or (each / "__init__.py").exists()
    }
    assert {room for _, room, _ in rooms()} == there - {"__init__", "__main__"}


@pytest.mark.parametrize(("room", "holds"), [(room, holds) for _, room, holds in rooms()])
def test_what_a_room_is_said_to_hold_is_there(room: str, holds: str) -> None:
    for name in re.findall(r"`(\w+\.py|\w+/)`", holds):
        assert (PACKAGE / room / name).exists() or name == "content/", name


# What is named


@pytest.mark.parametrize("paper", PAPERS)
def test_each_link_leads_somewhere(paper: str) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", read(paper)):
        name, _, section = link.partition("#")
        there = (ROOT / paper).parent / name if name else ROOT / paper
        assert there.exists(), link
        assert not section or section in sections(there), link


def sections(paper: Path) -> set[str]:
    """The marks of a paper's headings, as they are made of their words."""
    headings = re.findall(r"^#+ (.+)$", paper.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("paper", PAPERS)
def test_each_file_and_test_that_is_named_exists(paper: str) -> None:
    """Under the root, or in the package; a decision names its module as `store/base.py`."""
    for named in re.findall(r"`([\w.-]+/[\w./-]*\.(?:py|js|md|yml|sql|service)(?:::\w+)?)`", read(paper)):
        name, _, test = named.partition("::")
        (there,) = [each for each in (ROOT / name, PACKAGE / name) if each.exists()]
        assert not test or re.search(rf"^(?:async )?def {test}\(", there.read_text("utf-8"), re.MULTILINE), (
            named
        )


@pytest.mark.parametrize(("name", "module"), TRADE.items())
def test_what_the_trade_has_a_name_for_is_found_by_it(name: str, module: str) -> None:
    said = ast.get_docstring(ast.parse(read(f"visionsprat/{module}")))
    assert said and re.search(name, " ".join(said.split()))


# Commands, settings, routes


def commands() -> set[str]:
    asked = [sys.executable, "-m", "visionsprat", "--help"]
    said = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    listed = set(re.findall(r"^ {2,4}([a-z]+(?:-[a-z]+)*)(?= |$)", said, re.MULTILINE))
    return listed - {"command"}  # what stands for any of them


def test_the_commands_that_are_told_are_those_there_are() -> None:
    rows = re.findall(r"^\| (`[a-z`, -]+`) \|", read("docs/operations.md").split("\n## ")[0], re.MULTILINE)
    told = set(re.findall(r"`([a-z-]+)`", "".join(rows)))
    assert told == commands()
    used = {name for paper in PAPERS for name in re.findall(r"-m visionsprat ([a-z][a-z-]*)", read(paper))}
    assert used <= told


def settings() -> set[str]:
    with pytest.raises(SettingError) as caught:
        load_settings({"VISIONSPRAT_MADE_UP": ""})
    return set(re.findall(r"VISIONSPRAT_\w+", str(caught.value).partition("Known settings")[2]))


def test_the_settings_that_are_told_are_those_there_are() -> None:
    (_, section) = read("docs/operations.md").split("## Settings\n")
    rows = re.findall(r"^\| (`VISIONSPRAT_[^|]+) \|", section.split("\n## ")[0], re.MULTILINE)
    assert set(re.findall(r"VISIONSPRAT_\w+", "".join(rows))) == settings()
    named = {name for paper in PAPERS for name in re.findall(r"\bVISIONSPRAT_[A-Z_]*[A-Z]\b", read(paper))}
    assert named <= settings()


def test_the_routes_that_are_told_are_those_there_are() -> None:
    told = set(re.findall(r"`(GET|POST|PUT|DELETE) (/[\w./-]+)`", read("docs/api.md")))
    middleware: list[Any] = app._user_middleware
    assert told == {
        (method, route.path)
        for each in middleware  # as tests/test_access.py reads them
        for route in each.kwargs.get("routes", ())
        if isinstance(route, Route) and not isinstance(route, Mount) and "{" not in route.path
        for method in (route.methods or set()) - {"HEAD"}
    }


def test_the_numbers_of_a_save_are_the_codes() -> None:
    text = read("docs/api.md")
    for sentence in (
        f"at most {MAX_BODY_BYTES:,} bytes",
        f"at most {MAX_CHARACTERS:,} characters",
        f"at most {MOST_MARKS} combining marks",
        f"at most {MOST_UNANSWERED} texts",
        f"{VERSIONS_AT_A_TIME} at a time",
    ):
        assert sentence in text


# Versions and size


def test_the_version_is_one_number() -> None:
    """While something has come since the newest release, it is on its way to the next."""
    _, since, released = re.split(r"^## Unreleased$|^## (?=\d)", read("CHANGELOG.md"), maxsplit=2, flags=re.M)
    newest, ours = Version(released.split()[0]), Version(VERSION)
    assert (ours > newest and ours.is_devrelease) if since.strip() else ours == newest


def test_the_first_paper_is_read_in_some_minutes() -> None:
    assert len(read("README.md").split()) < 700
    assert len(read("ARCHITECTURE.md").splitlines()) <= 110
    assert len(re.findall(r"^\d+\. \*\*", read("ARCHITECTURE.md"), re.MULTILINE)) <= 20
