"""A real Chromium against a really started server, people to sign in as, and pictures of what failed."""

from __future__ import annotations

import functools
import os
import signal
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    WebError,
    expect,
    sync_playwright,
)

from tests.support.chromium import ARGUMENTS, NO_BROWSER, ORDINARY, VARIABLE, installed_browser
from tests.support.people import NewComputer, NewPerson, Person, add_person
from tests.support.server import Server, free_port, poll

HERE = Path(__file__).parent
_failed = pytest.StashKey[bool]()

expect.set_options(timeout=30_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests go last: they are slow, and Playwright leaves an event loop running in its thread.

    The longest files of them first, or one worker would still be busy with it when the others are done: those
    whose tests look at everything, then those with the most.
    """
    tests = Counter(item.path for item in items)
    for name in ("test_pages.py", "test_states.py"):
        tests[HERE / "axe" / name] += len(items)
    items.sort(key=lambda item: (1, -tests[item.path]) if HERE in item.path.parents else (0, 0))
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("browser")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[_failed] = report.failed
    return report


@pytest.fixture(scope="session", autouse=True)
def _leave_nothing_running() -> None:
    """A suite that is stopped from outside, as CI does at its time limit, ends its servers like Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a browser that starts; no test is skipped for want of one."""
    path = os.environ.get(VARIABLE) or installed_browser()
    if path is None:
        pytest.fail(NO_BROWSER, pytrace=False)
    return path


@pytest.fixture(scope="session")
def playwright() -> Iterator[Any]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Any, chromium: str) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def port() -> int:
    """One server after the other answers here, so that a browser knows its scripts already."""
    return free_port()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"), port=port)
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def running(request: pytest.FixtureRequest) -> None:
    """A test that ends while its server is down must not bring the next one down with it."""
    if "server" in request.fixturenames:
        server: Server = request.getfixturevalue("server")
        server.start_if_down()


@pytest.fixture(scope="session")
def computers(browser: Browser) -> Iterator[list[BrowserContext]]:
    """Ordinary computers that nobody uses just now, wiped clean."""
    idle: list[BrowserContext] = []
    yield idle
    for context in idle:
        context.close()


@pytest.fixture
def new_computer(
    browser: Browser, computers: list[BrowserContext], request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[NewComputer]:
    """Open a browser with cookies and storage of its own; its page comes back.

    At the end none of its pages may have met an error in a script. When the test failed, it is pictured.
    An ordinary computer is used again: a page costs half where Streamlit's scripts have been read before.
    """
    server: Server | None = request.getfixturevalue("server") if "server" in request.fixturenames else None
    ordinary: list[BrowserContext] = []
    special: list[BrowserContext] = []
    errors: list[str] = []

    def note_error(error: WebError) -> None:
        errors.append(str(error.error))

    def note_message(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            errors.append(message.text)

    def open_one(**options: Any) -> Page:
        ordinarily = server is not None and not options
        if ordinarily and computers:
            context = computers.pop()
        else:
            context = browser.new_context(**{**ORDINARY, **options})
            context.set_default_timeout(30_000)
            if server is not None and not options:
                _anchor(context, server)
        context.on("weberror", note_error)
        context.on("console", note_message)
        (ordinary if ordinarily else special).append(context)
        return _opened_from(context.pages[0]) if ordinarily else context.new_page()

    yield open_one
    if request.node.stash.get(_failed, False):
        _take_pictures([page for context in ordinary + special for page in context.pages], tmp_path)
        if server is not None:
            print("The server's output:\n" + server.output)
    for context in special:
        context.close()
    for context in ordinary:
        assert server is not None
        _wipe(context, server)
        context.remove_listener("weberror", note_error)
        context.remove_listener("console", note_message)
        computers.append(context)
    assert not errors


def _anchor(context: BrowserContext, server: Server) -> None:
    """Keep a page open on the server's site, so that the process with its scripts in memory lives on."""
    context.new_page().goto(f"{server.url}/healthz")


def _opened_from(anchor: Page) -> Page:
    """A new tab in the process of the page that opens it."""
    with anchor.expect_popup() as opened:
        anchor.evaluate("() => void window.open('about:blank')")
    return opened.value


def _wipe(context: BrowserContext, server: Server) -> None:
    """Leave nothing of who used it, but what was fetched."""
    anchor, *pages = context.pages
    for page in pages:
        _close(page, anchor)
    context.clear_cookies()
    everything = {"origin": server.url, "storageTypes": "all"}
    context.new_cdp_session(anchor).send("Storage.clearDataForOrigin", everything)


def _close(page: Page, anchor: Page) -> None:
    """Close a tab, asked for again while it is there: one that is just being loaded anew lets that go by."""
    browser = page.context.new_cdp_session(anchor)
    target = page.context.new_cdp_session(page).send("Target.getTargetInfo")["targetInfo"]["targetId"]

    def is_closed() -> bool:
        if not page.is_closed():
            with suppress(Error):  # it has just gone
                browser.send("Target.closeTarget", {"targetId": target})
        return page.is_closed()

    poll(is_closed, "a tab to be closed", lambda seconds: anchor.wait_for_timeout(seconds * 1000))


def _take_pictures(pages: list[Page], folder: Path) -> None:
    for number, page in enumerate(pages):
        path = folder / f"failed-{number}.png"
        try:
            page.screenshot(path=path, timeout=10_000)
            print(f"{page.url} looked like {path}")
        except Exception as error:  # a picture must not hide why the test failed
            print(f"No picture of {page.url}: {error}")


@pytest.fixture
def page(new_computer: NewComputer) -> Page:
    return new_computer()


@pytest.fixture
def new_person(server: Server) -> NewPerson:
    return functools.partial(add_person, server)


@pytest.fixture
def person(new_person: NewPerson) -> Person:
    return new_person()
