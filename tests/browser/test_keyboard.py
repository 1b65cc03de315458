"""The module by keyboard alone, by touch and by ear: focus, what is said aloud, faults tied to fields."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.support.forms import expect_fault
from tests.support.keyboard import tab_to
from tests.support.people import (
    PASSWORD,
    SAVED,
    NewComputer,
    NewPerson,
    Person,
    answer_saves,
    answered_saves,
    editor,
    let_in,
    signed_in,
    status,
    until,
)
from tests.support.server import Server
from tests.support.staff_lists import csv_file
from tests.support.windows import follow, lasting, settle
from visionsprat.content.module import Module, load_module
from visionsprat.settings import ROOT

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
#: Whether what has focus has a ring around it, with a contrast of 3 against the ground it lies on.
RING = """
    () => {
        const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
        const luminance = (colour) => {
            const [red, green, blue] = numbers(colour).map((each) =>
                each / 255 <= 0.04045 ? each / 255 / 12.92 : ((each / 255 + 0.055) / 1.055) ** 2.4);
            return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        };
        const ground = (element) => {
            const { backgroundColor } = getComputedStyle(element);
            const opaque = backgroundColor.startsWith("rgb(");
            return opaque || !element.parentElement ? backgroundColor : ground(element.parentElement);
        };
        const focused = document.activeElement;
        const around = focused.closest("[data-testid=stTextInputRootElement], [role=group], label");
        const unseen = focused.type === "checkbox"; // it lies hidden beside its picture
        for (const element of unseen ? [around] : [focused, around]) {
            const { outlineStyle, outlineWidth, outlineColor } = element ? getComputedStyle(element) : {};
            if (!element || outlineStyle === "none" || parseFloat(outlineWidth) < 2) continue;
            const pair = [luminance(outlineColor), luminance(ground(element.parentElement))];
            const contrast = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
            const what = `${contrast.toFixed(1)} for ${focused.outerHTML.slice(0, 120)}`;
            return contrast < 3 ? [what] : [];
        }
        return [`no ring: ${focused.outerHTML.slice(0, 120)}`];
    }
"""
#: Keeps what is said aloud: each change of what a screen reader listens to.
LISTEN = """
    () => {
        window.heard = [];
        const live = "[role=status], [role=alert], [aria-live=polite], [aria-live=assertive]";
        new MutationObserver((changes) => {
            const regions = changes.map(({ target }) =>
                (target.nodeType === Node.TEXT_NODE ? target.parentElement : target)?.closest(live));
            for (const region of new Set(regions))
                if (region?.textContent) window.heard.push(region.textContent);
        }).observe(document.body, { subtree: true, childList: true, characterData: true });
    }
"""


def onward_by_keyboard(page: Page, link: Locator, title: str) -> None:
    tab_to(page, link)
    page.keyboard.press("Enter")
    expect(page).to_have_title(f"{title} – Visionsprat")
    expect(page.get_by_role("heading", level=1)).to_be_focused()


# Without a mouse


def test_from_sign_in_to_the_tenth_answer_print_and_sign_out_by_keyboard_alone(
    page: Page, person: Person, module: Module, server: Server
) -> None:
    page.add_init_script("window.print = () => { window.printed = true }")
    page.goto(server.url)
    expect(page.get_by_label("E-post")).to_be_visible()
    tab_to(page, page.get_by_label("E-post"))
    page.keyboard.type(person.email)
    tab_to(page, page.get_by_label("Lösenord", exact=True))
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    begin = page.get_by_role("link", name="Börja ›")
    expect(begin).to_be_visible()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Hoppa till innehållet")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    onward_by_keyboard(page, begin, "Visionen")
    for theme in module.themes:
        link = page.get_by_role("link", name=f"Vidare: {theme.title} ›")
        onward_by_keyboard(page, link, theme.title)
        for question in theme.questions:
            tab_to(page, page.get_by_label(question.text, exact=True))
            page.keyboard.type(f"Svar på {question.id}.")
        expect(page.locator(".done")).to_be_visible()
    link = page.get_by_role("link", name="Vidare: Mina reflektioner ›")
    onward_by_keyboard(page, link, "Mina reflektioner")
    tab_to(page, page.get_by_role("button", name="Skriv ut"))
    page.keyboard.press("Enter")
    assert page.evaluate("window.printed")
    tab_to(page, page.get_by_role("button", name="Logga ut", exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Logga in")).to_be_visible()
    answers = [f"Svar på {question.id}." for question in module.questions]
    assert [person.text(question.id) for question in module.questions] == answers


def test_from_sign_in_to_the_tenth_answer_and_sign_out_by_touch(
    new_computer: NewComputer, person: Person, module: Module, server: Server
) -> None:
    page = new_computer(**PHONE)
    page.goto(server.url)
    page.get_by_label("E-post").tap()
    page.keyboard.type(person.email)
    page.get_by_label("Lösenord", exact=True).tap()
    page.keyboard.type(PASSWORD)
    page.get_by_role("button", name="Logga in").tap()
    page.get_by_role("link", name="Börja ›").tap()
    for theme in module.themes:
        page.get_by_role("link", name=f"Vidare: {theme.title} ›").tap()
        for question in theme.questions:
            page.get_by_label(question.text, exact=True).tap()
            page.keyboard.type(f"Svar på {question.id}.")
        expect(page.locator(".done")).to_be_visible()
    page.get_by_role("link", name="Vidare: Mina reflektioner ›").tap()
    expect(page.locator(".reread .words")).to_have_count(10)
    page.get_by_role("button", name="Meny").tap()
    page.get_by_role("button", name="Logga ut", exact=True).tap()
    expect(page.get_by_role("heading", name="Logga in")).to_be_visible()
    answers = [f"Svar på {question.id}." for question in module.questions]
    assert [person.text(question.id) for question in module.questions] == answers


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_whatever_takes_focus_shows_it(
    page: Page, new_person: NewPerson, server: Server, scheme: Any
) -> None:
    chief = new_person(is_admin=True, manages="Team 3")
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(server.url)
    weak = faint(page)
    let_in(page, chief)
    for address in ("/skapande", "/mitt-konto", f"/administration?person={chief.id}", "/min-grupp"):
        page.goto(server.url + address)
        weak += faint(page)
    assert weak == []


def faint(page: Page) -> list[str]:
    """What Tab comes to on a page without being seen to."""
    settle(page)
    found: list[str] = []
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            return found
        found += lasting(page, lambda: page.evaluate(RING))
        if page.evaluate("document.activeElement.matches('footer a:last-of-type')"):
            return found
    raise AssertionError("Tab never came to the end of the page")


def test_a_closed_menu_takes_no_focus(new_computer: NewComputer, person: Person) -> None:
    page = new_computer(**PHONE)
    signed_in(page, person, "/visionen")
    menu = page.get_by_role("button", name="Meny")
    tab_to(page, menu)
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.closest('nav.side')")
    menu.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("nav.side .path a").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_focused()
    expect(page.locator("nav.side .path a").first).to_be_hidden()


@pytest.mark.parametrize("place", [".onward", "nav.side"])
def test_a_save_that_completes_a_theme_leaves_the_focus_on_its_link(
    page: Page, person: Person, place: str
) -> None:
    """The link is drawn anew with the progress: Enter right after the last word would do nothing."""
    person.write("skapande/innebar", "Svarat förut.")
    signed_in(page, person, "/skapande")
    expect(editor(page, 1)).to_be_visible()
    held: list[Route] = []
    page.route("**/api/reflections", lambda route: held.append(route))
    editor(page, 1).fill("Ett svar.")
    until(page, lambda: bool(held), "the save to be on its way")
    link = page.locator(place).get_by_role("link", name="Den pulserande staden")
    link.focus()
    held[0].continue_()
    expect(page.locator("main").get_by_text("Du är klar med Den skapande staden.")).to_be_visible()
    expect(page.locator("nav.side .brand")).to_contain_text("1 av 5 teman klara")
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_title("Den pulserande staden – Visionsprat")


# By ear


def test_a_new_page_is_said_once(page: Page, person: Person) -> None:
    signed_in(page, person, "/visionen")
    page.evaluate(LISTEN)
    page.get_by_role("link", name="Vidare: Den skapande staden ›").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(editor(page)).to_be_visible()
    assert page.evaluate("heard") == ["Den skapande staden – Visionsprat"]
    page.get_by_role("link", name="Hoppa till innehållet").press("Enter")
    assert page.evaluate("heard.length") == 1


def test_saving_is_said_when_the_person_rests_and_not_while_they_write(page: Page, person: Person) -> None:
    person.write("skapande/innebar", "Redan besvarad.")
    signed_in(page, person, "/skapande")
    expect(editor(page)).to_be_visible()
    page.evaluate(LISTEN)
    saves = answered_saves(page)
    editor(page).press("End")
    page.keyboard.type(" och fem gånger tio tecken till, skrivna i en följd", delay=60)
    assert saves, "nothing was saved while writing"
    assert page.evaluate("heard") == []
    until(page, lambda: bool(page.evaluate("heard.length")), "the saving to be said")
    (said,) = page.evaluate("heard")
    assert SAVED.match(said)
    expect(status(page)).to_have_text(said)


def test_a_text_that_is_not_saved_is_said_at_once_and_once(page: Page, person: Person) -> None:
    signed_in(page, person, "/skapande")
    expect(editor(page)).to_be_visible()
    answer_saves(page, 401)
    page.evaluate(LISTEN)
    editor(page).press_sequentially("Utloggad.", delay=20)
    until(page, lambda: bool(page.evaluate("heard.length")), "the trouble to be said")
    with page.expect_response("**/api/reflections"):
        editor(page).press_sequentially(" Och vidare.", delay=20)
    (said,) = page.evaluate("heard")
    assert said.startswith("Inte sparat. Du är utloggad.")


def test_what_describes_the_box_is_the_same_while_one_writes(page: Page, person: Person) -> None:
    """Screen readers say a changed description at once, into one's writing."""
    signed_in(page, person, "/skapande")
    expect(editor(page)).to_have_accessible_description("Bara du kan läsa det du skriver.")
    editor(page).fill("Sparas nu.")
    expect(editor(page)).to_have_accessible_description("Bara du kan läsa det du skriver.")
    expect(status(page)).to_have_text(SAVED)
    expect(editor(page)).to_have_accessible_description("Bara du kan läsa det du skriver.")


def test_saving_again_in_the_same_minute_is_said_when_the_box_is_left(page: Page, person: Person) -> None:
    signed_in(page, person, "/skapande")
    editor(page).click()
    page.evaluate(LISTEN)
    said: list[str] = []

    def is_stored() -> bool:
        return person.text("skapande/innebar") == editor(page).input_value()

    def is_said() -> bool:
        return bool(page.evaluate("heard.length") > len(said))

    for number in range(3):  # the minute may end in between
        page.keyboard.type(f"Ett ord till, nummer {number}. ")
        until(page, is_stored, "it to be saved")
        expect(status(page)).to_have_text(SAVED)
        if number and SAVED.match(status(page).inner_text()) and status(page).inner_text() == said[-1]:
            let_the_voice_rest(page)
            assert page.evaluate("heard") == said
            page.keyboard.press("Tab")
        until(page, is_said, "the saving to be said")
        said = page.evaluate("heard")
        editor(page).focus()
    assert len(said) == 3


def let_the_voice_rest(page: Page) -> None:
    """Until what is said when a person rests would have been said."""
    begun = page.evaluate("performance.now()")
    until(page, lambda: page.evaluate("performance.now()") > begun + 2500, "time to pass")


ALL = [question.id for question in load_module(ROOT / "content").questions]


def test_that_a_theme_and_all_of_them_are_complete_is_said_once_and_coming_back_says_nothing(
    page: Page, person: Person
) -> None:
    for question in ALL:
        if question not in {"skapande/gora", ALL[-1]}:
            person.write(question, "Ett svar.")
    signed_in(page, person, "/skapande")
    expect(editor(page, 1)).to_be_visible()
    page.evaluate(LISTEN)
    editor(page, 1).click()
    page.keyboard.type("Det sista svaret här, som tar sin tid att skriva till slut.", delay=30)
    assert page.evaluate("heard") == []
    until(page, lambda: bool(page.evaluate("heard.length")), "the completion to be said")
    (said,) = page.evaluate("heard")
    assert SAVED.match(said)
    assert said.endswith(". Du är klar med Den skapande staden.")
    follow(page, "/balanserade")
    expect(page).to_have_title("Den balanserade staden – Visionsprat")
    number = page.locator("textarea").count() - 1
    editor(page, number).fill("Det allra sista.")
    until(page, lambda: page.evaluate("heard.length") > 2, "the completion of all to be said")
    title, said = page.evaluate("heard.slice(1)")
    assert title == "Den balanserade staden – Visionsprat"
    assert said.endswith(". Du har gått igenom alla fem teman.")
    follow(page, "/skapande")
    expect(status(page)).to_have_text(SAVED)
    until(page, lambda: page.evaluate("heard.length") > 3, "the page to be said")
    let_the_voice_rest(page)
    assert page.evaluate("heard.slice(3)") == ["Den skapande staden – Visionsprat"]


def test_another_part_of_a_page_and_a_files_preview_are_said(page: Page, new_person: NewPerson) -> None:
    administrator = new_person("Bengt Provberg", is_admin=True)
    signed_in(page, administrator, "/administration")
    expect(page.locator("nav.parts")).to_be_visible()
    page.evaluate(LISTEN)
    page.get_by_role("link", name="Personallista").press("Enter")
    until(page, lambda: bool(page.evaluate("heard.length")), "the part to be said")
    assert page.evaluate("heard") == ["Personallista – Administration – Visionsprat"]
    file: Any = {"name": "personal.csv", "mimeType": "text/csv", "buffer": csv_file()}
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text("3 personer i filen")).to_be_visible()
    said = "Det här ändras: 3 nya, 0 ändrade, 0 oförändrade och 0 som avaktiveras."
    until(page, lambda: page.evaluate("heard.length") > 1, "the preview to be said")
    assert page.evaluate("heard[1]") == said


def test_how_far_one_has_come_is_words(page: Page, person: Person) -> None:
    for question in ("skapande/innebar", "skapande/gora", "globala/gora"):
        person.write(question, "Ett svar.")
    signed_in(page, person)
    expect(page.locator("nav.side .brand p")).to_have_text("1 av 5 teman klara")
    steps = page.locator("nav.side .path small")
    expect(steps).to_have_text(["Klart", "Inte påbörjat", "Inte påbörjat", "1 av 2 frågor", "Inte påbörjat"])
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator("nav.side .bar p")).to_have_text("1 av 5 teman klara")
    page.get_by_role("link", name="Fortsätt med Den pulserande staden").click()
    expect(page.locator("nav.side .bar p")).to_have_text("Tema 2 av 5 · 1 klart")
    expect(page.locator("nav.side .bar")).to_be_visible()


# Faults


def test_a_refused_sign_in_leads_to_its_fields(page: Page, server: Server) -> None:
    page.goto(server.url)
    settle(page)
    email, password = page.get_by_label("E-post"), page.get_by_label("Lösenord", exact=True)
    sign_in = page.get_by_role("button", name="Logga in")
    expect(email).not_to_have_attribute("aria-invalid", "true")
    email.fill("ingen@test.example")
    sign_in.press("Enter")
    expect_fault(page, "Skriv både din e-postadress och ditt lösenord.", "Lösenord")
    expect(email).not_to_have_attribute("aria-invalid", "true")
    password.fill("fel lösenord här")
    sign_in.press("Enter")
    expect_fault(page, "E-postadressen eller lösenordet stämmer inte.", "E-post", "Lösenord")
    sign_in.press("Enter")  # the same again
    expect_fault(page, "E-postadressen eller lösenordet stämmer inte.", "E-post", "Lösenord")
    keep = page.get_by_role("checkbox", name="Håll mig inloggad")
    expect(keep).to_have_accessible_description(re.compile("I 30 dagar"))


def test_what_is_refused_on_the_account_page_leads_to_its_field(page: Page, person: Person) -> None:
    signed_in(page, person, "/mitt-konto")
    settle(page)
    page.get_by_label("Namn").fill("")
    page.get_by_role("button", name="Spara namnet").click()
    expect_fault(page, "Skriv ett namn", "Namn")
    page.get_by_label("Namn").fill("Amina Nyss")
    page.get_by_role("button", name="Spara namnet").click()
    expect(page.get_by_text("Namnet är sparat.")).to_be_visible()
    expect(page.get_by_label("Namn")).not_to_have_attribute("aria-invalid", "true")
    new = page.get_by_label("Nytt lösenord")
    expect(new).to_have_accessible_description(re.compile("Minst 12 tecken"))
    page.get_by_label("Nuvarande lösenord").fill(PASSWORD)
    new.fill("kort")
    page.get_by_role("button", name="Byt lösenord").click()
    expect_fault(page, "Lösenordet är för kort.", "Nytt lösenord")
    expect(new).to_have_accessible_description(re.compile("Minst 12 tecken"))
    page.get_by_role("button", name="Radera mitt konto …").click()
    page.get_by_role("button", name="Radera mitt konto", exact=True).click()
    expect_fault(page, "Inget är raderat.", "Skriv ordet radera")


def test_what_is_refused_in_the_administration_leads_to_its_field(page: Page, new_person: NewPerson) -> None:
    signed_in(page, new_person(is_admin=True, member_of="Team 3"), "/administration")
    settle(page)
    page.get_by_label("Namn", exact=True).fill("Elin Testsson")
    page.get_by_label("E-post", exact=True).fill("ingen adress")
    page.get_by_role("button", name="Lägg till").click()
    expect_fault(page, "ser inte ut som en e-postadress", "E-post")
    page.get_by_role("link", name="Grupper").click()
    page.get_by_label("Ny grupp").fill("Team|3")
    page.get_by_role("button", name="Lägg till").click()
    expect_fault(page, "utan tecknet |", "Ny grupp")
    page.get_by_role("link", name="Händelser").click()
    page.get_by_label("Från och med").fill("i går")
    page.keyboard.press("Enter")
    expect_fault(page, "Skriv datumet så här", "Från och med")
