"""Nothing is said in English where Streamlit would say it, and its pages are left alone otherwise.

Every page and state is looked at in axe/; here are those that last for a moment, or need a way there.
"""

from __future__ import annotations

import re
from typing import Literal

import pytest
from playwright.sync_api import FilePayload, Page, Request, expect

from tests.support.people import NewComputer, NewPerson, Person, editor, signed_in, until
from tests.support.server import Server
from tests.support.staff_lists import csv_file
from tests.support.swedish import foreign, our_words, words
from tests.support.windows import TWO_FRAMES, settle
from visionsprat.web.static_files import ASSETS, STREAMLIT
from visionsprat.wording.messages import HELD

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


def file(name: str, content: bytes | None = None) -> FilePayload:
    return {"name": name, "mimeType": "text/csv", "buffer": content or csv_file()}


@pytest.fixture
def chief(new_person: NewPerson) -> Person:
    return new_person("Ragna Påhittad", is_admin=True, member_of="Team 9")


def test_the_words_of_the_project_would_not_hide_english() -> None:
    assert not ENGLISH & our_words()
    assert words("Reflektion Sparat Lösenord") <= our_words() | {"reflektion"}


def test_what_is_translated_is_what_streamlit_says() -> None:
    """A translation of what a later Streamlit no longer says would look like a mend, and be none."""
    ours = (ASSETS / "scripts" / "shell" / "translations.js").read_text(encoding="utf-8")
    table = re.findall(r"const SWEDISH = {(.*?)};", ours, flags=re.S)[0]
    said = {quoted or bare for quoted, bare in re.findall(r'^  (?:"(.+?)"|(\w+)):', table, flags=re.M)}
    scripts = [path.read_text(encoding="utf-8") for path in (STREAMLIT / "static" / "js").glob("*.js")]
    assert len(said) > 10
    assert {each for each in said if not any(f"`{each}`" in script for script in scripts)} == set()


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
    page.get_by_text("personallista.pdf").hover()
    expect(page.get_by_role("tooltip")).to_have_text(
        "Det går bara att välja filer från Excel eller i CSV-format."
    )
    assert foreign(page, server.database) == []


@pytest.mark.parametrize("change", ["text.nodeValue = words", "text.replaceWith(words)"])
def test_words_that_change_where_they_stand(page: Page, chief: Person, server: Server, change: str) -> None:
    """React changes a text in its place where it can: seen once, as a file was refused on a busy machine."""
    signed_in(page, chief, "/administration?del=personallista")
    settle(page)
    page.evaluate(
        "words => {"
        "  const label = document.querySelector('[data-testid=stFileUploader] label');"
        "  const text = document.createTreeWalker(label, NodeFilter.SHOW_TEXT).nextNode();"
        f"  {change};"
        "}",
        "text/csv files are not allowed.",
    )
    assert foreign(page, server.database) == []


def test_a_server_that_is_gone(page: Page, person: Person, server: Server) -> None:
    """Streamlit would say so at its sixth try, and on a page that it has never been connected to."""
    signed_in(page, person, "/skapande")
    account, unconnected = page.context.new_page(), page.context.new_page()
    account.goto(f"{server.url}/mitt-konto")
    for each in (page, account):
        settle(each)
    tries = {each: failures(each) for each in (page, account, unconnected)}
    unconnected.route("**/_stcore/**", lambda route: route.abort())
    unconnected.goto(f"{server.url}/mitt-konto")
    server.stop()
    editor(page).press_sequentially("Server borta.", delay=20)
    until(page, lambda: min(map(len, tries.values())) > 6, "Streamlit to try again and again")
    for each in (page, account):
        assert each.get_by_role("dialog").count() == 0
    told = unconnected.get_by_role("dialog")
    expect(told).to_have_accessible_name("Servern svarar inte. Sidan visas så snart det går.")
    for each in tries:
        each.evaluate(TWO_FRAMES)
        assert foreign(each, server.database) == []


def failures(page: Page) -> list[str]:
    """Grows with each of Streamlit's tries to reach its server in vain."""
    found: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/_stcore/health"):
            found.append(request.url)

    page.on("requestfailed", note)
    return found


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
    assert {"Something new", "Bring it"} <= {*foreign(page, server.database)}
    page.get_by_role("link", name="Personuppgifter").click()
    expect(page.get_by_role("heading", name="Personuppgifter")).to_be_focused()


NOT_ARRIVED = "Filen kom inte fram till servern. Ladda om sidan och välj filen igen."


@pytest.mark.parametrize("status", [400, 413, 502, 0], ids=["another process", "too large", "proxy", "net"])
def test_a_file_that_does_not_arrive(page: Page, chief: Person, server: Server, status: int) -> None:
    """Behind a proxy that hands a page and its uploads to different processes, each upload ends so."""
    signed_in(page, chief, "/administration?del=personallista")
    settle(page)
    page.route(
        "**/_stcore/upload_file/**",
        lambda route: route.fulfill(status=status, body="no") if status else route.abort(),
    )
    page.locator("input[type=file]").set_input_files(file("personallista.csv"))
    expect(page.get_by_role("alert")).to_contain_text(NOT_ARRIVED)
    page.get_by_test_id("stFileChip").hover()
    page.evaluate(TWO_FRAMES)
    assert foreign(page, server.database) == []


def test_what_a_restarted_server_holds_no_more_is_told(page: Page, chief: Person, server: Server) -> None:
    """A preview of a staff list stands there, then a question whether one is sure: no click does anything."""
    signed_in(page, chief, "/administration?del=personallista")
    settle(page)
    places: tuple[tuple[Literal["alert", "dialog"], str], ...] = (
        ("alert", "personallista.csv"),
        ("dialog", "personer.csv"),
    )
    for told, name in places:
        page.locator("input[type=file]").set_input_files(file(name, csv_file(LISTS[name])))
        restart_under(page, server, "Genomför ändringarna")
        expect(page.get_by_role(told)).to_contain_text(HELD["file"])
        expect(page.get_by_role("button", name="Genomför ändringarna")).to_have_count(0)
        assert foreign(page, server.database) == []
        if told == "alert":  # taken at last: the next file has a field of its own
            page.get_by_role("button", name="Ta bort personallista.csv").click()
            page.locator("input[type=file]").set_input_files(file(name, csv_file(LISTS[name])))
            page.get_by_role("button", name="Genomför ändringarna").click()
            expect(page.get_by_role("status").filter(has_text="Klart.")).to_be_visible()
    with server.store() as store:
        assert store.find_people("personer@").count == 0

    page.get_by_role("dialog").get_by_role("button").click()
    page.goto(f"{server.url}/administration?person={chief.id}")
    page.get_by_role("button", name="Avaktivera", exact=True).click()
    restart_under(page, server, "Ja, avaktivera")
    expect(page.get_by_role("dialog")).to_contain_text("Servern har startat om, så knappen gjorde ingenting.")


LISTS = {
    f"{name}.csv": [(f"{name}@test.example", "Ny", "", "", "ja")] for name in ("personallista", "personer")
}


def restart_under(page: Page, server: Server, button: str) -> None:
    """Restart the server while the page stands there, and click on a button of the page."""
    expect(page.get_by_role("button", name=button)).to_be_visible()
    server.stop()
    expect(page.get_by_role("button", name=button)).to_be_disabled()
    page.get_by_role("button", name=button).click(force=True)
    expect(page.get_by_role("dialog")).to_contain_text("Servern svarar inte just nu, så knappen gör")
    page.get_by_role("dialog").get_by_role("button").click()
    server.start()
    page.get_by_role("button", name=button).click()
