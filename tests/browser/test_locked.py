"""Somebody's texts, when a link that was handed out is used: out of reach, and all back for their author."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.support.mailbox import mail_server
from tests.support.people import (
    PASSWORD,
    SAVED,
    NewComputer,
    NewPerson,
    Person,
    add_person,
    cookie,
    editor,
    fill_in_sign_in,
    signed_in,
    status,
    until,
)
from tests.support.server import Server
from visionsprat.domain.tokens import token_hash
from visionsprat.store.locked import VOUCHING_AFTER
from visionsprat.web.cookies import SESSION_COOKIE

SECRET, EARLIER, NEW = "Vi matar uttern.", "Vi klappar igelkotten.", "Det här är nytt."
QUESTION = "skapande/innebar"
OTHER_PASSWORD = "något helt annat ord"
PAGES = ("/", "/visionen", "/skapande", "/mina-reflektioner", "/mitt-konto", "/personuppgifter")
ROUTES = (
    f"/api/reflections/versions?question={QUESTION}",
    "/api/mina-uppgifter.json",
    "/api/mina-uppgifter.txt",
)


@pytest.fixture(scope="module")
def chief(server: Server) -> Person:
    return add_person(server, "Hugo Låtsas", is_admin=True)


@pytest.fixture(scope="module")
def second(server: Server) -> Person:
    """Another administrator, since long before."""
    second = add_person(server, "Ragna Påhittad", is_admin=True)
    with server.store() as store, store._write() as db:
        long_ago = (store.clock() - 2 * VOUCHING_AFTER).isoformat()
        db.execute("UPDATE accounts SET created_at = ? WHERE id = ?", [long_ago, second.id])
    return second


@pytest.fixture
def amina(new_person: NewPerson) -> Person:
    """Somebody who has signed in, and written."""
    amina = new_person()
    token = amina.new_token()
    amina.write(QUESTION, EARLIER)
    with amina.server.store() as store:
        store.end_session(token_hash(token))
    amina.write(QUESTION, SECRET)
    return amina


def sees_none_of_it(page: Page, server: Server) -> None:
    """Every page and route that shows what is written, as the browser with this session gets it."""
    for address in PAGES:
        page.goto(server.url + address)
        expect(page.locator("nav.side")).to_be_attached()
        expect(page.locator(".first")).to_have_count(0)
        fields = page.locator("textarea").evaluate_all("all => all.map((each) => each.value).join()")
        for words in (SECRET, EARLIER):
            assert words not in page.content() + fields, address
    token = cookie(page, SESSION_COOKIE)["value"]
    for route in ROUTES:
        answer = httpx.get(server.url + route, headers={"Cookie": f"{SESSION_COOKIE}={token}"})
        assert answer.status_code == 200
        assert SECRET not in answer.text and EARLIER not in answer.text


def link_by(page: Page, chief: Person, amina: Person) -> str:
    """What an administrator is told, and gets, where there is no mail server."""
    signed_in(page, chief, f"/administration?del=personer&person={amina.id}")
    expect(page.get_by_text("När länken används låses det som personen har skrivit")).to_be_visible()
    page.get_by_role("button", name="Gör en ny länk").click()
    expect(page.get_by_text("När den används låses det som")).to_be_visible()
    return page.locator("#lank").inner_text()


def choose_password(page: Page, link: str, password: str = OTHER_PASSWORD) -> None:
    page.goto(link)
    expect(page.get_by_text("låses det du har skrivit tidigare")).to_be_visible()
    page.get_by_label("Lösenord", exact=True).fill(password)
    page.get_by_role("button", name="Välj lösenord").click()
    expect(page.get_by_role("heading", name="Dina tidigare texter är låsta")).to_be_visible()


def test_an_administrators_link_shows_nothing_and_the_old_password_gives_all_back(
    page: Page, server: Server, chief: Person, amina: Person, new_computer: NewComputer
) -> None:
    link = link_by(page, chief, amina)
    choose_password(page, link)  # in the administrator's own browser
    sees_none_of_it(page, server)
    page.goto(f"{server.url}/skapande")
    expect(page.get_by_text("Dina tidigare texter är låsta sedan")).to_be_visible()
    expect(editor(page)).to_have_value("")
    editor(page).fill(NEW)
    expect(status(page)).to_have_text(SAVED)

    own = new_computer()
    own.goto(f"{server.url}/mitt-konto")
    fill_in_sign_in(own, amina.email, OTHER_PASSWORD)
    own.get_by_label("Ditt gamla lösenord").fill("inte det gamla ordet")
    own.get_by_role("button", name="Lås upp texterna").click()
    expect(own.get_by_role("alert")).to_contain_text("Texterna är fortfarande låsta.")
    sees_none_of_it(own, server)
    own.goto(f"{server.url}/mitt-konto")
    own.get_by_label("Ditt gamla lösenord").fill(PASSWORD)
    own.get_by_role("button", name="Lås upp texterna").click()
    expect(own.get_by_role("heading", name="Lås upp dina texter")).to_have_count(0)
    own.goto(f"{server.url}/skapande")
    expect(editor(own)).to_have_value(NEW)  # written meanwhile, and still there
    own.get_by_text("Tidigare versioner").first.click()
    versions = own.locator(".versions").first
    expect(versions).to_contain_text(SECRET)
    expect(versions).to_contain_text(EARLIER)

    page.goto(f"{server.url}/mina-reflektioner")  # whoever chose the other password is out, for good
    expect(page.get_by_role("button", name="Logga in")).to_be_visible()
    fill_in_sign_in(page, amina.email, OTHER_PASSWORD)
    expect(page.get_by_role("alert")).to_be_visible()
    fill_in_sign_in(page, amina.email, PASSWORD)
    expect(page.locator("nav.side")).to_be_visible()


def test_another_administrator_lets_the_texts_go_and_the_person_is_told(
    page: Page, server: Server, chief: Person, second: Person, amina: Person, new_computer: NewComputer
) -> None:
    own = new_computer()
    choose_password(own, link_by(page, chief, amina))
    page.reload()
    expect(page.get_by_role("heading", name="Låsta texter")).to_be_visible()
    expect(page.get_by_text("Då kan en annan administratör släppa texterna")).to_be_visible()
    expect(page.get_by_role("button", name="Släpp texterna")).to_have_count(0)

    other = new_computer()
    signed_in(other, second, f"/administration?del=personer&person={amina.id}")
    expect(other.get_by_role("button", name="Släpp texterna")).to_be_disabled()
    other.get_by_text("Jag har pratat med Amina Testsson").click()
    other.get_by_role("button", name="Släpp texterna").click()
    expect(other.get_by_text("Texterna är släppta.")).to_be_visible()
    assert SECRET not in other.content()

    own.reload()
    expect(own.get_by_text("Ragna Påhittad släppte dina låsta texter")).to_be_visible()
    own.get_by_role("button", name="Jag har läst det").click()
    expect(own.get_by_text("släppte dina låsta texter")).to_have_count(0)
    own.goto(f"{server.url}/skapande")
    expect(editor(own)).to_have_value(SECRET)


def test_where_letters_are_sent_no_link_is_shown_and_an_old_address_hears_of_a_new_one(
    page: Page, tmp_path: Path, new_computer: NewComputer
) -> None:
    with mail_server() as mailbox:
        server = Server(tmp_path, environment=mailbox.environment)
        try:
            chief = add_person(server, "Hugo Låtsas", is_admin=True)
            amina = add_person(server)
            amina.write(QUESTION, SECRET)
            signed_in(page, chief, f"/administration?del=personer&person={amina.id}")
            expect(page.get_by_text("går därför bara till personens egen e-postadress")).to_be_visible()
            expect(page.get_by_role("button", name="Bjud in", exact=True)).to_have_count(0)
            expect(page.get_by_role("button", name="Gör en ny länk")).to_have_count(0)
            page.get_by_role("button", name="Skicka ny länk med e-post").click()
            expect(page.get_by_text(f"Länken är skickad till {amina.email}.")).to_be_visible()
            expect(page.locator("#lank")).to_have_count(0)
            assert "kod=" not in page.content()

            mine = "hugos.egen@test.example"
            page.get_by_label("E-post", exact=True).fill(mine)
            page.get_by_role("button", name="Spara", exact=True).click()
            expect(page.get_by_text("Uppgifterna är sparade.")).to_be_visible()
            until(page, lambda: len(mailbox.letters) == 2, "the letter to the old address")
            assert mailbox.recipients[-1] == amina.email and mine in mailbox.text()

            own = new_computer()  # who has been signed in since before is asked whether it is theirs
            signed_in(own, amina)
            expect(own.get_by_text(f"Är {mine} din egen e-postadress")).to_be_visible()

            page.goto(f"{server.url}/glomt-losenord")
            page.get_by_label("E-post").fill(mine)
            page.get_by_role("button", name="Skicka länk").click()
            until(page, lambda: mine in mailbox.recipients, "the letter to the corrected address")
            assert "låses det du har skrivit tidigare" in mailbox.text()
            choose_password(page, mailbox.link())
            sees_none_of_it(page, server)
            own.reload()
            expect(own.get_by_role("button", name="Logga in")).to_be_visible()
        finally:
            server.stop()


def test_a_file_of_links_says_whom_it_leaves_out(
    page: Page, server: Server, chief: Person, amina: Person
) -> None:
    with server.store() as store:
        store.make_group(chief.id, "Vård")
        (group,) = [id for id, path in store.group_paths().items() if path == "Vård"]
        store.set_member(chief.id, amina.id, group, True)
    signed_in(page, chief, "/administration?del=inbjudningar")
    page.get_by_label("Vilka ska bjudas in?").click()
    page.get_by_role("option", name="En grupp, med alla grupper under den").click()
    page.get_by_label("Grupp", exact=True).click()
    page.get_by_role("option", name="Vård").click()
    expect(page.get_by_text(re.compile("1 person som redan har loggat in finns inte med"))).to_be_visible()
    expect(page.get_by_role("button", name="Gör länkar och ladda ner dem som CSV")).to_have_count(0)
