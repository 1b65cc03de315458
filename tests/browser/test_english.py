"""Nothing is said in English where Streamlit would say it, and its pages are left alone otherwise.

Every page and state is looked at in test_axe.py; here are those that last for a moment, or need a way there.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import NewComputer, NewPerson, Person, editor, signed_in, until
from tests.browser.server import Server
from tests.browser.swedish import foreign, our_words, words
from tests.browser.windows import settle
from tests.staff_lists import csv_file

#: What Streamlit's widgets of ours say when nobody translates.
ENGLISH = {"show", "upload", "remove", "open", "clear", "dismiss", "stop", "close", "results", "connection"}
#: Counts what changes on the page in a second and a half of rest.
CHANGES = """
    async () => {
        let count = 0;
        const observer = new MutationObserver((changes) => (count += changes.length));
        const everything = { subtree: true, childList: true, characterData: true, attributes: true };
        observer.observe(document.documentElement, everything);
        await new Promise((done) => setTimeout(done, 1500));
        observer.disconnect();
        return count;
    }
"""


def file(name: str) -> Any:
    return {"name": name, "mimeType": "text/csv", "buffer": csv_file()}


@pytest.fixture
def chief(new_person: NewPerson) -> Person:
    return new_person("Ragna Påhittad", is_admin=True, member_of="Team 9")


def test_the_words_of_the_project_would_not_hide_english() -> None:
    assert not ENGLISH & our_words()
    assert words("Reflektion Sparat Lösenord") <= our_words() | {"reflektion"}


def test_the_passwords_eye_is_swedish_whichever_way_and_leaves_the_password_alone(
    page: Page, server: Server
) -> None:
    page.goto(server.url)
    settle(page)
    password = page.get_by_label("Lösenord", exact=True)
    eye = page.locator("button[aria-pressed]")
    password.click()
    for number in range(5):
        page.keyboard.type(f"tecken {number} ")
        eye.click()
        assert foreign(page, server.database) == []
        password.press("End")
    expect(password).to_have_value("tecken 0 tecken 1 tecken 2 tecken 3 tecken 4 ")


def test_a_list_in_which_nothing_is_found(page: Page, chief: Person, server: Server) -> None:
    signed_in(page, chief, "/administration")
    settle(page)
    page.get_by_label("Visa", exact=True).fill("qqq")
    expect(page.get_by_role("listbox")).to_be_visible()
    until(page, lambda: foreign(page, server.database) == [], "the list to be in Swedish")


def test_a_file_taken_refused_and_removed(page: Page, chief: Person, server: Server) -> None:
    signed_in(page, chief, "/administration?del=personallista")
    settle(page)
    page.locator("input[type=file]").set_input_files(file("personallista.csv"))
    expect(page.get_by_role("heading", name="Det här ändras")).to_be_visible()
    assert foreign(page, server.database) == []
    page.get_by_role("button", name="Ta bort personallista.csv").click()
    expect(page.get_by_role("heading", name="Det här ändras")).to_have_count(0)
    page.locator("input[type=file]").set_input_files(file("personallista.pdf"))
    expect(page.get_by_text("personallista.pdf")).to_be_visible()
    assert foreign(page, server.database) == []


@pytest.mark.parametrize("address", ["/skapande", "/mitt-konto"])
def test_a_server_that_is_gone(page: Page, person: Person, server: Server, address: str) -> None:
    signed_in(page, person, address)
    settle(page)
    server.stop()
    expect(page.locator('[data-test-connection-state="CONNECTED"]')).to_have_count(0)
    if address == "/skapande":
        editor(page).press_sequentially("Server borta.", delay=20)
    page.wait_for_timeout(1500)  # for what Streamlit would show
    assert foreign(page, server.database) == []


def test_a_browser_without_javascript(new_computer: NewComputer, server: Server) -> None:
    page = new_computer(java_script_enabled=False)
    page.goto(server.url)
    expect(page.locator("noscript p")).to_be_visible()
    assert foreign(page, server.database) == []
    page.goto(f"{server.url}/finns/inte")
    assert foreign(page, server.database) == []


@pytest.mark.parametrize("address", ["/skapande", "/mitt-konto", "/administration?del=personallista"])
def test_a_page_at_rest_is_at_rest(page: Page, chief: Person, address: str) -> None:
    """Scripts that answer each other's changes would never be done."""
    chief.write("skapande/innebar", "Ett svar.")
    signed_in(page, chief, address)
    settle(page)
    until(page, lambda: page.evaluate(CHANGES) == 0, "the page to come to rest")


def test_what_nobody_knows_is_left_as_it_is(page: Page, server: Server) -> None:
    """A later Streamlit may say other things in other places: then they are English, and all else works."""
    page.goto(server.url)
    settle(page)
    page.evaluate("""
        document.querySelector("main").insertAdjacentHTML("beforeend",
            '<div data-testid="stFileUploader" title="Something new"><b>Bring it</b></div><i role="listbox">')
    """)
    assert "Something new" in foreign(page, server.database)
    page.get_by_role("link", name="Personuppgifter").click()
    expect(page.get_by_role("heading", name="Personuppgifter")).to_be_focused()
