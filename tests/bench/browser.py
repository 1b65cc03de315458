"""What somebody with Chromium waits for: a click in the navigation (a), a first and a second visit (f)."""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, TimeoutError, sync_playwright

from tests.bench.report import Figure, heading, median, remark, show
from tests.support.measured_server import Learner, Server, sign_in
from tests.support.walk import THEMES, WALK
from visionsprat.web.cookies import SESSION_COOKIE

#: A phone's line: 1.6 Mbit/s down, 750 kbit/s up, 150 ms.
LINE = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 93_750}
LARGEST = 12
HEADING = "h1#innehall"

# Click a link, and resolve to the milliseconds until the next page's heading is there and until its
# script has ended (the editors and the footer are then there too). By the DOM, not the next frame:
# that wait is the same for both and would flatter the ratio.
CLICK = """([link, title]) => new Promise((resolve, reject) => {
    const found = () => [...document.querySelectorAll("h1#innehall")].find(
        (each) => each.textContent.replace(/\\s+/g, " ").trim() === title
            && !each.closest('[data-stale="true"]'));
    const app = document.querySelector('[data-testid="stApp"]');
    const times = {};
    const start = performance.now();
    const look = () => {
        if (!times.heading && found()) times.heading = performance.now() - start;
        if (times.heading && app.dataset.testScriptState === "notRunning") {
            times.settled = performance.now() - start;
            watch.disconnect();
            resolve(times);
        }
    };
    const watch = new MutationObserver(look);
    watch.observe(document.documentElement,
        {subtree: true, childList: true, attributes: true, characterData: true});
    setTimeout(() => reject(new Error("no heading " + title)), 15000);
    document.querySelector(link).click();
})"""

# The empty pages have no links of their own; these stand beside React's root and are drawn by nobody.
LINKS = """(addresses) => {
    const nav = document.createElement("nav");
    nav.className = "side";
    for (const address of addresses) {
        const link = document.createElement("a");
        link.href = "/" + address;
        link.textContent = address;
        nav.append(link);
    }
    document.body.append(nav);
}"""

# Since the navigation began: when the page's own heading was there, and a box to write in, with nothing in
# front; how much the page moved about. When words could be read first, the browser notes itself.
WATCH = """
    new MutationObserver(() => {
        if (document.querySelector(".first")) return;
        if (!window.benchHeading && document.querySelector("HEADING"))
            window.benchHeading = performance.now();
        if (!window.benchEditor && document.querySelector("textarea, input[type=password]"))
            window.benchEditor = performance.now();
    }).observe(document, {subtree: true, childList: true});
    window.benchShift = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.benchShift += entry.value;
    }).observe({type: "layout-shift", buffered: true});
""".replace("HEADING", HEADING)

STATE = """() => {
    const app = document.querySelector('[data-testid="stApp"]')?.dataset ?? {};
    const words = document.body.innerText.slice(0, 100);
    return JSON.stringify([document.readyState, app.testConnectionState, app.testScriptState, words]);
}"""


@dataclass
class Visit:
    """What one page load fetched, and how long it took."""

    heading: float = 0
    words: float = 0
    editor: float = 0
    shift: float = 0
    sizes: dict[str, float] = field(default_factory=dict)
    websocket: float = 0
    #: When no heading came: what the page was like then. Such a visit is counted and shown, never repeated.
    stuck: str = ""

    @property
    def bytes(self) -> float:
        return sum(self.sizes.values()) + self.websocket


def clicks(ours: Server, empty: Server, rounds: int) -> None:
    """a. From a click in the navigation to the next page's heading, against the empty application's.

    Two tabs of one browser walk the same eight addresses by turns. In both a link is clicked and our script
    walks without a reload; in ours the link is the navigation's own. The ratio is that of the medians over
    all clicks.
    """
    heading("a", "click in the navigation → rendered in Chromium, against an empty page")
    times: dict[str, list[float]] = defaultdict(list)
    by_address: dict[str, list[float]] = defaultdict(list)
    (learner,) = sign_in(ours, 1, "clicks")
    with _chromium() as browser:
        page, empty_page = _opened(browser, ours, learner), _opened(browser, empty, None)
        empty_page.evaluate(LINKS, WALK)
        titles = _titles(page)
        for count in range(rounds + 1):  # the first round warms up
            for address in (*WALK[1:], ""):
                found = page.evaluate(CLICK, [_link(address), titles[address]])
                nothing = empty_page.evaluate(CLICK, [_link(address), address or "Start"])
                if count:
                    times["heading"].append(found["heading"])
                    times["settled"].append(found["settled"])
                    times["empty heading"].append(nothing["heading"])
                    times["empty settled"].append(nothing["settled"])
                    by_address[address].append(found["heading"])
                page.wait_for_timeout(30)
    for name, what, goal in (("heading", "to the heading", 1.25), ("settled", "to the end of the run", None)):
        value, nothing = median(times[name]), median(times[f"empty {name}"])
        show(Figure(what, value / nothing, "×", goal, f"{value:.1f} ms, empty {nothing:.1f} ms"))
    remark(
        "to the heading, ms: "
        + " · ".join(f"/{address} {median(by_address[address]):.0f}" for address in WALK)
    )


def visits(server: Server, rounds: int) -> None:
    """f. What a first and a second visit fetch; how long the first takes on a phone's line, cold.

    Chromium's emulated line slows HTTP down and leaves the websocket alone.
    """
    heading("f", "a first and a second visit (1.6 Mbit/s, 150 ms)")
    (learner,) = sign_in(server, 1, "visits")
    stuck: list[str] = []
    tried = 0
    for name, address, who in (
        ("sign-in page", "", None),
        ("sign-in page by a deep link", next(iter(THEMES)), None),
        ("start page, signed in", "", learner),
        ("theme, signed in", next(iter(THEMES)), learner),
    ):
        seen = []
        for _ in range(rounds):
            pair = _two_visits(server, address, who)
            stuck += [visit.stuck for visit in pair if visit.stuck]
            tried += len(pair)
            if not any(visit.stuck for visit in pair):
                seen.append(pair)
        if not seen:
            continue
        first, second = min(seen, key=lambda pair: pair[0].heading)
        words, times, editor = (
            median([getattr(pair[0], name) for pair in seen]) / 1000
            for name in ("words", "heading", "editor")
        )
        again = median([pair[1].heading for pair in seen]) / 1000
        remark(f"{name}:")
        show(
            Figure("  first visit, time to the first words", words, "s", 1),
            Figure("  first visit, time to the whole page", times, "s", 5),
            Figure("  first visit, layout shift", max(pair[0].shift for pair in seen), "", 0.1),
            Figure(
                "  first visit, bytes",
                first.bytes / 1e6,
                "MB",
                1.1,
                f"of these websocket {first.websocket / 1e3:.1f} kB",
            ),
            Figure("  first visit, responses", len(first.sizes), ""),
            Figure("  second visit, time to the whole page", again, "s"),
            Figure("  second visit, bytes", second.bytes / 1e3, "kB", None, f"{len(second.sizes)} responses"),
        )
        if editor:
            later = median([pair[1].editor for pair in seen]) / 1000
            show(
                Figure("  first visit, time until one can write", editor, "s", 5),
                Figure("  second visit, time until one can write", later, "s"),
            )
        _list(first, LARGEST)
        remark("second visit fetched: " + ", ".join(_short(url) for url in second.sizes))
    show(Figure("visits that showed no heading within a minute", len(stuck), "", 0, f"of {tried}"))
    for state in stuck:
        remark(state)


def _list(visit: Visit, count: int) -> None:
    for url, size in sorted(visit.sizes.items(), key=lambda each: -each[1])[:count]:
        remark(f"{size / 1000:8.1f} kB  {_short(url)}")


def _short(url: str) -> str:
    return "/" + url.split("/", 3)[-1]


def _two_visits(server: Server, address: str, learner: Learner | None) -> tuple[Visit, Visit]:
    with _chromium() as browser:
        context = _context(browser, server, learner)
        return _visit(context, server, address), _visit(context, server, address)


def _visit(context: BrowserContext, server: Server, address: str) -> Visit:
    page, seen = context.new_page(), Visit()
    session = context.new_cdp_session(page)
    urls: dict[str, str] = {}
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text[:200]))
    page.on("pageerror", lambda error: said.append(str(error)[:200]))

    def sent(event: dict[str, Any]) -> None:
        urls[event["requestId"]] = event["request"]["url"]

    def responded(event: dict[str, Any]) -> None:
        response = event["response"]
        if response.get("fromDiskCache") or response["url"].startswith(("data:", "blob:")):
            urls.pop(event["requestId"], None)

    def loaded(event: dict[str, Any]) -> None:
        if url := urls.get(event["requestId"]):
            seen.sizes[url] = seen.sizes.get(url, 0) + event["encodedDataLength"]

    def from_memory(event: dict[str, Any]) -> None:
        urls.pop(event["requestId"], None)

    def framed(event: dict[str, Any]) -> None:
        seen.websocket += len(event["response"]["payloadData"]) * 3 / 4  # binary frames come as base64

    session.on("Network.requestWillBeSent", sent)
    session.on("Network.requestServedFromCache", from_memory)
    session.on("Network.responseReceived", responded)
    session.on("Network.loadingFinished", loaded)
    session.on("Network.webSocketFrameReceived", framed)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", LINE)
    page.add_init_script(WATCH)
    page.goto(f"{server.url}/{address}", wait_until="commit")
    try:
        page.wait_for_selector(HEADING, timeout=60_000)
    except TimeoutError:
        seen.stuck = f"/{address}: {page.evaluate(STATE)}; said: {said[:3]}"
    _wait_for_quiet(page, seen)
    seen.words, seen.heading, seen.editor, seen.shift = page.evaluate(
        """[performance.getEntriesByName("first-contentful-paint")[0].startTime,
            window.benchHeading ?? 0, window.benchEditor ?? 0, window.benchShift]"""
    )
    page.close()
    return seen


def _wait_for_quiet(page: Page, seen: Visit) -> None:
    """Wait until nothing more has arrived for two seconds."""
    before = -1.0
    while before != seen.bytes:
        before = seen.bytes
        page.wait_for_timeout(2000)


def _opened(browser: Browser, server: Server, learner: Learner | None) -> Page:
    page = _context(browser, server, learner).new_page()
    page.goto(server.url)
    page.wait_for_selector(HEADING)
    page.wait_for_timeout(1000)
    return page


def _titles(page: Page) -> dict[str, str]:
    """The heading of each page of the walk, as a first walk shows them."""
    titles = {}
    for address in (*WALK[1:], ""):
        page.click(_link(address))
        page.wait_for_timeout(700)
        titles[address] = " ".join(page.inner_text(HEADING, timeout=5000).split())
    return titles


def _link(address: str) -> str:
    return f'nav.side a[href="/{address}"]'


@contextmanager
def _chromium() -> Iterator[Browser]:
    path = os.environ.get("BROWSER_UNDER_TEST") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


def _context(browser: Browser, server: Server, learner: Learner | None) -> BrowserContext:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    if learner:
        context.add_cookies(
            [{"name": SESSION_COOKIE, "value": learner.token, "url": server.url, "httpOnly": True}]
        )
    return context
