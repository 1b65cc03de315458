"""What every test has: a data folder of its own, a clock to move, a store, the module's words."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from hypothesis import settings

from tests.support.clock import Clock
from tests.support.stored import AddAccount
from visionsprat.content.module import Module, load_module
from visionsprat.domain.records import NewAccount
from visionsprat.installation import open_installation
from visionsprat.settings import ROOT
from visionsprat.store import Store
from visionsprat.telemetry import log

# Machines that test are slow and busy: how long an example takes says nothing.
settings.register_profile("without a clock", deadline=None)
settings.load_profile("without a clock")


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A throw-away data folder: no test comes near data/, whatever the environment says."""
    monkeypatch.setenv("VISIONSPRAT_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("VISIONSPRAT_CONTENT", raising=False)
    monkeypatch.delenv("VISIONSPRAT_URL", raising=False)
    parts = tuple(f"VISIONSPRAT_{part}_" for part in ("SMTP", "MAIL", "LOG", "METRICS"))
    for name in [name for name in os.environ if name.startswith(parts)]:
        monkeypatch.delenv(name)
    open_installation.cache_clear()
    yield tmp_path / "data"
    if open_installation.cache_info().currsize:
        open_installation().store.close()
    open_installation.cache_clear()


@pytest.fixture(autouse=True)
def no_refusal_was_told_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_refusals", log.Seldom())


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """New passwords are hashed at bcrypt's lowest cost: what is tested is not bcrypt."""
    monkeypatch.setattr(bcrypt, "gensalt", functools.partial(bcrypt.gensalt, 4))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    store = Store(tmp_path / "store" / "visionsprat.db", clock)
    yield store
    store.close()


@pytest.fixture(scope="session")
def module() -> Module:
    return load_module(ROOT / "content")


@pytest.fixture
def add_account(store: Store) -> AddAccount:
    """Add an account by its e-mail address; what is not said gets a plain value."""

    def add(email: str = "amina@test.example", name: str = "Amina Testsson", **more: Any) -> int:
        return store.add_account(NewAccount(email, name, **{"password_hash": "no hash", **more}))

    return add


@pytest.fixture
def amina(add_account: AddAccount) -> int:
    return add_account()


@pytest.fixture
def bengt(add_account: AddAccount) -> int:
    return add_account("bengt@test.example", "Bengt Provberg")
