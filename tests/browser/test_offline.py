"""Writing without a net, on a bad one, and in a browser that keeps nothing: every text arrives in the end."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Dialog, Page, Route, expect

from tests.support.chromium import ARGUMENTS, FOREIGN
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
from tests.support.writing import drafts

QUESTION = "skapande/innebar"
THEMES = ("skapande", "globala", "pulserande")
ROUTE = "**/api/reflections"
ON_THIS_DEVICE = "Sparat på den här enheten, skickas när nätet är tillbaka"
NO_ANSWER = (
    "Inte sparat. Servern svarar inte. Texten finns kvar på den här enheten och skickas så snart det går."
)
KEEPS_NOTHING = "Den här webbläsaren kan inte hålla kvar text. Stäng inte sidan förrän det står Sparat."
SIZES = pytest.mark.parametrize("width", [1280, 390])

#: Notes in window.seen whatever lies over the first editor or takes its focus, in any frame or for less.
WATCH = """() => {
    const area = document.querySelector("textarea");
    window.seen = [];
    area.addEventListener("blur", () => window.seen.push("blur"));
    const look = () => {
        const { x, y, width, height } = area.getBoundingClientRect();
        const top = document.elementFromPoint(x + width / 2, y + height / 2);
        if (top !== area) window.seen.push(top?.outerHTML ?? "nothing");
        requestAnimationFrame(look);
    };
    look();
    new MutationObserver(() => {
        if (document.querySelector('[data-testid="stDialog"], [role="dialog"]')) window.seen.push("dialog");
    }).observe(document, { subtree: true, childList: true });
}"""
#: Fills what room there is, down to the last character.
FILL = """() => {
    for (let size = 2 ** 22; size >= 1; size /= 2) {
        for (let number = 0; ; number += 1) {
            try { localStorage.setItem(`full-${size}-${number}`, "x".repeat(size)); } catch { break; }
        }
    }
}"""
#: As browsers do it where a person has forbidden pages to keep anything; Firefox forbids channels as well.
BLOCK = """{
    const refuse = () => { throw new DOMException("Access is denied for this document.", "SecurityError"); };
    Object.defineProperty(window, "localStorage", { get: refuse });
    window.BroadcastChannel = class { constructor() { refuse(); } };
}"""


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """A page of a computer that is back on the net when others are to use it."""
    yield page
    page.context.set_offline(False)


def keep_draft(page: Page, person: Person, question: str, text: str, tab: str, **more: Any) -> None:
    """Leave a draft in the browser as a tab did that is closed now."""
    key = f"visionsprat:draft:{person.id}:{question}{tab}"
    draft = {"text": text, "based_on": 0, "unanswered": [], **more}
    page.evaluate("([key, draft]) => localStorage.setItem(key, draft)", [key, json.dumps(draft)])


def in_order_of_arrival(person: Person) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(person.server.database)) as database:
        return database.execute(
            "SELECT question_id, text FROM reflections WHERE account_id = ? ORDER BY updated_at", [person.id]
        ).fetchall()


# Three themes without a net


@contextmanager
def own_browser(playwright: Any, chromium: str, profile: Path, width: int) -> Iterator[BrowserContext]:
    """A browser that can be closed and opened again with what it keeps."""
    browser = playwright.chromium.launch_persistent_context(
        profile,
        executable_path=chromium,
        args=ARGUMENTS,
        viewport={"width": width, "height": 844},
        **FOREIGN,
    )
    browser.set_default_timeout(30_000)
    try:
        yield browser
    finally:
        browser.close()


def write_for_an_hour(tabs: list[Page]) -> list[tuple[str, str]]:
    """Go round the themes again and again; each question with what it then says, the last one left last."""
    written: dict[str, str] = {}
    for lap in range(4):
        for theme, tab in zip(THEMES, tabs, strict=True):
            tab.bring_to_front()
            for number, name in enumerate(("innebar", "gora")):
                question = f"{theme}/{name}"
                words = f"Varv {lap} om {question}: räksmörgås i källaren 🥐. "
                editor(tab, number).click()
                editor(tab, number).press("Control+End")
                tab.keyboard.type(words)
                written[question] = written.pop(question, "") + words
    return list(written.items())


@pytest.mark.parametrize(("net", "width"), [("none", 390), ("no server", 1280)])
def test_an_hour_of_writing_arrives_in_order_though_the_browser_was_closed(
    playwright: Any, chromium: str, person: Person, server: Server, tmp_path: Path, net: str, width: int
) -> None:
    with own_browser(playwright, chromium, tmp_path, width) as browser:
        tabs = [browser.new_page() for _ in THEMES]
        for theme, tab in zip(THEMES, tabs, strict=True):
            signed_in(tab, person, f"/{theme}")
            expect(editor(tab)).to_be_visible()
        browser.set_offline(net == "none")
        if net == "no server":
            server.stop()
        written = write_for_an_hour(tabs)
        for tab in tabs:
            for number in (0, 1):
                expect(status(tab, number)).to_have_text(ON_THIS_DEVICE if net == "none" else NO_ANSWER)
        server.stop()  # a closing browser has a net again before its pages are gone
    assert in_order_of_arrival(person) == []
    server.start()
    with own_browser(playwright, chromium, tmp_path, width) as browser:
        browser.clear_cookies()
        page = browser.new_page()
        page.goto(server.url)
        fill_in_sign_in(page, person.email)
        until(page, lambda: in_order_of_arrival(person) == written, "all texts to have arrived in order")
        expect(page.locator("nav.side .bar p, nav.side .brand p").locator("visible=true")).to_contain_text(
            "3 av 5 teman klara"
        )
        until(page, lambda: drafts(page) == [], "no draft to be left")


@SIZES
def test_the_editor_says_where_the_text_is_and_sends_it_when_the_net_is_back(
    page: Page, person: Person, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    signed_in(page, person, "/skapande")
    editor(page).click()
    page.context.set_offline(True)
    page.keyboard.type("I källaren.")
    expect(status(page)).to_have_text(ON_THIS_DEVICE)
    assert (person.text(QUESTION), len(drafts(page))) == ("", 1)
    page.context.set_offline(False)
    expect(status(page)).to_have_text(SAVED)
    expect(editor(page)).to_be_focused()
    assert (person.text(QUESTION), drafts(page)) == ("I källaren.", [])


@pytest.mark.parametrize(
    "told",
    ["document.dispatchEvent(new Event('visibilitychange'))", "dispatchEvent(new Event('online'))"],
    ids=["shown again", "on the net again"],
)
def test_a_tab_that_may_reach_the_server_again_tries_at_once(page: Page, person: Person, told: str) -> None:
    signed_in(page, person, "/skapande")
    page.route(ROUTE, lambda route: route.abort())
    tries: list[str] = []
    page.on("requestfailed", lambda request: tries.append(request.url))
    editor(page).fill("Medan servern är borta.")
    until(page, lambda: len(tries) == 4, "the pauses between its tries to have grown to eight seconds")
    page.context.set_offline(True)
    expect(status(page)).to_have_text(ON_THIS_DEVICE, timeout=4000)
    page.context.set_offline(False)
    page.unroute(ROUTE)
    page.evaluate(told)
    expect(status(page)).to_have_text(SAVED, timeout=5000)


def test_a_save_whose_answer_was_lost_before_an_hour_offline_is_no_conflict(
    page: Page, person: Person
) -> None:
    signed_in(page, person, "/skapande")
    lost: list[str] = []

    def lose(route: Route) -> None:
        if not lost:
            route.fetch()
        lost.append(route.request.url)
        route.abort()

    page.route(ROUTE, lose)
    editor(page).click()
    for word in ("Ett. ", "Två. ", "Tre. ", "Fyra. ", "Fem. ", "Sex. "):
        page.keyboard.type(word)
        sent = len(lost)
        page.evaluate("visionsprat.wake()")
        until(page, lambda sent=sent: len(lost) > sent, "a save without an answer")  # type: ignore[misc]  # bound in its round
    page.unroute(ROUTE)
    page.evaluate("visionsprat.wake()")
    expect(status(page)).to_have_text(SAVED)
    expect(page.locator(".choice h3")).to_have_count(0)
    assert person.text(QUESTION) == "Ett. Två. Tre. Fyra. Fem. Sex. "


# What answers in the server's place


@pytest.mark.parametrize(
    ("answer", "said"),
    [(200, NO_ANSWER), (502, NO_ANSWER.replace("svarar inte", "kan inte spara just nu"))],
    ids=["a network to sign in to", "a proxy"],
)
def test_a_stranger_that_answers_has_not_saved(page: Page, person: Person, answer: int, said: str) -> None:
    signed_in(page, person, "/skapande")
    page.route(ROUTE, lambda route: route.fulfill(status=answer, body="<h1>Welcome</h1>"))
    editor(page).fill("På tåget.")
    expect(status(page)).to_have_text(said)
    page.unroute(ROUTE)
    expect(status(page)).to_have_text(SAVED)
    assert person.text(QUESTION) == "På tåget."


ANYTHING: tuple[Any, ...] = ({"status": "ok"}, {}, [], None, "ok", 1)
#: What has been seen to answer in a server's place, with JSON: gateways, portals, caches.
FOREIGN_ANSWERS: list[tuple[int, Any]] = [
    *((200, body) for body in ANYTHING),
    (200, {"revision": 1, "saved_at": "2026-11-12T08:00:00+00:00"}),
    (200, {"revision": "1", "saved_at": "i går", "question": QUESTION, "crc32": "0", "epoch": None}),
    (409, {"error": "conflict"}),
    (409, {"text": None, "revision": 1}),
    (409, []),
    *((status, {"message": "Not here", "reason": "marks"}) for status in (404, 413, 422, 423)),
    (401, {"message": "Unauthorized"}),
    (403, {"detail": "Forbidden"}),
    (429, {"error": "rate limited"}),
    (500, {"error": "upstream"}),
]


def test_no_answer_of_a_stranger_is_believed_whatever_it_says(page: Page, person: Person) -> None:
    signed_in(page, person, "/skapande")
    page.route("**/api/session", lambda route: route.fulfill(status=401, json={"message": "Unauthorized"}))
    old: list[Any] = []

    def watch(route: Route) -> None:
        answer = route.fetch()
        old.append(answer.json())
        route.fulfill(response=answer)

    page.route(ROUTE, watch)
    editor(page).fill("Först. ")
    expect(status(page)).to_have_text(SAVED)
    page.unroute(ROUTE)
    given: list[int] = []
    answers = [*FOREIGN_ANSWERS, (200, old[0]), (409, {**old[0], "text": "Något annat"})]

    def answer(route: Route) -> None:
        number, body = answers[len(given) % len(answers)]
        given.append(number)
        route.fulfill(status=number, json=body, headers={"Retry-After": "1"})

    page.route(ROUTE, answer)
    editor(page).fill("Först. Sedan. ")
    for number in range(1, len(answers) + 1):
        page.evaluate("visionsprat.wake()")
        until(page, lambda number=number: len(given) >= number, "another answer")  # type: ignore[misc]  # bound in its round
        expect(status(page)).to_have_text(re.compile("^Inte sparat. Servern (svarar inte|kan inte spara)"))
        expect(page.locator(".choice h3")).to_have_count(0)
        assert (editor(page).input_value(), len(drafts(page))) == ("Först. Sedan. ", 1)
    expect(page.locator(".cover")).to_have_count(0)
    page.unroute(ROUTE)
    page.evaluate("visionsprat.wake()")
    expect(status(page)).to_have_text(SAVED)
    assert person.text(QUESTION) == "Först. Sedan. "


def test_a_stranger_shows_no_versions_and_signs_nobody_out(page: Page, person: Person) -> None:
    signed_in(page, person, "/skapande")
    editor(page).fill("Hej.")
    expect(status(page)).to_have_text(SAVED)
    page.route("**/api/**", lambda route: route.fulfill(status=200, json={"status": "ok"}))
    page.locator(".versions summary").first.click()
    expect(page.locator(".versions").first).to_contain_text("Det går inte att visa dem just nu.")
    page.get_by_role("button", name="Logga ut", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("Det gick inte att logga ut.")


# Back on any page


def test_drafts_arrive_in_order_though_they_are_asked_for_from_several_sides(
    page: Page, new_person: NewPerson
) -> None:
    """As the page and its editors do when both are drawn at once."""
    person = new_person()
    signed_in(page, person, "/tillganglighet")
    written = [("skapande/gora", "Ett"), ("skapande/innebar", "Två"), ("globala/innebar", "Tre")]
    for second, (question, text) in reversed([*enumerate(written)]):
        keep_draft(page, person, question, text, ":a", written_at=f"2026-05-05T10:00:0{second}.000Z")
    page.evaluate("id => { for (const _ of [1, 2, 3]) visionsprat.resume(id); }", person.id)
    until(page, lambda: in_order_of_arrival(person) == written, "the drafts to arrive in order")


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/visionen",
        "/globala",
        "/balanserade",
        "/mina-reflektioner",
        "/min-grupp",
        "/administration",
        "/mitt-konto",
        "/tillganglighet",
        "/personuppgifter",
        "/finns-inte",
    ],
)
def test_every_page_sends_what_closed_tabs_have_left(page: Page, new_person: NewPerson, address: str) -> None:
    person = new_person("Bengt Provberg", is_admin=True)
    let_in(page, person)
    page.goto(f"{person.server.url}/healthz")
    keep_draft(page, person, "globala/innebar", "Tre", ":c", written_at="2026-05-05T10:00:03.000Z")
    keep_draft(page, person, "skapande/innebar", "Två", ":a", written_at="2026-05-05T10:00:02.000Z")
    keep_draft(page, person, "skapande/gora", "Ett", "")  # as an earlier version kept it
    page.goto(person.server.url + address)
    written = [("skapande/gora", "Ett"), ("skapande/innebar", "Två"), ("globala/innebar", "Tre")]
    until(page, lambda: in_order_of_arrival(person) == written, "the drafts to arrive in order")
    until(page, lambda: drafts(page) == [], "no draft to be left")
    # And the page knows of it.
    path = page.locator("nav.side .path")
    expect(path.get_by_role("link", name="Den skapande staden")).to_contain_text("Klart")
    expect(path.get_by_role("link", name="Den globala staden")).to_contain_text("1 av 2 frågor")
    if address == "/mina-reflektioner":
        expect(page.get_by_text("Två", exact=True)).to_be_visible()


@pytest.mark.parametrize(
    "database", ["function () { return {}; }", "function () { throw new DOMException('', 'SecurityError'); }"]
)
def test_a_browser_whose_database_never_answers_sends_its_drafts_all_the_same(
    page: Page, new_person: NewPerson, database: str
) -> None:
    person = new_person()
    let_in(page, person)
    page.goto(f"{person.server.url}/healthz")
    keep_draft(page, person, QUESTION, "Ändå.", ":a")
    page.add_init_script(f"IDBFactory.prototype.open = {database}")
    page.goto(person.server.url)
    until(page, lambda: person.text(QUESTION) == "Ändå.", "the draft to arrive")
    until(page, lambda: drafts(page) == [], "no draft to be left")


def test_a_page_left_while_it_sends_one_draft_makes_up_none_for_the_next(page: Page, person: Person) -> None:
    signed_in(page, person, "/visionen")
    for question in ("skapande/innebar", "skapande/gora"):
        keep_draft(page, person, question, f"Om {question}", ":a")
    sent: list[str] = []
    page.route(ROUTE, lambda route: sent.append(route.request.post_data_json["text"]))  # and no answer
    page.reload()
    until(page, lambda: len(sent) == 1, "the first draft to be on its way")
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    until(page, lambda: len(sent) == 2, "it to be sent once more")
    assert sent[0] == sent[1]
    assert len(drafts(page)) == 2


# Two tabs, one question


@pytest.fixture
def two_texts(page: Page, person: Person, server: Server) -> Page:
    """A new tab, after two were closed with different texts for one question and the server away."""
    signed_in(page, person, "/skapande")
    tabs = [page.context.new_page() for _ in range(2)]
    for tab in tabs:
        tab.goto(page.url)
        expect(editor(tab)).to_be_visible()
    page.goto("about:blank")
    server.stop()
    for tab, text in zip(tabs, ("Den första.", "Den andra."), strict=True):
        tab.bring_to_front()
        editor(tab).fill(text)
        expect(status(tab)).to_have_text(NO_ANSWER)
    for tab in tabs:
        tab.close()
    server.start()
    return page


@pytest.mark.parametrize("address", ["/", "/skapande"])
def test_two_tabs_closed_with_different_texts_lose_neither(
    two_texts: Page, person: Person, server: Server, address: str
) -> None:
    page = two_texts
    page.goto(server.url + address)
    until(page, lambda: person.text(QUESTION) == "Den första.", "the first text to arrive")
    if address == "/":
        page.get_by_role("link", name="Den skapande staden").first.click()
    expect(editor(page)).to_have_value("Den andra.")
    expect(page.locator(".choice .words")).to_have_text(["Den andra.", "Den första."])
    page.get_by_role("button", name="Behåll båda").click()
    expect(status(page)).to_have_text(SAVED)
    assert person.text(QUESTION) == "Den andra.\n\n———\n\nDen första."
    until(page, lambda: drafts(page) == [], "no draft to be left")


def test_of_three_texts_each_reaches_the_server_and_is_asked_about_in_turn(
    page: Page, person: Person
) -> None:
    signed_in(page, person)
    for number in (1, 2, 3):
        moment = f"2026-05-05T10:00:0{number}.000Z"
        keep_draft(page, person, QUESTION, f"Text {number}", f":{number}", written_at=moment)
    page.reload()

    def on_the_server() -> set[str]:
        with closing(sqlite3.connect(person.server.database)) as database:
            found = database.execute(
                "SELECT text FROM reflections WHERE account_id = ?1"
                " UNION SELECT text FROM reflection_revisions WHERE account_id = ?1",
                [person.id],
            )
            return {text for (text,) in found}

    until(page, lambda: on_the_server() == {"Text 1", "Text 2", "Text 3"}, "all three to be there")
    page.get_by_role("link", name="Den skapande staden").first.click()
    expect(page.locator(".choice .words")).to_have_text(["Text 2", "Text 1"])
    page.get_by_role("button", name="Behåll min", exact=True).click()
    expect(page.locator(".choice .words")).to_have_text(["Text 3", "Text 2"])
    sent: list[str] = []  # no more: the server has the third text since it asked
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.get_by_role("button", name="Behåll den andra", exact=True).click()
    expect(status(page)).to_have_text(SAVED)
    assert (person.text(QUESTION), drafts(page)) == ("Text 2", [])
    assert [url for url in sent if url.endswith("/api/reflections")] == []


def test_an_open_tab_keeps_its_draft_to_itself(page: Page, person: Person) -> None:
    signed_in(page, person, "/skapande")
    page.route(ROUTE, lambda route: route.abort())
    editor(page).fill("Bara här.")
    expect(status(page)).to_have_text(NO_ANSWER)
    other = page.context.new_page()
    other.goto(page.url)
    expect(editor(other)).to_be_visible()
    assert other.evaluate("id => visionsprat.resume(id)", str(person.id)) is False
    expect(editor(other)).to_have_value("")
    assert person.text(QUESTION) == ""
    page.unroute(ROUTE)
    expect(status(page)).to_have_text(SAVED)


def test_without_locks_a_waiting_draft_is_no_conflict_with_oneself(page: Page, person: Person) -> None:
    """A browser has locks over TLS and on localhost only."""
    page.add_init_script("Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })")
    signed_in(page, person, "/skapande")
    page.route(ROUTE, lambda route: route.abort())
    editor(page).fill("Ett.")
    expect(status(page)).to_have_text(NO_ANSWER)
    page.get_by_role("link", name="Den globala staden").first.click()
    expect(page).to_have_title("Den globala staden – Visionsprat")
    page.get_by_role("link", name="Den skapande staden").first.click()
    expect(page).to_have_title("Den skapande staden – Visionsprat")
    editor(page).fill("Ett. Två.")
    page.unroute(ROUTE)
    expect(status(page)).to_have_text(SAVED)
    assert (person.text(QUESTION), drafts(page)) == ("Ett. Två.", [])
    expect(page.locator(".choice h3")).to_have_count(0)


# Nothing lies over the text


@SIZES
def test_a_broken_connection_neither_covers_the_text_nor_takes_the_focus(
    page: Page, person: Person, server: Server, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    signed_in(page, person, "/skapande")
    editor(page).click()
    page.keyboard.type("Före slutet.")
    for _ in "slutet.":
        page.keyboard.press("ArrowLeft")
    page.evaluate(WATCH)
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    server.stop()
    # Streamlit opens its dialog at the sixth failure; the health check is one of two requests a try.
    until(page, lambda: sum("_stcore" in url for url in failed) >= 16, "Streamlit to give up hope")
    page.keyboard.type("det nya ")
    expect(status(page)).to_have_text(NO_ANSWER)
    server.start()
    expect(page.locator('[data-test-connection-state="CONNECTED"]')).to_be_attached()
    expect(status(page)).to_have_text(SAVED)
    page.keyboard.type("fina ")
    until(page, lambda: person.text(QUESTION) == "Före det nya fina slutet.", "the text to be saved")
    assert page.evaluate("window.seen") == []


def test_a_page_whose_server_is_gone_before_it_is_drawn_says_so(page: Page, person: Person) -> None:
    signed_in(page, person)
    page.route("**/_stcore/**", lambda route: route.abort())
    page.goto(f"{person.server.url}/skapande")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_have_text("Servern svarar inte. Sidan visas så snart det går.Stäng", timeout=60_000)
    page.unroute("**/_stcore/**")
    expect(editor(page)).to_be_attached(timeout=60_000)
    dialog.get_by_role("button", name="Stäng").click()
    expect(editor(page)).to_be_visible()


@pytest.mark.parametrize("net", ["none", "no server"])
def test_a_link_that_cannot_be_opened_says_so_and_stays(
    page: Page, person: Person, server: Server, net: str
) -> None:
    signed_in(page, person, "/skapande")
    expect(editor(page)).to_be_visible()
    page.context.set_offline(net == "none")
    if net == "no server":
        server.stop()
    editor(page).fill("Kvar här.")
    page.get_by_role("link", name="Den globala staden").first.click()
    why = "utan nät" if net == "none" else "just nu, för servern svarar inte"
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Sidan går inte att öppna {why}. Det du läser och skriver här står kvar.")
    dialog.get_by_role("button", name="Stäng").click()
    assert page.url == f"{server.url}/skapande"
    expect(editor(page)).to_have_value("Kvar här.")
    page.context.set_offline(False)
    server.start_if_down()
    expect(status(page)).to_have_text(SAVED)
    page.get_by_role("link", name="Den globala staden").first.click()
    expect(page).to_have_title("Den globala staden – Visionsprat")


def test_going_back_without_the_server_keeps_the_text_and_arrives_when_it_is_back(
    page: Page, person: Person, server: Server
) -> None:
    signed_in(page, person, "/visionen")
    page.get_by_role("link", name="Den skapande staden").first.click()
    expect(editor(page)).to_be_visible()
    server.stop()
    expect(page.locator('[data-test-connection-state="CONNECTED"]')).to_have_count(0)
    editor(page).fill("Kvar här.")
    page.go_back()
    expect(status(page)).to_have_text(NO_ANSWER)
    expect(editor(page)).to_have_value("Kvar här.")
    server.start()
    expect(page).to_have_title("Visionen – Visionsprat")
    assert page.url == f"{server.url}/visionen"
    until(page, lambda: person.text(QUESTION) == "Kvar här.", "the text to be saved")


# A browser that keeps nothing


def test_a_full_storage_is_told_for_as_long_as_it_is_full(page: Page, person: Person, server: Server) -> None:
    signed_in(page, person, "/skapande")
    bare = page.locator(".bare").first
    expect(bare).to_be_empty()
    page.evaluate(FILL)
    server.stop()
    editor(page).fill("Mer än det finns rum för.")
    expect(bare).to_have_text(KEEPS_NOTHING)
    expect(status(page)).to_have_text(
        "Inte sparat. Servern svarar inte. Texten finns bara i rutan och skickas så snart det går."
    )
    page.context.set_offline(True)
    expect(status(page)).to_contain_text("Inte sparat. Det finns inget nät. Texten finns bara i rutan")
    page.context.set_offline(False)
    server.start()
    expect(status(page)).to_have_text(SAVED)
    assert person.text(QUESTION) == "Mer än det finns rum för."
    page.evaluate("localStorage.clear()")
    editor(page).fill("Nu finns det rum.")
    expect(bare).to_be_empty()


@pytest.fixture
def forgetful(page: Page, person: Person) -> Page:
    """A page that may not keep anything in its browser: asking throws."""
    page.add_init_script(BLOCK)
    signed_in(page, person, "/skapande")
    return page


def test_a_blocked_storage_breaks_no_page(forgetful: Page, person: Person) -> None:
    page = forgetful
    expect(page.locator(".bare").first).to_have_text(KEEPS_NOTHING)
    for address in ("/", "/visionen", "/mina-reflektioner", "/mitt-konto", "/finns-inte"):
        page.goto(person.server.url + address)
        expect(page.locator("footer")).to_be_visible()
    page.goto(f"{person.server.url}/skapande")
    editor(page).fill("Ändå sparat.")
    expect(status(page)).to_have_text(SAVED)
    assert person.text(QUESTION) == "Ändå sparat."
    page.get_by_role("link", name="Den globala staden").first.click()
    expect(page).to_have_title("Den globala staden – Visionsprat")
    page.context.clear_cookies()
    page.goto(person.server.url)
    expect(page.get_by_role("heading", name="Logga in")).to_be_visible()
    page.get_by_role("link", name="Tillgänglighet").click()
    expect(page).to_have_title("Tillgänglighet – Visionsprat")


def test_a_text_that_is_nowhere_else_is_sent_sooner(forgetful: Page) -> None:
    page = forgetful
    page.evaluate("document.addEventListener('input', () => (window.typed = performance.now()))")
    save = "performance.getEntriesByType('resource').findLast(({ name }) => name.endsWith('reflections'))"
    pauses: list[float] = []

    def soon() -> bool:
        editor(page).fill(f"Text {len(pauses)}")
        with page.expect_response(ROUTE):
            pass
        pauses.append(page.evaluate(f"{save}?.startTime - typed"))  # NaN before it is noted
        return 0 < pauses[-1] < 600  # elsewhere 700 at the least

    until(page, soon, "a save soon after a text")


def test_a_text_that_is_nowhere_else_is_not_closed_unasked(forgetful: Page) -> None:
    page = forgetful
    page.route(ROUTE, lambda route: route.abort())
    editor(page).click()
    page.keyboard.type("Bara här.")
    expect(status(page)).to_contain_text("Texten finns bara i rutan")
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", answer)
    page.close(run_before_unload=True)
    until(page, lambda: asked == ["beforeunload"], "the question whether to leave")
    expect(editor(page)).to_have_value("Bara här.")


def test_a_text_that_is_nowhere_else_can_be_saved_by_signing_in_in_another_tab(
    forgetful: Page, person: Person
) -> None:
    page = forgetful
    page.context.clear_cookies()
    editor(page).fill("Skriven utloggad.")
    expect(page.get_by_role("heading", name="Du är utloggad")).to_be_visible()
    expect(page.locator(".cover")).to_contain_text("Logga in i en ny flik, så sparas texten.")
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Logga in", exact=True).click()
    fill_in_sign_in(opened.value, person.email)
    expect(opened.value.locator("nav.side")).to_be_attached()
    page.bring_to_front()
    expect(editor(page)).to_have_value("Skriven utloggad.")
    expect(status(page)).to_have_text(re.compile(SAVED))
    assert person.text(QUESTION) == "Skriven utloggad."
