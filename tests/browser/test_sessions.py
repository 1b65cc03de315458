"""How a session ends: at once, wherever it is open. How long one lasts, and who is let in after guesses."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta, timezone

import pytest
from playwright.sync_api import Page, expect

from tests.support.people import (
    PASSWORD,
    PASSWORD_HASH,
    SAVED,
    NewComputer,
    NewPerson,
    Person,
    cookie,
    editor,
    fill_in_sign_in,
    signed_in,
    status,
    until,
)
from tests.support.server import Server
from visionsprat.web.cookies import DEVICE_COOKIE, SESSION_COOKIE

QUESTION, TEXT = "skapande/innebar", "Skrivet just när det hände."
ROUTE = "**/api/reflections"


def sign_in_form(page: Page) -> None:
    expect(page.get_by_role("heading", name="Logga in")).to_be_visible()
    expect(page.get_by_role("button", name="Logga in")).to_be_visible()
    expect(page.locator("nav.side")).to_have_count(0)


# Three ways to end every session, each done in another browser


def deactivate(elsewhere: Page, person: Person, administrator: Person) -> None:
    signed_in(elsewhere, administrator, f"/administration?person={person.id}")
    elsewhere.get_by_role("button", name="Avaktivera", exact=True).click()
    elsewhere.get_by_role("button", name="Ja, avaktivera").click()
    expect(elsewhere.get_by_text("är avaktiverad.")).to_be_visible()


def change_password(elsewhere: Page, person: Person, _: Person) -> None:
    signed_in(elsewhere, person, "/mitt-konto")
    old_token = cookie(elsewhere, SESSION_COOKIE)["value"]
    elsewhere.get_by_label("Nuvarande lösenord").fill(PASSWORD)
    elsewhere.get_by_label("Nytt lösenord").fill("en helt annan mening")
    elsewhere.get_by_role("button", name="Byt lösenord").click()
    changed = "the new password's session"
    until(elsewhere, lambda: cookie(elsewhere, SESSION_COOKIE)["value"] != old_token, changed)


def sign_out_everywhere(elsewhere: Page, person: Person, _: Person) -> None:
    signed_in(elsewhere, person, "/mitt-konto")
    elsewhere.get_by_role("button", name="Logga ut överallt").click()
    sign_in_form(elsewhere)


End = Callable[[Page, Person, Person], None]


@pytest.mark.parametrize("end", [deactivate, change_password, sign_out_everywhere])
def test_wherever_the_person_was_signed_in_the_next_thing_they_do_asks_for_sign_in(
    page: Page, person: Person, new_person: NewPerson, new_computer: NewComputer, end: End
) -> None:
    reading, naming, writing = page, page.context.new_page(), page.context.new_page()
    for tab, address in ((reading, "/visionen"), (naming, "/mitt-konto"), (writing, "/skapande")):
        signed_in(tab, person, address)
    writing.route(ROUTE, lambda route: route.abort())
    editor(writing).fill(TEXT)
    expect(status(writing)).to_contain_text("Inte sparat.")
    end(new_computer(), person, new_person("Bengt Provberg", is_admin=True))

    naming.get_by_label("Namn").fill("Ett annat namn")
    naming.get_by_role("button", name="Spara namnet").click()
    sign_in_form(naming)
    for tab in (reading, writing):  # which have done nothing yet
        expect(tab.get_by_role("heading", name="Du är utloggad")).to_be_visible()
    reading.get_by_role("button", name="Logga in").click()
    sign_in_form(reading)
    assert reading.url == f"{person.server.url}/visionen"
    writing.get_by_role("button", name="Logga in").click()
    sign_in_form(writing)
    assert person.text(QUESTION) == ""
    with person.server.store() as store:
        found = store.person(person.id)
        assert found is not None and found.name == "Amina Testsson"
        store.set_active(None, person.id, True)  # let back in, with the password that everybody has here
        store.set_password(person.id, PASSWORD_HASH)

    writing.unroute(ROUTE)
    fill_in_sign_in(writing, person.email)
    expect(editor(writing)).to_have_value(TEXT)
    expect(status(writing)).to_have_text(SAVED)
    until(writing, lambda: person.text(QUESTION) == TEXT, "the text to be stored")


# Where one is signed in


def sign_in_with_the_form(page: Page, person: Person, address: str = "/") -> None:
    page.goto(person.server.url + address)
    fill_in_sign_in(page, person.email)
    expect(page.locator("nav.side")).to_be_attached()


def test_a_person_signs_another_computer_out_from_the_account_page(
    page: Page, person: Person, new_computer: NewComputer
) -> None:
    lost = new_computer()
    sign_in_with_the_form(lost, person, "/visionen")
    sign_in_with_the_form(page, person, "/mitt-konto")
    listed = page.locator(".session")
    expect(listed).to_have_count(2)
    expect(listed.first).to_contain_text("Den här")
    expect(listed.nth(1)).to_contain_text("Dator, Linux")
    page.get_by_role("button", name="Logga ut nummer 2").click()
    expect(page.get_by_text("Utloggad där.")).to_be_visible()
    expect(listed).to_have_count(1)
    lost.reload()
    sign_in_form(lost)


def test_an_administrator_signs_everybody_out_and_stays(
    page: Page, person: Person, new_person: NewPerson, new_computer: NewComputer
) -> None:
    elsewhere = new_computer()
    signed_in(elsewhere, person, "/visionen")
    signed_in(page, new_person("Bengt Provberg", is_admin=True), "/administration")
    page.get_by_role("button", name="Logga ut alla").click()
    expect(page.get_by_role("alert")).to_have_text("Ingen är utloggad. Kryssa i rutan, om du är säker.")
    page.get_by_text("Ja, logga ut alla").click()
    page.get_by_role("button", name="Logga ut alla").click()
    expect(page.get_by_text("Alla andra är utloggade.")).to_be_visible()
    elsewhere.reload()
    sign_in_form(elsewhere)
    page.reload()
    expect(page.get_by_role("heading", name="Administration")).to_be_visible()


def test_a_wrong_old_password_is_told_before_the_new_one_is_looked_at(page: Page, person: Person) -> None:
    signed_in(page, person, "/mitt-konto")
    page.get_by_label("Nuvarande lösenord").fill("inte mitt lösenord")
    page.get_by_label("Nytt lösenord").fill("kort")
    page.get_by_role("button", name="Byt lösenord").click()
    expect(page.get_by_role("alert")).to_have_text("Det nuvarande lösenordet stämmer inte.")


# How long one stays signed in


def rest(person: Person, hours: int) -> None:
    """Pretend that nobody has used the person's sessions for so long."""
    last = datetime.now(timezone.utc) - timedelta(hours=hours)
    with closing(sqlite3.connect(person.server.database)) as database, database:
        database.execute(
            "UPDATE sessions SET last_seen_at = ? WHERE account_id = ?",
            [last.isoformat(timespec="milliseconds"), person.id],
        )


def test_only_who_asks_for_it_stays_signed_in(page: Page, person: Person, new_computer: NewComputer) -> None:
    page.goto(f"{person.server.url}/skapande")
    fill_in_sign_in(page, person.email)
    expect(editor(page)).to_be_visible()
    kept = new_computer()
    kept.goto(f"{person.server.url}/skapande")
    kept.get_by_text("Håll mig inloggad").click()
    fill_in_sign_in(kept, person.email)
    expect(editor(kept)).to_be_visible()

    assert cookie(page, SESSION_COOKIE)["expires"] == -1
    days = (cookie(kept, SESSION_COOKIE)["expires"] - time.time()) / 86_400
    assert 29.9 < days <= 30
    rest(person, hours=13)
    for each in (page, kept):
        each.reload()
    sign_in_form(page)
    expect(editor(kept)).to_be_visible()


def test_staying_signed_in_is_chosen_with_the_keyboard_too(page: Page, server: Server) -> None:
    page.goto(server.url)
    box = page.get_by_role("checkbox", name="Håll mig inloggad")
    expect(box).not_to_be_checked()
    page.get_by_label("Lösenord", exact=True).focus()
    for _ in range(3):
        page.keyboard.press("Tab")
        if box.evaluate("box => box === document.activeElement"):
            break
    page.keyboard.press("Space")
    expect(box).to_be_checked()


# After guesses


def guess_five_times(page: Page, server: Server, email: str) -> None:
    """Four times as a program would, and once by hand."""
    with server.store() as store:
        for _ in range(4):
            store.begin_attempt(email)
    page.goto(server.url)
    fill_in_sign_in(page, email, "fel lösenord här")
    expect(page.get_by_role("alert")).to_contain_text("stämmer inte")


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_after_five_guesses_the_sixth_is_told_to_wait(
    page: Page, person: Person, server: Server, known: bool
) -> None:
    email = person.email if known else f"x{person.email}"
    guess_five_times(page, server, email)
    fill_in_sign_in(page, email, PASSWORD)
    told = "Det har blivit för många försök. Vänta en minut och försök igen."
    expect(page.get_by_role("alert")).to_have_text(told)


def test_a_browser_that_has_signed_in_before_is_let_in_all_the_same(
    page: Page, person: Person, server: Server, new_computer: NewComputer
) -> None:
    page.goto(server.url)
    fill_in_sign_in(page, person.email)
    expect(page.locator("nav.side")).to_be_visible()
    device = cookie(page, DEVICE_COOKIE)
    assert (device["httpOnly"], device["sameSite"]) == (True, "Lax")
    assert 179.9 < (device["expires"] - time.time()) / 86_400 <= 180
    assert DEVICE_COOKIE not in page.evaluate("document.cookie")
    page.get_by_role("button", name="Logga ut", exact=True).click()
    sign_in_form(page)

    stranger = new_computer()
    guess_five_times(stranger, server, person.email)
    fill_in_sign_in(stranger, person.email)
    expect(stranger.get_by_role("alert")).to_contain_text("för många försök")
    fill_in_sign_in(page, person.email)
    expect(page.locator("nav.side")).to_be_visible()
