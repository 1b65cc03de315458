"""One attack on one target, with an honest person beside it: what both saw."""

from __future__ import annotations

import asyncio
import importlib
import json
import pkgutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import tests.attack
from tests.attack import honest
from tests.attack.target import MIB, Target, started
from tests.support.server import poll
from visionsprat.domain.tokens import token_hash
from visionsprat.settings import ROOT

#: What the server may take beyond what it had, while it is attacked ...
GROWTH = 200 * MIB
#: ... and what of it may be left afterwards: an allocator keeps some.
LEFT = 60 * MIB


def attacks() -> dict[str, ModuleType]:
    """The modules of this folder that attack, by name."""
    names = sorted(each.name for each in pkgutil.iter_modules(tests.attack.__path__))
    found = {name: importlib.import_module(f"tests.attack.{name}") for name in names if _may_attack(name)}
    return {name: module for name, module in found.items() if hasattr(module, "attack")}


def _may_attack(name: str) -> bool:
    return not name.startswith(("test_", "_")) and name not in {"honest", "siege", "target"}


@dataclass
class Outcome:
    #: Bytes beyond what the server had before: at most, and at the end.
    growth: int = 0
    left: int = 0
    #: Milliseconds, the slowest.
    save: float = 0
    page: float = 0
    saves: int = 0
    faults: list[str] = field(default_factory=list)


def lay_siege(module: ModuleType, *, hard: bool) -> Outcome:
    """Attack a target of its own. What should not have happened stands in the outcome's faults."""
    outcome = Outcome()
    with (
        tempfile.TemporaryDirectory(prefix="visionsprat-attack-") as folder,
        _process() as process,
        started(Path(folder), by_command=hard) as target,
    ):
        _warm_up(target, process)
        before = target.memory
        with _honest_person(target, process, outcome), _measured(target, before, outcome):
            try:
                asyncio.run(module.attack(target, hard))
            except AssertionError as error:
                outcome.faults.append(f"{error}" or "an answer was not as it should be")
        try:
            poll(lambda: target.memory < before + LEFT, "the memory to be given back")
        except AssertionError as error:
            outcome.faults.append(str(error))
        outcome.left = target.memory - before
        outcome.faults += [f"log: {line}" for line in target.complaints[:10]]
    if outcome.growth > GROWTH:
        outcome.faults.append(f"{outcome.growth // MIB} MiB of memory taken")
    return outcome


def _warm_up(target: Target, process: subprocess.Popen[str]) -> None:
    """Whatever a server makes at its first pages and keeps, it has now."""
    outcome = Outcome()
    with _honest_person(target, process, outcome, number=-2):
        poll(target.server.answers, "the server to answer")
    assert not outcome.faults, outcome.faults


@contextmanager
def _process() -> Iterator[subprocess.Popen[str]]:
    """For honest people, one after the other."""
    command = [sys.executable, "-m", "tests.attack.honest"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        yield process


@contextmanager
def _honest_person(
    target: Target, process: subprocess.Popen[str], outcome: Outcome, number: int = -1
) -> Iterator[None]:
    learner = target.learner(number)
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(honest.order(target.url, learner))
    process.stdin.flush()
    try:
        yield
    finally:
        process.stdin.write("\n")
        process.stdin.flush()
        said = process.stdout.readline()
    seen = honest.Seen(**json.loads(said))
    outcome.save, outcome.page = max(seen.saves, default=0), max(seen.pages, default=0)
    outcome.saves = len(seen.saves)
    outcome.faults += [f"honest person: {error}" for error in seen.errors[:10]]
    with target.server.store() as store:
        visitor = store.visitor(token_hash(learner.token))
    stored = visitor.reflections[honest.QUESTION].text if visitor else None
    if stored != seen.acknowledged:
        outcome.faults.append("an acknowledged text is not there")


@contextmanager
def _measured(target: Target, before: int, outcome: Outcome) -> Iterator[None]:
    ended = threading.Event()

    def measure() -> None:
        while not ended.wait(0.1):
            outcome.growth = max(outcome.growth, target.memory - before)

    thread = threading.Thread(target=measure)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
