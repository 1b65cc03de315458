"""What the editor says when a save is refused or has to wait: the text stays in box and browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.people import SAVED, Person, editor, signed_in, status, until
from tests.support.writing import drafts
from visionsprat.domain.records import Draft
from visionsprat.store import quotas

QUESTION = "skapande/innebar"
ROUTE = "**/api/reflections"


def test_a_text_with_a_long_run_of_marks_is_refused_and_saved_when_they_are_gone(
    page: Page, person: Person
) -> None:
    signed_in(page, person, "/skapande")
    editor(page).fill("Hej" + "\u0301" * 40)
    expect(status(page)).to_have_text(
        "Inte sparat. Någon bokstav har fler än 30 accenttecken. Ta bort några, så sparas texten."
    )
    assert (person.text(QUESTION), len(drafts(page))) == ("", 1)
    editor(page).fill("Hej" + "\u0301" * 3)
    expect(status(page)).to_have_text(SAVED)


def test_one_who_is_to_wait_is_not_alarmed_and_the_text_goes_when_it_may(page: Page, person: Person) -> None:
    signed_in(page, person, "/skapande")
    asked: list[float] = []

    def refuse(route: Route) -> None:
        asked.append(len(asked))
        said = {"message": "Det kommer för mycket på en gång. Vänta lite.", "account": person.id}
        route.fulfill(status=429, headers={"Retry-After": "2"}, json=said)

    page.route(ROUTE, refuse, times=1)
    seen: list[str] = []
    page.expose_function("note", lambda said: seen.append(said))
    page.evaluate(
        "new MutationObserver(() => note(document.querySelector('.status').textContent))"
        ".observe(document.querySelector('.think'), {subtree: true, childList: true, characterData: true})"
    )
    editor(page).fill("Mycket på en gång.")
    until(page, lambda: len(asked) == 1, "the first save to be refused")
    editor(page).press_sequentially(" Och mer.")
    editor(page).blur()
    expect(status(page)).to_have_text(SAVED)
    assert person.text(QUESTION) == "Mycket på en gång. Och mer."
    assert not [each for each in seen if "Inte" in each]


@pytest.fixture
def nearly_full(person: Person) -> None:
    """One more earlier version has room; another has not."""
    person.write(QUESTION, "Först")
    with person.server.store() as store:
        for number in range(quotas.MOST_OF_QUESTION - 1):
            store.save_reflection(person.id, Draft(QUESTION, f"Annan {number}", 0))


def test_the_quota_is_told_before_it_is_met_and_room_can_be_made(
    page: Page, person: Person, nearly_full: None
) -> None:
    signed_in(page, person, "/skapande")
    editor(page).fill("Nytt")
    expect(status(page)).to_have_text(SAVED)
    expect(page.get_by_text("Snart finns det inte plats för fler tidigare versioner.")).to_be_visible()
    editor(page).fill("N")
    expect(status(page)).to_contain_text("Inte sparat. Det finns inte plats för fler tidigare versioner.")
    assert (person.text(QUESTION), len(drafts(page))) == ("Nytt", 1)
    page.get_by_text("Tidigare versioner", exact=True).first.click()
    page.get_by_role("button", name="Ta bort alla tidigare versioner av svaret").click()
    page.get_by_role("button", name="Ja, ta bort dem för gott").click()
    expect(status(page)).to_have_text(SAVED)
    assert (person.text(QUESTION), drafts(page)) == ("N", [])
