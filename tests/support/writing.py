"""Somebody writes an answer in a browser; where it is then."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.support.people import SAVED, Person, editor, status, until

QUESTION = "skapande/innebar"
TEXT = "Räksmörgås på morgonmötet 🥐, och sedan prövar vi något nytt tillsammans."


def type_at_full_speed(page: Page, text: str = TEXT) -> None:
    editor(page).click()
    page.keyboard.type(text)


def wait_until_stored(page: Page, person: Person, text: str = TEXT) -> None:
    until(page, lambda: person.text(QUESTION) == text, f"{text!r} to be in the database")


def expect_saved(page: Page, person: Person, text: str = TEXT) -> None:
    """The page says that it is saved, and it is."""
    expect(status(page)).to_have_text(SAVED)
    expect(editor(page)).to_have_value(text)
    assert person.text(QUESTION) == text


def drafts(page: Page) -> list[str]:
    """The keys under which this browser keeps what is not saved yet."""
    found: list[str] = page.evaluate("Object.keys(localStorage).filter((key) => key.includes('draft'))")
    return found
