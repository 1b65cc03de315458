"""One computer, several people: who has signed out leaves nothing behind that the next one can read."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.axe import ALL_RULES, axe
from tests.support.people import (
    SAVED,
    NewComputer,
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
from tests.support.windows import settle
from tests.support.writing import drafts

QUESTION = "skapande/innebar"
SECRET = "Zebrakorven ligger i kylen."
ROUTE = "**/api/reflections"
#: All that the browser keeps for the site, and that other pages of it can ask for, but for Streamlit's note
#: at each address that was loaded.
KEPT = """async () => {
    const locks = (await navigator.locks.query()).held.map(({ name }) => name);
    const storages = [localStorage, sessionStorage].map((each) =>
        Object.entries(each).filter(([name]) => !name.startsWith("stActiveTheme")));
    const { disk } = visionsprat;
    const onDisk = await Promise.all((await disk.names()).map(async (name) => [name, await disk.read(name)]));
    return JSON.stringify([storages, onDisk, locks, document.cookie]);
}"""
BLOCK_CHANNELS = "delete window.BroadcastChannel"
NO_CRYPTOGRAPHY = "Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined })"


def put(page: Page, name: str, value: str) -> None:
    page.evaluate("([name, value]) => localStorage.setItem(name, value)", [name, value])


def covered(page: Page, title: str = "Du är utloggad") -> None:
    """The page shows its cover, and nothing of what was there."""
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    expect(page.locator("#root, nav.side, textarea")).to_have_count(0)
    assert SECRET not in page.content()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Logga ut", exact=True).click()
    expect(page.get_by_role("heading", name="Logga in")).to_be_visible()


@pytest.fixture
def two_tabs(page: Page, person: Person) -> tuple[Page, Page]:
    """A tab that shows what its person has written, and another of theirs."""
    person.write(QUESTION, SECRET)
    signed_in(page, person, "/skapande")
    expect(editor(page)).to_have_value(SECRET)
    other = page.context.new_page()
    other.goto(f"{person.server.url}/visionen")
    expect(other.locator("nav.side[data-account]")).to_be_attached()
    return page, other


@pytest.fixture
def unsaved(page: Page, person: Person) -> Page:
    """A tab with a text that the server does not have."""
    signed_in(page, person, "/skapande")
    page.route(ROUTE, lambda route: route.abort())
    editor(page).fill(SECRET)
    expect(status(page)).to_contain_text("Texten finns kvar på den här enheten")
    return page


# Signing out reaches every tab


def test_signing_out_in_one_tab_covers_the_others_at_once(two_tabs: tuple[Page, Page]) -> None:
    shown, other = two_tabs
    sign_out(other)
    covered(shown)
    assert shown.title() == "Du är utloggad – Visionsprat"


def test_the_cover_is_met_by_keyboard_and_listeners_first(two_tabs: tuple[Page, Page]) -> None:
    shown, other = two_tabs
    sign_out(other)
    covered(shown)
    expect(shown.get_by_role("heading", name="Du är utloggad")).to_be_focused()
    shown.keyboard.press("Tab")
    expect(shown.get_by_role("button", name="Logga in")).to_be_focused()
    shown.keyboard.press("Enter")
    expect(shown.get_by_role("heading", name="Logga in")).to_be_visible()


def test_what_is_covered_is_not_printed(two_tabs: tuple[Page, Page]) -> None:
    shown, other = two_tabs
    sign_out(other)
    covered(shown)
    shown.emulate_media(media="print")
    assert "Du är utloggad" in shown.locator("body").inner_text()
    assert "Den skapande staden" not in shown.locator("body").inner_text()


def test_a_tab_without_a_channel_is_covered_too(new_computer: NewComputer, person: Person) -> None:
    page = new_computer(reduced_motion="reduce")
    page.context.add_init_script(BLOCK_CHANNELS)
    signed_in(page, person, "/skapande")
    other = page.context.new_page()
    signed_in(other, person)
    sign_out(other)
    covered(page)


def test_when_the_next_person_has_signed_in_nothing_of_the_first_is_seen(
    two_tabs: tuple[Page, Page], person: Person, new_person: NewPerson
) -> None:
    shown, other = two_tabs
    sign_out(other)
    covered(shown)
    fill_in_sign_in(other, new_person("Bengt Provberg").email)
    expect(other.locator(".who")).to_contain_text("Bengt Provberg")
    covered(shown, "Någon annan är inloggad här nu")
    shown.get_by_role("button", name="Till startsidan").click()
    expect(shown.locator(".who")).to_contain_text("Bengt Provberg")


def test_the_back_button_brings_nothing_back(two_tabs: tuple[Page, Page], server: Server) -> None:
    shown, other = two_tabs
    shown.goto(f"{server.url}/healthz")
    sign_out(other)
    shown.go_back()
    expect(shown.get_by_role("heading", name="Logga in")).to_be_visible()
    assert SECRET not in shown.content()
    other.go_back()
    expect(other.get_by_role("heading", name="Logga in")).to_be_visible()
    expect(other.locator("nav.side[data-account]")).to_have_count(0)


def is_seen(page: Page) -> bool:
    how = "{ visibilityProperty: true, opacityProperty: true }"
    seen: bool = page.evaluate(f"document.querySelector('nav.side')?.checkVisibility({how}) ?? false")
    return seen


def leave(page: Page) -> None:
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")


def come_back(page: Page) -> None:
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")


def test_nothing_of_a_page_out_of_the_browsers_memory_is_seen_before_the_session_was_asked(
    page: Page, person: Person
) -> None:
    """As WebKit keeps pages that came without TLS."""
    asked: list[Route] = []
    signed_in(page, person, "/visionen")
    page.route("**/api/session", lambda route: asked.append(route))
    assert is_seen(page)
    leave(page)
    assert not is_seen(page)
    come_back(page)
    until(page, lambda: bool(asked), "the page to ask")
    assert not is_seen(page)
    asked.pop().continue_()
    until(page, lambda: is_seen(page), "the page to be seen again")
    leave(page)
    with person.server.store() as store:
        store.end_sessions(person.id)
    come_back(page)
    until(page, lambda: bool(asked), "the page to ask")
    assert not is_seen(page)
    asked.pop().continue_()
    covered(page)
    assert not is_seen(page)


def test_what_signing_out_leaves_behind_is_empty(page: Page, person: Person) -> None:
    person.write(QUESTION, SECRET)
    signed_in(page, person, "/skapande")
    expect(editor(page)).to_have_value(SECRET)
    page.evaluate(
        "addEventListener('pagehide', () => sessionStorage.setItem('left', document.body.innerHTML))"
    )
    sign_out(page)
    left = page.evaluate("sessionStorage.getItem('left')")
    assert "Du är utloggad" in left
    assert "textarea" not in left and "data-account" not in left


@pytest.mark.parametrize(
    "event",
    [
        "document.dispatchEvent(new Event('visibilitychange'))",
        "dispatchEvent(new Event('focus'))",
        "dispatchEvent(new Event('online'))",
        "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))",
    ],
    ids=["shown again", "focused", "on the net again", "out of the browser's memory"],
)
def test_a_tab_that_comes_forward_asks_whose_session_it_is(page: Page, person: Person, event: str) -> None:
    """Here it was replaced without any page of ours: nobody has told the others."""
    page.clock.install()
    signed_in(page, person, "/visionen")
    page.clock.fast_forward(6_000)
    page.context.clear_cookies()
    page.evaluate(event)
    covered(page)


def test_a_tab_that_is_looked_at_asks_now_and_then(page: Page, person: Person) -> None:
    page.clock.install()
    signed_in(page, person, "/visionen")
    with person.server.store() as store:
        store.end_sessions(person.id)
    page.clock.fast_forward(181_000)
    covered(page)


def test_a_server_that_does_not_answer_is_no_reason_to_cover_anything(page: Page, person: Person) -> None:
    page.clock.install()
    signed_in(page, person, "/visionen")
    asked: list[str] = []
    page.on("requestfailed", lambda request: asked.append(request.url))
    page.route("**/api/session", lambda route: route.abort())
    page.clock.fast_forward(6_000)
    page.evaluate("dispatchEvent(new Event('focus'))")
    until(page, lambda: bool(asked), "the page to ask")
    page.unroute("**/api/session")
    page.route("**/api/session", lambda route: route.fulfill(status=401, body="<h1>Welcome</h1>"))
    page.clock.fast_forward(6_000)
    with page.expect_response("**/api/session"):
        page.evaluate("dispatchEvent(new Event('focus'))")
    assert page.evaluate("visionsprat.ask()") is None
    expect(page.locator("nav.side")).to_be_visible()
    expect(page.locator(".cover")).to_have_count(0)


def test_a_tab_of_the_person_before_ends_nobodys_session(
    page: Page, person: Person, new_person: NewPerson
) -> None:
    signed_in(page, person, "/visionen")
    neighbour = new_person("Bengt Provberg")
    let_in(page, neighbour)
    page.get_by_role("button", name="Logga ut", exact=True).click()
    covered(page, "Någon annan är inloggad här nu")
    page.get_by_role("button", name="Till startsidan").click()
    expect(page.locator(".who")).to_contain_text("Bengt Provberg")


def test_the_same_person_signed_in_again_finds_the_tab_as_it_was(
    two_tabs: tuple[Page, Page], person: Person
) -> None:
    shown, other = two_tabs
    sign_out(other)
    covered(shown)
    fill_in_sign_in(other, person.email)
    expect(other.locator("nav.side")).to_be_visible()
    expect(editor(shown)).to_have_value(SECRET)


# Drafts


def test_nothing_that_the_browser_keeps_says_who_wrote_about_what(
    unsaved: Page, person: Person, server: Server
) -> None:
    assert len(drafts(unsaved)) == 1
    until(unsaved, lambda: unsaved.evaluate("visionsprat.disk.names()") == drafts(unsaved), "it on the disk")
    kept = unsaved.evaluate(KEPT)
    for word in ("Zebrakorven", "ligger", "kylen", "skapande", "innebar", person.email, "Amina", "account"):
        assert word not in kept, word
    names = re.findall(r"visionsprat:draft:\w*", kept)
    assert names and all(re.fullmatch(r"visionsprat:draft:[0-9a-f]{32}", name) for name in names)


def test_a_key_can_be_used_and_not_read(unsaved: Page, person: Person) -> None:
    found = unsaved.evaluate(
        """async (id) => {
            const key = await visionsprat.drafts.keyOf(id);
            return [key.extractable, await crypto.subtle.exportKey("raw", key).catch((error) => error.name)];
        }""",
        str(person.id),
    )
    assert found == [False, "InvalidAccessError"]


def test_a_draft_comes_back_to_its_owner_alone(
    unsaved: Page, person: Person, new_person: NewPerson, server: Server
) -> None:
    page, neighbour = unsaved, new_person("Bengt Provberg")
    page.get_by_role("button", name="Logga ut", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Logga ut ändå").click()
    expect(page.get_by_role("heading", name="Logga in")).to_be_visible()
    page.unroute(ROUTE)
    page.goto(f"{server.url}/skapande")
    fill_in_sign_in(page, neighbour.email)
    expect(editor(page)).to_have_value("")
    assert page.evaluate("id => visionsprat.resume(id)", str(neighbour.id)) is False
    assert page.evaluate("id => visionsprat.drafts.count(id)", str(neighbour.id)) == 0
    editor(page).fill("Bengts eget.")
    expect(status(page)).to_have_text(SAVED)
    assert SECRET not in page.content() and SECRET.split()[0] not in page.evaluate(KEPT)
    sign_out(page)
    page.goto(f"{server.url}/skapande")
    fill_in_sign_in(page, person.email)
    expect(editor(page)).to_have_value(SECRET)
    expect(status(page)).to_have_text(SAVED)
    assert (person.text(QUESTION), neighbour.text(QUESTION)) == (SECRET, "Bengts eget.")
    until(page, lambda: drafts(page) == [], "no draft to be left")


def test_a_covered_tab_keeps_no_text_in_memory_and_gives_its_draft_away(
    unsaved: Page, person: Person, server: Server
) -> None:
    other = unsaved.context.new_page()
    other.goto(server.url)
    expect(other.locator("nav.side[data-account]")).to_be_attached()
    with server.store() as store:
        store.end_sessions(person.id)
    unsaved.evaluate("void visionsprat.ask()")
    covered(unsaved)
    expect(unsaved.locator(".cover")).to_contain_text("Det du inte hann spara finns kvar")
    assert unsaved.evaluate("visionsprat.unsaved().length") == 0
    covered(other)
    signed_in(other, person, "/visionen")
    until(other, lambda: person.text(QUESTION) == SECRET, "the other tab to send it")


def test_an_erased_draft_is_gone(unsaved: Page, person: Person, server: Server) -> None:
    """One of a tab that is closed, erased on another computer."""
    later = unsaved.context.new_page()
    unsaved.close()
    later.goto(f"{server.url}/healthz")
    assert len(drafts(later)) == 1
    with server.store() as store:
        store.erase_reflections(person.id)
    later.goto(f"{server.url}/skapande")
    expect(editor(later)).to_have_value("")
    editor(later).fill("På nytt.")
    expect(status(later)).to_have_text(SAVED)
    assert person.text(QUESTION) == "På nytt."
    assert later.evaluate("id => visionsprat.drafts.count(id)", str(person.id)) == 0


def test_anothers_draft_waits_for_thirty_days(page: Page, person: Person, new_person: NewPerson) -> None:
    signed_in(page, person)
    now = datetime.now(timezone.utc)
    for name, days in (("a", 29), ("b", 31)):
        kept = f'{{"day": "{(now - timedelta(days=days)).date()}", "iv": "AAAA", "data": "AAAA"}}'
        put(page, f"visionsprat:draft:{name}", kept)
    # As earlier versions kept them: another person's, of unknown age.
    plain = f"visionsprat:draft:{person.id + 1}:{QUESTION}"
    put(page, plain, '{"text": "Hej"}')
    page.reload()
    until(page, lambda: set(drafts(page)) == {plain, "visionsprat:draft:a"}, "the old one to go")
    assert page.evaluate("(name) => JSON.parse(localStorage.getItem(name)).text", plain) == "Hej"


def test_a_draft_of_an_earlier_version_is_taken_over_and_encrypted(page: Page, person: Person) -> None:
    signed_in(page, person)
    page.route(ROUTE, lambda route: route.abort())
    name = f"visionsprat:draft:{person.id}:{QUESTION}:abc"
    put(page, name, json.dumps({"text": SECRET, "based_on": 0}))
    page.reload()
    until(page, lambda: name not in drafts(page), "the plain one to go")
    assert len(drafts(page)) == 1 and SECRET not in page.evaluate(KEPT)
    page.unroute(ROUTE)
    page.evaluate("visionsprat.wake()")
    until(page, lambda: person.text(QUESTION) == SECRET, "the text to be saved")


def test_without_cryptography_nothing_is_kept_and_the_page_says_so(page: Page, person: Person) -> None:
    """As over plain http, but on localhost."""
    page.add_init_script(NO_CRYPTOGRAPHY)
    signed_in(page, person, "/skapande")
    page.route(ROUTE, lambda route: route.abort())
    editor(page).fill(SECRET)
    expect(page.locator(".bare").first).to_contain_text("Den här webbläsaren kan inte hålla kvar text.")
    expect(status(page)).to_contain_text("Texten finns bara i rutan")
    assert drafts(page) == []
    page.unroute(ROUTE)
    expect(status(page)).to_have_text(SAVED)


def test_every_box_of_a_page_that_comes_back_saves_again(page: Page, person: Person, server: Server) -> None:
    """The text in one could not be put away, so the page comes back as it was."""
    page.add_init_script(NO_CRYPTOGRAPHY)
    signed_in(page, person, "/skapande")
    page.route(ROUTE, lambda route: route.abort())
    editor(page).fill(SECRET)
    with server.store() as store:
        store.end_sessions(person.id)
    page.evaluate("void visionsprat.ask()")  # it may end with the page
    covered(page)
    let_in(page, person)
    page.evaluate("void visionsprat.ask()")  # it may end with the page
    expect(editor(page)).to_have_value(SECRET)
    page.locator("textarea").nth(1).fill("Det andra svaret.")
    # Streamlit's connection is that of the session that ended: the page is loaded anew when all is saved.
    with page.expect_event("load"):
        page.unroute(ROUTE)
    assert (person.text(QUESTION), person.text("skapande/gora")) == (SECRET, "Det andra svaret.")
    expect(page.locator(".first")).to_have_count(0)
    expect(editor(page)).to_have_value(SECRET)


def test_a_text_typed_before_its_key_has_come_is_kept_as_soon_as_it_is_there(
    page: Page, person: Person
) -> None:
    page.route("**/api/drafts/key", lambda route: route.abort())
    page.route(ROUTE, lambda route: route.abort())
    signed_in(page, person, "/skapande")
    editor(page).fill(SECRET)
    expect(status(page)).to_contain_text("Texten finns bara i rutan")
    assert drafts(page) == []
    page.unroute("**/api/drafts/key")
    expect(status(page)).to_contain_text("Texten finns kvar på den här enheten")
    assert len(drafts(page)) == 1


# Asked at sign-out


def test_another_tab_saves_its_text_before_one_signs_out(page: Page, person: Person, server: Server) -> None:
    signed_in(page, person, "/skapande")
    other = page.context.new_page()
    other.goto(server.url)
    expect(other.locator("nav.side")).to_be_attached()
    page.bring_to_front()
    editor(page).fill(SECRET)
    other.evaluate("document.querySelector('[data-action=sign-out]').click()")
    expect(other.get_by_role("heading", name="Logga in")).to_be_visible()
    covered(page)
    assert person.text(QUESTION) == SECRET


def test_a_text_in_another_tab_that_cannot_be_saved_is_asked_about(unsaved: Page, server: Server) -> None:
    other = unsaved.context.new_page()
    other.goto(server.url)
    other.get_by_role("button", name="Logga ut", exact=True).click()
    asked = other.get_by_role("dialog")
    expect(asked).to_contain_text("Du har text i en annan flik som inte är sparad än.")
    asked.get_by_role("button", name="Stanna kvar").click()
    expect(editor(unsaved)).to_have_value(SECRET)
    other.get_by_role("button", name="Logga ut", exact=True).click()
    asked.get_by_role("button", name="Logga ut ändå").click()
    covered(unsaved)


# The look of it


@pytest.mark.parametrize("why", ["ended", "another"])
def test_the_cover_has_no_fault(
    new_computer: NewComputer, person: Person, new_person: NewPerson, why: str
) -> None:
    page = new_computer(bypass_csp=True, color_scheme="dark")
    signed_in(page, person, "/skapande")
    settle(page)
    page.context.clear_cookies()
    if why == "another":
        let_in(page, new_person("Bengt Provberg"))
    editor(page).fill(SECRET)
    expect(page.locator(".cover .left-here")).not_to_be_empty()
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        for width in (1280, 390, 320):
            page.set_viewport_size({"width": width, "height": 800})
            assert axe(page, ALL_RULES) == []
