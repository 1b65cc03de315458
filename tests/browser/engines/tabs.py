"""A tab of any engine, and what a person does in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.browser.engines.drivers import Driver, Refused
from tests.support.people import PASSWORD, Person
from tests.support.server import Server, poll
from visionsprat.web.cookies import SESSION_COOKIE

#: What WebDriver calls an element by.
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


@dataclass(frozen=True)
class Tab:
    driver: Driver
    server: Server
    handle: str

    # What one does

    def go(self, address: str) -> None:
        self._ask("go", url=self.server.url + address)

    def go_back(self) -> None:
        self._ask("go back")

    def let_in(self, person: Person) -> None:
        """Give the browser a session of somebody's, without the form."""
        self.go("/healthz")
        cookie = {"name": SESSION_COOKIE, "value": person.new_token(), "path": "/", "httpOnly": True}
        self._ask("add cookie", cookie=cookie)

    def sign_in(self, person: Person) -> None:
        self.type(_field("E-post"), person.email)
        self.type(_field("Lösenord"), PASSWORD)
        self.click(_named("button", "Logga in"))

    def press(self, button: str) -> None:
        self.click(_named("button", button))

    def follow(self, link: str) -> None:
        self.click(_named("a", link))

    def write(self, text: str, number: int = 0) -> None:
        """Type into an editor, behind what stands there."""
        self.type(f"(//textarea)[{number + 1}]", text)

    def click(self, xpath: str) -> None:
        self._do("click", xpath)

    def type(self, xpath: str, text: str) -> None:
        self._do("type", xpath, text=text)

    def another(self) -> Tab:
        opened = self._ask("open tab", type="tab")
        return Tab(self.driver, self.server, opened["handle"])

    # What one sees

    @property
    def title(self) -> str:
        return str(self.run("return document.title"))

    @property
    def words(self) -> str:
        """All that is to be read on the page."""
        return str(self.run("return document.body.innerText"))

    def heading(self) -> str:
        return str(self.run("return document.querySelector('h1')?.innerText ?? ''"))

    def text(self, number: int = 0) -> str | None:
        """What stands in an editor's box, once the page is drawn: until then the first words cover it."""
        boxes = "document.querySelector('.first') ? [] : document.querySelectorAll('textarea')"
        found: str | None = self.run(f"return ({boxes})[arguments[0]]?.value", number)
        return found

    def status(self, number: int = 0) -> str:
        shown = "return document.querySelectorAll('.status')[arguments[0]]?.innerText ?? ''"
        return str(self.run(shown, number))

    def until(self, met: Callable[[], bool], what: str) -> None:
        """Wait; a page that is just being left answers nothing."""

        def answered() -> bool:
            try:
                return met()
            except Refused:
                return False

        try:
            poll(answered, what, deadline=30)
        except AssertionError as error:
            raise AssertionError(f"{error} The page, {self.title!r}:\n{self.words}") from None

    def run(self, script: str, *arguments: Any) -> Any:
        return self._ask("run", script=script, args=list(arguments))

    def _do(self, command: str, xpath: str, **more: Any) -> None:
        """Do something with an element as soon as it can be done: pages are drawn bit by bit."""
        last: list[Refused] = []

        def done() -> bool:
            try:
                element = self._ask("find", using="xpath", value=xpath)
                self._ask(command, id=element[ELEMENT], **more)
            except Refused as error:
                last.append(error)
                return False
            return True

        try:
            poll(done, f"{command} {xpath}", deadline=30)
        except AssertionError as error:
            raise AssertionError(f"{error} {last[-1]}\nThe page, {self.title!r}:\n{self.words}") from None

    def _ask(self, command: str, **parameters: Any) -> Any:
        self.driver.ask("turn to tab", handle=self.handle)
        return self.driver.ask(command, **parameters)


def _field(label: str) -> str:
    return f"//input[@aria-label='{label}']"


def _named(kind: str, name: str) -> str:
    return f"//{kind}[normalize-space()='{name}']"
