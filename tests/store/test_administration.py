"""What administrators do for people, who may do it, and the record of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import pytest

from tests.support.clock import Clock
from tests.support.stored import AddAccount
from visionsprat.domain.records import Action, AuditPage, NewAccount, Person, Show
from visionsprat.errors import EmailTaken, LastAdministrator, NotAllowed
from visionsprat.mail.smtp import Trouble
from visionsprat.store import Store
from visionsprat.store.events import AUDIT_KEPT
from visionsprat.wording.messages import ACTIONS, NOT_SENT, SHOW


@pytest.fixture
def chief(add_account: AddAccount) -> int:
    return add_account("chief@test.example", "Chief", is_admin=True, member_of="Ledning")


@pytest.fixture
def amina(add_account: AddAccount) -> int:
    return add_account(member_of="Vård/Team 3")


def person(store: Store, account_id: int) -> Person:
    found = store.person(account_id)
    assert found is not None
    return found


def group(store: Store, path: str) -> int:
    (id,) = [id for id, each in store.group_paths().items() if each == path]
    return id


def begin_session(store: Store, account_id: int, token: str) -> None:
    store.add_ticket(account_id, f"ticket of {token}")
    assert store.redeem_ticket(f"ticket of {token}", token)


def names(store: Store, search: str, show: Show = Show.ALL) -> list[str]:
    return [each.name for each in store.find_people(search, show).people]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("åsa", ["Åsa Ö Testsson"]),
        ("ÅSA ö", ["Åsa Ö Testsson"]),
        ("testsson @t", ["Amina Testsson", "Åsa Ö Testsson"]),
        ("AMINA@TEST", ["Amina Testsson"]),
        ("A\u030asa", ["Åsa Ö Testsson"]),
        ("A\u00ads\u200ba", []),
        ("Å\u00adsa", ["Åsa Ö Testsson"]),
        ("o@xn--tst-qla.example", ["Åsa Ö Testsson"]),
        ("amina åsa", []),
        ("%", []),
        ("_", []),
        ("'", []),
        ("", ["Amina Testsson", "Chief", "Åsa Ö Testsson"]),
    ],
)
def test_a_person_is_found_by_every_word_of_name_or_address(
    store: Store, add_account: AddAccount, chief: int, amina: int, search: str, found: list[str]
) -> None:
    add_account("o@täst.example", "Åsa Ö Testsson")
    assert names(store, search) == found


def test_a_corrected_name_is_found_and_the_old_one_is_not(store: Store, chief: int, amina: int) -> None:
    store.correct(chief, amina, "Åsa Ny", "asa@test.example")
    assert names(store, "åsa@test ny") == []
    assert names(store, "asa@test ny") == ["Åsa Ny"]
    store.rename(amina, "Örjan")
    assert names(store, "örjan") == ["Örjan"]
    assert names(store, "amina") == []


def test_the_first_fifty_are_shown_and_all_counted(store: Store, add_account: AddAccount) -> None:
    for number in range(60):
        add_account(f"p{number}@test.example", f"Person {number}")
    found = store.find_people("person")
    assert (found.count, len(found.people)) == (60, 50)


def test_people_are_counted_and_shown_by_kind(store: Store, chief: int, amina: int) -> None:
    loose = store.add_account(NewAccount("loose@test.example", "Loose", None))
    begin_session(store, chief, "token")
    store.set_active(chief, amina, False)
    assert store.count_people() == {
        Show.ALL: 3,
        Show.NEVER_SIGNED_IN: 1,
        Show.ADMINISTRATORS: 1,
        Show.DEACTIVATED: 1,
        Show.WITHOUT_GROUP: 1,
    }
    assert names(store, "", Show.NEVER_SIGNED_IN) == ["Loose"]
    assert names(store, "", Show.DEACTIVATED) == ["Amina Testsson"]
    assert not person(store, loose).has_password


def test_a_person_is_shown_with_groups_roles_and_last_sign_in(
    store: Store, chief: int, amina: int, clock: Clock
) -> None:
    store.set_manager(chief, amina, group(store, "Vård"), True)
    begin_session(store, amina, "token")
    shown = person(store, amina)
    assert list(shown.groups.values()) == ["Vård/Team 3"]
    assert list(shown.manages.values()) == ["Vård"]
    assert (shown.is_active, shown.is_admin, shown.has_password) == (True, False, True)
    assert shown.last_signed_in_at == clock.now


def test_a_person_is_moved_between_groups(store: Store, chief: int, amina: int) -> None:
    store.set_member(chief, amina, group(store, "Ledning"), True)
    store.set_member(chief, amina, group(store, "Vård/Team 3"), False)
    assert list(person(store, amina).groups.values()) == ["Ledning"]


def test_an_address_that_somebody_has_is_refused(store: Store, chief: int, amina: int) -> None:
    with pytest.raises(EmailTaken):
        store.correct(chief, amina, "Amina", "chief@test.example")
    store.correct(chief, amina, "Amina", "amina@test.example")


def test_somebody_deactivated_is_out_at_once_and_can_be_let_in_again(
    store: Store, chief: int, amina: int
) -> None:
    begin_session(store, amina, "token")
    store.set_active(chief, amina, False)
    assert store.account_of_session("token") is None
    store.set_active(chief, amina, True)
    assert store.account_of_session("token") is None
    assert person(store, amina).is_active


def test_signed_out_everywhere_means_every_session(store: Store, chief: int, amina: int) -> None:
    begin_session(store, amina, "one")
    begin_session(store, amina, "two")
    store.sign_out_everywhere(chief, amina)
    assert store.account_of_session("one") is None
    assert store.account_of_session("two") is None


LOCKING_OUT: list[Callable[[Store, int], object]] = [
    lambda store, id: store.set_administrator(id, id, False),
    lambda store, id: store.set_active(id, id, False),
]


@pytest.mark.parametrize("lock_out", LOCKING_OUT, ids=["unmade", "deactivated"])
def test_the_last_administrator_stays_one(
    store: Store, chief: int, amina: int, lock_out: Callable[[Store, int], object]
) -> None:
    with pytest.raises(LastAdministrator):
        lock_out(store, chief)
    store.set_administrator(chief, amina, True)
    lock_out(store, chief)
    with pytest.raises(LastAdministrator):
        lock_out(store, amina)


def test_two_administrators_who_unmake_each_other_at_once_leave_one(
    store: Store, chief: int, amina: int
) -> None:
    store.set_administrator(chief, amina, True)

    def unmake(pair: tuple[int, int]) -> bool:
        try:
            store.set_administrator(*pair, False)
        except (LastAdministrator, NotAllowed):
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(unmake, [(chief, amina), (amina, chief)])) == 1


ADMINISTRATIVE: dict[str, Callable[[Store, int, int], object]] = {
    "add_account": lambda store, actor, _: store.add_account(NewAccount("n@b.se", "N", None), actor),
    "correct": lambda store, actor, id: store.correct(actor, id, "Ny", "ny@test.example"),
    "set_member": lambda store, actor, id: store.set_member(actor, id, 1, True),
    "set_manager": lambda store, actor, id: store.set_manager(actor, id, 1, True),
    "set_administrator": lambda store, actor, id: store.set_administrator(actor, id, True),
    "set_active": lambda store, actor, id: store.set_active(actor, id, False),
    "sign_out_everywhere": lambda store, actor, id: store.sign_out_everywhere(actor, id),
}


def dump(store: Store) -> str:
    with closing(sqlite3.connect(store.path)) as db:
        return "\n".join(db.iterdump())


@pytest.mark.parametrize("who", ["learner", "deactivated administrator", "nobody"])
@pytest.mark.parametrize("name", ADMINISTRATIVE)
def test_only_an_active_administrator_may(
    store: Store, chief: int, amina: int, add_account: AddAccount, name: str, who: str
) -> None:
    actor = 4711
    if who != "nobody":
        actor = add_account("other@test.example", is_admin=who == "deactivated administrator")
    if who.startswith("deactivated"):
        store.set_active(chief, actor, False)
    before = dump(store)
    with pytest.raises(NotAllowed):
        ADMINISTRATIVE[name](store, actor, amina)
    assert dump(store) == before


@pytest.mark.parametrize("name", ADMINISTRATIVE)
def test_each_of_these_is_recorded_with_who_and_whom(
    store: Store, chief: int, amina: int, name: str, clock: Clock
) -> None:
    known = store.audit_log().count
    ADMINISTRATIVE[name](store, chief, amina)
    page = store.audit_log()
    assert page.count == known + 1
    assert (page.entries[0].actor, page.entries[0].at) == ("chief@test.example", clock.now)
    assert page.entries[0].subject in {"amina@test.example", "ny@test.example", "n@b.se"}


def test_the_record_is_filtered_by_what_whom_and_when(
    store: Store, chief: int, amina: int, clock: Clock
) -> None:
    begun = clock.now
    clock.now += timedelta(days=1)
    store.set_active(chief, amina, False)
    clock.now += timedelta(days=1)
    store.set_active(chief, amina, True)

    def actions(page: AuditPage) -> list[Action]:
        return [each.action for each in page.entries]

    assert actions(store.audit_log(action=Action.DEACTIVATED)) == [Action.DEACTIVATED]
    assert actions(store.audit_log(about=" AMINA@ ")) == [
        Action.REACTIVATED,
        Action.DEACTIVATED,
        Action.ACCOUNT_ADDED,
    ]
    assert actions(store.audit_log(between=(begun + timedelta(days=2), None))) == [Action.REACTIVATED]
    assert actions(store.audit_log(between=(None, begun + timedelta(days=1)))) == [
        Action.ACCOUNT_ADDED,
        Action.ACCOUNT_ADDED,
    ]
    assert actions(store.audit_log(limit=1, offset=1)) == [Action.DEACTIVATED]
    store.make_group(chief, "Östra Ängen")
    assert actions(store.audit_log(about="o\u0308stra ÄNGEN")) == [Action.GROUP_MADE]


def test_the_record_is_kept_for_24_months(store: Store, chief: int, amina: int, clock: Clock) -> None:
    clock.now += AUDIT_KEPT
    store.set_active(chief, amina, False)
    assert store.audit_log(action=Action.ACCOUNT_ADDED).count == 2
    clock.now += timedelta(seconds=1)
    store.set_active(chief, amina, True)
    assert store.audit_log(action=Action.ACCOUNT_ADDED).count == 0


def test_everything_recorded_has_its_swedish_words() -> None:
    assert set(ACTIONS) == set(Action)
    assert set(SHOW) == set(Show)
    assert set(NOT_SENT) == set(Trouble)


def test_the_first_account_is_on_record_as_made_by_its_own_person(store: Store) -> None:
    store.claim(NewAccount("first@test.example", "Första Testsson", "hash", is_admin=True))
    (entry,) = store.audit_log().entries
    assert (entry.actor, entry.action, entry.subject) == (
        "first@test.example",
        Action.ACCOUNT_ADDED,
        "first@test.example",
    )
