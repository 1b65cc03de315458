"""Every state of a page that it does not show at rest: axe-core, Swedish, and nothing cut off."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pyotp import TOTP

from tests.support.looking import (
    LOW,
    WIDTHS,
    glance,
    resize,
)
from tests.support.people import (
    PASSWORD,
    PASSWORD_HASH,
    Person,
    add_person,
    answer_saves,
    cookie,
    editor,
    fill_in_sign_in,
    let_in,
    status,
)
from tests.support.roles import Role
from tests.support.server import Server
from tests.support.staff_lists import csv_file
from tests.support.stored import known_as
from tests.support.windows import Window, settle
from visionsprat.accounts.invitations import invite
from visionsprat.accounts.second_factor import new_secret
from visionsprat.domain.records import Whom
from visionsprat.domain.tokens import token_hash
from visionsprat.web.cookies import SESSION_COOKIE

State = Callable[[Window], None]
STATES: dict[str, tuple[Role, State]] = {}


def state(role: Role) -> Callable[[State], State]:
    """What somebody does to bring about a state; the test below then looks at it."""

    def add(bring_about: State) -> State:
        STATES[bring_about.__name__] = role, bring_about
        return bring_about

    return add


@state(Role.VISITOR)
def refused_at_sign_in(window: Window) -> None:
    window.load("/")
    fill_in_sign_in(window.page, "ingen@test.example", "fel lösenord")
    expect(window.page.get_by_role("alert")).to_be_visible()


@state(Role.VISITOR)
def no_such_file(window: Window) -> None:
    window.load("/finns/inte")


@state(Role.VISITOR)
def asked_for_a_new_password(window: Window) -> None:
    window.load("/glomt-losenord")
    window.page.get_by_label("E-post").fill("ingen@test.example")
    window.page.get_by_role("button", name="Skicka länk").click()
    expect(window.page.get_by_text("Om det finns ett konto med den adressen")).to_be_visible()


@state(Role.VISITOR)
def invited(window: Window) -> None:
    open_invitation(window)


@state(Role.MANAGER)
def invited_while_another_is_signed_in(window: Window) -> None:
    open_invitation(window)
    window.page.get_by_label("Lösenord", exact=True).fill("kort")
    window.page.get_by_role("button", name="Välj lösenord").click()
    expect(window.page.get_by_role("alert")).to_be_visible()


def open_invitation(window: Window) -> None:
    person = add_person(window.server, "Elin Testsson")
    with window.server.store() as store:
        (made,) = invite(store, None, Whom(emails=frozenset({person.email})), site="")
    window.load(made.link)
    expect(window.page.get_by_role("button", name="Välj lösenord")).to_be_visible()


@state(Role.VISITOR)
def invited_by_a_link_that_locks(window: Window) -> None:
    locked_person(window)
    expect(window.page.get_by_text("låses det du har skrivit tidigare")).to_be_visible()


@state(Role.VISITOR)
def refused_where_texts_are_locked(window: Window) -> None:
    in_with_locked_texts(window, "/mitt-konto")
    window.page.get_by_label("Ditt gamla lösenord").fill("fel lösenord")
    window.page.get_by_role("button", name="Lås upp texterna").click()
    expect(window.page.get_by_role("alert")).to_be_visible()


@state(Role.VISITOR)
def a_theme_whose_texts_are_locked(window: Window) -> None:
    in_with_locked_texts(window, "/skapande")
    expect(window.page.get_by_text("Dina tidigare texter är låsta sedan")).to_be_visible()


@state(Role.VISITOR)
def texts_released_and_an_address_in_doubt(window: Window) -> None:
    person = in_with_locked_texts(window, "/mitt-konto")
    with window.server.store() as store:
        store.release_texts(None, person.id)
    window.load("/")
    expect(window.page.get_by_role("button", name="Jag har läst det")).to_be_visible()
    expect(window.page.get_by_role("button", name="Ja, det är min adress")).to_be_visible()


@state(Role.ADMINISTRATOR)
def a_person_whose_texts_are_locked(window: Window) -> None:
    person = use_a_link_that_locks(window)
    with closing(sqlite3.connect(window.server.database)) as database, database:
        database.execute("UPDATE accounts SET created_at = '2020-01-01' WHERE name = 'Ragna Påhittad'")
    window.load(f"/administration?del=personer&person={person.id}")
    expect(window.page.get_by_role("button", name="Släpp texterna")).to_be_visible()


def locked_person(window: Window) -> Person:
    """Somebody who has written, whose link is open in the browser."""
    person = add_person(window.server, "Elin Testsson")
    person.write("skapande/innebar", "Vi pratar om hur det gick.")
    with window.server.store() as store:
        (made,) = invite(store, None, Whom(emails=frozenset({person.email})), site="")
    window.load(made.link)
    return person


def use_a_link_that_locks(window: Window) -> Person:
    person = add_person(window.server, "Elin Testsson")
    person.write("skapande/innebar", "Vi pratar om hur det gick.")
    with window.server.store() as store:
        known_as(store, f"link of {person.id}", store.invite(None, Whom(emails=frozenset({person.email}))))
        store.use_invitation(f"link of {person.id}", PASSWORD_HASH)
    return person


def in_with_locked_texts(window: Window, address: str) -> Person:
    person = use_a_link_that_locks(window)
    let_in(window.page, person)
    window.load(address)
    return person


@state(Role.VISITOR)
def asked_for_a_code(window: Window) -> None:
    person = add_person(window.server, "Ragna Påhittad", is_admin=True)
    with window.server.store() as store:
        assert store.set_second_factor(person.id, new_secret(), 0, [], "")
    window.load("/")
    fill_in_sign_in(window.page, person.email)
    window.page.get_by_label("Kod", exact=True).fill("inte en kod")
    window.page.get_by_role("button", name="Logga in").click()
    expect(window.page.get_by_role("alert")).to_be_visible()


@state(Role.ADMINISTRATOR)
def a_second_factor_to_be_confirmed(window: Window) -> None:
    begin_a_second_factor(window)
    window.page.get_by_role("button", name="Slå på", exact=True).click()
    expect(window.page.get_by_role("alert")).to_be_visible()


@state(Role.ADMINISTRATOR)
def recovery_codes_shown(window: Window) -> None:
    secret = begin_a_second_factor(window)
    window.page.get_by_label("Kod", exact=True).fill(TOTP(secret).now())
    window.page.get_by_role("button", name="Slå på", exact=True).click()
    expect(window.page.locator("#reservkoder")).to_be_visible()


@state(Role.ADMINISTRATOR)
def a_second_factor_to_be_turned_off(window: Window) -> None:
    have_second_factor(window, True)
    window.page.get_by_role("button", name="Stäng av tvåstegsinloggning …").click()
    window.page.get_by_role("button", name="Stäng av tvåstegsinloggning", exact=True).click()
    expect(window.page.get_by_role("alert")).to_be_visible()


def have_second_factor(window: Window, has: bool) -> None:
    """Open the account page of the window's person, with a second factor or without."""
    window.load("/mitt-konto")
    id = int(window.page.locator("nav.side").get_attribute("data-account") or 0)
    token = cookie(window.page, SESSION_COOKIE)["value"]
    with window.server.store() as store:
        store.turn_off_second_factor(id)
        if has:
            assert store.set_second_factor(id, new_secret(), 0, [], token_hash(token))
    window.load("/mitt-konto")


def begin_a_second_factor(window: Window) -> str:
    page = window.page
    have_second_factor(window, False)
    page.get_by_role("button", name="Slå på tvåstegsinloggning …").click()
    page.get_by_label("Ditt lösenord").fill(PASSWORD)
    page.get_by_role("button", name="Fortsätt").click()
    expect(page.locator(".key")).to_be_visible()
    return page.locator(".key").inner_text().replace(" ", "")


@state(Role.ADMINISTRATOR)
def anothers_second_factor_to_be_taken_away(window: Window) -> None:
    person = add_person(window.server, "Ragna Fiktiv", is_admin=True)
    with window.server.store() as store:
        assert store.set_second_factor(person.id, new_secret(), 0, [], "")
    window.load(f"/administration?person={person.id}")
    window.page.get_by_role("button", name="Ta bort tvåstegsinloggning").click()
    expect(window.page.get_by_role("button", name="Ja, ta bort tvåstegsinloggning")).to_be_visible()


@state(Role.MANAGER)
def refused_on_the_account_page(window: Window) -> None:
    window.load("/mitt-konto")
    page = window.page
    page.get_by_label("Namn").fill("")
    page.get_by_role("button", name="Spara namnet").click()
    expect(page.get_by_role("alert")).to_be_visible()
    for what in ("Radera mitt konto", "Radera mina reflektioner"):
        page.get_by_role("button", name=f"{what} …").click()
        page.get_by_role("button", name=what, exact=True).click()
        expect(page.get_by_role("alert").filter(has_text="Inget är raderat.").last).to_be_visible()
    expect(page.get_by_label("Skriv ordet radera")).to_have_count(2)


@state(Role.MANAGER)
def a_text_from_before_an_erasure(window: Window) -> None:
    window.load("/balanserade")
    answer(window.page, 409, {**ELSEWHERE, "text": "", "erased": True})
    editor(window.page).fill("Min text från förr.")
    expect(window.page.get_by_role("button", name="Radera den här också")).to_be_visible()


@state(Role.MANAGER)
def earlier_versions(window: Window) -> None:
    page = window.page
    window.load("/skapande")
    editor(page).fill("En lång text, som det snart inte är mycket kvar av.")
    expect(status(page)).to_contain_text("Sparat")
    editor(page).fill("Kort.")
    expect(page.get_by_role("button", name="Återställ texten")).to_be_visible()
    page.get_by_text("Tidigare versioner").first.click()
    expect(page.get_by_role("button", name="Återställ versionen").first).to_be_visible()


@state(Role.COMPLETE)
def earlier_versions_where_all_is_reread(window: Window) -> None:
    window.load("/mina-reflektioner")
    window.page.get_by_text("Tidigare versioner").first.click()
    expect(window.page.locator(".versions").first).to_have_attribute("open", "")


@state(Role.MANAGER)
def a_conflict_and_signed_out(window: Window) -> None:
    page = window.page
    window.load("/balanserade")
    answer(page, 409, ELSEWHERE)
    editor(page).fill("Min text här.")
    expect(page.locator(".choice h3")).to_be_visible()
    answer(page, 401, {})
    editor(page, 1).fill("Å" * 100)
    expect(status(page, 1)).to_contain_text("Du är utloggad.")


@state(Role.MANAGER)
def offline(window: Window) -> None:
    page = window.page
    window.load("/balanserade")
    page.context.set_offline(True)
    editor(page).fill("Min text utan nät.")
    expect(status(page)).to_contain_text("när nätet är tillbaka")


@state(Role.MANAGER)
def asked_before_signing_out(window: Window) -> None:
    page = window.page
    window.load("/globala")
    answer(page, 401, {})
    editor(page).fill("Min text.")
    expect(status(page)).to_contain_text("Du är utloggad.")
    page.get_by_role("button", name="Logga ut", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()


@state(Role.BEGUN)
def the_menu_open(window: Window) -> None:
    window.page.set_viewport_size({"width": WIDTHS[-1], "height": LOW})
    window.load("/globala")
    window.page.get_by_role("button", name="Meny").click()


@state(Role.MANAGER)
def a_reminder(window: Window) -> None:
    window.load("/min-grupp")
    window.go("/min-grupp?visa=inte-borjat")
    window.page.locator("summary").click()


@state(Role.ADMINISTRATOR)
def nobody_found(window: Window) -> None:
    window.load("/administration?del=handelser")
    window.page.get_by_label("Vem, eller om vem").fill("ingen@alls")
    window.page.keyboard.press("Enter")
    expect(window.page.get_by_text("0 händelser")).to_be_visible()


@state(Role.ADMINISTRATOR)
def a_list_opened(window: Window) -> None:
    window.load("/administration")
    window.page.get_by_role("button", name="Visa alla").click()
    expect(window.page.get_by_role("option").first).to_be_visible()


@state(Role.ADMINISTRATOR)
def a_link_handed_out(window: Window) -> None:
    window.load("/administration")
    window.page.get_by_role("link", name="Åsa Testsson").click()
    window.page.get_by_role("button", name="Bjud in", exact=True).click()
    expect(window.page.locator("#lank")).to_be_visible()


@state(Role.ADMINISTRATOR)
def letters_that_were_not_sent(window: Window) -> None:
    page = window.page
    window.load("/administration?del=inbjudningar")
    page.get_by_text(re.compile("^Ja, skicka")).click()
    page.get_by_role("button", name="Skicka", exact=True).click()
    expect(page.get_by_role("cell", name="E-postservern går inte att nå.").first).to_be_visible()


@state(Role.ADMINISTRATOR)
def a_staff_lists_preview(window: Window) -> None:
    upload(window, ("ny@test.example", "Ny Testsson", "Vård/Ny enhet", "Vård", "ja"))
    expect(window.page.get_by_role("heading", name="Det här ändras")).to_be_visible()
    for summary in window.page.locator("summary").all():
        summary.click()


@state(Role.ADMINISTRATOR)
def a_staff_lists_faults(window: Window) -> None:
    upload(
        window,
        ("inte-en-adress", "Åsa Örn", "Vård//Team", "", "kanske"),
        ("bo@test.example", "", "Vård", "", "ja"),
    )
    expect(window.page.get_by_role("heading", name="Filen har 4 fel")).to_be_visible()


def upload(window: Window, *rows: tuple[str, ...]) -> None:
    window.load("/administration?del=personallista")
    file: Any = {"name": "personallista.csv", "mimeType": "text/csv", "buffer": csv_file(rows)}
    window.page.locator("input[type=file]").set_input_files(file)
    expect(window.page.get_by_text(re.compile(r"^\d+\.\dK?B$"))).to_be_hidden()  # the size, in English


@state(Role.ADMINISTRATOR)
def ten_thousand_accounts(window: Window) -> None:
    with closing(sqlite3.connect(window.server.database)) as database, database:
        database.executemany(
            "INSERT OR IGNORE INTO accounts (email, name, search_text, created_at) VALUES (?, ?, ?, ?)",
            [
                (f"p{n}@test.example", f"Person {n}", f"person {n}", "2026-11-12T08:00:00.000+00:00")
                for n in range(10_000)
            ],
        )
        database.execute(
            "INSERT OR IGNORE INTO group_members SELECT groups.id, accounts.id FROM groups, accounts"
            " WHERE groups.name = 'Team 9' AND accounts.email LIKE 'p%@test.example'"
        )
    window.load("/administration")
    window.page.get_by_label("Sök på namn eller e-post").fill("person")
    window.page.keyboard.press("Enter")
    expect(window.page.get_by_text("av 10\u00a0000.")).to_be_visible()


@state(Role.ADMINISTRATOR)
def ten_thousand_in_a_group(window: Window) -> None:
    ten_thousand_accounts(window)
    window.go("/min-grupp")
    expect(window.page.get_by_text("Det är för många för att visas här.")).to_be_visible()


ELSEWHERE = {"text": "Den andra texten.", "revision": 9, "saved_at": "2026-11-01T08:00:00+00:00"}


def answer(page: Page, code: int, body: dict[str, Any]) -> None:
    """Let the server answer so to what is saved from now on."""
    page.unroute_all()
    answer_saves(page, code, **body)


@pytest.mark.parametrize("name", STATES)
def test_no_state_has_a_fault(windows: Callable[[Role], Window], server: Server, name: str) -> None:
    role, bring_about = STATES[name]
    window = windows(role)
    try:
        resize(window.page, WIDTHS[0], LOW)
        bring_about(window)
        settle(window.page)
        faults = glance(window.page, server)
    finally:
        leave_nothing(window)
        if role is Role.VISITOR:
            window.page.context.clear_cookies()  # a visitor may have become somebody
    assert not faults, "\n".join(faults)


def leave_nothing(window: Window) -> None:
    """Keep what was typed in this state out of the next."""
    page = window.page
    page.context.set_offline(False)
    page.goto(f"{window.server.url}/healthz")
    page.evaluate("localStorage.clear()")
    page.unroute_all()
