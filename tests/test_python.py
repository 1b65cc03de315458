"""The oldest Python that it runs with: every place says the same, and an older one is told."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib

import pytest

from visionsprat import PYTHON
from visionsprat.settings import ROOT

OLDEST = ".".join(map(str, PYTHON))


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_readme_says_it() -> None:
    assert f"Python {OLDEST} or later is all that is needed" in read("README.md")


def test_the_tools_take_it_for_granted() -> None:
    tools = tomllib.loads(read("pyproject.toml"))["tool"]
    assert tools["ruff"]["target-version"] == f"py{OLDEST.replace('.', '')}"
    assert tools["mypy"]["python_version"] == OLDEST


def test_the_machine_that_tests_asks_for_it() -> None:
    assert f"sys.version_info < {PYTHON}" in read(".ci/run")


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-ops.txt", "tests/requirements.txt"])
def test_no_package_is_left_out_with_an_older_one(name: str) -> None:
    assert "python_version" not in read(name)


PAPERS = [
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    *sorted(f"docs/{each.name}" for each in (ROOT / "docs").glob("*.md")),
]


@pytest.mark.parametrize("name", [*PAPERS, "requirements.txt"])
def test_no_document_speaks_of_another(name: str) -> None:
    assert set(re.findall(r"Python (3\.\d+)", read(name))) <= {OLDEST}


#: Ends as an older Python would, but for what it could not even read.
OLDER = """
import runpy, sys
sys.version_info = (3, 10, 4)
sys.argv = ["visionsprat", "check"]
runpy.run_module("visionsprat", run_name="__main__", alter_sys=True)
"""


def test_an_older_one_is_told_in_one_sentence() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", OLDER], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    said = "Visionsprat needs Python 3.11 or later; this is 3.10. Make .venv anew with a newer one.\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", said)
