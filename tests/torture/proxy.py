"""`python -m tests.torture.proxy`: people write through a proxy that answers in the server's place, and lies.

Three tabs of one person a round, with a restore of an older backup in the middle of it. Every word that has
stood in a box must be in one at the end, or on the server, among the versions too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import secrets
import signal
import sqlite3
import struct
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET

from playwright.sync_api import BrowserContext, Error, Page, expect, sync_playwright

from tests.support.chromium import ARGUMENTS, NO_BROWSER, ORDINARY, VARIABLE, installed_browser
from tests.support.people import Person, add_person, let_in
from tests.support.server import Server, free_port, poll
from visionsprat.backups.archive import backup, restore

TABS = 3
ROUND = 60.0  # s
#: Where each tab writes until the restore, the page and which editor; after it all write in all.
PLACES = (("skapande", 0), ("skapande", 1), ("globala", 0))
SAVE = b"POST /api/reflections "
#: Between joining two texts and keeping one's own, as both would double a text at each conflict.
LONGEST_JOINED = 3_000
SETTLED = re.compile(r"^Sparat \d|^Sparas medan du skriver")
_UNSAVED = "window.visionsprat.unsaved().length"
#: Drafts of closed tabs that nobody has sent yet are not lost, nor saved.
_WAITING = "Object.keys(localStorage).filter((name) => name.startsWith('visionsprat:draft:')).length"
FOREIGN = [
    *((status, b'{"status": "ok"}') for status in (200, 201, 409, 404, 413, 422, 423, 401, 429, 500)),
    *((status, b"<h1>Welcome</h1>") for status in (200, 409, 502)),
    (409, b'{"text": "Something else", "revision": 7, "saved_at": "2026-11-12T08:00:00+00:00"}'),
    (200, b'{"revision": 99, "saved_at": "2026-11-12T08:00:00+00:00"}'),
    (200, b"[]"),
]


class Meddler:
    """A proxy on a port of its own, in a thread of its own. Only saves are meddled with."""

    def __init__(self, server: Server, chance: random.Random) -> None:
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.done: Counter[str] = Counter()
        self.is_calm = False
        self._server, self._chance = server, chance
        self._old: list[bytes] = []
        self._later: set[asyncio.Task[bytes]] = set()
        self._ways = {
            "handed on": (8, self._hand_on),
            "delayed": (3, self._delay),
            "reset before the server had it": (2, self._reset),
            "lost after the commit": (3, self._lose_answer),
            "sent twice": (2, self._send_twice),
            "sent again later": (2, self._send_again_later),
            "answered by a stranger": (4, self._answer_instead),
            "committed and answered by a stranger": (2, self._answer_otherwise),
            "answered with an old answer": (2, self._answer_with_an_old_one),
        }

    @contextmanager
    def running(self) -> Iterator[None]:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        listen = asyncio.start_server(self._meet, "127.0.0.1", self.port)
        listening = asyncio.run_coroutine_threadsafe(listen, loop).result(10)
        try:
            yield
        finally:
            loop.call_soon_threadsafe(listening.close)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(SAVE):
                length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
                body = await reader.readexactly(int(length[1]) if length else 0)
                await self._meddle(_closing(head) + body, writer)
            else:
                await self._tunnel(_closing(head), reader, writer)
        writer.close()

    async def _tunnel(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._server.port)
        back.write(head)
        await asyncio.gather(_pipe(reader, back), _pipe(there, writer))

    async def _meddle(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        names = list(self._ways)
        way = self._chance.choices(names, [self._ways[name][0] for name in names])[0]
        if self.is_calm or (way == "answered with an old answer" and not self._old):
            way = "handed on"
        self.done[way] += 1
        answer = await self._ways[way][1](request)
        if answer is None:
            writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            return
        writer.write(answer)
        await writer.drain()

    async def _hand_on(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._server.port)
        writer.write(request)
        answer = await reader.read(-1)
        writer.close()
        self._old = [*self._old[-20:], answer]
        return answer

    async def _delay(self, request: bytes) -> bytes:
        await asyncio.sleep(self._chance.uniform(0, 3))
        answer = await self._hand_on(request)
        await asyncio.sleep(self._chance.uniform(0, 3))
        return answer

    async def _reset(self, request: bytes) -> None:
        return None

    async def _lose_answer(self, request: bytes) -> None:
        await self._hand_on(request)

    async def _send_twice(self, request: bytes) -> bytes:
        await self._hand_on(request)
        return await self._hand_on(request)

    async def _send_again_later(self, request: bytes) -> bytes:
        self._later = {each for each in self._later if not each.done()}
        self._later.add(asyncio.create_task(self._delay(request)))
        return await self._hand_on(request)

    async def _answer_instead(self, request: bytes) -> bytes:
        status, body = self._chance.choice(FOREIGN)
        kind = "text/html" if body.startswith(b"<") else "application/json"
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        return f"{head}Retry-After: 1\r\nConnection: close\r\n\r\n".encode() + body

    async def _answer_otherwise(self, request: bytes) -> bytes:
        await self._hand_on(request)
        return await self._answer_instead(request)

    async def _answer_with_an_old_one(self, request: bytes) -> bytes:
        return self._chance.choice(self._old)


def _closing(head: bytes) -> bytes:
    """One request a connection, so that each can be looked at; a websocket stays open."""
    if re.search(rb"(?i)\r\nupgrade:", head):
        return head
    return re.sub(rb"(?i)\r\nconnection:[^\r]*", b"", head)[:-2] + b"Connection: close\r\n\r\n"


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()
    writer.close()


class Round:
    """One person, three tabs, a backup, and its restore."""

    def __init__(self, context: BrowserContext, server: Server, meddler: Meddler, seed: int) -> None:
        self._context, self._server, self._meddler = context, server, meddler
        self._chance = random.Random(seed)
        self._person: Person = add_person(server)
        self.words: set[str] = set()
        #: What was done, for when something is lost.
        self.told: list[str] = []
        self._typed = 0
        let_in(self._blank(), self._person, self._meddler.url)
        self._tabs = [self._open(number) for number in range(TABS)]

    def write(self, folder: Path, seconds: float) -> None:
        for part in range(2):
            self._write_for(seconds / 4, collide=False)
            if part == 0:
                path = backup(self._server.database, folder, datetime.now(timezone.utc))
        assert path is not None
        self._server.kill()
        self.told.append(f"{time.monotonic():.1f} restored; in the boxes {self._boxes()}")
        restore(path, self._server.database, datetime.now(timezone.utc), lambda found: None)
        self._server.start()
        self._come_back()
        self._write_for(seconds / 2, collide=True)

    def missing(self) -> set[str]:
        """What was typed and is nowhere, when all have had the time to save."""
        self._meddler.is_calm = True
        try:
            poll(self._is_settled, "all to be saved", self._pause, 120)
        except AssertionError:
            for tab in self._tabs:
                print(tab.url, tab.locator("main").all_inner_texts(), file=sys.stderr)
            print(*self.told[-30:], sep="\n", file=sys.stderr)
            raise
        boxes = self._boxes()
        self._meddler.is_calm = False
        for tab in self._tabs:
            tab.close()
        found = "\n".join([*boxes, *self._stored()])
        # A word before it may have been cut off, as it was typed while its box went away.
        lost = {word for word in self.words if not re.search(rf"{word}\b", found)}
        if lost:
            print(f"lost {sorted(lost)}", *self.told, sep="\n", file=sys.stderr)
        return lost

    def _boxes(self) -> list[str]:
        return [box.input_value() for tab in self._tabs for box in tab.locator("textarea").all()]

    def _blank(self) -> Page:
        return self._context.pages[0] if self._context.pages else self._context.new_page()

    def _open(self, number: int) -> Page:
        tab = self._context.new_page()
        tab.goto(f"{self._meddler.url}/{PLACES[number][0]}")
        expect(tab.locator("textarea").first).to_be_visible(timeout=60_000)
        return tab

    def _pause(self, seconds: float) -> None:
        self._tabs[0].wait_for_timeout(seconds * 1000)

    def _write_for(self, seconds: float, *, collide: bool) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            number = self._chance.randrange(TABS)
            page, editor = PLACES[number]
            if collide:
                page, editor = self._chance.choice(PLACES)
            with suppress(Error):  # a page may be covered, or drawn anew, just then
                self._do(number, page, editor)
            self._pause(self._chance.uniform(0, 0.6))

    def _do(self, number: int, page: str, editor: int) -> None:
        tab, what = self._tabs[number], self._chance.random()
        tab.bring_to_front()
        self.told.append(f"{time.monotonic():.1f} tab {number} at {tab.url}: {what:.2f}")
        if what < 0.04:
            tab.reload()
        elif what < 0.08:
            tab.close()
            self._tabs[number] = self._open(number)
        elif not tab.url.endswith(f"/{page}"):
            tab.locator(f'nav.side a[href="/{page}"]').first.click(timeout=2000)
        else:
            self._settle_conflicts(tab)
            self._type(tab, editor)

    def _type(self, tab: Page, editor: int) -> None:
        box, prefix = tab.locator("textarea").nth(editor), tab.url.rpartition("/")[2]
        for _ in range(self._chance.randint(1, 5)):
            self._typed += 1
            word = f"{prefix[0]}{editor}x{self._typed}"
            box.focus(timeout=2000)
            tab.keyboard.press("Control+End")
            tab.keyboard.type(f"{word} ", delay=self._chance.uniform(0, 40))
            if word in box.input_value(timeout=2000):
                self.words.add(word)
                self.told.append(f"  {word}")

    def _settle_conflicts(self, tab: Page) -> None:
        for choice in tab.locator(".choice").all():
            if not choice.locator("h3").count():
                continue
            text = choice.locator(".words").all_inner_texts()
            joined = sum(map(len, text)) < LONGEST_JOINED and self._chance.random() < 0.5
            name = "Behåll båda" if joined else "Behåll min"
            blank = choice.get_by_role("button", name="Spara texten", exact=True)
            button = choice.get_by_role("button", name=name, exact=True)
            (blank if blank.count() else button).click(timeout=2000)
            self.told.append(f"  {choice.locator('h3').all_inner_texts()} {name}: {text}")

    def _come_back(self) -> None:
        let_in(self._tabs[0], self._person, self._meddler.url)
        for tab in self._tabs:

            def is_back(tab: Page = tab) -> bool:
                tab.bring_to_front()
                with suppress(Error):
                    self._sign_in_again(tab)
                return bool(tab.locator("textarea").count())

            try:
                poll(is_back, "a tab to be signed in again", self._pause, 90)
            except AssertionError:
                print(tab.url, tab.locator("body").inner_text()[:2000], file=sys.stderr)
                raise

    def _sign_in_again(self, tab: Page) -> None:
        """The browser has a session again, which a tab that comes forward would find; here none ever does."""
        button = tab.locator("main.cover button")
        if button.count():
            button.click(timeout=1000)
        elif tab.locator(".banner[data-ended]").count():
            tab.reload()

    def _is_settled(self) -> bool:
        for tab in self._tabs:
            tab.bring_to_front()
            with suppress(Error):
                self._sign_in_again(tab)
                self._settle_conflicts(tab)
                tab.evaluate("window.visionsprat?.wake?.()")
                # A conflict may wait on another page.
                page = self._chance.choice(PLACES)[0]
                if tab.evaluate(_UNSAVED) and not tab.url.endswith(page):
                    tab.locator(f'nav.side a[href="/{page}"]').first.click(timeout=2000)
        self._pause(0.5)
        said = [each for tab in self._tabs for each in tab.locator(".status").all_inner_texts()]
        unsaved = [tab.evaluate(each) for tab in self._tabs for each in (_UNSAVED, _WAITING)]
        return len(said) == 2 * TABS and all(map(SETTLED.match, said)) and not any(unsaved)

    def _stored(self) -> list[str]:
        with closing(sqlite3.connect(self._server.database)) as database:
            found = database.execute(
                "SELECT text FROM reflections WHERE account_id = ?1"
                " UNION ALL SELECT text FROM reflection_revisions WHERE account_id = ?1",
                [self._person.id],
            )
            return [text for (text,) in found]


def main() -> int:
    options = _options()
    browser_path = os.environ.get(VARIABLE) or installed_browser()
    if browser_path is None:
        sys.exit(NO_BROWSER)
    print(f"seed: {options.seed}", flush=True)
    chance = random.Random(options.seed)
    end = time.monotonic() + options.minutes * 60
    words, lost, rounds = 0, [], 0
    with tempfile.TemporaryDirectory(prefix="visionsprat-proxy-") as folder, sync_playwright() as playwright:
        server = Server(Path(folder))
        meddler = Meddler(server, random.Random(chance.random()))
        browser = playwright.chromium.launch(executable_path=browser_path, args=ARGUMENTS)
        try:
            with meddler.running():
                while rounds == 0 or time.monotonic() < end:
                    seconds = max(20.0, min(ROUND, end - time.monotonic()))
                    context = browser.new_context(**ORDINARY)
                    each = Round(context, server, meddler, chance.randrange(2**32))
                    each.write(Path(folder) / f"round-{rounds}", seconds)
                    lost += sorted(each.missing())
                    context.close()
                    rounds += 1
                    words += len(each.words)
                    print(f"rounds: {rounds}, words: {words}, lost: {len(lost)}", flush=True)
        finally:
            browser.close()
            server.kill()
    print(json.dumps(dict(sorted(meddler.done.items()))))
    if lost:
        print(f"Lost: {', '.join(lost)}", file=sys.stderr)
    return 1 if lost else 0


def _options() -> argparse.Namespace:
    about = __doc__.splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m tests.torture.proxy", description=about)
    parser.add_argument("--minutes", type=float, default=30, help="how long (30); one round at the least")
    parser.add_argument(
        "--seed", type=int, default=secrets.randbelow(2**32), help="what moments and answers are drawn from"
    )
    return parser.parse_args()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
