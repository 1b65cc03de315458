"""What somebody has written survives everything that a browser, a server and a colleague can do to it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.support.chromium import ARGUMENTS
from tests.support.people import (
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
from tests.support.server import Server, locked, poll
from tests.support.writing import QUESTION, TEXT, drafts, expect_saved, type_at_full_speed, wait_until_stored

ROUTE = "**/api/reflections"


# Leaving in the middle of it


def test_a_reload_in_mid_word_loses_nothing(page: Page, person: Person) -> None:
    signed_in(page, person, "/skapande")
    type_at_full_speed(page)
    page.reload()
    expect_saved(page, person)
    until(page, lambda: drafts(page) == [], "no draft to be left")


def test_a_tab_closed_in_mid_word_loses_nothing(page: Page, person: Person) -> None:
    signed_in(page, person, "/skapande")
    other = page.context.new_page()
    type_at_full_speed(page)
    page.close()
    wait_until_stored(other, person)


def test_a_link_clicked_in_mid_word_is_followed_and_loses_nothing(page: Page, person: Person) -> None:
    signed_in(page, person, "/skapande")
    type_at_full_speed(page)
    page.get_by_role("link", name="Den globala staden").first.click()
    expect(page).to_have_title("Den globala staden – Visionsprat")
    wait_until_stored(page, person)
    page.get_by_role("link", name="Den skapande staden").first.click()
    expect_saved(page, person)


def test_the_browsers_back_button_in_mid_word_loses_nothing(page: Page, person: Person) -> None:
    signed_in(page, person, "/visionen")
    page.get_by_role("link", name=re.compile("^Vidare")).click()
    expect(editor(page)).to_be_visible()
    type_at_full_speed(page)
    page.go_back()
    expect(page).to_have_title("Visionen – Visionsprat")
    wait_until_stored(page, person)
    page.go_forward()
    expect_saved(page, person)


def test_another_site_opened_in_mid_word_loses_nothing(page: Page, person: Person) -> None:
    signed_in(page, person, "/skapande")
    type_at_full_speed(page)
    page.goto("about:blank")
    wait_until_stored(page, person)


# The server goes away


def test_a_server_killed_in_mid_typing_loses_nothing(page: Page, person: Person, server: Server) -> None:
    signed_in(page, person, "/skapande")
    type_at_full_speed(page, "Före. ")
    server.kill()
    page.keyboard.type("Under. ")
    expect(status(page)).to_contain_text("Inte sparat. Servern svarar inte.")
    page.keyboard.type("Fortfarande under. ")
    server.start()
    page.keyboard.type("Efter. ", delay=50)
    expect_saved(page, person, "Före. Under. Fortfarande under. Efter. ")
    expect(editor(page)).to_be_focused()
    page.keyboard.type("Och sedan.")
    wait_until_stored(page, person, "Före. Under. Fortfarande under. Efter. Och sedan.")


def test_what_was_said_to_be_saved_is_in_the_database_when_the_server_is_killed(
    page: Page, person: Person, server: Server
) -> None:
    signed_in(page, person, "/skapande")
    type_at_full_speed(page)
    expect(status(page)).to_have_text(SAVED)
    server.kill()
    assert person.text(QUESTION) == TEXT


def test_typing_through_a_restart_of_the_server_is_not_disturbed(
    page: Page, person: Person, server: Server
) -> None:
    signed_in(page, person, "/skapande")
    type_at_full_speed(page, "Början ")
    expect(status(page)).to_have_text(SAVED)
    server.kill()
    server.start()
    words = [f"ord{number} " for number in range(40)]
    for word in words:
        page.keyboard.type(word, delay=20)
    expect_saved(page, person, "Början " + "".join(words))


def test_a_draft_waits_in_the_browser_while_the_server_is_away(
    page: Page, person: Person, server: Server
) -> None:
    signed_in(page, person, "/skapande")
    expect(editor(page)).to_be_visible()
    server.stop()
    type_at_full_speed(page)
    expect(status(page)).to_contain_text("Inte sparat")
    context = page.context
    page.close()
    server.start()
    assert person.text(QUESTION) == ""
    later = context.new_page()
    signed_in(later, person, "/skapande")
    expect_saved(later, person)
    until(later, lambda: drafts(later) == [], "no draft to be left")


def test_a_locked_database_is_told_and_waited_for(page: Page, person: Person, server: Server) -> None:
    signed_in(page, person, "/skapande")
    with locked(server.database):
        type_at_full_speed(page)
        expect(status(page)).to_contain_text("Inte sparat. Servern kan inte spara just nu.")
        expect(editor(page)).to_have_value(TEXT)
    expect_saved(page, person)


def test_an_answer_lost_on_its_way_is_no_conflict_with_oneself(page: Page, person: Person) -> None:
    signed_in(page, person, "/skapande")
    lost: list[int] = []

    def lose(route: Route) -> None:
        lost.append(route.fetch().status)
        route.abort()

    page.route(ROUTE, lose, times=2)
    type_at_full_speed(page, "Ett. ")
    until(page, lambda: len(lost) == 1, "the first save")
    page.keyboard.type("Två. ")
    until(page, lambda: len(lost) == 2, "the second save")
    page.keyboard.type("Tre.")
    expect_saved(page, person, "Ett. Två. Tre.")
    assert lost == [200, 200]
    expect(page.locator(".choice h3")).to_have_count(0)


def test_an_answer_lost_before_a_reload_is_no_conflict_with_oneself(page: Page, person: Person) -> None:
    signed_in(page, person, "/skapande")
    lost: list[int] = []

    def lose(route: Route) -> None:
        lost.append(route.fetch().status)
        route.abort()

    page.route(ROUTE, lose, times=1)
    type_at_full_speed(page, "Ett. ")
    until(page, lambda: lost == [200], "the save whose answer is lost")
    page.keyboard.type("Två.")
    page.reload()
    expect_saved(page, person, "Ett. Två.")
    expect(page.locator(".choice h3")).to_have_count(0)


# Two places at once


@pytest.fixture
def conflict(page: Page, person: Person) -> Page:
    """A tab whose text has been overtaken by one written in another tab."""
    signed_in(page, person, "/skapande")
    other = page.context.new_page()
    other.goto(page.url)
    type_at_full_speed(other, "Den andra.")
    expect(status(other)).to_have_text(SAVED)
    type_at_full_speed(page, "Min.")
    expect(status(page)).to_contain_text("Inte sparat. Texten har ändrats på ett annat ställe.")
    return page


@pytest.mark.parametrize(
    ("choice", "stored"),
    [
        ("Behåll min", "Min."),
        ("Behåll den andra", "Den andra."),
        ("Behåll båda", "Min.\n\n———\n\nDen andra."),
    ],
)
def test_a_conflict_shows_both_texts_and_ends_as_the_person_chooses(
    conflict: Page, person: Person, choice: str, stored: str
) -> None:
    expect(editor(conflict)).to_have_value("Min.")
    expect(conflict.locator(".choice .words")).to_have_text(["Min.", "Den andra."])
    assert person.text(QUESTION) == "Den andra."
    conflict.get_by_role("button", name=choice, exact=True).click()
    wait_until_stored(conflict, person, stored)
    expect_saved(conflict, person, stored)
    expect(conflict.locator(".choice h3")).to_have_count(0)
    conflict.keyboard.type(" Mer.")
    wait_until_stored(conflict, person, stored + " Mer.")
    conflict.reload()
    expect_saved(conflict, person, stored + " Mer.")


def test_a_conflict_outlives_a_reload(conflict: Page, person: Person) -> None:
    conflict.reload()
    expect(editor(conflict)).to_have_value("Min.")
    expect(conflict.locator(".choice .words")).to_have_text(["Min.", "Den andra."])
    expect(conflict.locator(".choice .when").nth(1)).to_contain_text("Den här enheten · Skriven")
    assert person.text(QUESTION) == "Den andra."


def test_a_tab_left_open_takes_in_what_was_written_elsewhere(page: Page, person: Person) -> None:
    signed_in(page, person, "/skapande")
    expect(editor(page)).to_have_value("")
    person.write(QUESTION, TEXT)
    page.get_by_role("link", name="Den globala staden").first.click()
    expect(page).to_have_title("Den globala staden – Visionsprat")
    page.get_by_role("link", name="Den skapande staden").first.click()
    expect(editor(page)).to_have_value(TEXT)


# The limit


def test_the_limit_is_told_before_and_at_it(page: Page, person: Person) -> None:
    signed_in(page, person, "/skapande")
    left = page.locator(".left").first
    editor(page).fill("å" * 18_000)
    expect(status(page)).to_have_text(SAVED)
    expect(left).to_have_text("")
    editor(page).fill("å" * 19_500)
    expect(left).to_have_text("500 tecken kvar")
    editor(page).fill("å" * 20_000)
    expect(left).to_have_text("0 tecken kvar")
    wait_until_stored(page, person, "å" * 20_000)
    editor(page).press("End")
    page.keyboard.type("er")
    expect(left).to_have_text("2 tecken för mycket")
    expect(status(page)).to_contain_text("Inte sparat. Texten är för lång.")
    assert person.text(QUESTION) == "å" * 20_000
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    expect_saved(page, person, "å" * 20_000)


# Signed out meanwhile


@pytest.fixture
def signed_out_elsewhere(page: Page, person: Person) -> Page:
    """A tab with text typed after its person's session was ended on another computer."""
    signed_in(page, person, "/skapande")
    expect(editor(page)).to_be_visible()
    page.route("**/api/session", lambda route: route.abort())  # it comes to be known by the first save
    with person.server.store() as store:
        store.end_sessions(person.id)
    type_at_full_speed(page, "Räksmörgås ")
    expect(page.get_by_role("heading", name="Du är utloggad")).to_be_visible()
    page.unroute("**/api/session")
    expect(page.locator(".cover")).to_contain_text("Det du inte hann spara finns kvar i den här webbläsaren.")
    assert person.text(QUESTION) == ""
    return page


def test_a_text_typed_signed_out_is_saved_after_signing_in_again(
    signed_out_elsewhere: Page, person: Person
) -> None:
    page = signed_out_elsewhere
    page.get_by_role("button", name="Logga in", exact=True).click()
    fill_in_sign_in(page, person.email)
    expect_saved(page, person, "Räksmörgås ")
    assert page.url == f"{person.server.url}/skapande"


def test_a_text_typed_signed_out_is_saved_when_the_person_signs_in_in_another_tab(
    signed_out_elsewhere: Page, person: Person
) -> None:
    signed_in(signed_out_elsewhere.context.new_page(), person)
    expect_saved(signed_out_elsewhere, person, "Räksmörgås ")


def test_a_draft_is_neither_shown_to_nor_saved_for_another_person(
    signed_out_elsewhere: Page, person: Person, new_person: NewPerson
) -> None:
    page, neighbour = signed_out_elsewhere, new_person("Bengt Provberg")
    signed_in(page.context.new_page(), neighbour)
    expect(page.get_by_role("heading", name="Någon annan är inloggad här nu")).to_be_visible()
    page.get_by_role("button", name="Till startsidan").click()
    expect(page.locator(".who")).to_contain_text("Bengt Provberg")
    page.get_by_role("link", name="Den skapande staden").first.click()
    expect(editor(page)).to_have_value("")
    assert "Räksmörgås" not in page.content()
    assert (neighbour.text(QUESTION), person.text(QUESTION)) == ("", "")
    signed_in(page, person, "/skapande")
    expect_saved(page, person, "Räksmörgås ")
    assert neighbour.text(QUESTION) == ""


def test_signing_out_with_unsaved_text_warns(page: Page, person: Person) -> None:
    signed_in(page, person, "/skapande")
    page.route(ROUTE, lambda route: route.abort())
    type_at_full_speed(page)
    page.get_by_role("button", name="Logga ut", exact=True).click()
    warning = page.get_by_role("dialog")
    expect(warning).to_contain_text("Du har text som inte är sparad än.")
    warning.get_by_role("button", name="Stanna kvar").click()
    expect(warning).to_have_count(0)
    expect(editor(page)).to_have_value(TEXT)
    page.get_by_role("button", name="Logga ut", exact=True).click()
    warning.get_by_role("button", name="Logga ut ändå").click()
    expect(page.get_by_role("heading", name="Logga in")).to_be_visible()
    page.unroute(ROUTE)
    signed_in(page, person, "/skapande")
    expect_saved(page, person)


def test_signing_out_right_after_typing_saves_first(page: Page, person: Person) -> None:
    signed_in(page, person, "/skapande")
    type_at_full_speed(page)
    page.get_by_role("button", name="Logga ut", exact=True).click()
    expect(page.get_by_role("heading", name="Logga in")).to_be_visible()
    assert person.text(QUESTION) == TEXT


# The browser itself is killed


def start_chromium(chromium: str, profile: Path) -> subprocess.Popen[bytes]:
    (profile / "DevToolsActivePort").unlink(missing_ok=True)
    arguments = [*ARGUMENTS, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}"]
    process = subprocess.Popen(
        [chromium, *arguments, "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    poll((profile / "DevToolsActivePort").exists, "the browser to start")
    return process


def page_of(playwright: Any, profile: Path) -> Page:
    port = (profile / "DevToolsActivePort").read_text().split("\n")[0]
    browser: Browser = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
    return browser.contexts[0].new_page()


def kill_chromium(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_a_browser_killed_while_typing_loses_at_most_two_seconds(
    playwright: Any, chromium: str, person: Person, tmp_path: Path
) -> None:
    process = start_chromium(chromium, tmp_path / "profile")
    try:
        page = page_of(playwright, tmp_path / "profile")
        signed_in(page, person, "/skapande")
        editor(page).click()
        typed, at = "", list[tuple[float, str]]()
        started = time.monotonic()
        while time.monotonic() < started + 6:
            word = f"ord{len(at)} "
            page.keyboard.type(word, delay=30)
            typed += word
            at.append((time.monotonic(), typed))
        killed = time.monotonic()
    finally:
        kill_chromium(process)
    must = max((text for moment, text in at if moment < killed - 2), key=len)

    process = start_chromium(chromium, tmp_path / "profile")
    try:
        page = page_of(playwright, tmp_path / "profile")
        signed_in(page, person, "/skapande")
        # A draft from before the last save may have been on the disk: then both texts are shown.
        expect(status(page)).to_have_text(re.compile(r"^Sparat \d|ändrats på ett annat ställe"))
        kept = [editor(page).input_value(), person.text(QUESTION)]
        assert all(typed.startswith(text) for text in kept)
        assert len(max(kept, key=len)) >= len(must)
    finally:
        kill_chromium(process)


def test_what_was_typed_two_seconds_before_a_browser_is_killed_is_on_its_disk(
    playwright: Any, chromium: str, person: Person, server: Server, tmp_path: Path
) -> None:
    """While the server is away there is no other place for it."""
    process = start_chromium(chromium, tmp_path / "profile")
    try:
        page = page_of(playwright, tmp_path / "profile")
        signed_in(page, person, "/skapande")
        editor(page).click()
        page.keyboard.type("Före. ")
        expect(status(page)).to_have_text(SAVED)
        server.stop()
        typed, at = "Före. ", list[tuple[float, str]]()
        started = time.monotonic()
        while time.monotonic() < started + 6:
            word = f"ord{len(at)} "
            page.keyboard.type(word, delay=30)
            typed += word
            at.append((time.monotonic(), typed))
        killed = time.monotonic()
    finally:
        kill_chromium(process)
    must = max((text for moment, text in at if moment < killed - 2), key=len)
    server.start()
    process = start_chromium(chromium, tmp_path / "profile")
    try:
        page = page_of(playwright, tmp_path / "profile")
        signed_in(page, person, "/skapande")
        until(page, lambda: len(person.text(QUESTION)) >= len(must), "what was typed to be there")
        assert typed.startswith(person.text(QUESTION))
        expect(page.locator(".choice h3")).to_have_count(0)
    finally:
        kill_chromium(process)


def test_a_draft_that_the_stored_text_goes_on_from_is_no_conflict(
    new_computer: NewComputer, person: Person
) -> None:
    """A browser that is killed may come back with a draft from before its last saves."""
    page = new_computer()
    signed_in(page, person)
    person.write(QUESTION, "Ett. Två. Tre.")
    drafts = {"innebar": "Ett. Tre.", "gora": "Ett. Fyra."}
    person.write("skapande/gora", "Ett. Två. Tre.")
    for question, text in drafts.items():
        draft = {"text": text, "based_on": 0, "unanswered": [], "adds": True}
        key = f"visionsprat:draft:{person.id}:skapande/{question}:a"
        page.evaluate("([key, draft]) => localStorage.setItem(key, draft)", [key, json.dumps(draft)])
    page.goto(f"{person.server.url}/skapande")
    expect(page.locator(".choice .words")).to_have_text(["Ett. Fyra.", "Ett. Två. Tre."])
    expect(editor(page)).to_have_value("Ett. Två. Tre.")
    expect(status(page)).to_have_text(SAVED)
    assert person.text(QUESTION) == "Ett. Två. Tre."


def test_a_draft_older_than_what_the_server_holds_does_not_hide_it(
    new_computer: NewComputer, person: Person
) -> None:
    """A killed browser may come back with a draft from before its last acknowledged save."""
    page = new_computer()
    signed_in(page, person)
    person.write(QUESTION, "Ett. Två. Tre.")
    draft = {"text": "Ett. Två.", "based_on": 0, "unanswered": ["Ett. Två."]}
    key = f"visionsprat:draft:{person.id}:{QUESTION}"
    page.evaluate("([key, draft]) => localStorage.setItem(key, draft)", [key, json.dumps(draft)])
    page.goto(f"{person.server.url}/skapande")
    expect(editor(page)).to_be_visible()
    expect(page.locator(".question").first).to_contain_text("Ett. Två. Tre.")
    assert person.text(QUESTION) == "Ett. Två. Tre."


# Drafts on other pages than their own


def leave_behind(page: Page, person: Person, text: str) -> Page:
    """Write while the server is away, close the tab, and come back in another when the server has."""
    signed_in(page, person, "/skapande")
    expect(editor(page)).to_be_visible()
    person.server.stop()
    editor(page).fill(text)
    expect(status(page)).to_contain_text("Inte sparat")
    context = page.context
    page.close()
    person.server.start()
    return context.new_page()


def test_a_draft_is_saved_whatever_page_is_opened_first(page: Page, person: Person, server: Server) -> None:
    later = leave_behind(page, person, TEXT)
    later.goto(server.url)
    wait_until_stored(later, person)
    later.get_by_role("link", name="Den skapande staden").first.click()
    expect_saved(later, person)


@pytest.mark.parametrize("address", ["/", "/skapande"])
def test_a_text_taken_away_while_the_server_was_away_is_taken_away(
    page: Page, person: Person, server: Server, address: str
) -> None:
    person.write(QUESTION, TEXT)
    later = leave_behind(page, person, "")
    assert person.text(QUESTION) == TEXT
    later.goto(server.url + address)
    wait_until_stored(later, person, "")


def test_a_conflict_left_in_a_closed_tab_is_shown_in_one_that_was_open_all_along(
    page: Page, person: Person
) -> None:
    signed_in(page, person)
    mine, other = page.context.new_page(), page.context.new_page()
    for tab in (mine, other):
        tab.goto(f"{person.server.url}/skapande")
        expect(editor(tab)).to_be_visible()
    type_at_full_speed(other, "Den andra.")
    expect(status(other)).to_have_text(SAVED)
    type_at_full_speed(mine, "Min.")
    expect(mine.locator(".choice h3")).to_be_visible()
    mine.close()
    page.get_by_role("link", name="Den skapande staden").first.click()
    expect(page.locator(".choice .words")).to_have_text(["Min.", "Den andra."])
    expect(editor(page)).to_have_value("Min.")
    assert person.text(QUESTION) == "Den andra."
