"""On a phone and enlarged, with words set apart, by touch, at rest, in few colours, and on paper.

That no page runs out at the side of 320 pixels, which is 400 % of an ordinary window, stands in test_axe.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import FOREIGN
from tests.browser.people import Person, add_person, signed_in
from tests.browser.server import Server
from tests.browser.windows import OVERFLOW, lasting, settle

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
    for question in ("skapande/innebar", "skapande/gora", "globala/gora"):
        person.write(question, "Vi prövar något nytt varje vecka, och pratar om hur det gick.")
    return person


@pytest.fixture(scope="module")
def phone(browser: Browser, everything: Person) -> Iterator[Page]:
    touched = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    context = browser.new_context(bypass_csp=True, reduced_motion="reduce", **touched, **FOREIGN)
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
