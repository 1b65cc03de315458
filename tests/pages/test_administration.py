"""What an administrator does on the page, and what they are told when it can't be done."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.visits import PASSWORD, add_chief, come, said
from tests.support.stored import sql
from visionsprat.accounts.second_factor import new_secret
from visionsprat.domain.records import NewAccount
from visionsprat.domain.tokens import recovery_hash
from visionsprat.installation import Installation, open_installation

RECOVERY = "k7wm-3rtq-x2hd-p4vn-8ezb-6yjc"
NO_LONGER = "Du är inte administratör längre. Det du valde nu är inte gjort."


@pytest.fixture
def house() -> Installation:
    return open_installation()


@pytest.fixture
def chief(house: Installation) -> int:
    return add_chief(house)


def correct(at: AppTest, chief: int, email: str, **own: str) -> str:
    at.text_input(key=f"person_email_{chief}").set_value(email)
    for field, value in own.items():
        at.text_input(key=f"person_own_{field}").set_value(value)
    next(each for each in at.button if each.label == "Spara").click().run()
    return said(at)


def address(house: Installation, account_id: int) -> str:
    person = house.store.person(account_id)
    assert person is not None
    return person.email


def test_ones_own_address_is_changed_with_ones_password(
    monkeypatch: pytest.MonkeyPatch, house: Installation, chief: int
) -> None:
    at = come(monkeypatch, house, "administration.py", chief, person=str(chief))
    for password in ("", "inte mitt lösenord"):
        assert "Det nuvarande lösenordet stämmer inte." in correct(
            at, chief, "ny@test.example", password=password
        )
        assert address(house, chief) == "chief@test.example"
    assert "Uppgifterna är sparade." in correct(at, chief, "ny@test.example", password=PASSWORD)
    assert address(house, chief) == "ny@test.example"


def test_ones_own_name_is_changed_without_it(
    monkeypatch: pytest.MonkeyPatch, house: Installation, chief: int
) -> None:
    at = come(monkeypatch, house, "administration.py", chief, person=str(chief))
    at.text_input(key=f"person_name_{chief}").set_value("Ragna Ny")
    assert "Uppgifterna är sparade." in correct(at, chief, "chief@test.example")


def test_whoever_has_a_second_factor_changes_their_address_with_a_code_too(
    monkeypatch: pytest.MonkeyPatch, house: Installation, chief: int
) -> None:
    secret = new_secret()
    house.store.set_second_factor(chief, secret, 0, [recovery_hash(RECOVERY, secret)], "")
    at = come(monkeypatch, house, "administration.py", chief, person=str(chief))
    for code, told in (("", "Skriv koden från appen."), ("000 00", "Koden stämmer inte")):
        assert told in correct(at, chief, "ny@test.example", password=PASSWORD, code=code)
        assert address(house, chief) == "chief@test.example"
    assert "Uppgifterna är sparade." in correct(
        at, chief, "ny@test.example", password=PASSWORD, code=RECOVERY
    )


def test_anothers_address_is_changed_as_before(
    monkeypatch: pytest.MonkeyPatch, house: Installation, chief: int
) -> None:
    other = house.store.add_account(NewAccount("amina@test.example", "Amina", None))
    at = come(monkeypatch, house, "administration.py", chief, person=str(other))
    assert not [each for each in at.text_input if each.key == "person_own_password"]
    assert "Uppgifterna är sparade." in correct(at, other, "ny@test.example")


# What has happened meanwhile


def test_whoever_is_no_administrator_any_more_is_told_and_nothing_is_done(
    monkeypatch: pytest.MonkeyPatch, house: Installation, chief: int
) -> None:
    add_chief(house, "other@test.example")
    lost: list[bool] = []

    def lose() -> None:
        if lost:
            house.store.set_administrator(None, chief, False)

    at = come(
        monkeypatch,
        house,
        "administration.py",
        chief,
        meanwhile=lose,
    )
    lost.append(True)
    at.text_input(key="person_new_name").set_value("Bengt")
    at.text_input(key="person_new_email").set_value("bengt@test.example")
    next(each for each in at.button if each.label == "Lägg till").click().run()
    assert NO_LONGER in said(at)
    assert house.store.find_people("bengt").count == 0


@pytest.mark.parametrize("what", ["no administrator any more", "signed out"])
def test_signing_everybody_out_is_not_done_by_somebody_who_may_not_any_more(
    monkeypatch: pytest.MonkeyPatch, house: Installation, chief: int, what: str
) -> None:
    other = add_chief(house, "other@test.example")
    house.store.add_ticket(other, "of another")
    happened: list[bool] = []

    def meanwhile() -> None:
        if happened.pop() if happened else False:
            if what == "signed out":
                house.store.end_sessions(chief)
            else:
                house.store.set_administrator(None, chief, False)

    at = come(monkeypatch, house, "administration.py", chief, meanwhile=meanwhile)
    at.checkbox(key="everybody_sure").check()
    happened.append(True)
    next(each for each in at.button if each.label == "Logga ut alla").click().run()
    assert sql(house.store, "SELECT count(*) FROM sessions WHERE account_id = ?", other) == [(1,)]
    if what == "signed out":
        assert said(at) and at.text_input(key="sign_in_email")
    else:
        assert NO_LONGER in said(at)
