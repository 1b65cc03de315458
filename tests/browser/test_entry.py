"""Getting in and out: the first account, sign-in, sign-out, passwords."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.chromium import ARGUMENTS
from tests.support.forms import sign_in_form
from tests.support.people import (
    PASSWORD,
    NewComputer,
    Person,
    cookie,
    cookie_name,
    editor,
    fill_in_sign_in,
    signed_in,
)
from tests.support.server import Server
from visionsprat.accounts.authentication import issue_ticket
from visionsprat.web.cookies import BROWSER_COOKIE, SESSION_COOKIE

WRONG = "E-postadressen eller lösenordet stämmer inte. Kontrollera båda och försök igen."


def start_page(page: Page) -> None:
    expect(page.locator("nav.side")).to_be_visible()
    expect(page).to_have_title("Visionsprat")


def save(server: Server, token: str) -> int:
    """The status of a save by somebody with this session."""
    with httpx.Client(base_url=server.url, cookies={SESSION_COOKIE: token}) as client:
        body = {"question": "skapande/innebar", "text": "Hej.", "based_on": 0}
        return client.post("/api/reflections", json=body, headers={"Origin": server.url}).status_code


# The first account


@pytest.fixture(scope="module")
def unclaimed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("unclaimed"))
    yield server
    server.stop()


def fill_in_claim(page: Page, password: str, name: str = "Amina Testsson") -> None:
    page.get_by_label("Namn").fill(name)
    page.get_by_label("E-post").fill("Amina@Test.example ")
    page.get_by_label("Lösenord", exact=True).fill(password)
    page.get_by_label("Arbetsgrupp").fill("Team 3")
    page.get_by_role("button", name="Skapa konto").click()


def test_without_the_link_nobody_can_claim_the_installation(page: Page, unclaimed: Server) -> None:
    for query in ("", "?kod=", "?kod=fel", "?kod=å%00", "?kod=a&kod=b"):
        page.goto(f"{unclaimed.url}/kom-igang{query}")
        expect(page.get_by_role("heading", name="Länken gäller inte")).to_be_visible()
        expect(page.locator(".first")).to_have_count(0)
        expect(page.get_by_label("Namn")).to_have_count(0)


def test_a_password_that_will_not_do_is_told(page: Page, unclaimed: Server) -> None:
    page.goto(unclaimed.claim_link)
    for password, told in [  # each is told something else than the one before it
        ("kort", "för kort. Det ska ha minst 12 tecken."),
        ("passwordpassword", "för lätt att gissa."),
        ("elva tecken", "för kort. Det ska ha minst 12 tecken."),
        ("aminatestsson", "för lätt att gissa."),
        ("å" * 129, "högst 128 tecken."),
        ("123456789012", "för lätt att gissa."),
    ]:
        fill_in_claim(page, password)
        expect(page.get_by_role("alert")).to_contain_text(told)
        with unclaimed.store() as store:
            assert not store.is_claimed()


def test_first_start_from_the_link_in_the_terminal_to_signed_in(
    page: Page, unclaimed: Server, new_computer: NewComputer
) -> None:
    link = unclaimed.claim_link
    page.goto(link)
    expect(page.get_by_label("E-post")).to_have_attribute("autocomplete", "username")
    expect(page.get_by_label("Lösenord", exact=True)).to_have_attribute("autocomplete", "new-password")
    fill_in_claim(page, PASSWORD)
    start_page(page)
    assert page.url == unclaimed.url + "/"
    expect(page.get_by_role("link", name="Börja ›")).to_be_visible()
    expect(page.get_by_role("link", name="Min grupp")).to_be_visible()
    page.get_by_role("link", name="Min grupp").click()
    expect(page.get_by_role("row", name="Amina Testsson")).to_be_visible()

    second = new_computer()
    second.goto(link)
    expect(second.get_by_role("heading", name="Länken gäller inte")).to_be_visible()
    second.goto(unclaimed.url)
    fill_in_sign_in(second, "amina@test.example")
    start_page(second)
    assert unclaimed.output.count("kom-igang") == 1
    unclaimed.stop()
    unclaimed.start()
    assert unclaimed.output.count("kom-igang") == 1


# Sign-in


def test_the_fields_are_made_for_password_managers(page: Page, server: Server) -> None:
    page.goto(server.url)
    expect(page.get_by_label("E-post")).to_have_attribute("autocomplete", "username")
    expect(page.get_by_label("Lösenord", exact=True)).to_have_attribute("autocomplete", "current-password")
    expect(page.get_by_label("Lösenord", exact=True)).to_have_attribute("type", "password")


@pytest.mark.parametrize("press", ["click", "Enter"])
def test_fields_that_a_program_has_filled_in_without_an_event_count(
    page: Page, person: Person, server: Server, press: str
) -> None:
    """As some password managers do."""
    page.goto(server.url)
    sign_in_form(page)
    expect(page.locator(".first")).to_have_count(0)
    for label, value in (("E-post", person.email), ("Lösenord", PASSWORD)):
        field = page.get_by_label(label, exact=True)
        field.evaluate("(field, value) => (field.value = value)", value)
    if press == "click":
        page.get_by_role("button", name="Logga in").click()
    else:
        page.get_by_label("Lösenord", exact=True).press("Enter")
    start_page(page)


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(
    page: Page, person: Person, server: Server
) -> None:
    page.goto(server.url)
    for email, password in [
        (person.email, "fel lösenord här"),
        ("ingen@test.example", PASSWORD),
        (person.email, "å" * 100),
        ("' OR 1=1 --", PASSWORD),
    ]:
        fill_in_sign_in(page, email, password)
        expect(page.get_by_role("alert")).to_have_text(WRONG)
        page.reload()
        sign_in_form(page)


def test_an_address_is_known_in_capitals_and_an_older_password_with_spaces_around_it(
    page: Page, person: Person, server: Server
) -> None:
    page.goto(server.url)
    fill_in_sign_in(page, f" {person.email.upper()} ", f" {PASSWORD} ")
    start_page(page)


@pytest.mark.parametrize(
    ("opened", "address"),
    [
        ("/globala", "/globala"),
        ("/Mitt-konto/%C2%A0", "/mitt-konto"),
        ("/mina-reflektioner?a=%C3%A5+b&c=", "/mina-reflektioner?a=%C3%A5+b&c="),
        ("/skapande/?a=b&a=c", "/skapande?a=b&a=c"),
        ("/?konto=raderat&a=b", "/?a=b"),
    ],
)
def test_a_deep_link_asks_for_sign_in_there_and_goes_on_to_its_page(
    page: Page, person: Person, server: Server, opened: str, address: str
) -> None:
    page.goto(server.url + opened)
    sign_in_form(page)
    fill_in_sign_in(page, person.email)
    expect(page.locator("nav.side")).to_be_visible()
    expect(page).to_have_url(server.url + address)
    path = address.partition("?")[0]
    expect(page.locator(f'nav.side [aria-current=page][href="{path}"]')).to_be_visible()
    assert "level=error" not in server.output


def test_a_link_within_the_page_leads_to_the_address_as_it_is_written(page: Page, person: Person) -> None:
    """As somebody may write it in the module's words."""
    signed_in(page, person, "/visionen")
    link = page.get_by_role("link", name="Vidare: Den skapande staden ›")
    link.evaluate("(link) => link.setAttribute('href', '/Skapande/?a=b')")
    link.click()
    expect(page.locator('nav.side [aria-current=page][href="/skapande"]')).to_be_visible()
    expect(page).to_have_url(f"{person.server.url}/skapande?a=b")


def test_the_sessions_cookie_is_out_of_reach_of_scripts_and_other_sites(
    page: Page, person: Person, server: Server
) -> None:
    page.goto(server.url)
    fill_in_sign_in(page, person.email)
    start_page(page)
    for name in (SESSION_COOKIE, BROWSER_COOKIE):
        found = cookie(page, name)
        assert (found["httpOnly"], found["sameSite"], found["expires"]) == (True, "Lax", -1)
    seen_by_scripts = page.evaluate("document.cookie")
    assert SESSION_COOKIE not in seen_by_scripts and BROWSER_COOKIE not in seen_by_scripts


def test_a_ticket_works_once_and_only_in_its_own_browser(
    page: Page, person: Person, server: Server, new_computer: NewComputer
) -> None:
    page.goto(server.url)
    sign_in_form(page)
    with server.store() as store:
        ticket = issue_ticket(store, person.id, cookie(page, BROWSER_COOKIE)["value"])
    address = f"{server.url}/api/ticket?ticket={ticket}&to=/globala"
    thief = new_computer()
    thief.goto(server.url)
    sign_in_form(thief)
    thief.goto(address)
    sign_in_form(thief)
    page.goto(address)
    expect(editor(page)).to_be_visible()
    assert page.url == f"{server.url}/globala"
    page.context.clear_cookies(name=cookie_name(server.url, SESSION_COOKIE))
    page.goto(address)
    sign_in_form(page)


def without_cookies(route: Route) -> None:
    """The index page as it is, fetched past the browser, which would keep the cookie that comes with it."""
    answer = httpx.get(route.request.url)
    kept = ("content-type", "content-security-policy")
    route.fulfill(body=answer.text, headers={name: answer.headers[name] for name in kept})


#: As where all cookies are blocked: a browser then denies every kind of storage.
NO_STORAGE = """
for (const name of ["localStorage", "sessionStorage", "indexedDB", "caches"])
    Object.defineProperty(window, name, {
        get() { throw new DOMException("Access is denied for this document.", "SecurityError"); },
    });
Object.defineProperty(navigator, "cookieEnabled", { value: false });
Object.defineProperty(document, "cookie", { get: () => "", set: () => {} });
"""


def test_a_browser_that_takes_no_cookies_is_told(
    playwright: Any, chromium: str, person: Person, server: Server
) -> None:
    # Chromium takes a page that a test hands to it for one from elsewhere.
    here = "--disable-features=LocalNetworkAccessChecks"
    browser = playwright.chromium.launch(executable_path=chromium, args=[*ARGUMENTS, here])
    try:
        page = browser.new_page()
        page.add_init_script(NO_STORAGE)
        page.route(f"{server.url}/", without_cookies)
        page.goto(server.url)
        fill_in_sign_in(page, person.email)
        expect(page.get_by_role("alert")).to_contain_text("Webbläsaren tar inte emot kakor.")
    finally:
        browser.close()


def test_after_many_failures_an_address_has_to_wait(page: Page, person: Person, server: Server) -> None:
    with server.store() as store:
        for _ in range(5):
            store.begin_attempt(person.email)
    page.goto(server.url)
    fill_in_sign_in(page, person.email)
    told = "Det har blivit för många försök. Vänta en minut och försök igen."
    expect(page.get_by_role("alert")).to_have_text(told)


# Sign-out


def test_signing_out_ends_the_session_on_the_server(page: Page, person: Person, server: Server) -> None:
    theirs: Any = {"name": SESSION_COOKIE, "value": "theirs", "url": server.url}
    page.context.add_cookies([theirs])  # another server's, at another port of this host
    page.goto(f"{server.url}/skapande")
    fill_in_sign_in(page, person.email)
    expect(editor(page)).to_be_visible()
    token = cookie(page, SESSION_COOKIE)["value"]
    assert save(server, token) == 200
    page.get_by_role("button", name="Logga ut", exact=True).click()
    expect(page).to_have_url(server.url + "/")
    sign_in_form(page)
    assert cookie(page, SESSION_COOKIE) is None
    assert "theirs" in {each["value"] for each in page.context.cookies()}
    assert save(server, token) == 401
    page.go_back()
    expect(page).to_have_url(f"{server.url}/skapande")
    sign_in_form(page)


def test_another_tab_is_covered_at_a_sign_out_and_leads_back_to_its_page(page: Page, person: Person) -> None:
    signed_in(page, person, "/visionen")
    other = page.context.new_page()
    other.goto(person.server.url)
    other.get_by_role("button", name="Logga ut", exact=True).click()
    sign_in_form(other)
    expect(page.get_by_role("heading", name="Du är utloggad")).to_be_visible()
    page.get_by_role("button", name="Logga in").click()
    sign_in_form(page)
    fill_in_sign_in(page, person.email)
    expect(page.locator("nav.side")).to_be_attached()
    assert page.url == f"{person.server.url}/visionen"


def test_a_tab_left_open_follows_when_its_person_signs_in_again_elsewhere(page: Page, person: Person) -> None:
    signed_in(page, person, "/visionen")
    other = page.context.new_page()
    other.goto(person.server.url)
    other.get_by_role("button", name="Logga ut", exact=True).click()
    fill_in_sign_in(other, person.email)
    start_page(other)
    page.locator("nav.side").get_by_role("link", name="Den globala staden").click()
    expect(editor(page)).to_be_visible()


# My account


def change_password(page: Page, old: str, new: str) -> None:
    page.get_by_label("Nuvarande lösenord").fill(old)
    page.get_by_label("Nytt lösenord").fill(new)
    page.get_by_role("button", name="Byt lösenord").click()


def test_a_new_password_signs_out_the_other_browsers_and_keeps_this_one(
    page: Page, person: Person, server: Server, new_computer: NewComputer
) -> None:
    new = secrets.token_urlsafe(12)
    elsewhere = new_computer()
    signed_in(elsewhere, person, "/skapande")
    page.goto(f"{server.url}/mitt-konto")
    fill_in_sign_in(page, person.email)
    expect(page.get_by_label("Nytt lösenord")).to_have_attribute("autocomplete", "new-password")
    expect(page.get_by_label("Nuvarande lösenord")).to_have_attribute("autocomplete", "current-password")
    change_password(page, "fel lösenord här", new)
    expect(page.get_by_role("alert")).to_have_text("Det nuvarande lösenordet stämmer inte.")
    change_password(page, PASSWORD, "kort")
    expect(page.get_by_role("alert")).to_contain_text("Lösenordet är för kort.")
    old_token = cookie(page, SESSION_COOKIE)["value"]
    change_password(page, PASSWORD, new)
    page.wait_for_event("framenavigated")
    expect(page.get_by_role("heading", name="Mitt konto")).to_be_visible()
    assert cookie(page, SESSION_COOKIE)["value"] != old_token
    assert save(server, old_token) == 401
    editor(elsewhere).fill("Skrivet där.")
    expect(elsewhere.get_by_role("heading", name="Du är utloggad")).to_be_visible()
    elsewhere.reload()
    sign_in_form(elsewhere)
    fill_in_sign_in(elsewhere, person.email)
    expect(elsewhere.get_by_role("alert")).to_have_text(WRONG)
    fill_in_sign_in(elsewhere, person.email, new)
    expect(editor(elsewhere)).to_have_value("Skrivet där.")


def test_a_new_name_is_seen_at_once(page: Page, person: Person) -> None:
    signed_in(page, person, "/mitt-konto")
    page.get_by_label("Namn").fill("  ")
    page.get_by_role("button", name="Spara namnet").click()
    expect(page.get_by_role("alert")).to_have_text("Skriv ett namn, högst 100 tecken.")
    page.get_by_label("Namn").fill("<b>Åsa</b> Ö")
    page.get_by_role("button", name="Spara namnet").click()
    expect(page.get_by_text("Namnet är sparat.")).to_be_visible()
    expect(page.locator(".who")).to_contain_text("<b>Åsa</b> Ö")


def test_signing_out_everywhere_ends_every_session(
    page: Page, person: Person, new_computer: NewComputer
) -> None:
    elsewhere = new_computer()
    signed_in(elsewhere, person)
    signed_in(page, person, "/mitt-konto")
    page.get_by_role("button", name="Logga ut överallt").click()
    sign_in_form(page)
    elsewhere.get_by_role("link", name="Visionen").first.click()
    sign_in_form(elsewhere)
