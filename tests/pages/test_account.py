"""Changing one's password on "Mitt konto": with the old one, and a code where one has a second factor."""

from __future__ import annotations

import pytest
from pyotp import TOTP
from streamlit.testing.v1 import AppTest

from tests.pages.visits import HASH, PASSWORD, add_chief, come, said
from tests.support.mailbox import mail_server
from tests.support.server import poll
from tests.support.stored import sql
from visionsprat.accounts.second_factor import new_secret
from visionsprat.domain.tokens import recovery_hash
from visionsprat.installation import Installation, open_installation

NEW, RECOVERY = "tre gamla paraplyer", "k7wm-3rtq-x2hd-p4vn-8ezb-6yjc"


@pytest.fixture
def house() -> Installation:
    return open_installation()


@pytest.fixture
def chief(house: Installation) -> int:
    return add_chief(house)


@pytest.fixture
def secret(house: Installation, chief: int) -> str:
    """Of the chief's second factor."""
    secret = new_secret()
    house.store.set_second_factor(chief, secret, 0, [recovery_hash(RECOVERY, secret)], "")
    return secret


def change(at: AppTest, old: str = PASSWORD, new: str = NEW, code: str | None = None) -> str:
    at.text_input(key="account_old_password").set_value(old)
    at.text_input(key="account_new_password").set_value(new)
    if code is not None:
        at.text_input(key="account_code").set_value(code)
    next(each for each in at.button if each.label == "Byt lösenord").click().run()
    return said(at)


def is_changed(house: Installation) -> bool:
    return sql(house.store, "SELECT password_hash FROM accounts") != [(HASH,)]


def test_without_a_second_factor_no_code_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, house: Installation, chief: int
) -> None:
    at = come(monkeypatch, house, "account.py", chief)
    assert not [each for each in at.text_input if each.key == "account_code"]
    change(at)
    assert is_changed(house)


def test_with_one_the_code_is_asked_for_and_only_a_right_one_changes_the_password(
    monkeypatch: pytest.MonkeyPatch, house: Installation, chief: int, secret: str
) -> None:
    at = come(monkeypatch, house, "account.py", chief)
    for code, told in (("", "Skriv koden från appen."), ("00000", "Koden stämmer inte")):
        assert told in change(at, code=code)
        assert not is_changed(house)
    change(at, code=TOTP(secret).now())
    assert is_changed(house)


def test_a_recovery_code_will_do(
    monkeypatch: pytest.MonkeyPatch, house: Installation, chief: int, secret: str
) -> None:
    change(come(monkeypatch, house, "account.py", chief), code=RECOVERY)
    assert is_changed(house)
    assert sql(house.store, "SELECT count(*) FROM recovery_codes") == [(0,)]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("inte mitt lösenord", NEW, "Det nuvarande lösenordet stämmer inte."),
        (PASSWORD, "kort", "Lösenordet är för kort."),
    ],
)
def test_a_code_is_not_used_up_when_something_else_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
    house: Installation,
    chief: int,
    secret: str,
    old: str,
    new: str,
    told: str,
) -> None:
    at = come(monkeypatch, house, "account.py", chief)
    assert told in change(at, old, new, RECOVERY)
    assert sql(house.store, "SELECT count(*) FROM recovery_codes") == [(1,)]


def test_an_account_closed_right_after_the_change_is_asked_to_sign_in(
    monkeypatch: pytest.MonkeyPatch, house: Installation, chief: int
) -> None:
    """Not told that the old password was wrong."""
    sql(
        house.store,
        "CREATE TRIGGER closed AFTER INSERT ON audit_log BEGIN UPDATE accounts SET is_active = 0; END",
    )
    at = come(monkeypatch, house, "account.py", chief)
    assert "Det nuvarande lösenordet stämmer inte." not in change(at)
    assert at.text_input(key="sign_in_email")


def test_whoever_turns_the_second_factor_off_gets_a_letter(
    monkeypatch: pytest.MonkeyPatch, house: Installation, chief: int, secret: str
) -> None:
    with mail_server() as mailbox:
        for name, value in mailbox.environment.items():
            monkeypatch.setenv(name, value)
        house.store.close()
        open_installation.cache_clear()
        at = come(monkeypatch, open_installation(), "account.py", chief)
        at.button(key="factor_off").click().run()
        at.text_input(key="factor_password").set_value(PASSWORD)
        at.text_input(key="factor_code").set_value(RECOVERY)
        next(each for each in at.button if each.label == "Stäng av tvåstegsinloggning").click().run()
        assert "Nu räcker lösenordet." in said(at)
        poll(lambda: bool(mailbox.letters), "the letter")
        assert mailbox.recipients == ["chief@test.example"]
        assert "Någon har stängt av tvåstegsinloggningen" in mailbox.text()
