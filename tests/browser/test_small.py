"""On a phone and enlarged, with words set apart, by touch, at rest, in few colours, and on paper.

That no page runs out at the side of 320 pixels, 400 % of an ordinary window, stands in axe/test_pages.py.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.support.chromium import FOREIGN
from tests.support.contrast import CONTROL, SCHEMES, contrast
from tests.support.people import Person, add_person, signed_in
from tests.support.server import Server
from tests.support.windows import OVERFLOW, TWO_FRAMES, lasting, settle
from visionsprat.content.module import load_module
from visionsprat.settings import ROOT

#: Pages with all the kinds of things that there are: forms, editors, tables, lists, what folds out.
ADDRESSES = ("/", "/skapande", "/mina-reflektioner", "/min-grupp", "/mitt-konto", "/administration")
#: What WCAG 1.4.12 lets a reader set.
APART = """
    * { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
    p { margin-bottom: 2em !important; }
"""
#: What is cut off: words in a box that hides what it can't hold, and what runs out of the page.
CUT = """
    () => [...document.querySelectorAll("main, main *")]
        .filter((each) => each.checkVisibility() && !each.closest(".unseen, svg, [style*='clip']"))
        .filter((each) => each.textContent.trim() && getComputedStyle(each).overflowX !== "visible")
        .filter((each) => each.scrollWidth > each.clientWidth + 1
            || (getComputedStyle(each).overflowY !== "auto" && each.scrollHeight > each.clientHeight + 1))
        .filter((each) => !each.matches("table.list thead, table.group thead"))
        .map((each) => each.outerHTML.slice(0, 150))
"""
#: What is to be hit with a finger, and how large it is. A link in a sentence is as high as its line.
TARGETS = """
    () => [...document.querySelectorAll("a, button, input, textarea, summary, .stCheckbox label")]
        .filter((each) => each.checkVisibility() && !each.matches(".skip, [type=file], [type=checkbox]"))
        .map((each) => [each, (each.closest("[data-testid=stTextInputRootElement]") ?? each)])
        .map(([each, box]) => [each, box.getBoundingClientRect()])
        .filter(([each, { width, height }]) => width && height)
        .map(([each, { width, height }]) => ({
            what: each.outerHTML.slice(0, 110),
            size: Math.round(Math.min(width, height)),
            least: each.closest("p:not(.actions, .brand), li:not(nav li), td, th, footer") ? 24 : 44,
        }))
        .filter(({ size, least }) => size < least)
        .map(({ what, size, least }) => `${size} of ${least}: ${what}`)
"""
#: Where the page begins beside the path; the form to sign in stands alone.
EDGE = """
    () => [...document.querySelectorAll(".stApp:has(nav.side) h1")]
        .map((each) => each.getBoundingClientRect().x)
"""
#: What moves or fades, and for how long, in seconds.
MOVING = """
    () => [...document.querySelectorAll("*, dialog")]
        .filter((each) => {
            const { transitionDuration, animationDuration } = getComputedStyle(each);
            const times = `${transitionDuration},${animationDuration}`.split(",");
            return times.some((time) => parseFloat(time) > 0.001);
        })
        .map((each) => each.outerHTML.slice(0, 100))
"""


@pytest.fixture(scope="module")
def everything(server: Server) -> Person:
    """Somebody with all pages, and something on each."""
    person = add_person(server, "Ragna Påhittad", member_of="Vård/Team 3", manages="Vård", is_admin=True)
    for begun in ("skapande/innebar", "skapande/gora", "globala/gora"):
        person.write(begun, "Vi prövar något nytt varje vecka, och pratar om hur det gick.")
    complete = add_person(server, "Bengt Provberg", member_of="Vård/Team 3")
    for question in load_module(ROOT / "content").questions:
        complete.write(question.id, "Ett svar.")
    for name in ("Amina Testsson", "Åsa Testsson"):
        add_person(server, name, member_of="Vård/Team 3")
    return person


@pytest.fixture(scope="module")
def phone(browser: Browser, everything: Person) -> Iterator[Page]:
    size: ViewportSize = {"width": 390, "height": 844}
    context = browser.new_context(
        bypass_csp=True, reduced_motion="reduce", viewport=size, has_touch=True, is_mobile=True, **FOREIGN
    )
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def found(phone: Page, everything: Person) -> dict[str, list[str]]:
    """What is wrong on the pages, looked at in one walk: cut off, too small to hit, moving, out of line."""
    found: dict[str, list[str]] = {"cut": [], "small": [], "moving": [], "edges": []}
    phone.goto(everything.server.url)
    look(phone, "the sign-in form", found)
    signed_in(phone, everything)
    for address in ADDRESSES:
        phone.goto(everything.server.url + address)
        look(phone, address, found)
    return found


def look(page: Page, where: str, found: dict[str, list[str]]) -> None:
    settle(page)
    menu = page.get_by_role("button", name="Meny")
    if menu.count():
        menu.tap()
    for kind, script in (("small", TARGETS), ("moving", MOVING)):
        found[kind] += [f"{where}: {fault}" for fault in page.evaluate(script)]
    page.add_style_tag(content=APART)
    for width in (1280, 390, 320):
        page.set_viewport_size({"width": width, "height": 844})
        cut = lasting(page, lambda: page.evaluate(CUT))
        found["cut"] += [f"{where} at {width}: {fault}" for fault in cut]
        found["edges"] += [f"{edge} at {width}" for edge in page.evaluate(EDGE)]
    page.set_viewport_size({"width": 390, "height": 844})


def test_words_set_apart_are_not_cut_off(found: dict[str, list[str]]) -> None:
    assert not found["cut"], "\n".join(found["cut"])


def test_a_finger_hits_what_it_should(found: dict[str, list[str]]) -> None:
    assert not found["small"], "\n".join(found["small"])


def test_nothing_moves_for_those_who_have_asked_for_that(found: dict[str, list[str]]) -> None:
    assert not found["moving"], "\n".join(found["moving"])


def test_all_pages_begin_at_the_same_edge(found: dict[str, list[str]]) -> None:
    assert sorted(set(found["edges"])) == ["20 at 320", "20 at 390", "352 at 1280"]


# The browser's own setting

#: How high text of each kind is: what is read, what is chosen among, what is filled in, Streamlit's and ours.
SIZES = """
    () => [".stHtml .reading p", ".think label", "textarea", ".button", ".side .path a", ".stHtml h2",
           "[data-testid=stWidgetLabel] p", "[data-testid=stTextInputRootElement] input"]
        .map((selector) => [selector, document.querySelector(selector)])
        .filter(([, element]) => element)
        .map(([selector, element]) => [selector, parseFloat(getComputedStyle(element).fontSize)])
"""


@pytest.mark.parametrize("width", [1280, 390])
def test_text_is_as_large_as_the_browser_is_set_to(page: Page, everything: Person, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    signed_in(page, everything)
    setting = page.context.new_cdp_session(page)
    for address in ("/skapande", "/mitt-konto", "/min-grupp", "/administration"):
        page.goto(everything.server.url + address)
        settle(page)
        ordinary = dict(page.evaluate(SIZES))
        assert len(ordinary) > 1
        setting.send("Page.setFontSizes", {"fontSizes": {"standard": 24}})
        larger = dict(page.evaluate(SIZES))
        assert larger == {each: pytest.approx(size * 1.5) for each, size in ordinary.items()}
        assert not lasting(page, lambda: page.evaluate(OVERFLOW))
        setting.send("Page.setFontSizes", {"fontSizes": {"standard": 16}})


# Colours

COLOURS = """
    () => [".stApp", "[data-testid=stWidgetLabel] p", "[data-testid=stTextInputRootElement] input"]
        .map((selector) => getComputedStyle(document.querySelector(selector)))
        .map(({ backgroundColor, color }) => `${backgroundColor} ${color}`)
"""


def test_a_chosen_scheme_is_kept_whatever_the_device_says(page: Page, everything: Person) -> None:
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    signed_in(page, everything, "/mitt-konto")
    settle(page)
    dark = page.evaluate(COLOURS)
    expect(page.get_by_role("button", name="Som enheten")).to_have_attribute("aria-pressed", "true")
    with page.expect_navigation():
        page.get_by_role("button", name="Ljust").click()
    settle(page)
    expect(page.get_by_role("button", name="Ljust")).to_have_attribute("aria-pressed", "true")
    light = page.evaluate(COLOURS)
    assert not set(light) & set(dark)
    page.emulate_media(color_scheme="light")
    page.goto(f"{everything.server.url}/administration")
    settle(page)
    assert page.evaluate(COLOURS) == light
    page.goto(f"{everything.server.url}/mitt-konto")
    settle(page)
    with page.expect_navigation():
        page.get_by_role("button", name="Mörkt").click()
    settle(page)
    assert page.evaluate(COLOURS) == dark
    with page.expect_navigation():
        page.get_by_role("button", name="Som enheten").click()
    settle(page)
    assert page.evaluate(COLOURS) == light


#: What says by how it is filled how far somebody has come; and the eye of a password.
FILLED = (".side .path .mark", ".share i")
EYE = "[data-testid=stTextInputRootElement] button"
#: Which parts of a page have a line under them, by what they say of being there.
UNDERLINED = """
    () => {
        const ground = getComputedStyle(document.body).backgroundColor;
        return [...document.querySelectorAll("nav.parts a")]
            .filter((each) => getComputedStyle(each).borderBottomColor !== ground)
            .map((each) => each.getAttribute("aria-current"));
    }
"""


def test_what_is_drawn_is_there_in_the_devices_own_colours(page: Page, everything: Person) -> None:
    signed_in(page, everything, "/min-grupp")
    settle(page)
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    for scheme in SCHEMES:
        in_scheme(page, scheme)
        for kind in FILLED:
            not_begun, begun, complete = (
                inked(page, f"{kind}.{state}") for state in ("not-begun", "begun", "complete")
            )
            assert 0 < not_begun * 1.3 < min(begun, complete), kind
        assert page.evaluate(UNDERLINED) == ["page"]
    page.goto(f"{everything.server.url}/mitt-konto")
    settle(page)
    for scheme in SCHEMES:
        in_scheme(page, scheme)
        assert inked(page, EYE) > 0.02


def in_scheme(page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.evaluate(TWO_FRAMES)


def inked(page: Page, selector: str) -> float:
    """How much of its place stands out from the ground as what one must see does, by 3 to 1."""
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    picture = Image.open(io.BytesIO(page.locator(selector).first.screenshot())).convert("RGB")
    counted = picture.getcolors(picture.width * picture.height)
    assert counted is not None
    seen = sum(number for number, colour in counted if contrast(as_hex(colour), as_hex(ground)) >= CONTROL)
    return seen / (picture.width * picture.height)


def as_hex(parts: Any) -> str:
    return "#" + "".join(f"{part:02x}" for part in parts)


# The manager's picture

#: Of each group its figures and how wide each bar is drawn, in the table's order.
BARS = """
    () => [...document.querySelectorAll("table.tree tbody tr")].map((row) => [
        [...row.querySelectorAll(".count")].slice(1).map((each) => Number(each.textContent)),
        [...row.querySelectorAll(".share i")].map((each) => each.getBoundingClientRect().width),
    ])
"""
#: Of each person which marks are filled, what they say aloud, and the figure.
MARKS = """
    () => [...document.querySelectorAll("table.group tbody tr")].map((row) => {
        const empty = ["rgba(0, 0, 0, 0)", getComputedStyle(document.body).backgroundColor];
        const marks = [...row.querySelectorAll(".mark")];
        return [
            marks.map((each) => !empty.includes(getComputedStyle(each).backgroundColor)),
            marks.map((each) => each.nextElementSibling.textContent),
            row.querySelector(".count").firstChild.nodeValue,
        ];
    })
"""


def test_the_managers_picture_says_what_the_figures_say(page: Page, everything: Person) -> None:
    signed_in(page, everything, "/min-grupp")
    settle(page)
    groups = page.evaluate(BARS)
    assert [figures for figures, _ in groups] == [[1, 1, 2], [1, 1, 2]]
    for figures, widths in groups:
        for figure, width in zip(figures, widths, strict=True):
            assert width == pytest.approx(sum(widths) * figure / sum(figures), abs=1)
    people = page.evaluate(MARKS)
    assert sorted(figure for *_, figure in people) == ["0 av 5", "0 av 5", "1 av 5", "5 av 5"]
    for filled, words, figure in people:
        assert words == ["Klart" if each else "Inte klart" for each in filled]
        assert figure == f"{sum(filled)} av 5"
