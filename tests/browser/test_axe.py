"""Every page, at both widths, in both schemes, with axe-core; and what else must hold on each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import FOREIGN
from tests.browser.people import Person, add_person, editor, fill_in_sign_in, signed_in, status
from tests.browser.server import Server
from tests.mailbox import Mailbox
from tests.staff_lists import csv_file
from visionsprat.content import load_module
from visionsprat.invitations import invite
from visionsprat.records import Whom
from visionsprat.settings import ROOT

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}
WIDTHS = (1280, 390)
#: What a window of 1280 becomes when the page is enlarged to 400 %.
ENLARGED = 320
#: axe can't judge the contrast of what is scrolled out of sight: the tall one shows all.
HEIGHTS = (800, 4000)
SCHEMES = ("light", "dark")
SIGNED_OUT = (
    "/",
    "/globala",
    "/kom-igang",
    "/tillganglighet",
    "/personuppgifter",
    "/inbjudan",
    "/glomt-losenord",
    "/finns/inte",
)
SIGNED_IN = (
    "/",
    "/visionen",
    "/skapande",
    "/pulserande",
    "/gemensamma",
    "/globala",
    "/balanserade",
    "/mina-reflektioner",
    "/min-grupp",
    "/mitt-konto",
    "/tillganglighet",
    "/personuppgifter",
    "/finns-inte",
)
ENGLISH = re.compile("Page not found|Deploy|Stop|Rerun|Running|Connecting|Press Enter|Show password|Skip to")
#: What is read aloud or shown in passing, of all that can be seen.
NAMES = """
    [...document.querySelectorAll("[aria-label], [title], [placeholder]")]
        .filter((each) => each.checkVisibility())
        .flatMap((each) => ["aria-label", "title", "placeholder"].map((name) => each.getAttribute(name)))
        .join(" ")
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that offers letters; none is sent here."""
    server = Server(tmp_path_factory.mktemp("server"), environment=Mailbox(port=1).environment)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def manager(server: Server) -> Person:
    """A manager with something to see on every page: answers, gaps and colleagues."""
    person = add_person(server, "Bengt Provberg", member_of="Team 3", manages="Team 3")
    for question in load_module(ROOT / "content").questions[:7]:
        person.write(question.id, "Vi prövar något nytt varje vecka, och pratar om hur det gick.")
    add_person(server, "Ett Mycket Långt Namn Som Knappast Får Plats Testsson-Provberg", member_of="Team 3")
    return person


@pytest.fixture(scope="module")
def windows(browser: Browser, server: Server, manager: Person) -> Iterator[dict[Any, Page]]:
    """One window for each scheme, signed out and in: pages are loaded in them and made wide and narrow."""
    opened: dict[Any, Page] = {}
    for scheme in SCHEMES:
        for person in (None, manager):
            context = browser.new_context(
                bypass_csp=True,
                color_scheme=scheme,
                viewport={"width": WIDTHS[0], "height": HEIGHTS[0]},
                reduced_motion="reduce",
                **FOREIGN,
            )
            context.set_default_timeout(30_000)
            page = opened[scheme, person is not None] = context.new_page()
            if person is not None:
                signed_in(page, person, "/tillganglighet")
    yield opened
    for page in opened.values():
        page.context.close()


def settle(page: Page) -> None:
    """Wait until the page is drawn and no script runs."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    if page.locator("#root").count():
        expect(page.locator("footer")).to_be_visible()
        expect(page.locator('[data-test-script-state="notRunning"]')).to_be_attached()
        expect(page.locator('[data-stale="true"]')).to_have_count(0)
    page.evaluate("document.fonts.ready.then(() => null)")


def violations(page: Page) -> list[str]:
    """What axe finds, a line each: which rule, where, and why."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(document, rules)", RULES)["violations"]
    return [
        f"{each['id']}: {node['html'][:200]} {node['failureSummary']}"
        for each in found
        for node in each["nodes"]
    ]


def has_no_sideways_scroll(page: Page, width: int) -> bool:
    page.set_viewport_size({"width": width, "height": HEIGHTS[0]})
    inside = page.locator('[data-testid="stMain"]')
    return bool(page.evaluate("document.documentElement.scrollWidth") <= width) and (
        not inside.count() or bool(inside.evaluate("main => main.scrollWidth <= main.clientWidth"))
    )


def check(page: Page, widths: tuple[int, ...] = WIDTHS, heights: tuple[int, ...] = HEIGHTS) -> None:
    for width in widths:
        for height in heights:
            page.set_viewport_size({"width": width, "height": height})
            assert violations(page) == [], f"at {width} × {height}"
        assert has_no_sideways_scroll(page, width)
    assert has_no_sideways_scroll(page, ENLARGED)
    page.set_viewport_size({"width": widths[-1], "height": HEIGHTS[0]})
    assert page.locator("html").get_attribute("lang") == "sv"
    seen = page.locator("body").inner_text()
    named = page.evaluate(NAMES)
    assert ENGLISH.findall(seen + named) == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("address", "inside"),
    [*((address, False) for address in SIGNED_OUT), *((address, True) for address in SIGNED_IN)],
    ids=[*(f"out{address}" for address in SIGNED_OUT), *(f"in{address}" for address in SIGNED_IN)],
)
def test_a_page_has_no_fault_at_either_width(
    windows: dict[Any, Page], server: Server, address: str, inside: bool, scheme: str
) -> None:
    page = windows[scheme, inside]
    page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHTS[0]})
    page.goto(server.url + address)
    settle(page)
    check(page)


# States that a page at rest does not show


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_forms_errors_have_no_fault(windows: dict[Any, Page], server: Server, scheme: str) -> None:
    page = windows[scheme, False]
    page.goto(server.url)
    fill_in_sign_in(page, "ingen@test.example", "fel lösenord")
    expect(page.get_by_role("alert")).to_be_visible()
    settle(page)
    check(page)
    page = windows[scheme, True]
    page.goto(f"{server.url}/mitt-konto")
    page.get_by_label("Namn").fill("")
    page.get_by_role("button", name="Spara namnet").click()
    expect(page.get_by_role("alert")).to_be_visible()
    settle(page)
    check(page)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_forms_for_erasing_have_no_fault(windows: dict[Any, Page], server: Server, scheme: str) -> None:
    page = windows[scheme, True]
    page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHTS[0]})
    page.goto(f"{server.url}/mitt-konto")
    for what in ("Radera mitt konto", "Radera mina reflektioner"):
        page.get_by_role("button", name=f"{what} …").click()
        page.get_by_role("button", name=what, exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("Inget är raderat.")
    expect(page.get_by_label("Skriv ordet radera")).to_have_count(2)
    settle(page)
    check(page)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_text_from_before_an_erasure_has_no_fault(
    windows: dict[Any, Page], server: Server, scheme: str
) -> None:
    page = windows[scheme, True]
    page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHTS[0]})
    page.goto(f"{server.url}/balanserade")
    settle(page)
    now = {"text": "", "revision": 9, "saved_at": "2026-11-01T08:00:00+00:00", "erased": True}
    page.route("**/api/reflections", lambda route: route.fulfill(status=409, json=now))
    editor(page).fill(f"Min text, {scheme}.")
    expect(page.get_by_role("button", name="Radera den här också")).to_be_visible()
    check(page)
    page.unroute("**/api/reflections")
    page.evaluate("localStorage.clear()")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_earlier_versions_have_no_fault(
    windows: dict[Any, Page], server: Server, manager: Person, scheme: str
) -> None:
    page = windows[scheme, True]
    page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHTS[0]})
    page.goto(f"{server.url}/skapande")
    settle(page)
    editor(page).fill("Kort.")
    expect(page.get_by_role("button", name="Ta tillbaka texten")).to_be_visible()
    for summary in page.get_by_text("Tidigare versioner").all():
        summary.click()
    expect(page.get_by_role("button", name="Återställ")).to_be_visible()
    expect(page.get_by_text("Inga än.")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Återställ").click()
    expect(status(page)).to_contain_text("Sparat")
    page.goto(f"{server.url}/mina-reflektioner")
    settle(page)
    page.get_by_text("Tidigare versioner").first.click()
    expect(page.locator(".versions li").first).to_be_visible()
    check(page)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("inside", [False, True], ids=["signed out", "signed in as another"])
def test_an_open_invitation_has_no_fault(
    windows: dict[Any, Page], server: Server, scheme: str, inside: bool
) -> None:
    person = add_person(server, "Elin Testsson")
    with server.store() as store:
        (made,) = invite(store, None, Whom(emails=frozenset({person.email})), server.url)
    page = windows[scheme, inside]
    page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHTS[0]})
    page.goto(made.link)
    expect(page.get_by_role("button", name="Välj lösenord")).to_be_visible()
    settle(page)
    check(page)
    page.get_by_label("Lösenord", exact=True).fill("kort")
    page.get_by_role("button", name="Välj lösenord").click()
    expect(page.get_by_role("alert")).to_be_visible()
    settle(page)
    check(page)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_handing_out_invitations_has_no_fault(browser: Browser, server: Server, scheme: str) -> None:
    chief = add_person(server, "Hugo Låtsas", is_admin=True, member_of="Team 3")
    context = browser.new_context(bypass_csp=True, color_scheme=scheme, reduced_motion="reduce", **FOREIGN)
    try:
        page = context.new_page()
        signed_in(page, chief, f"/administration?del=personer&person={chief.id}")
        page.get_by_role("button", name="Bjud in", exact=True).click()
        expect(page.locator("#lank")).to_be_visible()
        settle(page)
        check(page)
        page.goto(f"{server.url}/administration?del=inbjudningar")
        page.get_by_text(re.compile("^Ja, skicka")).click()
        page.get_by_role("button", name="Skicka", exact=True).click()
        expect(page.get_by_role("cell", name="E-postservern går inte att nå.").first).to_be_visible()
        settle(page)
        check(page)
    finally:
        context.close()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_editors_troubles_have_no_fault(windows: dict[Any, Page], server: Server, scheme: str) -> None:
    page = windows[scheme, True]
    page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHTS[0]})
    page.goto(f"{server.url}/balanserade")
    settle(page)

    def conflict(route: Route) -> None:
        other = {"text": "Den andra texten.", "revision": 9, "saved_at": "2026-11-01T08:00:00+00:00"}
        route.fulfill(status=409, json=other)

    page.route("**/api/reflections", conflict)
    editor(page).fill(f"Min text, {scheme}.")
    expect(page.locator(".choice h3")).to_be_visible()
    page.unroute("**/api/reflections")
    page.route("**/api/reflections", lambda route: route.fulfill(status=401, json={}))
    editor(page, 1).fill(f"{scheme} " + "Å" * 100)
    expect(status(page, 1)).to_contain_text("Du är utloggad.")
    check(page)
    page.set_viewport_size({"width": 390, "height": 800})
    page.get_by_role("button", name="Meny").click()
    check(page, widths=(390,))
    page.get_by_role("button", name="Logga ut", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Stanna kvar").click()
    page.unroute("**/api/reflections")
    page.evaluate("localStorage.clear()")


# Administration, and a manager of several groups: walked through, and looked at in a tall window only, as
# loading each anew and looking twice would take longer than all of the above.


@pytest.fixture(scope="module")
def town(server: Server, manager: Person) -> Person:
    """An administrator with two trees of groups and a very long address in them."""
    long = "Ett Mycket Långt Namn På En Enhet Som Knappast Får Plats"
    add_person(server, "Åsa Testsson", member_of=f"Vård/{long}/Team 1", manages="Vård")
    chief = add_person(server, "Ragna Påhittad", member_of="Team 9", manages="Vård", is_admin=True)
    with server.store() as store:
        ids = {path: id for id, path in store.group_paths().items()}
        store.set_manager(chief.id, chief.id, ids["Team 9"], True)
        store.set_active(chief.id, add_person(server, "Dagny Fiktiv", member_of="Vård").id, False)
    return chief


@pytest.fixture(scope="module")
def offices(browser: Browser, town: Person) -> Iterator[dict[str, Page]]:
    """A window for each scheme, signed in as the administrator."""
    opened: dict[str, Page] = {}
    for scheme in SCHEMES:
        context = browser.new_context(
            bypass_csp=True,
            color_scheme=scheme,
            reduced_motion="reduce",
            **FOREIGN,
        )
        context.set_default_timeout(30_000)
        opened[scheme] = context.new_page()
        signed_in(opened[scheme], town, "/administration")
    yield opened
    for page in opened.values():
        page.context.close()


def walk(page: Page, *links: str) -> None:
    page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHTS[0]})
    for link in links:
        settle(page)
        page.locator("main, [data-testid=stMain]").first.get_by_role("link", name=link).first.click()
    settle(page)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_parts_of_the_administration_have_no_fault(offices: dict[str, Page], scheme: str) -> None:
    page = offices[scheme]
    for links, shown in (
        (["Personer"], "Lägg till en person"),
        (["Åsa Testsson"], "Rätta uppgifter"),
        (["Grupper"], "Lägg till en grupp"),
        (["Team 1"], "Slå ihop med en annan grupp"),
        (["Händelser"], "Händelser"),
    ):
        walk(page, *links)
        expect(page.get_by_role("heading", name=shown)).to_be_visible()
        settle(page)
        check(page, heights=HEIGHTS[1:])


LISTS = {
    "Det här ändras": [("ny@test.example", "Ny Testsson", "Vård/Ny enhet", "Vård", "ja")],
    "Filen har 4 fel": [
        ("inte-en-adress", "Åsa Örn", "Vård//Team", "", "kanske"),
        ("bo@test.example", "", "Vård", "", "ja"),
    ],
}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_staff_lists_preview_and_its_faults_have_none(offices: dict[str, Page], scheme: str) -> None:
    page = offices[scheme]
    walk(page, "Personallista")
    for shown, rows in LISTS.items():
        file: Any = {"name": "personallista.csv", "mimeType": "text/csv", "buffer": csv_file(rows)}
        page.locator("input[type=file]").set_input_files(file)
        expect(page.get_by_role("heading", name=shown)).to_be_visible()
        expect(page.get_by_text(re.compile(r"^\d+\.\dK?B$"))).to_be_hidden()  # the size, in English
        for summary in page.locator("summary").all():
            summary.click()
        settle(page)
        check(page, heights=HEIGHTS[1:])
        page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHTS[0]})


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_managers_tree_has_no_fault(offices: dict[str, Page], server: Server, scheme: str) -> None:
    page = offices[scheme]
    page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHTS[0]})
    page.goto(f"{server.url}/min-grupp")
    walk(page, "Vård")
    expect(page.get_by_role("link", name="Alla dina grupper")).to_be_visible()
    page.locator("summary").click()
    settle(page)
    check(page, heights=HEIGHTS[1:])
