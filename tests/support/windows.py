"""A window in which somebody walks through all pages that there are for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page, WebSocket, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.support.chromium import FOREIGN
from tests.support.people import Person, signed_in, until
from tests.support.server import Server
from visionsprat.ui.pages import CLAIM

#: What the server names to nobody: the first account's page, known by its link, and a wrong address.
UNNAMED = (CLAIM, "finns-inte")
#: As a click on a link would: the product's own walk, which costs a third of loading the page.
_FOLLOW = """
    (address) => {
        const link = document.createElement("a");
        link.href = address;
        document.body.append(link);
        link.click();
        link.remove();
    }
"""
_LINKS = """
    () => [...document.querySelectorAll("a[href^='/']:not([download], [href^='/api/'])")]
        .map((link) => link.getAttribute("href"))
"""
#: What runs out at the side, of the page or of something in it.
OVERFLOW = """
    () => [document.documentElement, document.querySelector("[data-testid=stMain]")]
        .filter((each) => each && each.scrollWidth > each.clientWidth)
        .map((each) => `${each.tagName} is ${each.scrollWidth} wide in ${each.clientWidth}`)
"""
#: Until what has been asked of the browser just now is drawn.
TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"


@dataclass
class Window:
    page: Page
    server: Server
    #: The pages that this visitor has, as the server has told the browser.
    addresses: set[str] = field(default_factory=set)
    runs: int = 0

    def __post_init__(self) -> None:
        self.page.on("websocket", self._listen)

    def go(self, address: str) -> None:
        """Walk to an address, and wait until its page is drawn."""
        before = self.runs
        follow(self.page, address)
        until(self.page, lambda: self.runs > before, f"{address} to be drawn")
        settle(self.page)

    def load(self, address: str) -> None:
        self.page.goto(self.server.url + address)
        settle(self.page)

    def rounds(self) -> Iterator[str]:
        """Walk to every page: those the server names and all that they lead to, one of each kind."""
        seen: set[str] = set()
        todo = [f"/{address}" for address in sorted({*self.addresses, *UNNAMED})]
        while todo:
            address = todo.pop(0)
            kind = re.sub(r"\d+|(?<=visa=)[a-z-]+", "N", address)
            if kind in seen:
                continue
            seen.add(kind)
            # Within the module nothing leads to what is not named.
            (self.load if address.strip("/") in UNNAMED else self.go)(address)
            yield address
            todo += self.page.evaluate(_LINKS)

    def _hear(self, frame: str | bytes) -> None:
        message = ForwardMsg()
        message.ParseFromString(frame if isinstance(frame, bytes) else frame.encode())
        if message.WhichOneof("type") == "navigation":
            self.addresses |= {page.url_pathname for page in message.navigation.app_pages}
        self.runs += message.WhichOneof("type") == "script_finished"

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._hear)


def open_window(browser: Browser, server: Server, person: Person | None) -> Window:
    """Somebody's window, at the accessibility statement, which everybody has."""
    context = browser.new_context(bypass_csp=True, color_scheme="light", reduced_motion="reduce", **FOREIGN)
    context.set_default_timeout(30_000)
    window = Window(context.new_page(), server)
    if person is None:
        window.load("/tillganglighet")
    else:
        signed_in(window.page, person, "/tillganglighet")
        settle(window.page)
    return window


def follow(page: Page, address: str) -> None:
    """Start a walk to an address within the page that is loaded."""
    page.evaluate(_FOLLOW, address)


def settle(page: Page) -> None:
    """Wait until the page is drawn and no script runs."""
    if page.evaluate("Boolean(window.visionsprat)"):
        expect(page.locator(".first")).to_have_count(0)
    expect(page.locator("h1")).to_be_visible()
    if page.locator("#root").count():
        expect(page.locator("footer")).to_be_visible()
        expect(page.locator('[data-test-script-state="notRunning"]')).to_be_attached()
        expect(page.locator('[data-stale="true"], [data-testid="stSkeleton"]')).to_have_count(0)
    page.evaluate("document.fonts.ready.then(() => null)")


def lasting(page: Page, find: Callable[[], list[str]]) -> list[str]:
    """What is found again and again: a slow machine shows a page in the midst of a change."""
    for _ in range(5):
        found = find()
        if not found:
            return []
        page.wait_for_timeout(100)
        page.evaluate(TWO_FRAMES)
    return found
