"""The second factor as it is stored: each code once, recovery codes as hashes, and who may take it away."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.stored import begin_session, known_as, sql
from visionsprat.domain.records import Action, Attempt, Factor
from visionsprat.errors import NotAllowed, TooManyFailures
from visionsprat.store import Store
from visionsprat.store.attempts import FAILURES_BEFORE_WAIT

if TYPE_CHECKING:
    from tests.support.clock import Clock
    from tests.support.stored import AddAccount

SECRET, OTHER, EMAIL = "G6UOMSI2FNADP2VV", "JBSWY3DPEHPK3PXP", "amina@test.example"
NOW = 1000


@pytest.fixture
def amina(add_account: AddAccount) -> int:
    return add_account(EMAIL, is_admin=True)


@pytest.fixture
def ragna(add_account: AddAccount) -> int:
    return add_account("ragna@test.example", "Ragna Påhittad", is_admin=True)


@pytest.fixture
def secured(store: Store, amina: int) -> int:
    """Amina, who has set up a second factor with the code of step NOW."""
    assert store.set_second_factor(amina, SECRET, NOW, ["one", "two"], "token")
    return amina


def noted(store: Store) -> list[Action]:
    return [entry.action for entry in store.audit_log().entries][::-1]


# Set up and taken away


def test_nobody_has_one_from_the_beginning(store: Store, amina: int) -> None:
    assert store.second_factor(amina) is None
    assert store.second_factor(4711) is None


def test_one_that_is_set_up_is_there_with_its_recovery_codes_and_in_the_record(
    store: Store, secured: int, clock: Clock
) -> None:
    found = store.second_factor(secured)
    assert found is not None
    assert (found.secret, found.set_at, found.recovery_codes) == (SECRET, clock.now, 2)
    assert noted(store)[-1] is Action.SECOND_FACTOR_SET


def test_its_secret_is_not_in_what_is_printed_of_it(store: Store, secured: int) -> None:
    assert SECRET not in repr(store.second_factor(secured))


def test_setting_it_up_ends_every_other_session_and_every_ticket(
    store: Store, amina: int, ragna: int
) -> None:
    for token in ("here", "elsewhere"):
        begin_session(store, amina, token)
    begin_session(store, ragna, "ragna's")
    store.add_ticket(amina, "ticket")
    store.set_second_factor(amina, SECRET, NOW, [], "here")
    alive = {each for each in ("here", "elsewhere", "ragna's") if store.account_of_session(each)}
    assert alive == {"here", "ragna's"}
    assert store.redeem_ticket("ticket", "from the ticket") is None


def test_a_second_one_does_not_take_the_place_of_the_first(store: Store, secured: int) -> None:
    assert not store.set_second_factor(secured, OTHER, NOW, ["three"], "token")
    found = store.second_factor(secured)
    assert found is not None and (found.secret, found.recovery_codes) == (SECRET, 2)


def test_only_administrators_set_one_up(store: Store, add_account: AddAccount) -> None:
    learner = add_account("elin@test.example")
    with pytest.raises(NotAllowed):
        store.set_second_factor(learner, SECRET, NOW, [], "token")
    assert store.second_factor(learner) is None


def test_one_outlives_the_role(store: Store, secured: int, ragna: int) -> None:
    store.set_administrator(ragna, secured, False)
    assert store.second_factor(secured) is not None
    assert store.turn_off_second_factor(secured)


def test_its_person_turns_it_off_and_the_recovery_codes_go_with_it(store: Store, secured: int) -> None:
    assert store.turn_off_second_factor(secured)
    assert store.second_factor(secured) is None
    assert sql(store, "SELECT count(*) FROM recovery_codes") == [(0,)]
    assert noted(store)[-1] is Action.SECOND_FACTOR_REMOVED
    assert not store.turn_off_second_factor(secured)
    assert noted(store).count(Action.SECOND_FACTOR_REMOVED) == 1


def test_another_administrator_takes_it_away_and_the_record_says_who(
    store: Store, secured: int, ragna: int
) -> None:
    assert store.remove_second_factor(ragna, secured)
    assert store.second_factor(secured) is None
    newest = store.audit_log().entries[0]
    assert (newest.actor, newest.action, newest.subject) == (
        "ragna@test.example",
        Action.SECOND_FACTOR_REMOVED,
        EMAIL,
    )


def test_nobody_takes_away_their_own_there(store: Store, secured: int, ragna: int) -> None:
    with pytest.raises(NotAllowed):
        store.remove_second_factor(secured, secured)
    assert store.second_factor(secured) is not None


def test_no_learner_takes_one_away(store: Store, secured: int, add_account: AddAccount) -> None:
    with pytest.raises(NotAllowed):
        store.remove_second_factor(add_account("elin@test.example"), secured)
    assert store.second_factor(secured) is not None


def test_the_terminal_takes_it_away(store: Store, secured: int) -> None:
    assert store.remove_second_factor(None, secured)
    assert store.audit_log().entries[0].actor == ""


def test_it_goes_with_its_account_from_the_files_too(store: Store, secured: int, ragna: int) -> None:
    def files() -> bytes:
        return b"".join(each.read_bytes() for each in store.path.parent.glob(f"{store.path.name}*"))

    assert SECRET.encode() in files()
    store.erase_account(secured)
    assert store.wipe()
    assert SECRET.encode() not in files()
    assert sql(store, "SELECT count(*) FROM recovery_codes") == [(0,)]


def test_ones_copy_tells_of_it_but_not_the_secret(store: Store, secured: int, clock: Clock) -> None:
    own = store.own_data(secured)
    assert own is not None
    assert (own.second_factor_set_at, own.recovery_codes) == (clock.now, 2)
    assert SECRET not in repr(own)


# Codes


def test_the_code_that_it_was_set_up_with_is_used_up(store: Store, secured: int) -> None:
    assert not store.use_step(secured, SECRET, NOW, NOW)


def test_a_step_is_used_once_and_ends_those_before_it(store: Store, secured: int) -> None:
    assert store.use_step(secured, SECRET, NOW + 2, NOW + 1)
    assert not store.use_step(secured, SECRET, NOW + 2, NOW + 2)
    assert not store.use_step(secured, SECRET, NOW + 1, NOW + 2)
    assert store.use_step(secured, SECRET, NOW + 3, NOW + 2)


def test_a_step_of_another_secret_or_account_is_not_used(store: Store, secured: int, ragna: int) -> None:
    assert not store.use_step(secured, OTHER, NOW + 1, NOW + 1)
    assert not store.use_step(ragna, SECRET, NOW + 1, NOW + 1)


def test_a_step_is_used_once_by_many_at_the_same_time(store: Store, secured: int) -> None:
    with ThreadPoolExecutor(8) as pool:
        used = list(pool.map(lambda _: store.use_step(secured, SECRET, NOW + 1, NOW + 1), range(40)))
    assert sum(used) == 1


def test_a_clock_that_is_set_back_locks_nobody_out_and_still_takes_a_step_once(
    store: Store, secured: int
) -> None:
    an_hour_ago = NOW - 120
    assert store.use_step(secured, SECRET, an_hour_ago, an_hour_ago)
    assert not store.use_step(secured, SECRET, an_hour_ago, an_hour_ago)
    assert store.use_step(secured, SECRET, an_hour_ago + 1, an_hour_ago)


def test_a_recovery_code_is_used_once_and_noted(store: Store, secured: int, ragna: int) -> None:
    assert not store.use_recovery_code(ragna, "one")
    assert not store.use_recovery_code(secured, "three")
    with ThreadPoolExecutor(8) as pool:
        used = list(pool.map(lambda _: store.use_recovery_code(secured, "one"), range(20)))
    assert sum(used) == 1
    assert noted(store).count(Action.RECOVERY_CODE_USED) == 1
    found = store.second_factor(secured)
    assert found is not None and found.recovery_codes == 1


def test_new_recovery_codes_end_the_old_ones(store: Store, secured: int) -> None:
    assert store.replace_recovery_codes(secured, SECRET, ["three"])
    assert not store.use_recovery_code(secured, "one")
    assert store.use_recovery_code(secured, "three")
    assert Action.RECOVERY_CODES_MADE in noted(store)


def test_new_recovery_codes_are_for_the_factor_that_they_were_made_for(store: Store, secured: int) -> None:
    assert not store.replace_recovery_codes(secured, OTHER, ["three"])
    assert store.use_recovery_code(secured, "one")


# Whether the password still holds


def test_a_password_holds_until_it_is_changed_or_the_account_deactivated(
    store: Store, amina: int, ragna: int
) -> None:
    assert store.password_holds(amina, "no hash")
    assert not store.password_holds(ragna, "another hash")
    assert not store.password_holds(4711, "no hash")
    store.set_active(ragna, amina, False)
    assert not store.password_holds(amina, "no hash")
    store.set_active(ragna, amina, True)
    store.set_password(amina, "another hash")
    assert not store.password_holds(amina, "no hash")


# Failures


def fail(store: Store, times: int, factor: Factor, device: str = "") -> None:
    for _ in range(times):
        store.begin_attempt(EMAIL, device=device, factor=factor)


@pytest.mark.parametrize("factor", Factor)
def test_failures_of_either_factor_make_wait_and_only_for_itself(
    store: Store, amina: int, factor: Factor
) -> None:
    (other,) = set(Factor) - {factor}
    fail(store, FAILURES_BEFORE_WAIT, factor)
    with pytest.raises(TooManyFailures):
        store.begin_attempt(EMAIL, factor=factor)
    assert store.begin_attempt(EMAIL, factor=other) == Attempt(EMAIL, "", other)


def test_the_right_password_does_not_forget_wrong_codes(store: Store, amina: int) -> None:
    """Whoever knows the password could guess codes for ever, by giving it before each."""
    fail(store, FAILURES_BEFORE_WAIT, Factor.CODE)
    store.forget_failures(store.begin_attempt(EMAIL))
    with pytest.raises(TooManyFailures):
        store.begin_attempt(EMAIL, factor=Factor.CODE)


def test_a_link_to_choose_a_password_does_not_forget_wrong_codes(store: Store, amina: int) -> None:
    fail(store, FAILURES_BEFORE_WAIT, Factor.PASSWORD)
    fail(store, FAILURES_BEFORE_WAIT, Factor.CODE)
    known_as(store, "link", store.add_password_link(EMAIL))
    store.use_invitation("link", "another hash")
    store.begin_attempt(EMAIL)
    with pytest.raises(TooManyFailures):
        store.begin_attempt(EMAIL, factor=Factor.CODE)


def test_wrong_codes_are_counted_for_15_minutes_and_told_in_ones_copy(
    store: Store, amina: int, clock: Clock
) -> None:
    fail(store, FAILURES_BEFORE_WAIT - 1, Factor.CODE)
    own = store.own_data(amina)
    assert own is not None and len(own.failed_sign_ins) == FAILURES_BEFORE_WAIT - 1
    clock.now += timedelta(minutes=15)
    fail(store, FAILURES_BEFORE_WAIT - 1, Factor.CODE)
    store.forget_failures(store.begin_attempt(EMAIL, factor=Factor.CODE))


def test_failures_from_before_codes_were_counted_are_of_passwords(store: Store, amina: int) -> None:
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("INSERT INTO sign_in_failures (email, at) VALUES (?, ?)", [EMAIL, "2026-11-12"])
        assert db.execute("SELECT factor FROM sign_in_failures").fetchall() == [("password",)]
