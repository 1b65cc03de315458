"""Earlier versions of a text, and two texts of one question side by side."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.support.people import SAVED, NewComputer, NewPerson, Person, editor, signed_in, status, until
from visionsprat.domain.records import Draft
from visionsprat.web.api import VERSIONS_AT_A_TIME

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


def opened_already(page: Page) -> Locator:
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
    page.get_by_role("button", name="Återställ texten").click()
    expect_stored(page, person, FIRST)
    expect(page.get_by_role("button", name="Återställ texten")).to_have_count(0)


def test_all_deleted_slowly_is_back_with_one_click_too(page: Page, person: Person) -> None:
    text = FIRST * 3
    person.write(QUESTION, text)
    signed_in(page, person, "/skapande")
    for left in range(len(text) - 30, -30, -30):
        editor(page).fill(text[: max(left, 0)])
        expect_stored(page, person, text[: max(left, 0)])
    page.get_by_role("button", name="Återställ texten").click()
    expect_stored(page, person, text)
    expect(page.get_by_role("button", name="Återställ texten")).to_have_count(0)
    editor(page).fill("")
    expect_stored(page, person, "")
    page.reload()
    expect(opened(page).locator(".words")).to_have_text([text])


def test_a_slip_of_the_pen_offers_nothing(page: Page, person: Person) -> None:
    person.write(QUESTION, FIRST)
    signed_in(page, person, "/skapande")
    for text in (FIRST[:-10], FIRST[:-12], FIRST, FIRST[:-20], FIRST):
        editor(page).fill(text)
        expect_stored(page, person, text)
    expect(page.get_by_role("button", name="Återställ texten")).to_have_count(0)
    expect(opened(page)).to_have_count(0)


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
    rewritten.bring_to_front()
    expect(rewritten.get_by_role("heading", name="Någon annan är inloggad här nu")).to_be_visible()
    expect(rewritten.get_by_text("Bengts")).to_have_count(0)


def test_a_failure_is_told(rewritten: Page) -> None:
    rewritten.route("**/versions?*", lambda route: route.abort())
    opened(rewritten)
    expect(rewritten.locator(".versions").first).to_contain_text("Det går inte att visa dem just nu.")


# From another device

PHONE = {"user_agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148"}


def test_a_conflict_says_when_and_on_which_device_each_text_was_written(
    page: Page, person: Person, new_computer: NewComputer
) -> None:
    phone = new_computer(**PHONE)
    signed_in(phone, person, "/skapande")
    signed_in(page, person, "/skapande")
    expect(editor(page)).to_be_visible()
    editor(phone).fill("Skrivet på bussen.")
    expect_stored(phone, person, "Skrivet på bussen.")
    editor(page).fill("Skrivet vid skrivbordet.")
    said = page.locator(".comparison .when")
    expect(said.nth(0)).to_have_text(re.compile(r"^Den här enheten · Skriven \d\d:\d\d$"))
    expect(said.nth(1)).to_have_text(re.compile(r"^Mobil, iPhone · Sparat \d\d:\d\d$"))
    page.get_by_role("button", name="Behåll min").click()
    expect_stored(page, person, "Skrivet vid skrivbordet.")
    expect(opened(page).locator(".when")).to_have_text([re.compile(r"^\d\d:\d\d · Mobil, iPhone$")])


# On "Mina reflektioner"


def test_earlier_versions_are_there_to_be_read_where_all_is_reread(rewritten: Page, person: Person) -> None:
    rewritten.goto(f"{person.server.url}/mina-reflektioner")
    versions = opened(rewritten)
    expect(versions.locator(".words")).to_have_text([FIRST])
    expect(rewritten.get_by_role("button", name="Återställ")).to_have_count(0)
    rewritten.emulate_media(media="print")
    expect(rewritten.locator(".versions:visible")).to_have_count(0)
    rewritten.emulate_media(media="screen")
    rewritten.locator(".versions").get_by_role("link", name="Den skapande staden").click()
    expect(editor(rewritten)).to_have_value("Ett annat svar.")


def test_a_deleted_answer_has_its_versions_there_and_an_unanswered_question_none(
    page: Page, person: Person
) -> None:
    person.write(QUESTION, FIRST)
    person.write(QUESTION, "")
    person.write("globala/gora", "Aldrig ändrat.")
    signed_in(page, person, "/mina-reflektioner")
    expect(page.locator(".versions")).to_have_count(2)
    expect(opened(page).locator(".words")).to_have_text([FIRST])
    page.get_by_text("Tidigare versioner").last.click()
    expect(page.locator(".versions").last).to_contain_text("Inga än.")
    expect(page.locator(".versions").last.get_by_role("link")).to_have_count(0)


def test_older_versions_come_a_page_at_a_time(page: Page, person: Person) -> None:
    with person.server.store() as store:
        for number in range(VERSIONS_AT_A_TIME + 4):
            store.save_reflection(person.id, Draft(QUESTION, f"Svar {number}", 0))  # refused, but the first
    signed_in(page, person, "/skapande")
    expect(opened(page)).to_have_count(VERSIONS_AT_A_TIME)
    more = page.get_by_role("button", name="Visa äldre versioner")
    more.focus()
    page.keyboard.press("Enter")
    expect(opened_already(page)).to_have_count(VERSIONS_AT_A_TIME + 3)
    expect(opened_already(page).nth(VERSIONS_AT_A_TIME)).to_be_focused()
    expect(opened_already(page).last.locator(".words")).to_have_text("Svar 1")
    expect(more).to_have_count(0)


# Two texts


def test_what_differs_between_two_texts_is_marked_also_as_one_goes_on_writing(
    page: Page, person: Person
) -> None:
    signed_in(page, person, "/skapande")
    expect(editor(page)).to_have_value("")
    other = "Vi ses på fredag <b>kväll</b>."
    person.write(QUESTION, other)

    def conflict(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(status=409, json={**answer.json(), "saved_at": "2026-11-01T08:00:00+00:00"})

    page.route("**/api/reflections", conflict)
    editor(page).fill("Vi ses på måndag kväll.")
    mine, theirs = (page.locator(".comparison section").nth(number) for number in range(2))
    expect(mine.locator("mark")).to_have_text(["måndag"])
    expect(theirs.locator(".words")).to_have_text(other)
    expect(theirs.locator(".when")).to_have_text("Sparat 1 november 2026, 09:00")
    assert theirs.locator("b").count() == 0
    editor(page).fill("Vi ses på fredag kväll.")
    expect(mine.locator("mark")).to_have_count(0)
