"""Who may import whom: the rooms by their contract in pyproject.toml, and what else is for some alone."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.support.modules import EVERYTHING, MODULES, PAGES
from visionsprat.errors import VisionspratError
from visionsprat.settings import ROOT

#: The domain: what works without a browser, and without streamlit.
WITHOUT_STREAMLIT = (
    *("errors", "settings", "installation", "version"),
    *("backups", "content", "domain", "mail", "staff", "store", "wording"),
    *("accounts.second_factor", "terminal.commands"),
)
#: What a page script may take its verbs and words from. The store itself is handed to it by ui.
FOR_PAGES = tuple(
    f"visionsprat.{each}" for each in ("ui", "accounts", "domain", "errors", "runtime.turns", "wording")
)


@dataclass(frozen=True)
class Import:
    """`name` is all of it: `visionsprat.store.Store` for `from visionsprat.store import Store`."""

    name: str
    line: int
    at_module_level: bool


@cache
def imports(path: Path) -> tuple[Import, ...]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}, line {node.lineno}: imports are absolute here"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        found += [Import(name, node.lineno, id(node) not in inside) for name in names]
    return tuple(found)


def begins(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def ours(path: Path, *, at_module_level: bool = False) -> set[str]:
    """The modules of ours that a file imports."""
    found = set()
    for each in imports(path):
        if begins(each.name, "visionsprat") and (each.at_module_level or not at_module_level):
            rest = each.name.removeprefix("visionsprat.")
            # `visionsprat.store.Store` is the store's, `visionsprat.ui.layout` is a module itself.
            owners = [module for module in MODULES if begins(rest, module)]
            assert owners, f"{path.name}, line {each.line}: {each.name} is no module of ours"
            found.add(max(owners, key=len))
    return found


def who_imports(*packages: str) -> set[str]:
    named = {path: name for name, path in MODULES.items()}
    return {
        named.get(path, path.stem)
        for path in EVERYTHING
        if any(begins(each.name, *packages) for each in imports(path))
    }


def test_the_rooms_keep_their_contract() -> None:
    """In a process of its own: the library sets up a log of its own."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stdout


def test_the_contract_knows_no_exception() -> None:
    (contract,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert not {key for key in contract if "ignore" in key} - {"exhaustive_ignores"}
    assert contract["exhaustive_ignores"] == ["__main__"]


def test_the_root_holds_few_modules() -> None:
    assert len([*(ROOT / "visionsprat").glob("*.py")]) <= 6


def test_what_several_tests_share_lies_in_support() -> None:
    """What only a folder's own files need may lie beside them, but in no test and in no conftest."""
    strayed = [
        f"{path.relative_to(ROOT)}, line {each.line}: {each.name}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for each in imports(path)
        if begins(each.name, "tests") and not may_be_imported(each.name, path.parent)
    ]
    assert strayed == []


def may_be_imported(name: str, folder: Path) -> bool:
    """Whether a test in that folder may take this from among the tests' own modules."""
    beside = ".".join(folder.relative_to(ROOT).parts)
    module = name.removeprefix(f"{beside}.").split(".")[0]
    is_helper = not module.startswith(("test_", "conftest"))
    return begins(name, "tests.support", "tests.fixtures") or (
        beside != "tests" and begins(name, beside) and is_helper
    )


def test_only_the_store_knows_sqlite() -> None:
    assert {name for name in who_imports("sqlite3", "sqlite_utils") if not begins(name, "store")} == set()


def test_only_authentication_knows_the_authenticator() -> None:
    assert who_imports("streamlit_authenticator", "bcrypt") == {"accounts.authentication"}


@pytest.mark.parametrize("module", [each for each in MODULES if begins(each, *WITHOUT_STREAMLIT)])
def test_the_domain_runs_without_streamlit(module: str) -> None:
    """Neither the module nor any that it brings along."""
    reached, new = set(), {module}
    while new:
        reached |= new
        new = set().union(*(ours(MODULES[name], at_module_level=True) for name in new)) - reached
    for name in reached:
        taken = [each.name for each in imports(MODULES[name]) if each.at_module_level]
        assert not [each for each in taken if begins(each, "streamlit", "streamlit_authenticator")], name


def test_the_demo_starts_streamlit_and_does_not_import_it() -> None:
    assert not [each for each in imports(MODULES["terminal.demo"]) if begins(each.name, "streamlit")]


def test_there_are_pages() -> None:
    assert PAGES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_asks_the_domain_and_nobody_else(page: Path) -> None:
    for each in imports(page):
        where = f"line {each.line}: {each.name}"
        if begins(each.name, "visionsprat"):
            assert begins(each.name, *FOR_PAGES), where
        else:
            assert begins(each.name, "streamlit", "secrets", "datetime", "__future__"), where


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_opens_no_file_and_writes_no_sql(page: Path) -> None:
    tree = ast.parse(page.read_text(encoding="utf-8"))
    called = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = {node.id for node in called if isinstance(node, ast.Name)}
    methods = {node.attr for node in called if isinstance(node, ast.Attribute)}
    assert not names & {"open", "Store", "connect", "eval", "exec"}
    assert not methods & {"execute", "executemany", "read_text", "write_text", "read_bytes", "write_bytes"}


def test_nothing_but_pages_and_the_ui_uses_the_session_state() -> None:
    found = {
        name
        for name, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "session_state"
    }
    assert all(begins(name, "ui") for name in found)


@pytest.mark.parametrize("path", EVERYTHING, ids=lambda path: path.stem)
def test_no_function_takes_more_than_five_arguments(path: Path) -> None:
    """What belongs together travels as a record."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            taken = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            assert len([each for each in taken if each.arg not in {"self", "cls"}]) <= 5, node.name


def test_errors_stand_in_families() -> None:
    """But for what only leads from one step to the next, or tells of a letter."""
    for module in MODULES.keys() - {"__main__"}:
        importlib.import_module(f"visionsprat.{module}")
    alone = {"CannotStart", "CommandError", "Refused", "Unavailable", "CodeWanted", "NotSent"}
    assert {each.__name__ for each in VisionspratError.__subclasses__()} == alone
