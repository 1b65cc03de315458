"""The engines that the suite installs where it may, and names where it may not."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.engines import ENGINES, FIREFOX, WEBKIT, install_missing, missing, not_tried
from visionsprat.settings import ROOT


@pytest.fixture
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without other browsers, and without apt-get."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)


@pytest.mark.usefixtures("nothing_installed")
def test_what_is_not_there_is_named_with_what_brings_it() -> None:
    assert missing() == list(ENGINES)
    said = not_tried(missing())
    assert [package in said for engine in ENGINES for package in engine.packages] == [True] * 5
    assert said.startswith("Not tried, as not found here: Firefox (Debian: apt-get install firefox-esr), Web")


@pytest.mark.usefixtures("nothing_installed")
def test_tests_that_wait_for_an_engine_are_told_also_when_none_can_be_installed(tmp_path: Path) -> None:
    install_missing(tmp_path / "tried")
    assert (tmp_path / "tried").exists()


@pytest.mark.parametrize(("ci", "outcome"), [("", "skipped"), ("true", "errors")])
@pytest.mark.usefixtures("nothing_installed")
def test_an_engine_that_is_missing_is_left_out_at_home_and_a_failure_in_ci(
    ci: str, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    command = [sys.executable, "-m", "pytest", "-q", "-rsE", "tests/browser/engines"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert re.fullmatch(rf"\d+ {outcome} in .*", done.stdout.splitlines()[-1])
    for engine in (FIREFOX, WEBKIT):
        assert not_tried([engine]) in done.stdout
