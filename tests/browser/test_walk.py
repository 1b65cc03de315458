"""From the start page through the vision and all themes to rereading, as somebody walks it."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect
from pypdf import PdfReader

from tests.support.people import (
    SAVED,
    NewPerson,
    Person,
    add_person,
    answered_saves,
    editor,
    signed_in,
    status,
    until,
)
from tests.support.server import Server
from tests.support.windows import TWO_FRAMES, follow
from visionsprat.content.module import Module, Theme
from visionsprat.settings import ROOT

#: In points.
A4 = (595, 842)
ALL_DONE = "Du har gått igenom alla fem teman."
TITLES = {
    "/": "Visionsprat",
    "/visionen": "Visionen – Visionsprat",
    "/skapande": "Den skapande staden – Visionsprat",
    "/pulserande": "Den pulserande staden – Visionsprat",
    "/gemensamma": "Den gemensamma staden – Visionsprat",
    "/globala": "Den globala staden – Visionsprat",
    "/balanserade": "Den balanserade staden – Visionsprat",
    "/mina-reflektioner": "Mina reflektioner – Visionsprat",
    "/min-grupp": "Min grupp – Visionsprat",
    "/mitt-konto": "Mitt konto – Visionsprat",
    "/tillganglighet": "Tillgänglighet – Visionsprat",
    "/personuppgifter": "Personuppgifter – Visionsprat",
}


def onward(page: Page, name: str) -> None:
    page.get_by_role("link", name=f"Vidare: {name} ›").click()
    expect(page).to_have_title(f"{name} – Visionsprat")


def answer(page: Page, theme: Theme) -> list[str]:
    """Write an answer to each of a theme's questions; the editors are found by them, word for word."""
    answers = []
    for question in theme.questions:
        answers.append(f"Mitt svar på {question.id}: vi prövar. 🌱")
        page.get_by_label(question.text, exact=True).fill(answers[-1])
    return answers


def complete(person: Person, *themes: Theme) -> None:
    for theme in themes:
        for question in theme.questions:
            person.write(question.id, f"Svar på {question.id}.")


def path(page: Page, theme: str) -> str:
    """What the path at the side says about a theme."""
    return page.locator("nav.side li", has_text=theme).locator("small").inner_text()


# The whole of it


def test_the_whole_walk_with_ten_answers(page: Page, person: Person, module: Module) -> None:
    signed_in(page, person)
    page.get_by_role("link", name="Börja ›").click()
    expect(page).to_have_title("Visionen – Visionsprat")
    answers = []
    for theme in module.themes:
        onward(page, theme.title)
        answers += answer(page, theme)
        done = ALL_DONE if theme is module.themes[-1] else f"Du är klar med {theme.title}."
        expect(page.locator("main").get_by_text(done)).to_be_visible()
    onward(page, "Mina reflektioner")
    expect(page.locator(".reread .words")).to_have_text(answers)
    saved = page.locator(".reread article > .when")
    expect(saved).to_have_text([re.compile(r"^Sparat i dag \d\d:\d\d$")] * 10)
    expect(page.locator(".reread h3")).to_have_text([question.text for question in module.questions])
    assert [person.text(question.id) for question in module.questions] == answers


def test_a_sixth_theme_is_walked_without_a_change_of_code(page: Page, module: Module, tmp_path: Path) -> None:
    content = tmp_path / "content"
    shutil.copytree(ROOT / "content", content)
    (content / "themes" / "lekande.md").write_text(
        "---\nid: lekande\norder: 6\ntitle: Den lekande staden\nquestions:\n"
        "  - id: innebar\n    text: Var leker vi?\n---\n\nHos oss finns lek.\n",
        encoding="utf-8",
    )
    server = Server(tmp_path, content)
    try:
        person = add_person(server)
        complete(person, *module.themes)
        signed_in(page, person)
        page.get_by_role("link", name="Fortsätt med Den lekande staden").click()
        expect(page.get_by_text("Hos oss finns lek.")).to_be_visible()
        page.get_by_label("Var leker vi?", exact=True).fill("I parken.")
        expect(page.get_by_text("Du har gått igenom alla sex teman.")).to_be_visible()
        onward(page, "Mina reflektioner")
        expect(page.locator(".reread .words").last).to_have_text("I parken.")
        page.go_back()
        expect(page).to_have_title("Den lekande staden – Visionsprat")
    finally:
        server.stop()


# Where one is


def test_every_page_has_a_title_of_its_own(page: Page, new_person: NewPerson) -> None:
    manager = new_person(manages="Team 3")
    signed_in(page, manager)
    for address, title in TITLES.items():
        follow(page, address)
        expect(page).to_have_title(title)
        expect(page.locator("h1")).to_have_count(1)
    page.goto(f"{manager.server.url}/finns-inte")
    expect(page).to_have_title("Sidan finns inte – Visionsprat")


def test_a_walk_between_pages_keeps_the_page_and_moves_focus_to_the_new_heading(
    page: Page, person: Person
) -> None:
    signed_in(page, person, "/visionen")
    page.evaluate("window.loadedOnce = true")
    onward(page, "Den skapande staden")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_role("heading", level=1)).to_have_text("Den skapande staden")
    onward(page, "Den pulserande staden")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    assert page.evaluate("window.loadedOnce")


def test_the_browsers_back_and_forward_buttons_walk(page: Page, person: Person) -> None:
    signed_in(page, person, "/visionen")
    onward(page, "Den skapande staden")
    page.get_by_role("link", name="Mina reflektioner").first.click()
    expect(page).to_have_title("Mina reflektioner – Visionsprat")
    expect(page.get_by_role("heading", level=1)).to_have_text("Mina reflektioner")  # the title comes first
    page.go_back()
    expect(page).to_have_title("Den skapande staden – Visionsprat")
    expect(editor(page)).to_be_visible()
    page.go_back()
    expect(page).to_have_title("Visionen – Visionsprat")
    expect(page.locator("nav.side [aria-current=page]")).to_have_text("Visionen")
    page.go_forward()
    expect(page).to_have_title("Den skapande staden – Visionsprat")
    expect(page.locator("nav.side [aria-current=page]")).to_contain_text("Den skapande staden")
    expect(editor(page)).to_be_visible()


def test_a_page_drawn_once_more_as_one_goes_back_leaves_the_way_forward(page: Page, person: Person) -> None:
    """A first word asks for a run of its page, and Streamlit then put that page into the history again."""
    late: list[Callable[[], None]] = []
    is_late = False

    def pass_on(socket: WebSocketRoute) -> None:
        def pass_it_on(frame: str | bytes) -> None:
            if is_late:
                late.append(partial(socket.send, frame))
            else:
                socket.send(frame)

        socket.connect_to_server().on_message(pass_it_on)

    page.route_web_socket("**/_stcore/stream", pass_on)
    signed_in(page, person, "/visionen")
    onward(page, "Den skapande staden")
    expect(editor(page)).to_be_visible()
    entries = page.evaluate("history.length")
    is_late = True
    editor(page).press_sequentially("Vi")
    expect(status(page)).to_have_text(SAVED)
    until(page, lambda: bool(late), "the page to be drawn again")
    page.go_back()
    while late:
        late.pop(0)()
    is_late = False
    expect(page.get_by_role("heading", level=1)).to_have_text("Helsingborgs nya vision")
    assert page.evaluate("history.length") == entries
    page.go_forward()
    expect(page.get_by_role("heading", level=1)).to_have_text("Den skapande staden")
    expect(editor(page)).to_have_value("Vi")


def test_a_second_click_asks_again_for_a_page_that_has_not_come(page: Page, person: Person) -> None:
    is_lost = False

    def pass_on(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        socket.on_message(lambda frame: None if is_lost else server.send(frame))

    page.route_web_socket("**/_stcore/stream", pass_on)
    signed_in(page, person, "/visionen")
    is_lost = True
    page.get_by_role("link", name="Vidare: Den skapande staden ›").click()
    expect(page).to_have_url(re.compile("/skapande$"))
    page.evaluate(TWO_FRAMES)
    is_lost = False
    page.locator("nav.side").get_by_role("link", name="Den skapande staden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Den skapande staden")


def test_any_order_goes_and_nothing_is_locked(page: Page, person: Person, module: Module) -> None:
    signed_in(page, person)
    page.get_by_role("link", name="Den balanserade staden").first.click()
    expect(page).to_have_title("Den balanserade staden – Visionsprat")
    answer(page, module.theme("balanserade"))
    expect(page.locator("main").get_by_text("Du är klar med Den balanserade staden.")).to_be_visible()
    page.get_by_role("link", name="‹ Den globala staden").click()
    expect(page).to_have_title("Den globala staden – Visionsprat")
    onward(page, "Den balanserade staden")
    expect(editor(page)).to_have_value(person.text("balanserade/innebar"))
    onward(page, "Mina reflektioner")
    expect(page.get_by_text("Inget svar än.")).to_have_count(8)
    page.get_by_role("link", name="Svara i Den gemensamma staden").first.click()
    expect(page).to_have_title("Den gemensamma staden – Visionsprat")


def test_the_start_page_has_one_button_to_what_is_next(page: Page, person: Person, module: Module) -> None:
    signed_in(page, person)
    button = page.locator("a.primary")
    expect(button).to_have_text("Börja ›")
    button.click()
    expect(page).to_have_title("Visionen – Visionsprat")
    page.get_by_role("link", name="Start").first.click()
    expect(button).to_have_text("Fortsätt med Den skapande staden ›")
    complete(person, module.theme("skapande"), module.theme("gemensamma"))
    page.reload()
    expect(button).to_have_text("Fortsätt med Den pulserande staden ›")
    complete(person, *module.themes)
    page.reload()
    expect(button).to_have_text("Läs igenom dina reflektioner ›")
    button.click()
    expect(page).to_have_title("Mina reflektioner – Visionsprat")


# How far one has come


def test_progress_grows_while_one_writes_and_leaves_caret_and_focus_alone(page: Page, person: Person) -> None:
    person.write("skapande/innebar", "Svarat förut.")
    signed_in(page, person, "/skapande")
    page.evaluate("window.loadedOnce = true")
    assert path(page, "Den skapande staden") == "1 av 2 frågor"
    second = editor(page, 1)
    second.click()
    page.keyboard.type("Först sist")
    for _ in " sist":
        page.keyboard.press("ArrowLeft")
    written = "Först sist"
    # Across the save that completes the theme and the redrawing of the page after it.
    while not page.locator("main").get_by_text("Du är klar med Den skapande staden.").is_visible():
        page.keyboard.type(" å", delay=30)
        written = written.replace(" sist", " å sist")
        assert len(written) < 3000, "the theme was never shown as complete"
    page.keyboard.type(" mitt i")
    written = written.replace(" sist", " mitt i sist")
    expect(second).to_be_focused()
    expect(second).to_have_value(written)
    assert second.evaluate("area => area.selectionStart") == len(written) - len(" sist")
    until(page, lambda: path(page, "Den skapande staden") == "Klart", "the path to say so")
    expect(page.locator("nav.side .brand")).to_contain_text("1 av 5 teman klara")
    until(page, lambda: person.text("skapande/gora") == written, "the text to be stored")
    assert page.evaluate("window.loadedOnce")


def test_progress_shrinks_when_an_answer_is_taken_away(page: Page, person: Person, module: Module) -> None:
    complete(person, module.theme("skapande"))
    signed_in(page, person, "/skapande")
    assert path(page, "Den skapande staden") == "Klart"
    editor(page, 1).fill("  ")
    until(page, lambda: path(page, "Den skapande staden") == "1 av 2 frågor", "the path to say so")
    expect(page.locator("main").get_by_text("Du är klar med Den skapande staden.")).to_have_count(0)


def test_typing_and_saving_cost_no_script_run_but_for_a_changed_progress(page: Page, person: Person) -> None:
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    saves = answered_saves(page)
    signed_in(page, person, "/skapande")
    editor(page).fill("Ett första svar")
    until(page, lambda: path(page, "Den skapande staden") == "1 av 2 frågor", "the path to say so")
    before = len(sent)
    assert before
    for number in range(3):
        answered = len(saves)
        editor(page).press("End")
        page.keyboard.type(f", och mer {number}")
        until(page, lambda answered=answered: len(saves) > answered, "a save")  # type: ignore[misc]  # bound in its round
        expect(status(page)).to_have_text(SAVED)
    assert len(sent) == before
    editor(page, 1).fill("Ett andra svar")
    expect(page.locator("main").get_by_text("Du är klar med Den skapande staden.")).to_be_visible()
    assert len(sent) == before + 1


def test_a_save_that_ends_when_one_has_left_does_not_call_one_back(page: Page, person: Person) -> None:
    """Streamlit would run the page that it still shows, in place of the one that was asked for."""
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    signed_in(page, person, "/skapande")
    expect(editor(page)).to_be_visible()
    held: list[Route] = []
    page.route("**/api/reflections", lambda route: held.append(route))
    editor(page).fill("Ett första svar")
    until(page, lambda: bool(held), "the save to be on its way")
    before = len(sent)
    page.evaluate("history.pushState(null, '', '/pulserande')")
    held[0].continue_()
    expect(status(page)).to_have_text(SAVED)
    assert len(sent) == before


def test_a_save_that_ends_as_one_comes_back_does_not_call_one_away(page: Page, person: Person) -> None:
    """Of what is not drawn yet Streamlit would run the page before it."""
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    signed_in(page, person, "/visionen")
    onward(page, "Den skapande staden")
    expect(editor(page)).to_be_visible()
    held: list[Route] = []
    page.route("**/api/reflections", lambda route: held.append(route))
    editor(page).fill("Ett första svar")
    until(page, lambda: bool(held), "the save to be on its way")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Helsingborgs nya vision")
    expect(editor(page)).to_have_count(0)
    page.evaluate("history.pushState(null, '', '/skapande')")  # as one goes forward
    before = len(sent)
    with page.expect_response("**/api/reflections"):
        held[0].continue_()
    page.evaluate(TWO_FRAMES)
    assert len(sent) == before


# Paper


def test_print_shows_the_reflections_and_nothing_around_them(
    page: Page, person: Person, module: Module
) -> None:
    complete(person, *module.themes)
    person.write("skapande/innebar", "En lång rad.\n" * 150)
    signed_in(page, person, "/mina-reflektioner")
    expect(page.get_by_role("button", name="Skriv ut")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="Mina reflektioner")).to_be_visible()
    expect(page.locator(".reread .words").last).to_be_visible()
    expect(page.get_by_text("Amina Testsson, ")).to_be_visible()
    for chrome in ("nav", "footer", "button", "a"):
        expect(page.locator(chrome).filter(visible=True)).to_have_count(0)
    page.emulate_media(media="null")
    sheets = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages
    assert {(round(sheet.mediabox.width), round(sheet.mediabox.height)) for sheet in sheets} == {A4}
    printed = [sheet.extract_text() for sheet in sheets]
    for number, words in enumerate(printed, 1):
        assert f"Sida {number} av {len(printed)}" in words
    assert "Amina Testsson, " in printed[0]
    answers = [person.text(question.id) for question in module.questions]
    assert "".join(printed).count("En lång rad.") == 150
    assert [answer in "".join(printed) for answer in answers[1:]] == [True] * 9


@pytest.mark.parametrize("width", [390, 1280])
def test_every_step_is_within_reach_at_every_width(page: Page, person: Person, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    signed_in(page, person, "/gemensamma")
    menu = page.get_by_role("button", name="Meny")
    if menu.is_visible():
        menu.click()
    page.locator("nav.side").get_by_role("link", name="Mina reflektioner").click()
    expect(page).to_have_title("Mina reflektioner – Visionsprat")
    if menu.is_visible():
        expect(menu).to_have_attribute("aria-expanded", "false")
