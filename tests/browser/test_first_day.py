"""The first day: from an empty data folder to a manager who sees how far 34 people have come."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.people import PASSWORD, PASSWORD_HASH, NewComputer, Person, fill_in_sign_in, until
from tests.support.server import Server
from tests.support.staff_lists import csv_file
from visionsprat.content.module import Module

UNITS = ("Vård/Hemtjänst Norr", "Vård/Hemtjänst Söder")
#: 17 in each unit; everybody's number says whose name is whose.
STAFF = [
    (f"person{number:02}@test.example", f"Person Testsson {number:02}", UNITS[number % 2], "", "ja")
    for number in range(34)
]
MANAGER_EMAIL, MANAGER_NAME = STAFF[7][:2]
COMPLETE, BEGUN = (0, 1, 2, 3, 4), (10, 11, 12)
NOT_BEGUN = [row for number, row in enumerate(STAFF) if number not in (*COMPLETE, *BEGUN)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One with nobody in it."""
    server = Server(tmp_path_factory.mktemp("first-day"), under=["env"])  # by the README's own command
    yield server
    server.stop()


def follow(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()


def choose(page: Page, label: str, option: str) -> None:
    """Choose from a list, which closes again if the page is scrolled to show its field."""
    field, wanted = (
        page.get_by_role("combobox", name=label),
        page.get_by_role("option", name=option, exact=True),
    )

    def is_open() -> bool:
        if not wanted.is_visible():
            field.press("ArrowDown")
        return wanted.is_visible()

    until(page, is_open, f"the list of {label} to open")
    wanted.click()


def rows(page: Page, table: str) -> Locator:
    return page.get_by_role("table", name=table).locator("tbody tr")


def people(server: Server) -> dict[str, Person]:
    with server.store() as store:
        return {each.email: Person(server, each.id, each.email) for each in store.find_people("").people}


def test_from_an_empty_folder_to_a_manager_who_sees_34_people(
    page: Page, server: Server, new_computer: NewComputer, module: Module, tmp_path: Path
) -> None:
    claim(page, server)
    import_staff(page, tmp_path)
    make_manager(page)
    let_people_write(server, module)

    manager = new_computer()
    manager.goto(f"{server.url}/min-grupp")
    fill_in_sign_in(manager, MANAGER_EMAIL)
    expect(manager.locator("p.lead")).to_have_text("5 av 34 är klara med alla fem teman.")
    see_both_units(manager)
    remind_those_who_have_not_begun(manager, tmp_path)


def claim(page: Page, server: Server) -> None:
    page.goto(server.claim_link)
    page.get_by_label("Namn").fill("Ada Provberg")
    page.get_by_label("E-post").fill("ada@test.example")
    page.get_by_label("Lösenord", exact=True).fill(PASSWORD)
    page.get_by_label("Arbetsgrupp").fill("Stab")
    page.get_by_role("button", name="Skapa konto").click()
    follow(page, "Administration")
    expect(rows(page, "Personer")).to_have_count(1)


def import_staff(page: Page, folder: Path) -> None:
    file = folder / "personallista.csv"
    file.write_bytes(csv_file(STAFF))
    follow(page, "Personallista")
    with page.expect_file_chooser() as chooser:
        page.get_by_test_id("stFileUploaderDropzone").locator("button").click()
    chooser.value.set_files(file)
    expect(page.get_by_role("heading", name="Det här ändras")).to_be_visible()
    figures = page.locator(".figures div")
    expect(figures).to_have_text(
        ["Nya\n34", "Ändrade\n0", "Oförändrade\n0", "Avaktiveras\n0"], use_inner_text=True
    )
    page.get_by_text("Nya grupper: 3").click()
    for group in ("Vård", *UNITS):
        expect(page.get_by_text(group, exact=True)).to_be_visible()
    page.get_by_role("button", name="Genomför ändringarna").click()
    expect(page.get_by_role("status").filter(has_text="Klart.")).to_have_text(
        "Klart. 34 nya, 0 ändrade, 0 oförändrade."
    )
    expect(page.get_by_role("heading", name="Det här ändras")).to_have_count(0)


def make_manager(page: Page) -> None:
    follow(page, "Personer")
    expect(rows(page, "Personer")).to_have_count(35)
    page.get_by_label("Sök på namn eller e-post").fill("07")
    page.get_by_label("Sök på namn eller e-post").press("Enter")
    expect(rows(page, "Personer")).to_have_count(1)
    follow(page, MANAGER_NAME)
    for unit in UNITS:
        choose(page, "Grupp", unit)
        page.get_by_role("button", name="Gör till chef för gruppen").click()
        expect(page.get_by_text(f"{MANAGER_NAME} är nu chef för {unit}.")).to_be_visible()
    expect(page.locator(".facts")).to_contain_text(", ".join(UNITS))
    follow(page, "Händelser")
    expect(rows(page, "Händelser, de nyaste först").first).to_contain_text(UNITS[1])


def let_people_write(server: Server, module: Module) -> None:
    by_email = people(server)
    for number in COMPLETE:
        for question in module.questions:
            by_email[STAFF[number][0]].write(question.id, "Vi frågar dem det gäller.")
    for number in BEGUN:
        by_email[STAFF[number][0]].write("globala/gora", "Vi frågar dem det gäller.")
    with server.store() as store:
        store.set_password(by_email[MANAGER_EMAIL].id, PASSWORD_HASH)


def see_both_units(page: Page) -> None:
    tree = rows(page, "Grupperna du är chef för, och hur många som har kommit hur långt")
    expect(tree).to_have_count(2)
    for row, name, figures in zip(
        tree.all(),
        ("Hemtjänst Norr", "Hemtjänst Söder"),
        (["17", "3", "2", "12"], ["17", "2", "1", "14"]),
        strict=True,
    ):
        expect(row).to_contain_text(name)
        expect(row.locator(".count")).to_have_text(figures)
    expect(rows(page, "Vilka teman var och en är klar med")).to_have_count(34)
    follow(page, "Hemtjänst Söder")
    expect(page.locator("p.lead")).to_have_text("2 av 17 är klara med alla fem teman.")
    expect(rows(page, "Vilka teman var och en är klar med")).to_have_count(17)
    page.go_back()
    expect(rows(page, "Vilka teman var och en är klar med")).to_have_count(34)


def remind_those_who_have_not_begun(page: Page, folder: Path) -> None:
    follow(page, f"Inte börjat ({len(NOT_BEGUN)})")
    expect(rows(page, "Vilka teman var och en är klar med")).to_have_count(len(NOT_BEGUN))
    with page.expect_download() as caught:
        follow(page, "Ladda ner som CSV")
    caught.value.save_as(folder / "min-grupp.csv")
    listed = (folder / "min-grupp.csv").read_text(encoding="utf-8-sig").splitlines()[1:]
    assert {line.split(";")[1] for line in listed} == {row[0] for row in NOT_BEGUN}
    page.get_by_text(f"Kopiera påminnelse till de {len(NOT_BEGUN)} som inte är klara").click()
    addresses = page.locator("#adresser").inner_text().split("; ")
    assert sorted(addresses) == sorted(row[0] for row in NOT_BEGUN)
