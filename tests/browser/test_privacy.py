"""What somebody has written is theirs alone: nothing of it comes where it does not belong."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

from playwright.sync_api import Page, expect

from tests.support.people import SAVED, NewPerson, Person, editor, signed_in, status, until
from tests.support.server import Server
from visionsprat.content.module import Module

MARK = "Zebrakorv"


def text_and_title(page: Page) -> tuple[str, str]:
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("footer")).to_be_visible()
    text = page.locator("body").inner_text()
    return text.replace("visibility\n", ""), page.title()  # an icon's name until its font is there


def test_a_manager_sees_who_is_done_and_never_a_word(
    page: Page, new_person: NewPerson, module: Module
) -> None:
    group = "Sekretessgruppen"
    done = new_person("Cecilia Exempel", member_of=group)
    begun = new_person("David Påhittad", member_of=group)
    new_person("Åke Provberg", member_of="En annan grupp")
    manager = new_person("Bengt Provberg", member_of=group, manages=group, is_admin=True)
    for question in module.questions:
        done.write(question.id, f"{MARK} om {question.id}.")
    for question in module.theme("globala").questions:
        begun.write(question.id, f"{MARK} om {question.id}.")
    begun.write("skapande/innebar", MARK)

    received: list[bytes] = []

    def keep(frame: str | bytes) -> None:
        received.append(frame.encode() if isinstance(frame, str) else frame)

    page.on("websocket", lambda socket: socket.on("framereceived", keep))
    signed_in(page, manager, "/min-grupp")
    table = page.get_by_role("table")
    expect(table).to_contain_text("Cecilia Exempel")
    expect(page.locator("p.lead")).to_have_text("1 av 3 är klar med alla fem teman.")
    complete = {
        "Bengt Provberg": (0, "0 av 5"),
        "Cecilia Exempel": (5, "5 av 5"),
        "David Påhittad": (1, "1 av 5"),
    }
    expect(table.locator("tbody tr")).to_have_count(len(complete))
    for name, (themes, said) in complete.items():
        row = table.get_by_role("row", name=name)
        expect(row.get_by_text("Klart", exact=True)).to_have_count(themes)
        expect(row.get_by_text("Inte klart", exact=True)).to_have_count(5 - themes)
        expect(row).to_contain_text(said)
    seen = [page.content()]
    for name in ("Start", "Den globala staden", "Mina reflektioner", "Mitt konto"):
        page.locator("nav.side").get_by_role("link", name=name).click()
        expect(page.locator("nav.side [aria-current=page]")).to_contain_text(name)
        seen.append(page.content())
    assert MARK not in "".join(seen)
    assert received and MARK.encode() not in b"".join(received)
    for answered in ("globala/innebar", "skapande/innebar"):
        assert f"om {answered}" not in "".join(seen)


def test_a_learner_at_the_managers_page_sees_what_a_made_up_address_shows(
    page: Page, person: Person, server: Server
) -> None:
    signed_in(page, person, "/min-grupp")
    refused = text_and_title(page)
    page.goto(f"{server.url}/hittapå")
    assert text_and_title(page) == refused
    assert "Sidan finns inte" in refused[0]
    page.goto(server.url)
    expect(page.get_by_role("link", name="Min grupp")).to_have_count(0)


def test_signed_out_the_managers_page_looks_like_a_made_up_address(page: Page, server: Server) -> None:
    seen = []
    for address in ("/min-grupp", "/hittapå"):
        page.goto(server.url + address)
        expect(page.get_by_label("Lösenord")).to_be_visible()
        seen.append(text_and_title(page))
    assert seen[0] == seen[1]


def test_nobody_reaches_what_another_person_has_written(
    page: Page, new_person: NewPerson, server: Server
) -> None:
    writer, reader = new_person("Cecilia Exempel"), new_person("Hugo Låtsas", is_admin=True)
    writer.write("skapande/innebar", MARK)
    signed_in(page, reader, "/mina-reflektioner")
    for address in ("/mina-reflektioner", "/skapande", "/", f"/mina-reflektioner?konto={writer.id}"):
        page.goto(server.url + address)
        text_and_title(page)
        assert MARK not in page.content()


def test_what_is_written_is_never_run_as_markup(page: Page, person: Person, server: Server) -> None:
    evil = "<img src=x onerror=\"document.title='fel'\"><script>document.title='fel'</script></div>**fet**"
    signed_in(page, person, "/skapande")
    editor(page).fill(evil)
    expect(status(page)).to_have_text(SAVED)
    page.goto(f"{server.url}/mina-reflektioner")
    expect(page.locator(".reread .words").first).to_have_text(evil)
    expect(page.locator(".reread .words *")).to_have_count(0)
    expect(page).to_have_title("Mina reflektioner – Visionsprat")


def test_no_text_reaches_the_log_or_an_address(page: Page, person: Person, server: Server) -> None:
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    signed_in(page, person, "/skapande")
    other = page.context.new_page()
    other.goto(page.url)
    expect(editor(other)).to_be_visible()
    editor(page).fill(f"{MARK} ett")
    expect(status(page)).to_have_text(SAVED)
    editor(other).fill(f"{MARK} två")
    expect(other.locator(".choice h3")).to_be_visible()
    editor(page).fill(f"{MARK} " + "x" * 20_000)
    expect(status(page)).to_contain_text("för lång")
    editor(page).fill(f"{MARK} tre")
    expect(status(page)).to_have_text(SAVED)
    with closing(sqlite3.connect(server.database, isolation_level=None)) as locker:
        locker.execute("BEGIN IMMEDIATE")
        editor(page).fill(f"{MARK} fyra")
        expect(status(page)).to_contain_text("Inte sparat")
        locker.execute("ROLLBACK")
    expect(status(page)).to_have_text(re.compile("^Sparat"))
    until(page, lambda: person.text("skapande/innebar") == f"{MARK} fyra", "the last text to be stored")
    assert MARK.lower() not in server.output.lower()
    assert MARK.lower() not in "".join(addresses).lower()
