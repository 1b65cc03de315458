"""What one is told, beside the first words, when the rest of the page can't come."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, WebSocketRoute, expect

from tests.support.people import Person, editor, let_in
from visionsprat.content.module import Module

WEBSOCKETS, HEALTH = "**/_stcore/stream*", "**/_stcore/health"
PATIENCE = 10_000
BLOCKED = "den fasta anslutning (websocket)"

#: Browsers of before, as far as a new one can be made to be like them.
BEFORE = {
    "no regular expressions with sets": """
        const { construct, apply } = Reflect;
        const refuse = ([, flags]) => { if (flags?.includes("v")) throw new SyntaxError("Invalid flags"); };
        RegExp = new Proxy(RegExp, {
            construct: (target, given, made) => { refuse(given); return construct(target, given, made); },
            apply: (target, self, given) => { refuse(given); return apply(target, self, given); },
        });
    """,
    "no :has()": "CSS.supports = (query) => !query.includes(':has(');",
    "no CSS.supports": "delete window.CSS; window.CSS = undefined;",
    "no static blocks": "",
}


def without_static_blocks(route: Route) -> None:
    """The page as it comes to a browser which takes modern.js for a fault in writing."""
    answer = route.fetch()
    assert "static {" in answer.text()
    route.fulfill(response=answer, body=answer.text().replace("static {", "static ("))


def told(page: Page) -> Locator:
    return page.locator(".first [role=alert]")


def reads_on(page: Page, module: Module) -> None:
    """The page's own words stay, and stay in sight."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Den globala staden")
    for paragraph in module.theme("globala").body.split("\n\n"):
        expect(page.get_by_text(paragraph)).to_be_visible()


@pytest.mark.parametrize("how", ["closed", "silent"])
def test_where_no_websocket_comes_through_one_is_told_and_reads_on_and_it_goes_on_when_it_does(
    page: Page, person: Person, module: Module, how: str
) -> None:
    blocked = True

    def refuse(socket: WebSocketRoute) -> None:
        if not blocked:
            socket.connect_to_server()
        elif how == "closed":
            socket.close()

    page.route_web_socket(WEBSOCKETS, refuse)
    page.clock.install()
    let_in(page, person)
    page.goto(f"{person.server.url}/globala")
    page.clock.run_for(PATIENCE - 2000)
    expect(page.locator(".first")).to_be_attached()
    expect(told(page)).to_have_count(0)
    page.clock.run_for(2000)
    expect(told(page)).to_contain_text(BLOCKED)
    expect(told(page)).to_contain_text(f"släppa fram websocket till localhost:{person.server.port}")
    reads_on(page, module)
    if how == "closed":
        blocked = False
        page.clock.run_for(PATIENCE)
        expect(editor(page)).to_be_visible()
        expect(told(page)).to_have_count(0)


def test_a_server_that_answers_nothing_is_told_as_that(page: Page, person: Person, module: Module) -> None:
    page.route_web_socket(WEBSOCKETS, lambda socket: socket.close())
    page.route(HEALTH, lambda route: route.abort())
    page.clock.install()
    let_in(page, person)
    page.goto(f"{person.server.url}/globala")
    page.clock.run_for(PATIENCE)
    expect(told(page)).to_contain_text("Servern svarar inte.")
    reads_on(page, module)


def test_scripts_that_are_held_back_are_told(page: Page, person: Person, module: Module) -> None:
    page.route("**/static/js/index*", lambda route: route.abort())
    page.clock.install()
    let_in(page, person)
    page.goto(f"{person.server.url}/globala")
    page.clock.run_for(PATIENCE)
    expect(told(page)).to_contain_text("Hela sidan har inte kommit fram.")
    reads_on(page, module)


@pytest.mark.parametrize("lacks", BEFORE)
def test_a_browser_that_is_too_old_is_told_at_once_and_reads_on(
    browser: Browser, person: Person, module: Module, lacks: str
) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.add_init_script(BEFORE[lacks])
    address = f"{person.server.url}/globala"
    if not BEFORE[lacks]:
        page.route(address, without_static_blocks)
    let_in(page, person)
    page.goto(address, wait_until="commit")
    expect(told(page)).to_contain_text("Webbläsaren är för gammal")
    for version in ("Chrome eller Edge 112", "Firefox 121", "Safari 17", "iOS 17"):
        expect(told(page)).to_contain_text(version)
    page.wait_for_load_state("load")
    reads_on(page, module)
    expect(told(page)).to_be_visible()
    page.context.close()


def test_nothing_is_said_in_a_browser_that_will_do(page: Page, person: Person) -> None:
    page.clock.install()
    let_in(page, person)
    page.goto(person.server.url)
    expect(page.locator("nav.side")).to_be_attached()
    page.clock.run_for(3 * PATIENCE)
    expect(page.locator(".first, .held-up")).to_have_count(0)
