"""Firefox and WebKitGTK, each started once for the few tests that run in them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.engines.drivers import Driver, firefox, webkit
from tests.browser.engines.tabs import Tab
from tests.support.engines import FIREFOX, TRIED, WEBKIT, Engine, not_tried
from tests.support.server import Server, poll

_STARTED = {FIREFOX: firefox, WEBKIT: webkit}


@pytest.fixture(scope="module", params=[FIREFOX, WEBKIT], ids=lambda engine: engine.name)
def engine(request: pytest.FixtureRequest) -> Engine:
    """An engine that is there; `python -m tests` may still be installing it."""
    if tried := os.environ.get(TRIED):
        poll(Path(tried).exists, "the engines to be installed", deadline=400)
    engine: Engine = request.param
    if not engine.is_there:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(not_tried([engine]))
    return engine


@pytest.fixture(scope="module")
def driver(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    with _STARTED[engine](tmp_path_factory.mktemp(engine.name)) as driver:
        yield driver


@pytest.fixture
def tab(driver: Driver, server: Server) -> Iterator[Tab]:
    """The only tab, in which nobody is signed in."""
    first, *_ = driver.ask("list tabs")
    tab = Tab(driver, server, first)
    yield tab
    for handle in driver.ask("list tabs"):
        driver.ask("turn to tab", handle=handle)
        if handle != first:
            driver.ask("close tab")
    tab.go("/healthz")
    driver.ask("forget cookies")
