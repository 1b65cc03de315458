"""The second factor in a real browser: set up, asked for, lost and taken away."""

from __future__ import annotations

import io
import re
import sqlite3
from contextlib import closing
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect
from pyotp import TOTP

from tests.support.forms import expect_fault, sign_in_form
from tests.support.keyboard import tab_to
from tests.support.people import (
    PASSWORD,
    PASSWORD_HASH,
    NewComputer,
    NewPerson,
    Person,
    cookie,
    fill_in_sign_in,
    signed_in,
    until,
)
from tests.support.server import Server
from visionsprat.accounts.invitations import invite
from visionsprat.accounts.second_factor import new_secret
from visionsprat.domain.records import Whom
from visionsprat.domain.tokens import recovery_hash
from visionsprat.web.cookies import SESSION_COOKIE

SECRET, RECOVERY = new_secret(), "k7wm-3rtq-x2hd-p4vn-8ezb-6yjc"


@pytest.fixture
def chief(new_person: NewPerson) -> Person:
    return new_person("Ragna Påhittad", is_admin=True)


@pytest.fixture
def secured(chief: Person) -> Person:
    """An administrator who has set up a second factor long ago."""
    with chief.server.store() as store:
        assert store.set_second_factor(chief.id, SECRET, 0, [recovery_hash(RECOVERY, SECRET)], "")
    return chief


def forget_used_codes(person: Person) -> None:
    """As if half a minute had passed: the code that the app shows has not been used."""
    with closing(sqlite3.connect(person.server.database)) as database, database:
        database.execute("UPDATE second_factors SET last_step = 0 WHERE account_id = ?", [person.id])


def wrong(secret: str = SECRET) -> str:
    code = TOTP(secret).now()
    return f"{(int(code) + 500_000) % 1_000_000:06}"


def give_code(page: Page, code: str) -> None:
    field = page.get_by_label("Kod", exact=True)
    expect(field).to_be_visible()
    field.fill(code)
    enter = page.get_by_role("button", name="Logga in")
    expect(enter).to_have_count(1)  # the first step's goes when all of the second is there
    enter.click()


def let_in_as(page: Page, person: Person) -> None:
    expect(page.locator("nav.side")).to_be_visible()
    assert cookie(page, SESSION_COOKIE)
    assert page.locator("nav.side").get_attribute("data-account") == str(person.id)


def ask_for_code(page: Page, person: Person, address: str = "/") -> None:
    page.goto(person.server.url + address)
    fill_in_sign_in(page, person.email)
    expect(page.get_by_role("heading", name="Skriv koden")).to_be_visible()


# Set up


def begin_to_set_up(page: Page) -> str:
    """Come to the picture for the app, and return the key beneath it."""
    page.get_by_role("button", name="Slå på tvåstegsinloggning …").click()
    password = page.get_by_label("Ditt lösenord")
    expect(password).to_be_focused()
    password.fill(PASSWORD)
    page.get_by_role("button", name="Fortsätt").click()
    expect(page.get_by_label("Kod", exact=True)).to_be_focused()
    return page.locator(".key").inner_text().replace(" ", "")


def set_up(page: Page) -> tuple[str, list[str]]:
    """All of it; returns the key and the recovery codes."""
    secret = begin_to_set_up(page)
    page.get_by_label("Kod", exact=True).fill(TOTP(secret).now())
    page.get_by_role("button", name="Slå på", exact=True).click()
    expect(page.get_by_role("heading", name="Spara dina reservkoder")).to_be_visible()
    return secret, page.locator("#reservkoder").inner_text().split()


def test_an_administrator_sets_it_up_and_signs_in_with_it(
    page: Page, chief: Person, new_computer: NewComputer
) -> None:
    elsewhere = new_computer()
    signed_in(elsewhere, chief)
    signed_in(page, chief, "/mitt-konto")
    secret, codes = set_up(page)
    assert len(set(codes)) == 10
    page.get_by_role("button", name="Jag har sparat koderna").click()
    expect(page.get_by_text("Du har tio reservkoder kvar.")).to_be_visible()
    expect(page.get_by_text(codes[0])).to_have_count(0)
    page.goto(f"{chief.server.url}/administration")
    expect(page.get_by_text("Du loggar in med lösenordet och en kod.")).to_be_visible()
    elsewhere.reload()
    sign_in_form(elsewhere)

    page.get_by_role("button", name="Logga ut", exact=True).click()
    sign_in_form(page)
    ask_for_code(page, chief, "/visionen")
    expect(page.get_by_label("Kod", exact=True)).to_be_focused()
    expect(page.get_by_label("Kod", exact=True)).to_have_attribute("autocomplete", "one-time-code")
    assert cookie(page, SESSION_COOKIE) is None
    give_code(page, wrong(secret))
    expect_fault(page, "Koden stämmer inte", "Kod")
    forget_used_codes(chief)
    used = TOTP(secret).now()
    give_code(page, used)
    let_in_as(page, chief)
    assert page.url == f"{chief.server.url}/visionen"

    ask_for_code(elsewhere, chief)
    give_code(elsewhere, used)
    expect_fault(elsewhere, "redan använd", "Kod")
    give_code(elsewhere, codes[3].upper())
    let_in_as(elsewhere, chief)
    elsewhere.get_by_role("button", name="Logga ut", exact=True).click()
    sign_in_form(elsewhere)
    ask_for_code(elsewhere, chief)
    give_code(elsewhere, codes[3])
    expect_fault(elsewhere, "redan använd", "Kod")
    assert not any(each in chief.server.output for each in (secret, used, *codes))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_app_reads_the_key_in_the_picture(page: Page, chief: Person, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    signed_in(page, chief, "/mitt-konto")
    secret = begin_to_set_up(page)
    picture = page.get_by_role("img", name=re.compile("^QR-kod"))
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
    (read,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture.screenshot())))
    parts = urlsplit(read.text)
    assert unquote(parts.path) == f"/Visionsprat:{chief.email}"
    assert parse_qs(parts.query)["secret"] == [secret]


def test_it_is_not_set_up_with_a_wrong_password_or_a_wrong_code(page: Page, chief: Person) -> None:
    signed_in(page, chief, "/mitt-konto")
    page.get_by_role("button", name="Slå på tvåstegsinloggning …").click()
    page.get_by_label("Ditt lösenord").fill("fel lösenord här")
    page.get_by_role("button", name="Fortsätt").click()
    expect_fault(page, "Det nuvarande lösenordet stämmer inte.", "Ditt lösenord")
    expect(page.locator(".key")).to_have_count(0)
    page.get_by_role("button", name="Avbryt").click()
    secret = begin_to_set_up(page)
    page.get_by_label("Kod", exact=True).fill(wrong(secret))
    page.get_by_role("button", name="Slå på", exact=True).click()
    expect_fault(page, "Koden stämmer inte", "Kod")
    assert page.locator(".key").inner_text().replace(" ", "") == secret
    with chief.server.store() as store:
        assert store.second_factor(chief.id) is None


def test_only_administrators_see_it_and_whoever_has_it_still(
    page: Page, person: Person, secured: Person
) -> None:
    signed_in(page, person, "/mitt-konto")
    expect(page.get_by_role("heading", name="Byt lösenord")).to_be_visible()
    expect(page.get_by_text("Tvåstegsinloggning")).to_have_count(0)
    with secured.server.store() as store:
        store.set_administrator(None, person.id, True)
        store.set_administrator(None, secured.id, False)
    page.context.clear_cookies()
    ask_for_code(page, secured, "/mitt-konto")
    give_code(page, TOTP(SECRET).now())
    expect(page.get_by_role("heading", name="Tvåstegsinloggning")).to_be_visible()
    expect(page.get_by_role("button", name="Stäng av tvåstegsinloggning …")).to_be_visible()


# Changed


def test_it_is_turned_off_with_the_password_and_a_code(page: Page, secured: Person) -> None:
    signed_in(page, secured, "/mitt-konto")
    page.get_by_role("button", name="Stäng av tvåstegsinloggning …").click()
    off = page.get_by_role("button", name="Stäng av tvåstegsinloggning", exact=True)
    page.get_by_label("Ditt lösenord").fill(PASSWORD)
    page.get_by_label("Kod", exact=True).fill(wrong())
    off.click()
    expect_fault(page, "Koden stämmer inte", "Kod")
    page.get_by_label("Ditt lösenord").fill("fel lösenord här")
    page.get_by_label("Kod", exact=True).fill(RECOVERY)
    off.click()
    expect_fault(page, "Det nuvarande lösenordet stämmer inte.", "Ditt lösenord")
    page.get_by_label("Ditt lösenord").fill(PASSWORD)
    off.click()
    expect(page.get_by_text("Tvåstegsinloggningen är avstängd.")).to_be_visible()
    expect(page.get_by_role("button", name="Slå på tvåstegsinloggning …")).to_be_visible()
    page.get_by_role("button", name="Logga ut", exact=True).click()
    sign_in_form(page)
    fill_in_sign_in(page, secured.email)
    let_in_as(page, secured)


def test_new_recovery_codes_end_the_old_ones(page: Page, secured: Person, new_computer: NewComputer) -> None:
    signed_in(page, secured, "/mitt-konto")
    expect(page.get_by_text("Du har en reservkod kvar.")).to_be_visible()
    page.get_by_role("button", name="Nya reservkoder …").click()
    page.get_by_label("Ditt lösenord").fill(PASSWORD)
    page.get_by_label("Kod", exact=True).fill(TOTP(SECRET).now())
    page.get_by_role("button", name="Gör nya reservkoder").click()
    expect(page.get_by_text("De gamla gäller inte längre.")).to_be_visible()
    codes = page.locator("#reservkoder").inner_text().split()
    assert len(set(codes)) == 10
    elsewhere = new_computer()
    ask_for_code(elsewhere, secured)
    give_code(elsewhere, RECOVERY)
    expect_fault(elsewhere, "Koden stämmer inte", "Kod")
    give_code(elsewhere, codes[9])
    let_in_as(elsewhere, secured)


def test_a_change_of_password_asks_for_a_code_and_keeps_the_session(page: Page, secured: Person) -> None:
    signed_in(page, secured, "/mitt-konto")
    old = cookie(page, SESSION_COOKIE)["value"]
    page.get_by_label("Nuvarande lösenord").fill(PASSWORD)
    page.get_by_label("Kod från appen").fill(wrong())
    page.get_by_label("Nytt lösenord").fill("en helt annan mening")
    page.get_by_role("button", name="Byt lösenord").click()
    expect_fault(page, "Koden stämmer inte", "Kod från appen")
    page.get_by_label("Kod från appen").fill(TOTP(SECRET).now())
    page.get_by_role("button", name="Byt lösenord").click()
    until(page, lambda: cookie(page, SESSION_COOKIE)["value"] != old, "the new password's session")
    let_in_as(page, secured)


# Asked for


def test_to_be_kept_signed_in_outlives_the_second_step(page: Page, secured: Person) -> None:
    page.goto(f"{secured.server.url}/globala")
    page.get_by_text("Håll mig inloggad").click()
    fill_in_sign_in(page, secured.email)
    give_code(page, TOTP(SECRET).now())
    let_in_as(page, secured)
    assert page.url == f"{secured.server.url}/globala"
    assert cookie(page, SESSION_COOKIE)["expires"] > 0


def test_by_keyboard_alone(page: Page, secured: Person) -> None:
    page.goto(secured.server.url)
    tab_to(page, page.get_by_label("E-post"))
    page.keyboard.type(secured.email)
    tab_to(page, page.get_by_label("Lösenord", exact=True))
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Kod", exact=True)).to_be_focused()
    page.keyboard.type(TOTP(SECRET).now())
    page.keyboard.press("Enter")
    let_in_as(page, secured)


def test_one_can_begin_anew_and_a_reload_does(page: Page, secured: Person) -> None:
    ask_for_code(page, secured)
    page.get_by_role("button", name="Börja om").click()
    sign_in_form(page)
    expect(page.get_by_label("Lösenord", exact=True)).to_have_value("")
    ask_for_code(page, secured)
    page.reload()
    sign_in_form(page)


def test_a_step_that_has_become_stale_says_so(page: Page, secured: Person) -> None:
    ask_for_code(page, secured)
    with secured.server.store() as store:
        store.set_password(secured.id, PASSWORD_HASH + " ")
    give_code(page, TOTP(SECRET).now())
    expect_fault(page, "så har något i kontot ändrats. Välj Börja om.", "Kod")
    assert cookie(page, SESSION_COOKIE) is None


def test_whoever_chooses_a_password_with_a_link_is_asked_too(page: Page, secured: Person) -> None:
    with secured.server.store() as store:
        (made,) = invite(store, None, Whom(emails=frozenset({secured.email})), secured.server.url)
    page.goto(made.link)
    page.get_by_label("Lösenord", exact=True).fill("en helt annan mening")
    page.get_by_role("button", name="Välj lösenord").click()
    expect(page.get_by_role("heading", name="Skriv koden")).to_be_visible()
    assert cookie(page, SESSION_COOKIE) is None
    give_code(page, TOTP(SECRET).now())
    let_in_as(page, secured)
    assert page.url == f"{secured.server.url}/"


# Lost


def test_another_administrator_takes_it_away(
    page: Page, secured: Person, new_person: NewPerson, new_computer: NewComputer
) -> None:
    helper = new_person("Bengt Provberg", is_admin=True)
    signed_in(page, helper, f"/administration?person={secured.id}")
    page.get_by_role("button", name="Ta bort tvåstegsinloggning", exact=True).click()
    page.get_by_role("button", name="Ja, ta bort tvåstegsinloggning").click()
    expect(page.get_by_text("Tvåstegsinloggningen är borttagen.")).to_be_visible()
    expect(page.get_by_role("button", name="Ta bort tvåstegsinloggning")).to_have_count(0)
    page.get_by_role("link", name="Händelser").click()
    row = page.get_by_role("row").filter(has_text="Tog bort tvåstegsinloggning").first
    expect(row).to_contain_text(helper.email)
    expect(row).to_contain_text(secured.email)
    elsewhere = new_computer()
    elsewhere.goto(secured.server.url)
    fill_in_sign_in(elsewhere, secured.email)
    let_in_as(elsewhere, secured)


def test_nobody_takes_away_their_own_there(page: Page, secured: Person, server: Server) -> None:
    signed_in(page, secured, f"/administration?person={secured.id}")
    expect(page.get_by_text("Din egen tvåstegsinloggning är på.")).to_be_visible()
    expect(page.get_by_role("button", name="Ta bort tvåstegsinloggning")).to_have_count(0)


def test_the_administration_tells_who_has_none_where_to_set_it_up(page: Page, chief: Person) -> None:
    signed_in(page, chief, "/administration")
    expect(page.get_by_text("Du loggar in med bara lösenordet.")).to_be_visible()
    page.get_by_role("link", name="Slå på tvåstegsinloggning").click()
    expect(page.get_by_role("button", name="Slå på tvåstegsinloggning …")).to_be_visible()
