"""One's own data in a browser: a copy to take home, and an erasure that no other tab or device undoes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.people import (
    PASSWORD,
    SAVED,
    NewComputer,
    NewPerson,
    Person,
    editor,
    fill_in_sign_in,
    signed_in,
    status,
    until,
)
from tests.support.server import Server
from tests.support.writing import drafts

QUESTION = "skapande/innebar"
TEXT = "Vi målar trapphuset i ormbunksgrönt, säger person {}."
ROUTE = "**/api/reflections"


def words(person: Person) -> str:
    """What nobody but this person has written: the tests share a server."""
    return TEXT.format(person.id)


def erase(page: Page, what: str, password: str = PASSWORD) -> None:
    """On /mitt-konto, erase `what`, and confirm it with the word and the password."""
    page.get_by_role("button", name=f"{what} …").click()
    page.get_by_label("Skriv ordet radera").fill(" Radera ")
    page.get_by_label("Ditt lösenord").fill(password)
    page.get_by_role("button", name=what, exact=True).click()


def erase_reflections(page: Page, person: Person) -> None:
    page.goto(f"{person.server.url}/mitt-konto")
    erase(page, "Radera mina reflektioner")
    expect(page.get_by_text("Dina reflektioner är raderade.")).to_be_visible()


def in_the_files(person: Person, text: str | None = None) -> bool:
    with person.server.store():
        pass  # whoever opens the database wipes it, as its running server does by and by
    folder, sought = person.server.database.parent, (text or words(person)).encode()
    return any(sought in file.read_bytes() for file in folder.glob(f"{person.server.database.name}*"))


@pytest.fixture
def writer(page: Page, person: Person) -> Person:
    """Somebody who has written an answer, and still shows it."""
    signed_in(page, person, "/skapande")
    editor(page).fill(words(person))
    expect(status(page)).to_have_text(SAVED)
    return person


def test_a_copy_is_saved_as_a_file(page: Page, writer: Person, tmp_path: Path) -> None:
    page.goto(f"{writer.server.url}/mitt-konto")
    for link, name in (("som text", "mina-uppgifter.txt"), ("som data", "mina-uppgifter.json")):
        with page.expect_download() as caught:
            page.get_by_role("link", name=link).click()
        assert caught.value.suggested_filename == name
        caught.value.save_as(tmp_path / name)
        assert words(writer) in (tmp_path / name).read_text(encoding="utf-8")


def test_nothing_is_erased_without_the_word(page: Page, writer: Person) -> None:
    page.goto(f"{writer.server.url}/mitt-konto")
    page.get_by_role("button", name="Radera mina reflektioner …").click()
    page.get_by_role("button", name="Radera mina reflektioner", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Inget är raderat.")
    page.get_by_role("button", name="Avbryt").click()
    expect(page.get_by_label("Skriv ordet radera")).to_have_count(0)
    assert writer.text(QUESTION) == words(writer)


@pytest.mark.parametrize("what", ["Radera mina reflektioner", "Radera mitt konto"])
def test_at_an_unlocked_computer_nothing_is_erased(page: Page, writer: Person, what: str) -> None:
    page.goto(f"{writer.server.url}/mitt-konto")
    erase(page, what, "inte mitt lösenord")
    expect(page.get_by_role("alert")).to_have_text("Det nuvarande lösenordet stämmer inte.")
    expect(page.get_by_label("Ditt lösenord")).to_be_focused()
    assert writer.text(QUESTION) == words(writer)


def test_erased_reflections_are_gone_from_page_path_and_files(page: Page, writer: Person) -> None:
    assert in_the_files(writer)
    erase_reflections(page, writer)
    expect(page.get_by_role("link", name="Den skapande staden").first).to_contain_text("Inte påbörjat")
    assert not in_the_files(writer)
    page.get_by_role("link", name="Den skapande staden").first.click()
    expect(editor(page)).to_have_value("")
    editor(page).fill("På nytt.")
    expect(status(page)).to_have_text(SAVED)
    assert writer.text(QUESTION) == "På nytt."


def test_walking_to_the_account_and_back_shows_no_erased_text(page: Page, writer: Person) -> None:
    page.get_by_role("link", name="Mitt konto").click()
    erase(page, "Radera mina reflektioner")
    expect(page.get_by_text("Dina reflektioner är raderade.")).to_be_visible()
    page.get_by_role("link", name="Den skapande staden").first.click()
    expect(editor(page)).to_have_value("")


def test_another_tab_of_the_browser_forgets_too(page: Page, writer: Person) -> None:
    page.route(ROUTE, lambda route: route.abort())
    editor(page).fill(f"{words(writer)} Och mer.")
    expect(status(page)).to_contain_text("Inte sparat")
    other = page.context.new_page()
    erase_reflections(other, writer)
    expect(editor(page)).to_have_value("")
    page.unroute(ROUTE)
    assert drafts(page) == []
    assert not in_the_files(writer)


@pytest.mark.parametrize(
    ("choice", "is_kept"), [("Radera den här också", False), ("Spara den på nytt", True)]
)
def test_another_device_asks_before_it_brings_a_text_back(
    page: Page, writer: Person, new_computer: NewComputer, choice: str, is_kept: bool
) -> None:
    device, stored = new_computer(), f"{words(writer)} Och mer." if is_kept else ""
    signed_in(device, writer)
    erase_reflections(device, writer)
    editor(page).press("End")
    page.keyboard.type(" Och mer.")
    expect(status(page)).to_contain_text("Du har raderat dina reflektioner")
    assert not in_the_files(writer)
    page.get_by_role("button", name=choice).click()
    expect(page.locator(".choice h3")).to_have_count(0)
    expect(editor(page)).to_have_value(stored)
    until(page, lambda: writer.text(QUESTION) == stored, "the choice to be stored")
    until(page, lambda: drafts(page) == [], "the draft to be forgotten")
    page.reload()
    expect(editor(page)).to_have_value(stored)


def test_a_first_text_whose_answer_was_lost_does_not_come_back_by_itself(
    page: Page, person: Person, new_computer: NewComputer
) -> None:
    """The browser knows of an empty text, which is what it finds after the erasure."""
    signed_in(page, person, "/skapande")
    lost: list[int] = []

    def lose(route: Route) -> None:
        if not lost:
            lost.append(route.fetch().status)
        route.abort()

    page.route(ROUTE, lose)
    editor(page).fill(words(person))
    until(page, lambda: lost == [200], "the save whose answer is lost")
    device = new_computer()
    signed_in(device, person)
    erase_reflections(device, person)
    page.unroute(ROUTE)
    expect(status(page)).to_contain_text("Du har raderat dina reflektioner")
    assert person.text(QUESTION) == ""
    assert not in_the_files(person)


# The whole account


def test_an_erased_account_ends_at_the_sign_in_page(page: Page, writer: Person, server: Server) -> None:
    page.goto(f"{server.url}/mitt-konto")
    erase(page, "Radera mitt konto")
    expect(page.get_by_role("heading", name="Logga in")).to_be_visible()
    expect(page.get_by_text("Ditt konto är raderat")).to_be_visible()
    assert page.url == f"{server.url}/?konto=raderat"
    assert not in_the_files(writer) and not in_the_files(writer, writer.email)
    assert drafts(page) == []
    fill_in_sign_in(page, writer.email, PASSWORD)
    expect(page.get_by_role("alert")).to_contain_text("stämmer inte")


def test_a_text_for_an_erased_account_is_saved_for_nobody(
    page: Page, writer: Person, new_computer: NewComputer, new_person: NewPerson
) -> None:
    device = new_computer()
    signed_in(device, writer, "/mitt-konto")
    erase(device, "Radera mitt konto")
    expect(device.get_by_text("Ditt konto är raderat")).to_be_visible()
    editor(page).fill(f"{words(writer)} Och mer.")
    expect(page.get_by_role("heading", name="Du är utloggad")).to_be_visible()
    later = new_person("Bengt Provberg")
    assert later.id > writer.id
    signed_in(page, later, "/skapande")
    expect(editor(page)).to_have_value("")
    editor(page).fill("Bengts eget.")
    expect(status(page)).to_have_text(SAVED)
    assert later.text(QUESTION) == "Bengts eget."
    assert not in_the_files(writer)


def test_the_last_administrator_is_told_why_not(page: Page, new_person: NewPerson) -> None:
    chief = new_person("Hugo Låtsas", is_admin=True)
    signed_in(page, chief, "/mitt-konto")
    erase(page, "Radera mitt konto")
    expect(page.get_by_text(re.compile("Du är den sista administratören"))).to_be_visible()
    expect(page.locator(".who")).to_contain_text("Hugo Låtsas")
