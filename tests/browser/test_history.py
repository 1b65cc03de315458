"""Earlier versions of a text, and two texts of one question side by side."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.people import SAVED, NewPerson, Person, editor, signed_in, status, until

QUESTION = "skapande/innebar"
FIRST = "Vi prövar något nytt varje vecka, och pratar om hur det gick."


@pytest.fixture
def rewritten(page: Page, person: Person) -> Page:
    """A theme's page whose first answer has an earlier version."""
    person.write(QUESTION, FIRST)
    person.write(QUESTION, "Ett annat svar.")
    signed_in(page, person, "/skapande")
    expect(editor(page)).to_have_value("Ett annat svar.")
    return page


def opened(page: Page) -> Locator:
    page.get_by_text("Tidigare versioner").first.click()
    return page.locator(".versions").first.get_by_role("listitem")


def expect_stored(page: Page, person: Person, text: str) -> None:
    until(page, lambda: person.text(QUESTION) == text, f"{text!r} to be in the database")
    expect(editor(page)).to_have_value(text)
    expect(status(page)).to_have_text(SAVED)


def test_an_earlier_version_is_brought_back_and_that_is_undone_in_the_same_way(
    rewritten: Page, person: Person
) -> None:
    versions = opened(rewritten)
    expect(versions.locator(".words")).to_have_text([FIRST])
    expect(versions.locator(".when")).to_have_text([re.compile(r"^\d\d:\d\d$")])
    versions.get_by_role("button", name="Återställ").click()
    expect_stored(rewritten, person, FIRST)
    expect(versions.locator(".words")).to_have_text(["Ett annat svar."])
    versions.get_by_role("button", name="Återställ").click()
    expect_stored(rewritten, person, "Ett annat svar.")
    expect(versions.locator(".words")).to_have_text([FIRST])


def test_all_deleted_by_mistake_is_back_with_one_click(page: Page, person: Person) -> None:
    person.write(QUESTION, FIRST)
    signed_in(page, person, "/skapande")
    editor(page).press("Control+A")
    editor(page).press("Delete")
    expect_stored(page, person, "")
    page.get_by_role("button", name="Ta tillbaka texten").click()
    expect_stored(page, person, FIRST)
    expect(page.get_by_role("button", name="Ta tillbaka texten")).to_have_count(0)


def test_what_was_deleted_before_the_page_was_left_is_among_the_versions(page: Page, person: Person) -> None:
    person.write(QUESTION, FIRST)
    signed_in(page, person, "/skapande")
    editor(page).fill("")
    expect_stored(page, person, "")
    page.reload()
    expect(opened(page).locator(".words")).to_have_text([FIRST])


def test_versions_are_asked_for_when_they_are_opened_and_not_before(rewritten: Page) -> None:
    asked: list[str] = []
    rewritten.on("request", lambda request: asked.append(request.url) if "/versions" in request.url else None)
    editor(rewritten).fill("Ett annat svar, till.")
    expect(status(rewritten)).to_have_text(SAVED)
    assert asked == []
    expect(opened(rewritten)).to_have_count(1)
    assert [url.partition("?")[2] for url in asked] == ["question=skapande%2Finnebar"]


def test_a_question_without_a_saved_text_has_no_versions_to_open(page: Page, person: Person) -> None:
    signed_in(page, person, "/skapande")
    expect(editor(page)).to_be_visible()
    expect(page.locator(".versions:visible")).to_have_count(0)


def test_markup_in_a_version_is_words(page: Page, person: Person) -> None:
    markup = "<img src=x onerror=\"document.title='fel'\"><b>fet</b> och mer"
    person.write(QUESTION, markup)
    person.write(QUESTION, "Kort.")
    signed_in(page, person, "/skapande")
    expect(opened(page).locator(".words")).to_have_text([markup])
    assert page.locator(".versions img, .versions b").count() == 0


def test_versions_of_another_who_has_signed_in_meanwhile_are_not_shown(
    rewritten: Page, new_person: NewPerson
) -> None:
    other = new_person("Bengt Provberg")
    other.write(QUESTION, "Bengts första svar.")
    other.write(QUESTION, "Bengts.")
    signed_in(rewritten.context.new_page(), other)
    expect(opened(rewritten)).to_have_count(0)
    expect(rewritten.locator(".versions").first).to_contain_text("Du är utloggad.")


def test_a_failure_is_told(rewritten: Page) -> None:
    rewritten.route("**/versions?*", lambda route: route.abort())
    opened(rewritten)
    expect(rewritten.locator(".versions").first).to_contain_text("Det går inte att visa dem just nu.")


# Two texts


def test_what_differs_between_two_texts_is_marked_also_as_one_goes_on_writing(
    page: Page, person: Person
) -> None:
    signed_in(page, person, "/skapande")
    other = {
        "text": "Vi ses på fredag <b>kväll</b>.",
        "revision": 9,
        "saved_at": "2026-11-01T08:00:00+00:00",
    }

    def conflict(route: Route) -> None:
        route.fulfill(status=409, json=other)

    page.route("**/api/reflections", conflict)
    editor(page).fill("Vi ses på måndag kväll.")
    mine, theirs = (page.locator(".comparison section").nth(number) for number in range(2))
    expect(mine.locator("mark")).to_have_text(["måndag"])
    expect(theirs.locator(".words")).to_have_text(other["text"])
    expect(theirs.locator(".when")).to_have_text("Sparat 09:00 den 1 november")
    assert theirs.locator("b").count() == 0
    editor(page).fill("Vi ses på fredag kväll.")
    expect(mine.locator("mark")).to_have_count(0)
