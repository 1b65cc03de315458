"""Invitations and forgotten passwords, from an administrator's click to somebody signed in."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.mailbox import Mailbox, mail_server
from tests.support.people import PASSWORD, NewComputer, Person, add_person, fill_in_sign_in, signed_in, until
from tests.support.server import Server
from visionsprat.accounts.invitations import invite
from visionsprat.domain.records import NewAccount, Whom


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, port: int, mailbox: Mailbox) -> Iterator[Server]:
    """A server that sends its letters to the mailbox."""
    server = Server(tmp_path_factory.mktemp("server"), port=port, environment=mailbox.environment)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def chief(server: Server) -> Person:
    return add_person(server, "Hugo Låtsas", is_admin=True, member_of="Ledning")


def newcomer(server: Server, name: str, group: str = "Vård/Team 3") -> Person:
    """Somebody with an account but no password yet."""
    email = f"{name.lower()}@test.example"
    with server.store() as store:
        account_id = store.add_account(NewAccount(email, f"{name} Testsson", None, member_of=group))
    return Person(server, account_id, email)


def link_to(person: Person) -> str:
    with person.server.store() as store:
        (made,) = invite(store, None, Whom(emails=frozenset({person.email})), person.server.url)
    return made.link


def choose(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("Lösenord", exact=True).fill(password)
    page.get_by_role("button", name="Välj lösenord").click()


def title(page: Page, name: str) -> Locator:
    return page.get_by_role("heading", level=1, name=name)


def in_the_module(page: Page, person: Person) -> None:
    expect(page.locator(f'nav.side[data-account="{person.id}"]')).to_be_visible()
    expect(page.get_by_role("link", name="Börja ›")).to_be_visible()
    assert page.url == f"{person.server.url}/"


def test_from_an_administrators_click_to_the_start_page(
    page: Page, server: Server, chief: Person, new_computer: NewComputer
) -> None:
    elin = newcomer(server, "Elin")
    signed_in(page, chief, f"/administration?del=personer&person={elin.id}")
    page.get_by_role("button", name="Bjud in", exact=True).click()
    link = page.locator("#lank").inner_text()
    assert link.startswith(f"{server.url}/inbjudan?kod=")

    # What a mail scanner does: opens the link, with and without a browser.
    assert httpx.get(link).status_code == 200
    scanner = new_computer()
    scanner.goto(link)
    expect(title(scanner, "Välkommen, Elin")).to_be_visible()

    own = new_computer()
    own.goto(link)
    expect(title(own, "Välkommen, Elin")).to_be_visible()
    expect(own.get_by_text("Elin Testsson")).to_be_visible()
    expect(own.get_by_label("E-post")).to_have_value(elin.email)
    expect(own.get_by_label("E-post")).to_have_attribute("autocomplete", "username")
    expect(own.get_by_label("E-post")).to_have_attribute("readonly", "")
    expect(own.get_by_label("Lösenord", exact=True)).to_have_attribute("autocomplete", "new-password")
    choose(own, "kort")
    expect(own.get_by_role("alert")).to_contain_text("Lösenordet är för kort.")
    choose(own, "elintestsson")
    expect(own.get_by_role("alert")).to_contain_text("för lätt att gissa")
    choose(own)
    in_the_module(own, elin)

    own.goto(link)
    expect(title(own, "Länken är redan använd")).to_be_visible()
    choose(scanner, "en annans lösenord här")  # whose page was open all the time
    expect(title(scanner, "Länken är redan använd")).to_be_visible()
    expect(scanner.get_by_text("Elin")).to_have_count(0)
    scanner.goto(server.url)
    fill_in_sign_in(scanner, elin.email)
    expect(scanner.locator("nav.side")).to_be_visible()
    assert link.partition("kod=")[2] not in server.output
    page.reload()
    expect(page.get_by_text("Har valt ett lösenord")).to_be_visible()
    expect(page.locator("#lank")).to_have_count(0)


def test_a_link_that_is_old_replaced_or_made_up_says_what_to_do_and_not_whose_it_was(
    page: Page, server: Server
) -> None:
    person = newcomer(server, "Farid")
    replaced, old = link_to(person), link_to(person)
    with closing(sqlite3.connect(server.database)) as database, database:
        database.execute(
            "UPDATE invitations SET expires_at = '2026-01-01T00:00:00.000+00:00' WHERE account_id = ?",
            [person.id],
        )
    for link, said in [
        (old, "Länken har gått ut"),
        (replaced, "Länken gäller inte"),
        (f"{server.url}/inbjudan?kod=fel", "Länken gäller inte"),
        (f"{server.url}/inbjudan?kod=å%00", "Länken gäller inte"),
        (f"{server.url}/inbjudan", "Länken gäller inte"),
    ]:
        page.goto(link)
        expect(title(page, said)).to_be_visible()
        expect(page.get_by_role("link", name="Be om en ny länk")).to_be_visible()
        expect(page.get_by_label("Lösenord")).to_have_count(0)
        assert "Farid" not in page.content()


def test_on_somebody_elses_computer_the_invited_person_takes_over(
    page: Page, server: Server, chief: Person
) -> None:
    person = newcomer(server, "Greta")
    signed_in(page, chief, "/tillganglighet")
    page.goto(link_to(person))
    expect(page.get_by_text("Nu är Hugo Låtsas inloggad här.")).to_be_visible()
    choose(page)
    in_the_module(page, person)


def test_a_file_with_the_links_of_a_group(page: Page, server: Server, chief: Person) -> None:
    person = newcomer(server, "Hassan", "Skola/Norr")
    signed_in(page, chief, "/administration?del=inbjudningar")
    expect(page.get_by_text(re.compile(r"Det gäller \d+ person"))).to_be_visible()
    page.get_by_label("Vilka ska bjudas in?").click()
    page.get_by_role("option", name="En grupp, med alla grupper under den").click()
    page.get_by_label("Grupp", exact=True).click()
    page.get_by_role("option", name="Skola", exact=True).click()
    expect(page.get_by_text("Det gäller 1 person.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Gör länkar och ladda ner dem som CSV").click()
    table = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert table[0] == "namn;e-post;grupp;länk;giltig till"
    assert table[1].startswith(f"Hassan Testsson;{person.email};Skola/Norr;{server.url}/inbjudan?kod=")
    expect(page.get_by_text("Det gäller 1 person.")).to_be_visible()
    page.goto(table[1].split(";")[3])
    choose(page)
    in_the_module(page, person)


def test_letters_to_a_group_and_a_list_of_those_that_failed(
    page: Page, server: Server, chief: Person, mailbox: Mailbox
) -> None:
    ida, johan = newcomer(server, "Ida", "Park"), newcomer(server, "Johan", "Park")
    mailbox.refused = {johan.email: "550 No such mailbox"}
    signed_in(page, chief, "/administration?del=inbjudningar")
    page.get_by_label("Vilka ska bjudas in?").click()
    page.get_by_role("option", name="En grupp, med alla grupper under den").click()
    page.get_by_label("Grupp", exact=True).click()
    page.get_by_role("option", name="Park").click()
    expect(page.get_by_role("button", name="Skicka", exact=True)).to_be_disabled()
    page.get_by_text("Ja, skicka 2 mejl").click()
    page.get_by_role("button", name="Skicka", exact=True).click()
    expect(page.get_by_text("1 av 2 mejl är skickade.")).to_be_visible()
    expect(page.get_by_role("row", name=johan.email)).to_contain_text("säger nej till adressen")
    assert mailbox.recipients[-1] == ida.email
    page.goto(mailbox.link())
    choose(page)
    in_the_module(page, ida)


def test_a_letter_to_one_person(page: Page, server: Server, chief: Person, mailbox: Mailbox) -> None:
    karin = newcomer(server, "Karin")
    signed_in(page, chief, f"/administration?del=personer&person={karin.id}")
    page.get_by_role("button", name="Skicka inbjudan med e-post").click()
    expect(page.get_by_text(f"Inbjudan är skickad till {karin.email}.")).to_be_visible()
    assert mailbox.recipients[-1] == karin.email


def test_a_forgotten_password_becomes_a_new_one(
    page: Page, server: Server, person: Person, mailbox: Mailbox
) -> None:
    page.goto(f"{server.url}/skapande")
    page.get_by_role("link", name="Glömt lösenordet?").click()
    expect(title(page, "Glömt lösenordet?")).to_be_visible()
    answers = []
    for email in ("amina", "ingen@test.example", person.email.upper()):
        page.get_by_label("E-post").fill(email)
        page.get_by_role("button", name="Skicka länk").click()
        if email == "amina":
            expect(page.get_by_role("alert")).to_contain_text("inte ut som en e-postadress")
        else:
            expect(page.get_by_role("alert")).to_have_count(0)
            answers.append(page.get_by_text("Om det finns ett konto med den adressen").inner_text())
            page.reload()
    assert answers[0] == answers[1]
    until(page, lambda: person.email in mailbox.recipients, "the letter")
    assert "ingen@test.example" not in mailbox.recipients
    link, letters = mailbox.link(), len(mailbox.letters)
    page.goto(link)
    expect(title(page, "Välj ett nytt lösenord")).to_be_visible()
    choose(page, "ett alldeles nytt ord")
    in_the_module(page, person)
    until(page, lambda: len(mailbox.letters) > letters, "the letter that the link was used")
    assert mailbox.letters[-1]["Subject"] == "Ditt lösenord till Visionsprat är bytt"
    assert mailbox.recipients[-1] == person.email
    assert link.partition("kod=")[2] not in server.output
    assert person.email not in server.output


def test_without_a_mail_server_one_is_told_whom_to_ask(
    page: Page, tmp_path: Path, new_computer: NewComputer
) -> None:
    server = Server(tmp_path)
    try:
        chief = add_person(server, "Hugo Låtsas", is_admin=True)
        page.goto(f"{server.url}/glomt-losenord")
        expect(page.get_by_text("Be din administratör om en länk.")).to_be_visible()
        expect(page.get_by_label("E-post")).to_have_count(0)
        page.goto(f"{server.url}/inbjudan?kod=fel")
        expect(page.get_by_text("Hör av dig till din chef eller administratör.")).to_be_visible()
        expect(page.get_by_role("link", name="Be om en ny länk")).to_have_count(0)
        signed_in(page, chief, f"/administration?del=personer&person={chief.id}")
        expect(page.get_by_role("button", name="Gör en ny länk", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name=re.compile("Skicka .* med e-post"))).to_have_count(0)
    finally:
        server.stop()
