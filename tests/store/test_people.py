"""Accounts: their credentials, names and groups, and the first one of all."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.support.stored import FIRST, sql, visit
from visionsprat.domain.records import Account, Credentials, NewAccount
from visionsprat.errors import AlreadyClaimed, EmailTaken
from visionsprat.store import Store

if TYPE_CHECKING:
    from tests.support.clock import Clock
    from tests.support.stored import AddAccount


def test_an_account_has_its_credentials(store: Store, add_account: AddAccount) -> None:
    amina = add_account(password_hash="the hash")
    assert store.credentials("amina@test.example") == Credentials(amina, "the hash")
    assert store.credentials("AMINA@test.example") == Credentials(amina, "the hash")
    assert store.credentials("nobody@test.example") is None


def test_an_account_without_a_password_or_deactivated_has_none(store: Store, add_account: AddAccount) -> None:
    add_account(password_hash=None)
    add_account("bengt@test.example")
    sql(store, "UPDATE accounts SET is_active = 0 WHERE email = 'bengt@test.example'")
    assert store.credentials("amina@test.example") is None
    assert store.credentials("bengt@test.example") is None


@pytest.mark.parametrize("same", ["amina@test.example", "Amina@TEST.example"])
def test_an_address_has_one_account(store: Store, amina: int, add_account: AddAccount, same: str) -> None:
    with pytest.raises(EmailTaken) as caught:
        add_account(same, "En annan", manages="En ny grupp")
    assert caught.value.email == same
    assert sql(store, "SELECT name FROM accounts") == [("Amina Testsson",)]
    assert sql(store, "SELECT name FROM groups") == []


def test_accounts_that_name_the_same_group_share_it(store: Store, add_account: AddAccount) -> None:
    add_account("a@test.example", member_of="Team 3")
    add_account("b@test.example", member_of="Team 3", manages="Team 3")
    assert sql(store, "SELECT name FROM groups") == [("Team 3",)]
    assert sql(store, "SELECT count(*) FROM group_members") == [(2,)]


def test_a_new_password_and_a_new_name_are_stored(store: Store, amina: int) -> None:
    store.set_password(amina, "another hash")
    store.rename(amina, "Amina Provare")
    assert store.credentials("amina@test.example") == Credentials(amina, "another hash")
    assert visit(store, amina).account.name == "Amina Provare"


def test_what_was_done_to_accounts_is_in_the_audit_log(store: Store, amina: int, clock: Clock) -> None:
    store.set_password(amina, "another hash")
    at = clock.now.isoformat(timespec="milliseconds")
    assert sql(store, "SELECT at, actor, action, subject, subject_id FROM audit_log") == [
        (at, "", "account added", "amina@test.example", amina),
        (at, "amina@test.example", "password changed", "amina@test.example", amina),
    ]


def test_the_first_to_come_claims_the_installation(store: Store) -> None:
    assert not store.is_claimed()
    amina = store.claim(FIRST)
    assert store.is_claimed()
    assert visit(store, amina).account == Account(amina, FIRST.email, "Amina", is_admin=True, is_manager=True)


def test_an_installation_with_an_account_cannot_be_claimed(store: Store, amina: int) -> None:
    with pytest.raises(AlreadyClaimed):
        store.claim(FIRST)
    assert sql(store, "SELECT count(*) FROM accounts") == [(1,)]


def test_of_many_who_claim_at_once_one_does(store: Store) -> None:
    begin = threading.Barrier(6)

    def claim(number: int) -> bool:
        begin.wait()
        try:
            store.claim(NewAccount(f"person{number}@test.example", "Amina", "hash", is_admin=True))
        except AlreadyClaimed:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(claim, range(6))) == 1
    assert sql(store, "SELECT count(*) FROM accounts") == [(1,)]
