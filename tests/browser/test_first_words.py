"""The words that come with the index page: read at once, in the place where they stay."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.people import SAVED, NewComputer, Person, editor, let_in, signed_in, status, until
from tests.support.server import Server, locked
from tests.support.swedish import foreign
from tests.support.windows import TWO_FRAMES
from visionsprat.content.module import Module

SIGNED_OUT = ("/", "/globala", "/tillganglighet", "/personuppgifter")
SIGNED_IN = (
    "/",
    "/visionen",
    "/skapande",
    "/mina-reflektioner",
    "/mitt-konto",
    "/tillganglighet",
)
#: How far a page may move while it is loaded (Google's "good" is 0.1) and while a script runs again.
AT_LOAD, AT_A_RERUN = 0.1, 0.02
#: Where all words begin and how high they stand.
PLACES = """(root) => {
    const words = document.createTreeWalker(document.querySelector(root), NodeFilter.SHOW_TEXT);
    const places = [];
    while (words.nextNode()) {
        const text = words.currentNode.nodeValue.trim();
        const range = document.createRange();
        range.selectNodeContents(words.currentNode);
        const [box] = range.getClientRects();
        if (text && box) places.push([text, ...[box.x, box.y, box.height].map(Math.round)]);
    }
    return places;
}"""
#: The colours that the middle of the window has had, frame by frame, and how faint its words have been.
GROUNDS = """
    window.grounds = {};
    window.faintest = 1;
    const look = () => {
        for (const each of document.querySelectorAll("body, .stApp, [data-testid=stMain]")) {
            const { backgroundColor } = getComputedStyle(each);
            if (backgroundColor !== "rgba(0, 0, 0, 0)") window.grounds[backgroundColor] = each.className;
        }
        for (const each of document.querySelectorAll("[data-testid=stElementContainer], .stHtml"))
            window.faintest = Math.min(window.faintest, getComputedStyle(each).opacity);
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
"""
#: What is greyed out, or about to be, while a script runs.
FADED = """
    () => [...document.querySelectorAll("[data-stale=true], [data-stale=true] *")]
        .filter((each) => getComputedStyle(each).opacity < 1
            || each.getAnimations().some(({ transitionProperty }) => transitionProperty === "opacity"))
        .map((each) => each.outerHTML.slice(0, 100))
"""
#: How long Streamlit's grey bars had been there, each time that they were seen, in ms.
BARS = """
    window.ages = [];
    const since = new Map();
    const look = (now) => {
        for (const each of document.querySelectorAll("[data-testid=stSkeleton]")) {
            if (!since.has(each)) since.set(each, now);
            if (each.checkVisibility({ visibilityProperty: true })) window.ages.push(now - since.get(each));
        }
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
"""
#: What changes by and by.
CHANGES = """
    window.changes = [];
    const note = ({ propertyName, target }) =>
        window.changes.push(`${propertyName}: ${target.outerHTML.slice(0, 100)}`);
    addEventListener("transitionrun", note, true);
"""
SHIFTS = """
    window.shifts = [];
    new PerformanceObserver((list) => list.getEntries().forEach((each) => window.shifts.push(
        [each.value, each.sources.map((source) => source.node?.outerHTML?.slice(0, 120) ?? "")]
    ))).observe({type: "layout-shift", buffered: true});
"""


def moved(page: Page) -> float:
    """How far the page has moved about, as Chromium counts it."""
    shifts: list[Any] = page.evaluate("window.shifts")
    for value, nodes in shifts:
        print(round(value, 4), nodes)
    return float(sum(value for value, _ in shifts))


class Held:
    """Files of these addresses are kept from coming until they are let go."""

    def __init__(self, page: Page, addresses: str) -> None:
        self.routes: list[Route] | None = []
        page.route(addresses, self._hold)

    def _hold(self, route: Route) -> None:
        if self.routes is None:
            route.continue_()
        else:
            self.routes.append(route)

    def let_go(self) -> None:
        held, self.routes = self.routes or [], None
        for route in held:
            route.continue_()


@pytest.mark.parametrize("address", SIGNED_IN)
def test_somebody_signed_in_reads_at_once_what_stays_in_its_place(
    page: Page, person: Person, address: str
) -> None:
    let_in(page, person)
    check(page, person.server.url + address)


@pytest.mark.parametrize("address", SIGNED_OUT)
def test_a_visitor_reads_at_once_what_stays_in_its_place(page: Page, server: Server, address: str) -> None:
    check(page, server.url + address)


def check(page: Page, address: str) -> None:
    """Load a page as a slow line brings it: first the words, then the font, then Streamlit."""
    font, scripts = Held(page, "**/*.woff2"), Held(page, "**/static/js/**")
    page.add_init_script(SHIFTS)
    page.goto(address, wait_until="commit")
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    until(page, lambda: bool(font.routes), "the font to be asked for")
    font.let_go()
    page.evaluate("document.fonts.ready.then(() => null)")
    at_first = moved(page)
    first = places(page, ".first")
    assert len(first) > 2
    before = moved(page)
    scripts.let_go()
    expect(page.locator(".first")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert at_first + moved(page) - before < AT_LOAD
    then = places(page, "#root")
    for width, words, *place in first:  # "Tema 1 av 5" goes on with how many are complete
        assert any(at == width and text.startswith(words) and place == there for at, text, *there in then), (
            width,
            words,
            place,
            then,
        )


def places(page: Page, root: str) -> list[list[Any]]:
    """PLACES at each width; the page is left at the last."""
    found = []
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        page.evaluate(TWO_FRAMES)
        found += [[width, *place] for place in page.evaluate(PLACES, root)]
    return found


def test_without_javascript_a_theme_can_be_read(
    new_computer: NewComputer, person: Person, module: Module
) -> None:
    page = new_computer(java_script_enabled=False)
    let_in(page, person)
    page.goto(f"{person.server.url}/globala")
    expect(page.get_by_role("heading", level=1)).to_have_text("Den globala staden")
    for paragraph in module.theme("globala").body.split("\n\n"):
        expect(page.get_by_text(paragraph)).to_be_visible()
    expect(page.locator("noscript p")).to_be_visible()
    page.get_by_role("link", name="Den balanserade staden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Den balanserade staden")


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_the_start_page_says_at_a_glance_what_to_do_and_what_it_takes(
    page: Page, person: Person, size: tuple[int, int]
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    signed_in(page, person)
    expect(page.get_by_role("link", name="Börja ›")).to_be_in_viewport(ratio=1)
    expect(page.get_by_text("Ungefär 25 minuter. Bara du kan läsa det du skriver.")).to_be_in_viewport(
        ratio=1
    )
    expect(page.locator(".map li").first).to_be_in_viewport(ratio=1)


# While one is there


def test_nothing_moves_while_one_writes_and_saves(page: Page, person: Person) -> None:
    page.set_viewport_size({"width": 1280, "height": 1600})  # all of it in sight
    page.add_init_script(SHIFTS)
    signed_in(page, person, "/skapande")
    before, second = moved(page), editor(page, 1).bounding_box()
    for number in (0, 1):
        editor(page, number).press_sequentially("Vi prövar.")
        expect(status(page, number)).to_have_text(SAVED)
        said = ("Du har svarat på 1 av 2 frågor.", "Du är klar med Den skapande staden.")[number]
        expect(page.get_by_text(said)).to_be_in_viewport()
    assert moved(page) - before < AT_A_RERUN
    assert editor(page, 1).bounding_box() == second  # what moves right after a key is no shift to the browser


def test_nothing_moves_when_the_last_theme_is_done(page: Page, person: Person, module: Module) -> None:
    for question in module.questions[:-1]:
        person.write(question.id, "Vi prövar.")
    page.add_init_script(SHIFTS)
    signed_in(page, person, "/balanserade")
    editor(page, 1).scroll_into_view_if_needed()
    expect(page.get_by_text("Det här är det sista temat du har kvar.")).to_be_in_viewport()
    before = moved(page)
    editor(page, 1).press_sequentially("Vi prövar.")
    expect(page.get_by_text("Du har gått igenom alla fem teman.")).to_be_in_viewport()
    assert moved(page) - before < AT_A_RERUN


def test_a_script_that_takes_its_time_greys_nothing_out_and_says_nothing(
    page: Page, person: Person, server: Server
) -> None:
    signed_in(page, person, "/mitt-konto")
    page.get_by_label("Namn").fill("Amina Nyss")
    with locked(server.database):
        page.get_by_role("button", name="Spara namnet").click()
        expect(page.locator('[data-stale="true"]')).not_to_have_count(0)
        assert page.evaluate(FADED) == []
        page.wait_for_timeout(800)  # for what Streamlit would show
        assert not page.locator('[data-testid="stStatusWidget"]').is_visible()
        expect(page.locator('[data-stale="true"]')).not_to_have_count(0)
        assert foreign(page, server.database) == []
    expect(page.get_by_text("Namnet är sparat.")).to_be_visible()


def test_what_is_still_to_come_is_left_empty_for_a_moment(page: Page, person: Person) -> None:
    """Streamlit's grey bars come when one has waited, for those too who have asked for nothing that moves."""
    page.emulate_media(reduced_motion="reduce")
    page.add_init_script(BARS)
    signed_in(page, person, "/visionen")
    fields = Held(page, "**/static/js/TextInput*")
    page.locator("nav.side").get_by_role("link", name="Mitt konto").click()
    until(page, lambda: bool(page.evaluate("window.ages.length")), "the grey bars")
    fields.let_go()
    expect(page.get_by_label("Namn")).to_be_visible()
    # 300 ms after they came; they are first seen a frame or two later, and would come at once otherwise.
    assert page.evaluate("window.ages[0]") >= 200


def test_nothing_comes_by_and_by_for_those_who_have_asked_for_that(page: Page, person: Person) -> None:
    """Not within a hundredth of a millisecond either: what is inherited then takes a frame a level."""
    page.emulate_media(reduced_motion="reduce")
    page.add_init_script(CHANGES)
    signed_in(page, person, "/skapande")
    page.get_by_role("link", name="Vidare: Den pulserande staden ›").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Den pulserande staden")
    assert page.evaluate("window.changes") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_other_ground_shines_through_while_a_page_is_loaded_and_walked(
    page: Page, person: Person, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.add_init_script(GROUNDS)
    signed_in(page, person, "/skapande")
    page.get_by_role("link", name="Vidare: Den pulserande staden ›").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Den pulserande staden")
    grounds = page.evaluate("window.grounds")
    assert len(grounds) == 1, grounds
    assert page.evaluate("window.faintest") == 1
