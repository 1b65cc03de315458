"""What must hold in every engine: the walk, saving without a server, two tabs, signing out, paper."""

from __future__ import annotations

from pathlib import Path

from pypdf import PdfReader

from tests.browser.engines.paper import printed
from tests.browser.engines.tabs import Tab
from tests.support.people import SAVED, Person
from tests.support.server import Server

QUESTION = "skapande/innebar"
#: Whether the key has come with which a browser keeps what it can't send.
HAS_A_KEY = (
    "return performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/api/drafts/key'))"
)
#: Notes what of the boxes is seen at the moment when the browser shows a page that it has kept.
NOTE_WHAT_IS_SHOWN = """
    addEventListener("pageshow", () => {
        const seen = (area) => getComputedStyle(area).visibility === "visible";
        const shown = [...document.querySelectorAll("textarea")].filter(seen).map((area) => area.value);
        sessionStorage.setItem("shown", shown.join(" "));
    });
"""


def at_theme(tab: Tab, person: Person, text: str = "") -> None:
    """The first theme, as its person sees it."""
    tab.let_in(person)
    tab.go("/skapande")
    tab.until(lambda: tab.text() == text, "the editor to show what is stored")


def saved(tab: Tab) -> bool:
    return bool(SAVED.match(tab.status()))


def test_one_signs_in_walks_writes_and_finds_it_again(tab: Tab, person: Person) -> None:
    tab.go("/")
    tab.until(lambda: tab.heading() == "Logga in", "the form")
    tab.sign_in(person)
    tab.follow("Börja ›")
    tab.until(lambda: tab.title == "Visionen – Visionsprat", "the vision")
    tab.follow("Vidare: Den skapande staden ›")
    tab.until(lambda: tab.text() == "", "the editor")
    tab.write("Räksmörgås på morgonmötet")
    tab.until(lambda: saved(tab), "the editor to say that it is saved")
    assert person.text(QUESTION) == "Räksmörgås på morgonmötet"
    tab.write("Vi prövar.", 1)
    tab.until(lambda: "Du är klar med Den skapande staden." in tab.words, "the theme to be done")
    tab.follow("Vidare: Den pulserande staden ›")
    tab.until(lambda: tab.title == "Den pulserande staden – Visionsprat", "the next theme")
    tab.go_back()
    tab.until(lambda: tab.text() == "Räksmörgås på morgonmötet", "the text to be there again")
    tab.go("/mina-reflektioner")
    tab.until(lambda: "Räksmörgås på morgonmötet" in tab.words, "the text to be reread")


def test_what_is_typed_without_a_server_is_kept_and_sent(tab: Tab, person: Person, server: Server) -> None:
    at_theme(tab, person)
    tab.until(lambda: tab.run(HAS_A_KEY), "the key that drafts are kept with")
    server.kill()
    tab.write("Skrivet utan server.")
    tab.until(lambda: "Texten finns kvar på den här enheten" in tab.status(), "the editor to say where it is")
    server.start()
    tab.until(lambda: saved(tab), "the text to be sent by itself")
    assert person.text(QUESTION) == tab.text() == "Skrivet utan server."


def test_two_tabs_that_disagree_keep_both_texts(tab: Tab, person: Person) -> None:
    at_theme(tab, person)
    other = tab.another()
    other.go("/skapande")
    other.until(lambda: other.text() == "", "the editor")
    other.write("Den andra.")
    other.until(lambda: saved(other), "the other tab's text to be saved")
    tab.write("Min.")
    tab.until(lambda: "Båda är sparade." in tab.words, "both texts to be shown")
    tab.press("Behåll båda")
    tab.until(lambda: person.text(QUESTION) == "Min.\n\n———\n\nDen andra.", "both texts to be stored")


def test_back_shows_nothing_when_one_has_signed_out(tab: Tab, person: Person) -> None:
    person.write(QUESTION, "Zebrakorven ligger i kylen.")
    at_theme(tab, person, "Zebrakorven ligger i kylen.")
    tab.run(NOTE_WHAT_IS_SHOWN)
    tab.press("Logga ut")
    tab.until(lambda: tab.heading() == "Logga in", "the form")
    tab.go_back()
    tab.until(lambda: tab.heading() in ("Logga in", "Du är utloggad"), "the form again, or the cover")
    assert tab.text() is None
    assert not tab.run("return sessionStorage.getItem('shown')")
    assert "Zebrakorven" not in tab.run("return document.documentElement.outerHTML")


def test_a_page_that_was_left_is_seen_again_when_its_session_has_been_asked(tab: Tab, person: Person) -> None:
    person.write(QUESTION, "Zebrakorven ligger i kylen.")
    at_theme(tab, person, "Zebrakorven ligger i kylen.")
    tab.run(NOTE_WHAT_IS_SHOWN)
    tab.go("/healthz")
    tab.go_back()
    tab.until(lambda: tab.text() == "Zebrakorven ligger i kylen.", "the text to be there again")
    tab.until(lambda: "Den skapande staden" in tab.words, "the page to be seen")
    assert not tab.run("return sessionStorage.getItem('shown')")


def test_the_printed_reflections_are_words(tab: Tab, person: Person, tmp_path: Path) -> None:
    """A PDF that one keeps can be searched and read aloud, and nothing of the page around is on it."""
    person.write(QUESTION, "Räksmörgås på morgonmötet.\n" * 80)
    sheets = PdfReader(printed(tab, person, "/mina-reflektioner", ".reread .words", tmp_path)).pages
    words = "".join(sheet.extract_text() for sheet in sheets)
    assert words.count("Räksmörgås på morgonmötet.") == 80
    assert words.startswith("Mina reflektioner\nAmina Testsson, ")
    assert "Logga ut" not in words
