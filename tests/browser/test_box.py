"""What stands in the box is the truth, however it came there: it is stored, and never painted over."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.people import SAVED, NewComputer, Person, editor, signed_in, status, until
from tests.support.writing import drafts

QUESTION = "skapande/innebar"
ROUTE = "**/api/reflections"

#: Put a text where it stands in the box as programs do that use the page's own way of changing it.
PUT = "(area, text) => { area.value = text; }"
SPLICE = "(area, text) => area.setRangeText(text, area.value.length, area.value.length, 'end')"
CHANGE = PUT.replace("}", "area.dispatchEvent(new Event('change', {bubbles: true})); }")
FILL = CHANGE.replace(
    "area.dispatch", "area.dispatchEvent(new Event('input', {bubbles: true})); area.dispatch", 1
)
#: A spelling program that takes over what is typed: the browser changes nothing, and tells of nothing.
TAKE_OVER = """
    (area) => area.addEventListener("beforeinput", (event) => {
        event.preventDefault();
        area.value += event.data.toUpperCase();
    }, {once: true})
"""
DRAGGED = '() => { document.querySelector(".think .mine").textContent = "draget"; }'


def expect_stored(page: Page, person: Person, text: str) -> None:
    until(page, lambda: person.text(QUESTION) == text, f"{text!r} to be in the database")
    expect(editor(page)).to_have_value(text)
    expect(status(page)).to_have_text(SAVED)


def compose(page: Page, text: str) -> None:
    """Be in the midst of a character or word that is put together, as in Japanese or on a phone."""
    where = {"selectionStart": len(text), "selectionEnd": len(text)}
    page.context.new_cdp_session(page).send("Input.imeSetComposition", {"text": text, **where})


def drag_a_word_in(page: Page) -> None:
    page.evaluate(DRAGGED)
    word = page.locator(".think .mine")
    word.dblclick(position={"x": 10, "y": 10})
    page.mouse.move(*middle(page, ".think .mine", 10))
    page.mouse.down()
    page.mouse.move(*middle(page, "textarea", 30), steps=4)
    page.mouse.up()


def middle(page: Page, selector: str, x: float) -> tuple[float, float]:
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    return box["x"] + x, box["y"] + min(box["height"] / 2, 30)


def test_a_text_is_stored_in_whatever_way_a_program_puts_it_there(page: Page, person: Person) -> None:
    signed_in(page, person, "/skapande")
    area = editor(page)
    area.click()
    area.evaluate(PUT, "ingen händelse")
    expect_stored(page, person, "ingen händelse")
    area.evaluate(SPLICE, ", och mer")
    expect_stored(page, person, "ingen händelse, och mer")
    area.evaluate(CHANGE, "bara change")
    expect_stored(page, person, "bara change")
    area.evaluate(FILL, "ifyllt")
    expect_stored(page, person, "ifyllt")
    area.press("End")
    area.evaluate(TAKE_OVER)
    page.keyboard.insert_text(" rättat")
    expect_stored(page, person, "ifyllt RÄTTAT")
    page.keyboard.insert_text("!")
    expect_stored(page, person, "ifyllt RÄTTAT!")
    page.evaluate("document.execCommand('undo')")
    expect(area).not_to_have_value("ifyllt RÄTTAT!")
    expect_stored(page, person, area.input_value())
    area.evaluate(PUT, "Min ")
    area.press("End")
    compose(page, "tanke")
    area.blur()
    expect_stored(page, person, "Min tanke")
    drag_a_word_in(page)
    expect(area).not_to_have_value("Min tanke")
    assert "draget" in area.input_value()
    expect_stored(page, person, area.input_value())


def close(page: Page) -> None:
    page.close()


def walk_on(page: Page) -> None:
    page.evaluate("document.querySelector('nav.side a[href=\"/globala\"]').click()")
    expect(page).to_have_title("Den globala staden – Visionsprat")


def sign_out(page: Page) -> None:
    page.evaluate("document.querySelector('[data-action=\"sign-out\"]').click()")
    expect(page.get_by_role("heading", name="Logga in")).to_be_visible()


@pytest.mark.parametrize("leave", [close, Page.reload, walk_on, sign_out])
def test_a_text_that_came_without_an_event_goes_along_when_the_page_is_left(
    page: Page, person: Person, leave: Callable[[Page], None]
) -> None:
    signed_in(page, person, "/skapande")
    other = page.context.new_page()
    editor(page).evaluate(PUT, "Utan händelse.")
    leave(page)
    until(other, lambda: person.text(QUESTION) == "Utan händelse.", "the text to be in the database")


def test_no_drawing_paints_over_what_has_come_into_the_box(page: Page, person: Person) -> None:
    signed_in(page, person, "/skapande")
    # At the very moment in which an answer comes and the status is drawn.
    editor(page).evaluate(
        """(area) => new MutationObserver((changes, observer) => {
            if (!area.closest(".question").querySelector(".status").textContent.startsWith("Sparar")) return;
            observer.disconnect();
            const { fetch } = window;
            window.fetch = async (...asked) => {
                const answer = await fetch(...asked);
                window.fetch = fetch;
                area.value = "Dikterat.";
                return answer;
            };
        }).observe(area.closest(".question"), {subtree: true, childList: true})"""
    )
    editor(page).fill("Skrivet.")
    expect_stored(page, person, "Dikterat.")
    # And when the server knows another text: both are shown.
    person.write(QUESTION, "På ett annat ställe.")
    editor(page).evaluate(
        "(area) => { area.blur(); area.value = 'Dikterat igen.'; dispatchEvent(new Event('online')); }"
    )
    expect(page.locator(".choice .words")).to_have_text(["Dikterat igen.", "På ett annat ställe."])
    expect(editor(page)).to_have_value("Dikterat igen.")


# What is replaced


def test_what_is_typed_while_two_texts_are_shown_is_kept_whatever_is_chosen(
    page: Page, person: Person
) -> None:
    signed_in(page, person, "/skapande")
    expect(editor(page)).to_have_value("")
    person.write(QUESTION, "Den andra.")
    editor(page).fill("Min.")
    said = page.locator(".choice > .when")
    expect(said).to_have_text("Båda är sparade. Det som skiljer dem åt är understruket.")
    editor(page).press("End")
    page.keyboard.type(" Och mer.")
    expect(said).to_have_text(
        "Det du skriver nu sparas när du har valt. Det som skiljer dem åt är understruket."
    )
    page.get_by_role("button", name="Behåll den andra").click()
    expect_stored(page, person, "Den andra.")
    until(page, lambda: "Min. Och mer." in earlier(person), "what was typed to be among the versions")
    until(page, lambda: drafts(page) == [], "no draft to be left")


@pytest.mark.parametrize("replacement", ["Ett tidigare svar, som var ganska långt.", "Ett svar."])
def test_unsaved_text_that_an_earlier_version_replaces_while_the_server_is_away_is_kept(
    page: Page, person: Person, replacement: str
) -> None:
    """In the browser first, and then among the versions; at once it is back with one click."""
    person.write(QUESTION, "Ett tidigare svar, som var ganska långt.")
    person.write(QUESTION, "Ett svar.")
    signed_in(page, person, "/skapande")
    versions = page.locator(".versions").first
    versions.locator("summary").click()
    expect(versions.get_by_role("listitem")).to_have_count(1)
    page.route(ROUTE, lambda route: route.abort())
    editor(page).fill("Skrivet utan nät.")
    expect(status(page)).to_contain_text("Inte sparat")
    versions.get_by_role("button", name="Återställ").click()
    expect(editor(page)).to_have_value("Ett tidigare svar, som var ganska långt.")
    expect(page.locator(".taken").first).to_have_text("Texten i rutan byttes ut. Återställ texten")
    page.get_by_role("button", name="Återställ texten").click()
    expect(editor(page)).to_have_value("Skrivet utan nät.")
    versions.get_by_role("button", name="Återställ").click()
    if replacement == "Ett svar.":  # it is what the server has, so that there is nothing to be saved
        editor(page).fill(replacement)
    later = page.context.new_page()
    page.close()
    later.goto(f"{person.server.url}/skapande")
    expect_stored(later, person, replacement)
    until(later, lambda: "Skrivet utan nät." in earlier(person), "what was replaced to be among the versions")
    until(later, lambda: drafts(later) == [], "no draft to be left")
    expect_stored(later, person, replacement)


def earlier(person: Person) -> list[str]:
    with person.server.store() as store:
        return [each.text for each in store.earlier_texts(person.id, QUESTION)]


# What can't be stored


def test_what_cannot_be_stored_is_taken_out_and_told_and_the_rest_is_saved(
    page: Page, person: Person
) -> None:
    signed_in(page, person, "/skapande")
    area, told = editor(page), page.locator(".taken-out").first
    area.click()
    page.keyboard.insert_text("Från en\0 PDF.\0")
    expect_stored(page, person, "Från en PDF.")
    expect(told).to_have_text("Tecken som inte går att spara följde med och är borttagna. Resten står kvar.")
    area.blur()
    area.click()
    area.press("Home")
    page.keyboard.insert_text("\0Mer: ")
    page.keyboard.type("här ")  # the caret stands where it stood
    expect_stored(page, person, "Mer: här Från en PDF.")
    area.evaluate(PUT, "halv \ud83d och hel 🥐, med \x01\x1b\x7f")
    expect_stored(page, person, "halv  och hel 🥐, med \x01\x1b\x7f")
    # Halves that come one by one are one character; at the latest when one leaves it, a half is none.
    area.evaluate("(area) => { area.value = 'Ett \ud83e'; area.dispatchEvent(new Event('input')); }")
    area.evaluate(
        "(area) => { area.setRangeText('\udd50', 5, 5, 'end'); area.dispatchEvent(new Event('input')); }"
    )
    expect_stored(page, person, "Ett 🥐")
    area.evaluate(
        "(area) => { area.value = 'Ett \ud83e'; area.dispatchEvent(new Event('input')); area.blur(); }"
    )
    expect_stored(page, person, "Ett ")


# The last words of a long text


def test_the_last_words_of_a_long_text_leave_with_the_page_when_answers_are_missing(
    page: Page, person: Person
) -> None:
    signed_in(page, person, "/skapande")
    other = page.context.new_page()
    long = "å" * 17_000  # 34,000 bytes; a browser lets 65,536 leave with a page
    asked: list[str] = []

    def lose(route: Route) -> None:
        asked.append(json.loads(route.request.post_data or "")["text"])
        route.abort()

    page.route(ROUTE, lose)
    editor(page).fill(long)
    until(page, lambda: len(asked) > 0, "a save that is not answered")
    editor(page).fill(f"{long} Mer.")
    until(page, lambda: any(each.endswith("Mer.") for each in asked), "another")
    page.unroute(ROUTE)
    editor(page).press("End")
    page.keyboard.type(" De sista orden.")
    page.close()
    until(other, lambda: person.text(QUESTION) == f"{long} Mer. De sista orden.", "the last words")


# The caret stays where it is


NO_FIELD_SIZING = """
    const { supports } = CSS;
    CSS.supports = (name, ...value) => name !== "field-sizing" && supports.call(CSS, name, ...value);
    addEventListener("DOMContentLoaded", () => {
        const style = document.createElement("style");
        style.textContent = "textarea { field-sizing: fixed !important }";
        document.head.append(style);
    });
"""
PLACE = """
    (area) => ({
        scrolled: document.querySelector("[data-testid=stMain]").scrollTop,
        height: area.offsetHeight,
        hidden: area.scrollHeight - area.clientHeight,
    })
"""


def test_the_page_stays_where_one_writes_in_a_long_text_where_boxes_do_not_grow_by_themselves(
    new_computer: NewComputer, person: Person
) -> None:
    page = new_computer(viewport={"width": 1280, "height": 600})
    page.add_init_script(NO_FIELD_SIZING)
    person.write(QUESTION, "En rad.\n" * 60)
    signed_in(page, person, "/skapande")
    area = editor(page)
    expect(area).to_have_value("En rad.\n" * 60)
    area.focus()
    area.press("Control+End")
    page.keyboard.type("Slutet")
    expect_stored(page, person, "En rad.\n" * 60 + "Slutet")
    before = area.evaluate(PLACE)
    assert before["scrolled"] > 600
    page.evaluate(
        """() => {
            window.scrolls = 0;
            document.querySelector("[data-testid=stMain]").onscroll = () => window.scrolls++;
        }"""
    )
    page.keyboard.type(" kommer")
    expect_stored(page, person, "En rad.\n" * 60 + "Slutet kommer")
    assert area.evaluate(PLACE) == before
    assert page.evaluate("window.scrolls") == 0
    assert before["hidden"] <= 0
    # It grows and shrinks with its text, and with the window.
    page.keyboard.press("Enter")
    assert area.evaluate(PLACE)["height"] > before["height"]
    area.fill("Kort.")
    assert area.evaluate(PLACE)["height"] < before["height"] / 4
    area.fill("Ett ganska långt ord efter ett annat. " * 30)
    wide = area.evaluate(PLACE)["height"]
    page.set_viewport_size({"width": 500, "height": 600})
    until(page, lambda: area.evaluate(PLACE)["height"] > wide, "the box to be as high as its text")
    assert area.evaluate(PLACE)["hidden"] <= 0


# Languages from right to left, and days


def test_a_text_from_right_to_left_is_written_so(page: Page, person: Person) -> None:
    signed_in(page, person, "/skapande")
    direction = "(area) => getComputedStyle(area).direction"
    assert editor(page).evaluate(direction) == "ltr"
    editor(page).fill("مرحبا بالجميع")
    assert editor(page).evaluate(direction) == "rtl"


#: Now, a moment, and how it is told, around the nights in which a day has 23 or 25 hours.
CLOCK_CHANGES = [
    ("2025-03-29T23:30:00Z", "2025-03-29T22:59:00Z", "i går 23:59"),
    ("2025-03-30T22:30:00Z", "2025-03-30T21:59:00Z", "i går 23:59"),
    ("2025-03-30T22:30:00Z", "2025-03-29T22:59:00Z", "29 mars 2025, 23:59"),
    ("2025-03-30T22:30:00Z", "2025-03-30T22:00:00Z", "00:00"),
    ("2025-10-26T22:30:00Z", "2025-10-25T21:59:00Z", "i går 23:59"),
    ("2025-10-26T22:30:00Z", "2025-10-25T22:00:00Z", "00:00"),
    ("2025-10-26T23:00:00Z", "2025-10-25T22:00:00Z", "i går 00:00"),
    ("2025-10-25T21:30:00Z", "2025-10-23T22:00:00Z", "i går 00:00"),
    ("2025-12-31T23:00:00Z", "2025-12-31T22:59:00Z", "i går 23:59"),
]


def test_yesterday_is_the_day_before_also_where_days_are_longer_or_shorter(
    new_computer: NewComputer, person: Person
) -> None:
    person.write(QUESTION, "Svar.")
    page = new_computer(timezone_id="America/New_York")
    signed_in(page, person, "/skapande")
    versions = page.locator(".versions").first
    told: list[str] = []
    answers: list[dict[str, Any]] = []
    page.route("**/versions?*", lambda route: route.fulfill(json=answers[-1]))
    for now, moment, _ in CLOCK_CHANGES:
        page.clock.set_fixed_time(now)
        version = {"text": "T", "saved_at": moment, "device_kind": ""}
        answers.append({"versions": [version], "device_kind": ""})
        versions.locator("summary").click()
        expect(versions.get_by_role("listitem")).to_have_count(1)
        told.append(versions.locator(".when").inner_text())
        versions.locator("summary").click()
        versions.locator(".list").evaluate("(list) => list.replaceChildren()")
    assert told == [expected for _, _, expected in CLOCK_CHANGES]
