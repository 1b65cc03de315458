"""Failed sign-ins make wait: longer each time, alike for every address, and never the known browser."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from visionsprat.domain.records import Attempt, Replaced
from visionsprat.errors import TooManyFailures
from visionsprat.store import Store
from visionsprat.store.attempts import FAILURES_BEFORE_WAIT, FAILURES_OF_CLIENT
from visionsprat.store.sessions import DEVICE_LIFE, DEVICES_REMEMBERED

if TYPE_CHECKING:
    from tests.conftest import AddAccount, Clock

KNOWN, UNKNOWN, CLIENT = "amina@test.example", "nobody@test.example", "192.0.2.7"


@pytest.fixture
def amina(add_account: AddAccount) -> int:
    return add_account(KNOWN)


def fail(store: Store, times: int, email: str = KNOWN, client: str = "", device: str = "") -> None:
    for _ in range(times):
        store.begin_attempt(email, client, device)


def waits(store: Store, email: str = KNOWN, client: str = "", device: str = "") -> bool:
    try:
        store.forget_failures(store.begin_attempt(email, client, device))
    except TooManyFailures:
        return True
    return False


def next_wait(store: Store, clock: Clock, email: str = KNOWN) -> float:
    """Fail once more, and tell how many seconds the next try has to wait."""
    store.begin_attempt(email)
    try:
        store.begin_attempt(email)
    except TooManyFailures as refused:
        return (refused.until - clock.now).total_seconds()
    return 0


def know_device(store: Store, account_id: int, device: str, earlier: str = "") -> None:
    """Sign in with a browser that keeps this token from now on."""
    store.add_ticket(account_id, f"ticket of {device}")
    ended = Replaced(earlier)
    assert store.redeem_ticket(f"ticket of {device}", f"session of {device}", device, replaced=ended)


@pytest.mark.parametrize("email", [KNOWN, UNKNOWN])
def test_from_the_fifth_failure_on_each_makes_wait_twice_as_long_up_to_a_quarter(
    store: Store, amina: int, clock: Clock, email: str
) -> None:
    fail(store, FAILURES_BEFORE_WAIT - 1, email)
    found = []
    for _ in range(8):
        found.append(next_wait(store, clock, email))
        clock.now += timedelta(seconds=found[-1])
    assert found == [30, 60, 120, 240, 480, 900, 900, 900]


def test_asking_while_one_waits_makes_it_no_longer(store: Store, clock: Clock) -> None:
    fail(store, FAILURES_BEFORE_WAIT)
    until = clock.now + timedelta(seconds=30)
    for _ in range(3):
        with pytest.raises(TooManyFailures) as refused:
            store.begin_attempt(KNOWN)
        assert refused.value.until == until
        clock.now += timedelta(seconds=9)
    clock.now = until
    assert not waits(store)


def test_failures_count_for_15_minutes(store: Store, clock: Clock) -> None:
    for _ in range(20):
        store.begin_attempt(KNOWN)
        clock.now += timedelta(minutes=15) / (FAILURES_BEFORE_WAIT - 1)
    assert not waits(store)


def test_five_failures_in_any_15_minutes_make_wait(store: Store, clock: Clock) -> None:
    store.begin_attempt(KNOWN)
    clock.now += timedelta(minutes=14)
    fail(store, 2)
    clock.now += timedelta(minutes=2)
    fail(store, 3)
    assert waits(store)


def test_a_quarter_of_rest_after_the_last_wait_begins_anew(store: Store, clock: Clock) -> None:
    fail(store, FAILURES_BEFORE_WAIT)
    clock.now += timedelta(seconds=30) + timedelta(minutes=15)
    assert next_wait(store, clock) == 0
    with closing(sqlite3.connect(store.path)) as db:
        assert db.execute("SELECT count(*) FROM sign_in_failures").fetchone() == (2,)


@pytest.mark.parametrize("email", [KNOWN, UNKNOWN])
def test_the_wait_outlives_a_restart(store: Store, amina: int, clock: Clock, email: str) -> None:
    fail(store, FAILURES_BEFORE_WAIT, email)
    store.close()
    with closing(Store(store.path, clock)) as restarted:
        assert waits(restarted, email)
        clock.now += timedelta(seconds=30)
        assert next_wait(restarted, clock, email) == 60


def test_a_clock_that_is_set_back_makes_nobody_wait_until_it_is_there_again(
    store: Store, clock: Clock
) -> None:
    fail(store, FAILURES_BEFORE_WAIT)
    clock.now -= timedelta(hours=1)
    assert next_wait(store, clock) == 0
    fail(store, FAILURES_BEFORE_WAIT - 2)
    assert waits(store)


def test_an_address_in_capitals_is_the_same(store: Store) -> None:
    fail(store, FAILURES_BEFORE_WAIT)
    assert waits(store, KNOWN.upper())
    assert not waits(store, UNKNOWN)


def test_what_has_succeeded_is_forgotten(store: Store) -> None:
    fail(store, FAILURES_BEFORE_WAIT - 1)
    fail(store, 1, UNKNOWN)
    store.forget_failures(store.begin_attempt(KNOWN))
    fail(store, FAILURES_BEFORE_WAIT - 1)
    assert not waits(store)
    fail(store, FAILURES_BEFORE_WAIT - 1, UNKNOWN)
    assert waits(store, UNKNOWN)


def test_guesses_in_parallel_are_no_more_than_those_one_after_another(store: Store, amina: int) -> None:
    def guess(_: int) -> bool:
        try:
            store.begin_attempt(KNOWN)
        except TooManyFailures:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        let_in = list(pool.map(guess, range(40)))
    assert sum(let_in) == FAILURES_BEFORE_WAIT


# The browser that has signed in before


def test_a_strangers_guesses_do_not_stop_a_known_browser(store: Store, amina: int) -> None:
    know_device(store, amina, "at work")
    fail(store, FAILURES_BEFORE_WAIT)
    assert waits(store)
    assert not waits(store, device="at work")
    assert waits(store, device="another")


def test_a_known_browser_waits_for_its_own_failures_and_stops_nobody_else(store: Store, amina: int) -> None:
    know_device(store, amina, "at work")
    assert store.begin_attempt(KNOWN, CLIENT, "at work") == Attempt(KNOWN, "at work")
    fail(store, FAILURES_BEFORE_WAIT - 1, device="at work")
    assert waits(store, device="at work")
    assert not waits(store)


def test_a_browser_is_known_for_its_own_accounts_only(store: Store, amina: int) -> None:
    know_device(store, amina, "at work")
    fail(store, FAILURES_BEFORE_WAIT, UNKNOWN)
    assert waits(store, UNKNOWN, device="at work")


def test_two_who_share_a_browser_are_both_known_in_it(
    store: Store, amina: int, add_account: AddAccount
) -> None:
    bengt = add_account("bengt@test.example", "Bengt Provberg")
    know_device(store, amina, "amina was here")
    know_device(store, bengt, "bengt was here", earlier="amina was here")
    for email in (KNOWN, "bengt@test.example"):
        fail(store, FAILURES_BEFORE_WAIT, email)
        assert not waits(store, email, device="bengt was here")
        assert waits(store, email, device="amina was here")


def test_a_browser_is_known_for_half_a_year(store: Store, amina: int, clock: Clock) -> None:
    know_device(store, amina, "at work")
    clock.now += DEVICE_LIFE
    fail(store, FAILURES_BEFORE_WAIT)
    assert waits(store, device="at work")
    know_device(store, amina, "at home")
    with closing(sqlite3.connect(store.path)) as db:
        assert db.execute("SELECT token_hash FROM devices").fetchall() == [("at home",)]


def test_an_account_has_no_more_known_browsers_than_its_newest_ten(
    store: Store, amina: int, clock: Clock
) -> None:
    for number in range(DEVICES_REMEMBERED + 1):
        know_device(store, amina, f"number {number}")
        clock.now += timedelta(seconds=1)
    fail(store, FAILURES_BEFORE_WAIT)
    assert waits(store, device="number 0")
    assert not any(waits(store, device=f"number {number + 1}") for number in range(DEVICES_REMEMBERED))


# The client's address


def test_a_client_that_tries_many_addresses_waits(store: Store, amina: int, clock: Clock) -> None:
    for number in range(FAILURES_OF_CLIENT):
        assert not waits(store, client=CLIENT)
        fail(store, 1, f"person-{number}@test.example", CLIENT)
        clock.now += timedelta(seconds=10)
    for email in (KNOWN, UNKNOWN):
        with pytest.raises(TooManyFailures) as refused:
            store.begin_attempt(email, CLIENT)
        first = clock.now - timedelta(seconds=10) * FAILURES_OF_CLIENT
        assert refused.value.until == first + timedelta(minutes=15)
        assert not waits(store, email, client="192.0.2.8")
        assert not waits(store, email)
    clock.now = refused.value.until
    assert not waits(store, client=CLIENT)


def test_a_colleagues_failures_do_not_stop_a_known_browser(store: Store, amina: int) -> None:
    know_device(store, amina, "at work")
    for number in range(FAILURES_OF_CLIENT):
        fail(store, 1, f"person-{number}@test.example", CLIENT)
    assert waits(store, client=CLIENT)
    assert not waits(store, client=CLIENT, device="at work")
