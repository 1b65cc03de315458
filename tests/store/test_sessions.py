"""Sessions and tickets: whose they are, what they let in, and when they end."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fixtures.__main__ import build
from tests.support.stored import QUESTION, STEPS, begin_session, save, sql
from visionsprat.domain.records import Account, Draft, Visitor
from visionsprat.errors import NotAllowed, SignedOut
from visionsprat.store import Store
from visionsprat.store.sessions import MOST_SESSIONS

if TYPE_CHECKING:
    from tests.support.clock import Clock
    from tests.support.stored import AddAccount


def test_a_text_is_saved_for_the_person_whose_session_it_comes_in(store: Store, amina: int) -> None:
    token = begin_session(store, amina)
    assert store.save_in_session(token, amina, Draft(QUESTION, "Hej", 0)) == save(store, amina, "Hej")
    assert store.save_in_session(token, None, Draft(QUESTION, "Hej då", 1)) == save(store, amina, "Hej då")


def test_a_text_of_another_persons_page_or_without_a_session_is_not_saved(
    store: Store, amina: int, bengt: int
) -> None:
    for token, author in ((begin_session(store, amina), bengt), ("made up", amina), ("made up", None)):
        with pytest.raises(SignedOut):
            store.save_in_session(token, author, Draft(QUESTION, "Hej", 0))
    assert sql(store, "SELECT * FROM reflections") == []


def test_writing_keeps_a_session_alive(store: Store, amina: int, clock: Clock) -> None:
    token = begin_session(store, amina)
    for hour in range(30):
        clock.now += timedelta(hours=1)
        store.save_in_session(token, amina, Draft(QUESTION, f"Hej {hour}", hour))
    assert is_live(store, token)
    clock.now += timedelta(hours=12)
    with pytest.raises(SignedOut):
        store.save_in_session(token, amina, Draft(QUESTION, "Hej", 30))


def is_live(store: Store, token: str) -> bool:
    visitor, account = store.visitor(token), store.account_of_session(token)
    assert (visitor.account if visitor else None) == account
    return account is not None


def test_a_live_session_says_whose_it_is(store: Store, add_account: AddAccount, clock: Clock) -> None:
    amina = add_account("amina@test.example", "Amina Testsson", is_admin=True, manages="Team 3")
    token = begin_session(store, amina)
    account = Account(amina, "amina@test.example", "Amina Testsson", is_admin=True, is_manager=True)
    assert store.account_of_session(token) == account
    assert store.visitor(token) == Visitor(account, {}, clock.now, {})


def test_a_made_up_token_is_nobodys(store: Store, amina: int) -> None:
    begin_session(store, amina)
    for token in ("", "another", "TOKEN", "token "):
        assert not is_live(store, token)


def test_a_session_dies_when_it_was_idle_for_12_hours(store: Store, amina: int, clock: Clock) -> None:
    token = begin_session(store, amina)
    clock.now += timedelta(hours=12) - timedelta(seconds=1)
    assert is_live(store, token)
    clock.now += timedelta(seconds=2)
    assert not is_live(store, token)


def test_a_visit_keeps_a_session_alive_and_is_remembered(store: Store, amina: int, clock: Clock) -> None:
    token = begin_session(store, amina)
    clock.now += timedelta(hours=11)
    store.record_visit(amina, token, "visionen", STEPS)
    clock.now += timedelta(hours=11)
    visitor = store.visitor(token)
    assert visitor is not None
    assert visitor.last_seen_at == clock.now - timedelta(hours=11)
    assert visitor.visits == {"visionen": clock.now - timedelta(hours=11)}


@pytest.mark.parametrize("step", ["hittapa", "a" * 1_000_000, "Skapande"])
def test_a_visit_to_what_is_no_step_is_refused(store: Store, amina: int, step: str) -> None:
    with pytest.raises(ValueError, match="no step"):
        store.record_visit(amina, begin_session(store, amina), step, STEPS)
    assert sql(store, "SELECT * FROM visits") == []


def test_endless_steps_of_an_earlier_version_go_with_the_next_visit(store: Store, amina: int) -> None:
    sql(store, "INSERT INTO visits VALUES (?, ?, '2026-01-01')", amina, "a" * 101)
    sql(store, "INSERT INTO visits VALUES (?, 'ett-tidigare-tema', '2026-01-01')", amina)
    store.record_visit(amina, begin_session(store, amina), "visionen", STEPS)
    assert sql(store, "SELECT step FROM visits ORDER BY step") == [("ett-tidigare-tema",), ("visionen",)]


def test_a_session_dies_after_seven_days_however_busy(store: Store, amina: int, clock: Clock) -> None:
    token = begin_session(store, amina)
    for _ in range(13):
        clock.now += timedelta(hours=11)
        store.record_visit(amina, token, "", STEPS)
        assert is_live(store, token)
    store.record_visit(amina, token, "", STEPS)
    clock.now += timedelta(days=7) - timedelta(hours=13 * 11)
    assert not is_live(store, token)


ENDINGS: dict[str, Callable[[Store, int], object]] = {
    "signed out": lambda store, account_id: store.end_session("token"),
    "signed out everywhere": lambda store, account_id: store.end_sessions(account_id),
    "new password": lambda store, account_id: store.set_password(account_id, "another hash"),
    "deactivated": lambda store, account_id: sql(
        store, "UPDATE accounts SET is_active = 0 WHERE id = ?", account_id
    ),
}


@pytest.mark.parametrize("end", ENDINGS.values(), ids=ENDINGS)
def test_a_session_ends_at_once_and_nobody_elses_with_it(
    store: Store, amina: int, bengt: int, end: Callable[[Store, int], object]
) -> None:
    begin_session(store, amina)
    begin_session(store, bengt, "bengts")
    end(store, amina)
    assert not is_live(store, "token")
    assert is_live(store, "bengts")


@pytest.mark.parametrize("everywhere", ["signed out everywhere", "new password", "deactivated"])
def test_some_endings_end_every_session_of_the_account(store: Store, amina: int, everywhere: str) -> None:
    for token in ("token", "at home", "phone"):
        begin_session(store, amina, token)
    store.add_ticket(amina, "on its way")
    ENDINGS[everywhere](store, amina)
    store.redeem_ticket("on its way", "new")
    assert [token for token in ("token", "at home", "phone", "new") if is_live(store, token)] == []


def test_signing_out_ends_one_session_and_twice_is_no_fault(store: Store, amina: int) -> None:
    begin_session(store, amina)
    begin_session(store, amina, "at home")
    for _ in range(2):
        store.end_session("token")
    assert is_live(store, "at home")


def test_a_ticket_is_good_once(store: Store, amina: int) -> None:
    store.add_ticket(amina, "ticket")
    assert store.redeem_ticket("ticket", "first")
    assert not store.redeem_ticket("ticket", "second")
    assert is_live(store, "first")
    assert not is_live(store, "second")


@pytest.mark.parametrize(("seconds", "good"), [(59, True), (60, False), (3600, False)])
def test_a_ticket_is_good_for_a_minute(
    store: Store, amina: int, clock: Clock, seconds: int, good: bool
) -> None:
    store.add_ticket(amina, "ticket")
    clock.now += timedelta(seconds=seconds)
    assert bool(store.redeem_ticket("ticket", "token")) is good
    assert is_live(store, "token") is good


def test_a_made_up_ticket_is_refused(store: Store, amina: int) -> None:
    assert not store.redeem_ticket("made up", "token")


def test_a_ticket_is_redeemed_by_one_of_many_at_once(store: Store, amina: int) -> None:
    store.add_ticket(amina, "ticket")
    with ThreadPoolExecutor(8) as pool:
        redeemed = list(pool.map(lambda number: store.redeem_ticket("ticket", f"token {number}"), range(8)))
    assert len([each for each in redeemed if each]) == 1


def test_sessions_that_are_over_do_not_pile_up(store: Store, amina: int, clock: Clock) -> None:
    begin_session(store, amina)
    store.add_ticket(amina, "never fetched")
    clock.now += timedelta(days=8)
    begin_session(store, amina, "new")
    assert sql(store, "SELECT token_hash FROM sessions") == [("new",)]


# Where somebody is signed in


def test_of_too_many_sessions_the_one_that_has_rested_longest_ends(
    store: Store, amina: int, bengt: int, clock: Clock
) -> None:
    of_another = begin_session(store, bengt, "of another")
    tokens = []
    for number in range(MOST_SESSIONS):
        tokens.append(begin_session(store, amina, f"token {number}"))
        clock.now += timedelta(minutes=10)
    store.save_in_session(tokens[0], amina, Draft(QUESTION, "Hej", 0))  # it rests no longer
    tokens.append(begin_session(store, amina, "one more"))
    assert [each for each in tokens if not is_live(store, each)] == [tokens[1]]
    assert is_live(store, of_another)


def test_a_person_sees_their_live_sessions_the_last_used_first(
    store: Store, amina: int, bengt: int, clock: Clock
) -> None:
    begun = clock.now
    begin_session(store, bengt, "bengts")
    begin_session(store, amina, "resting too long")
    store.add_ticket(amina, "kept", keep=True)
    store.redeem_ticket("kept", "at home", kind="Mobil, iPhone")
    clock.now += timedelta(hours=13)
    begin_session(store, amina)
    store.add_ticket(amina, "waiting")
    found, this = store.own_sessions("token")
    assert [(each.begun_at, each.device_kind, each.is_kept) for each in found] == [
        (clock.now, "", False),
        (begun, "Mobil, iPhone", True),
    ]
    assert this == found[0].id
    assert store.own_sessions("made up") == ((), 0)


def test_a_person_ends_a_session_of_their_own_and_nobody_elses(store: Store, amina: int, bengt: int) -> None:
    begin_session(store, amina)
    begin_session(store, amina, "at home")
    begin_session(store, bengt, "bengts")
    (bengts,), _ = store.own_sessions("bengts")
    store.end_own_session("token", bengts.id)
    assert is_live(store, "bengts")
    at_home = next(each.id for each in store.own_sessions("at home")[0] if each.id != own_id(store))
    store.end_own_session("token", at_home)
    assert not is_live(store, "at home") and is_live(store, "token")
    store.end_session("token")
    with pytest.raises(SignedOut):
        store.end_own_session("token", bengts.id)


def own_id(store: Store) -> int:
    return store.own_sessions("token")[1]


def test_ending_a_session_from_afar_keeps_what_was_written_as_signing_out_does(
    store: Store, amina: int
) -> None:
    begin_session(store, amina)
    begin_session(store, amina, "at home")
    store.save_in_session("at home", amina, Draft(QUESTION, "Hej", 0))
    store.end_own_session("token", store.own_sessions("at home")[1])
    assert sql(store, "SELECT text FROM reflection_revisions") == [("Hej",)]


def test_an_id_is_never_given_away_again(store: Store, amina: int) -> None:
    begin_session(store, amina, "first")
    (first,), _ = store.own_sessions("first")
    store.end_sessions(amina)
    begin_session(store, amina, "second")
    assert store.own_sessions("second")[1] > first.id


def test_everybody_is_signed_out_but_the_administrator_who_does_it(
    store: Store, amina: int, add_account: AddAccount
) -> None:
    chief = add_account("chief@test.example", is_admin=True)
    begin_session(store, chief, "chiefs")
    begin_session(store, chief, "chiefs at home")
    begin_session(store, amina)
    store.add_ticket(amina, "waiting")
    assert store.sign_out_everybody(chief, "chiefs") == 3
    assert not store.redeem_ticket("waiting", "new")
    assert [each for each in ("chiefs", "chiefs at home", "token") if is_live(store, each)] == ["chiefs"]
    assert sql(store, "SELECT action, actor, details FROM audit_log ORDER BY rowid DESC LIMIT 1") == [
        ("everybody signed out", "chief@test.example", "3 inloggningar")
    ]


def test_nobody_else_signs_everybody_out(store: Store, amina: int, add_account: AddAccount) -> None:
    chief = add_account("chief@test.example", is_admin=True)
    begin_session(store, amina)
    with pytest.raises(NotAllowed):
        store.sign_out_everybody(amina, "token")
    with pytest.raises(SignedOut):
        store.sign_out_everybody(chief, "token")
    assert is_live(store, "token")


def test_a_row_is_either_a_ticket_or_a_session(store: Store, amina: int) -> None:
    for token, ticket in (("NULL", "NULL"), ("'token'", "'ticket'")):
        with pytest.raises(sqlite3.IntegrityError):
            sql(
                store,
                "INSERT INTO sessions (token_hash, ticket_hash, account_id, created_at, last_seen_at,"
                f" expires_at) VALUES ({token}, {ticket}, {amina}, '', '', '')",
            )


def test_a_database_of_before_keeps_its_sessions_but_not_its_tickets(tmp_path: Path) -> None:
    path = tmp_path / "visionsprat.db"
    build(path, "m003_versions")
    now = datetime.now(timezone.utc)
    with closing(sqlite3.connect(path)) as db, db:
        for token, life in (("live", timedelta(days=7)), ("ticket", timedelta(seconds=60))):
            times = [each.isoformat(timespec="milliseconds") for each in (now, now, now + life)]
            db.execute("INSERT INTO sessions VALUES (?, 1, ?, ?, ?, 0)", [token, *times])
    with closing(Store(path)) as upgraded:
        found = upgraded.account_of_session("live")
        assert found is not None and found.id == 1
        assert upgraded.account_of_session("ticket") is None
        assert not upgraded.redeem_ticket("ticket", "new")
