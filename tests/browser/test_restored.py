"""A server that is put back to a backup: what it no longer has is offered by the tabs that still know it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.people import (
    SAVED,
    NewPerson,
    Person,
    editor,
    fill_in_sign_in,
    let_in,
    signed_in,
    status,
    until,
)
from tests.support.server import Server
from visionsprat.backups.archive import backup, restore

QUESTION = "skapande/innebar"


class Backup:
    """A backup of the server's database, which is put back while the server is down for a moment."""

    def __init__(self, server: Server, folder: Path) -> None:
        self._server = server
        path = backup(server.database, folder, datetime.now(timezone.utc))
        assert path is not None
        self._path = path

    def put_back(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        self._server.kill()
        restore(self._path, self._server.database, datetime.now(timezone.utc), lambda found: None)
        meanwhile()
        self._server.start()


def sign_in_again(page: Page, person: Person) -> None:
    page.get_by_role("button", name="Logga in", exact=True).click()
    fill_in_sign_in(page, person.email)
    expect(page.locator("nav.side")).to_be_attached()


@pytest.mark.parametrize("before", ["Ett. ", ""], ids=["an older text", "no text"])
def test_an_open_tab_offers_what_the_restored_server_has_lost(
    page: Page, person: Person, server: Server, tmp_path: Path, before: str
) -> None:
    """Idle all the time, with "Sparat" under its text; its session is gone with the restore."""
    signed_in(page, person, "/skapande")
    if before:
        editor(page).fill(before)
        expect(status(page)).to_have_text(SAVED)
    there = Backup(server, tmp_path)
    editor(page).fill("Ett. Två. Tre.")
    until(page, lambda: person.text(QUESTION) == "Ett. Två. Tre.", "the newer text to be stored")
    expect(status(page)).to_have_text(SAVED)
    there.put_back()
    assert person.text(QUESTION) == before
    expect(page.get_by_role("heading", name="Du är utloggad")).to_be_visible()
    kept = page.evaluate("JSON.stringify([{ ...sessionStorage }, { ...localStorage }])")
    assert "known" in kept
    assert "Tre" not in kept and QUESTION not in kept and "Tre" not in page.content()
    sign_in_again(page, person)
    expect(status(page)).to_have_text("Inte sparat. Servern har återställts. Välj nedan vad som ska gälla.")
    expect(editor(page)).to_have_value("Ett. Två. Tre.")
    choice = page.locator(".choice").first
    expect(choice.locator("h3")).to_have_text("Servern har återställts")
    expect(choice).to_contain_text("Här finns text som den inte har.")
    expect(choice.locator(".words")).to_have_text(["Ett. Två. Tre.", before.strip()] if before else [])
    choice.get_by_role("button", name="Behåll min" if before else "Spara texten", exact=True).click()
    expect(status(page)).to_have_text(SAVED)
    assert person.text(QUESTION) == "Ett. Två. Tre."
    page.reload()
    expect(editor(page)).to_have_value("Ett. Två. Tre.")
    expect(page.locator(".choice h3")).to_have_count(0)


def test_what_a_restored_server_had_no_room_to_keep_is_put_aside_when_it_is_not_chosen(
    page: Page, person: Person, server: Server, tmp_path: Path
) -> None:
    def says_there_is_no_room(route: Route) -> None:
        answer = route.fetch()
        told = {"kept": False} if answer.status == 409 else {}
        route.fulfill(response=answer, json={**answer.json(), **told})

    signed_in(page, person, "/skapande")
    there = Backup(server, tmp_path)
    editor(page).fill("Ett.")
    expect(status(page)).to_have_text(SAVED)
    page.route("**/api/reflections", says_there_is_no_room)
    there.put_back(meanwhile=lambda: let_in(page, person))
    choice = page.get_by_role("button", name="Låt svaret vara tomt")
    expect(choice).to_be_visible()
    with page.expect_request("**/api/reflections") as sent:
        choice.click()
    assert json.loads(sent.value.post_data or "")["text"] == "Ett."
    expect(editor(page)).to_have_value("")


def test_a_tab_with_unsaved_text_is_told_and_asked_once(
    page: Page, person: Person, server: Server, tmp_path: Path
) -> None:
    signed_in(page, person, "/skapande")
    there = Backup(server, tmp_path)
    editor(page).fill("Ett.")
    expect(status(page)).to_have_text(SAVED)
    server.kill()
    editor(page).fill("Ett. Två.")
    expect(status(page)).to_contain_text("Inte sparat")
    there.put_back()
    expect(page.get_by_role("heading", name="Du är utloggad")).to_be_visible(timeout=60_000)
    person.write(QUESTION, "På mobilen.")
    sign_in_again(page, person)
    expect(page.locator(".choice .words")).to_have_text(["Ett. Två.", "På mobilen."])
    page.get_by_role("button", name="Behåll båda").click()
    expect(status(page)).to_have_text(SAVED)
    editor(page).press("Control+End")
    page.keyboard.type(" Tre.")
    until(page, lambda: person.text(QUESTION).endswith("Tre."), "what is written after that to be saved")
    expect(status(page)).to_have_text(SAVED)
    expect(page.locator(".choice h3")).to_have_count(0)


@pytest.mark.parametrize("walked", [False, True], ids=["on the page", "on another page"])
def test_a_tab_whose_person_is_back_before_it_has_asked_is_told_too(
    page: Page, person: Person, server: Server, tmp_path: Path, walked: bool
) -> None:
    signed_in(page, person, "/skapande")
    there = Backup(server, tmp_path)
    editor(page).fill("Ett.")
    expect(status(page)).to_have_text(SAVED)
    if walked:
        page.get_by_role("link", name="Den globala staden").first.click()
        expect(page).to_have_title("Den globala staden – Visionsprat")
        expect(page.locator("nav.side .path")).to_contain_text("1 av 2 frågor")
    there.put_back(meanwhile=lambda: let_in(page, person))
    if walked:
        until(page, lambda: page.evaluate("visionsprat.unsaved().length") == 1, "the tab to know")
        page.get_by_role("link", name="Den skapande staden").first.click()
    expect(page.locator(".choice h3")).to_have_text("Servern har återställts")
    page.get_by_role("button", name="Spara texten", exact=True).click()
    expect(status(page)).to_have_text(SAVED)
    assert person.text(QUESTION) == "Ett."
    expect(page.locator(".choice h3")).to_have_count(0)


def test_a_server_that_still_has_the_text_asks_nothing_and_shows_nobody_anything(
    page: Page, person: Person, new_person: NewPerson, server: Server, tmp_path: Path
) -> None:
    neighbour = new_person("Bengt Provberg")
    signed_in(page, person, "/skapande")
    editor(page).fill("Ett.")
    expect(status(page)).to_have_text(SAVED)
    Backup(server, tmp_path).put_back()
    page.get_by_role("button", name="Logga in", exact=True).click()
    fill_in_sign_in(page, neighbour.email)
    expect(page.locator(".who")).to_contain_text("Bengt Provberg")
    expect(editor(page)).to_have_value("")
    page.get_by_role("button", name="Logga ut", exact=True).click()
    fill_in_sign_in(page, person.email)
    expect(page.locator(".who")).to_contain_text("Amina Testsson")
    page.goto(f"{server.url}/skapande")
    expect(editor(page)).to_have_value("Ett.")
    expect(status(page)).to_have_text(SAVED)
    expect(page.locator(".choice h3")).to_have_count(0)
    page.get_by_role("button", name="Logga ut", exact=True).click()
    expect(page.get_by_role("heading", name="Logga in")).to_be_visible()
    assert page.evaluate("Object.keys(sessionStorage).filter((name) => name.includes('known'))") == []
