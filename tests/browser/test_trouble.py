"""Trouble under the server's feet, as the person who writes meets it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import Page, expect

from tests.support.people import Person, editor, signed_in, status
from tests.support.server import Server
from tests.support.trouble import moved_away, no_room
from tests.support.writing import QUESTION, drafts, expect_saved, type_at_full_speed


@pytest.mark.parametrize("trouble", [no_room, moved_away])
def test_what_can_not_be_saved_is_told_stays_in_the_browser_and_is_saved_later(
    page: Page, person: Person, server: Server, trouble: Callable[[Server], AbstractContextManager[None]]
) -> None:
    signed_in(page, person, "/skapande")
    type_at_full_speed(page, "Före. ")
    expect_saved(page, person, "Före. ")
    # The page is drawn once more when its theme has been begun.
    expect(page.locator("nav.side")).to_contain_text("1 av 2 frågor")
    with trouble(server):
        page.keyboard.type("Under. ")
        expect(status(page)).to_have_text(
            "Inte sparat. Servern kan inte spara just nu. "
            "Texten finns kvar på den här enheten och skickas så snart det går."
        )
        assert len(drafts(page)) == 1
        with page.expect_response(lambda answer: "Fortfarande under." in str(answer.request.post_data)):
            page.keyboard.type("Fortfarande under. ")
        expect(editor(page)).to_have_value("Före. Under. Fortfarande under. ")
    # From now on nothing is typed: it is sent again without that.
    assert person.text(QUESTION) == "Före. "
    expect_saved(page, person, "Före. Under. Fortfarande under. ")


def test_a_page_that_can_not_be_read_says_so_and_the_text_typed_before_is_saved_later(
    page: Page, person: Person, server: Server
) -> None:
    signed_in(page, person, "/skapande")
    expect(editor(page)).to_be_visible()
    with moved_away(server):
        type_at_full_speed(page, "Under.")
        expect(status(page)).to_contain_text("Inte sparat")
        page.get_by_role("link", name="Den globala staden").first.click()
        expect(page.get_by_role("alert")).to_contain_text("Ingenting är borta. Vänta en stund")
        page.reload()  # so that the text is nowhere but in the browser's storage
        expect(page.get_by_role("alert")).to_contain_text("Ingenting är borta. Vänta en stund")
    page.reload()
    expect(page).to_have_title("Den globala staden – Visionsprat")
    page.get_by_role("link", name="Den skapande staden").first.click()
    expect_saved(page, person, "Under.")
