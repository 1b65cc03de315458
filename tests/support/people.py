"""People with accounts, and what they do in a browser."""

from __future__ import annotations

import re
import secrets
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import bcrypt
from playwright.sync_api import Locator, Page, Response, Route, expect

from tests.support.server import Server, poll
from visionsprat.accounts import authentication
from visionsprat.domain.records import Draft, NewAccount, Reflection
from visionsprat.web.cookies import SESSION_COOKIE, Outside

PASSWORD = "häst batteri klammer"
PASSWORD_HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
SAVED = re.compile(r"^Sparat \d\d:\d\d")

NewComputer = Callable[..., Page]
NewPerson = Callable[..., "Person"]


@dataclass(frozen=True)
class Person:
    """An account on the server, with the password PASSWORD."""

    server: Server
    id: int
    email: str

    def text(self, question: str) -> str:
        """What the database holds as this person's answer, read past the store."""
        return self._stored(question)[0]

    def write(self, question: str, text: str) -> None:
        """Store an answer as another browser of the same person would."""
        with self.server.store() as store:
            saved = store.save_reflection(self.id, Draft(question, text, self._stored(question)[1]))
        assert isinstance(saved, Reflection)

    def new_token(self) -> str:
        """A session of its own, begun as the ticket's route would."""
        with self.server.store() as store:
            admitted = authentication.redeem(
                store, authentication.issue_ticket(store, self.id, "test"), "test"
            )
        assert admitted is not None
        return admitted.token

    def _stored(self, question: str) -> tuple[str, int]:
        with closing(sqlite3.connect(self.server.database)) as database:
            row = database.execute(
                "SELECT text, revision FROM reflections WHERE account_id = ? AND question_id = ?",
                [self.id, question],
            ).fetchone()
            first = "SELECT '', max(erased_revision, locked_revision, first_revision) FROM accounts"
            text, revision = row or database.execute(f"{first} WHERE id = ?", [self.id]).fetchone()
            return text, revision


def add_person(server: Server, name: str = "Amina Testsson", **more: Any) -> Person:
    email = f"{secrets.token_hex(6)}@test.example"
    with server.store() as store:
        account_id = store.add_account(NewAccount(email, name, PASSWORD_HASH, **more))
    return Person(server, account_id, email)


def cookie_name(address: str, plain: str) -> str:
    """What a cookie of ours is called in a browser there: servers for tests have ports of their own."""
    return Outside(https=False, port=urlsplit(address).port).name(plain)


def cookie(page: Page, plain: str) -> Any:
    """A cookie of ours in the browser, as Playwright gives it, or None."""
    name = cookie_name(page.url, plain)
    return next((each for each in page.context.cookies() if each["name"] == name), None)


def let_in(page: Page, person: Person, address: str | None = None) -> None:
    """Give the browser a session of somebody's, before it opens a page there."""
    url = address or person.server.url
    name, token = cookie_name(url, SESSION_COOKIE), person.new_token()
    page.context.add_cookies(
        [{"name": name, "value": token, "url": url, "httpOnly": True, "sameSite": "Lax"}]
    )


def signed_in(page: Page, person: Person, address: str = "/") -> None:
    """Open a page as somebody, without the form."""
    let_in(page, person)
    page.goto(person.server.url + address)
    expect(page.locator("nav.side")).to_be_attached()
    expect(page.locator(".first")).to_have_count(0)


def fill_in_sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    page.get_by_label("E-post").fill(email)
    page.get_by_label("Lösenord", exact=True).fill(password)
    page.get_by_role("button", name="Logga in").click()


def answer_saves(page: Page, status: int, **body: Any) -> None:
    """Let what is saved from now on be answered so, in the server's name: its editors believe nobody else."""
    asked = "fetch('/api/drafts/key', { method: 'POST' }).then((answer) => answer.json())"
    epoch = page.evaluate(asked).get("epoch")

    def answer(route: Route) -> None:
        account = int(route.request.headers["x-visionsprat-account"])
        sent: Any = route.request.post_data_json
        about = {"question": sent["question"], "crc32": zlib.crc32(sent["text"].encode("utf-16-le"))}
        route.fulfill(status=status, json={"account": account, "epoch": epoch, **about, **body})

    page.route("**/api/reflections", answer)


def answered_saves(page: Page) -> list[str]:
    """The answers to saves from now on, as they come."""
    answered: list[str] = []

    def note(response: Response) -> None:
        if "/api/reflections" in response.url:
            answered.append(response.url)

    page.on("response", note)
    return answered


def editor(page: Page, number: int = 0) -> Locator:
    return page.locator("textarea").nth(number)


def status(page: Page, number: int = 0) -> Locator:
    return page.locator(".status").nth(number)


def until(page: Page, met: Callable[[], bool], what: str) -> None:
    """Wait for something outside the page, letting the page live meanwhile."""
    poll(met, what, lambda seconds: page.wait_for_timeout(seconds * 1000))
