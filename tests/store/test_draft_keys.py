"""The keys of drafts: each account's own, for its live sessions alone, and gone with what was written."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.clock import Clock
from tests.support.staff_lists import csv_file
from tests.support.stored import AddAccount, begin_session, save, sql
from visionsprat.staff.plan import preview
from visionsprat.store import Store
from visionsprat.store.sessions import SESSION_IDLE


@pytest.fixture
def amina(store: Store, add_account: AddAccount) -> int:
    account_id = add_account("amina@test.example")
    begin_session(store, account_id)
    return account_id


def test_a_key_is_long_and_stays_the_same(store: Store, amina: int, clock: Clock) -> None:
    key = store.draft_key("token", amina)
    assert key is not None and len(key) == 32
    clock.now += timedelta(hours=1)
    begin_session(store, amina, "another")
    assert store.draft_key("another") == store.draft_key("token") == key


def test_everybody_has_a_key_of_their_own_from_the_beginning(store: Store, add_account: AddAccount) -> None:
    for number in range(5):
        add_account(f"p{number}@test.example")
    store.apply_staff(preview(csv_file(), store.directory(), whole=False).plan, None, "personal.csv")
    keys = sql(store, "SELECT draft_key FROM accounts")
    assert len(set(keys)) == len(keys) and (None,) not in keys


def test_nobody_gets_anothers_key(store: Store, amina: int, add_account: AddAccount) -> None:
    other = add_account("bengt@test.example")
    assert store.draft_key("token", other) is None
    assert store.draft_key("made up") is None
    begin_session(store, other, "theirs")
    assert store.draft_key("theirs", amina) is None
    assert store.draft_key("theirs") != store.draft_key("token")


def test_an_ended_session_gets_no_key(store: Store, amina: int) -> None:
    store.end_session("token")
    assert store.draft_key("token", amina) is None


def test_a_rested_session_gets_no_key(store: Store, amina: int, clock: Clock) -> None:
    clock.now += SESSION_IDLE
    assert store.draft_key("token", amina) is None


def test_what_is_erased_can_be_read_no_more(store: Store, amina: int) -> None:
    key = store.draft_key("token")
    save(store, amina, "Den lila igelkotten")
    store.erase_reflections(amina)
    assert store.draft_key("token") not in {None, key}


def test_who_came_past_the_store_gets_a_key_when_it_is_asked_for(store: Store, amina: int) -> None:
    with store._write() as db:
        db.execute("UPDATE accounts SET draft_key = NULL")
    key = store.draft_key("token")
    assert key is not None and store.draft_key("token") == key
