"""The pages behind links: an account that is closed between the password and the session."""

from __future__ import annotations

import pytest

from tests.pages.visits import PASSWORD, come, said
from tests.support.stored import sql
from visionsprat.domain.records import NewAccount, Whom
from visionsprat.installation import Installation, open_installation

#: The last thing that each of them writes before it hands out a ticket is a line of the record.
CLOSED = "CREATE TRIGGER closed AFTER INSERT ON audit_log BEGIN UPDATE accounts SET is_active = 0; END"


@pytest.fixture
def house() -> Installation:
    return open_installation()


def test_an_account_closed_while_its_password_is_chosen_is_told(
    monkeypatch: pytest.MonkeyPatch, house: Installation
) -> None:
    house.store.add_account(NewAccount("amina@test.example", "Amina", None))
    (link,) = house.store.invite(None, Whom())
    sql(house.store, CLOSED)
    at = come(monkeypatch, house, "invitation.py", kod=link.code)
    at.text_input(key="invitation_password").set_value(PASSWORD)
    next(each for each in at.button if each.label == "Välj lösenord").click().run()
    assert "Länken gäller inte" in said(at)


def test_the_first_account_closed_at_once_is_told(
    monkeypatch: pytest.MonkeyPatch, house: Installation
) -> None:
    sql(house.store, CLOSED)
    at = come(monkeypatch, house, "claim.py", kod=house.claim_code)
    for field, value in (
        ("name", "Ragna Påhittad"),
        ("email", "ragna@test.example"),
        ("password", PASSWORD),
        ("group", "Vård"),
    ):
        at.text_input(key=f"claim_{field}").set_value(value)
    next(each for each in at.button if each.label == "Skapa konto").click().run()
    assert "Länken gäller inte" in said(at)
