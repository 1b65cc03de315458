"""What a manager sees: their own groups, who is done with what, and no text."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.blank import BLANK, WRITTEN
from tests.support.stored import OTHER, QUESTION, save, sql, texts, visit
from visionsprat.domain.records import Member
from visionsprat.store import Store

if TYPE_CHECKING:
    from tests.support.clock import Clock
    from tests.support.stored import AddAccount


def seen(store: Store, manager: int) -> list[tuple[str, str | None, int]]:
    """The groups that a manager sees: name, the name of the one above, how many people."""
    groups = store.managed_groups(manager, [QUESTION])
    names = {group.id: group.name for group in groups}
    return sorted((each.name, names.get(each.parent_id or 0), len(each.answered)) for each in groups)


def members(store: Store, manager: int, group: int | None = None) -> list[str]:
    return [member.name for member in store.managed_members(manager, group, [QUESTION])]


def group_of(store: Store, path: str) -> int:
    (found,) = [id for id, each in store.group_paths().items() if each == path]
    return found


def test_a_manager_sees_their_own_groups_and_those_below(store: Store, add_account: AddAccount) -> None:
    add_account("a@test.example", "Amina", member_of="Omsorg/Norr/Team 3")
    add_account("b@test.example", "Bengt", member_of="Omsorg/Norr/Team 4")
    cecilia = add_account("c@test.example", "Cecilia", member_of="Omsorg/Norr", manages="Omsorg/Norr")
    add_account("d@test.example", "David", member_of="Omsorg")
    add_account("e@test.example", "Elin", member_of="Omsorg/Söder")
    assert seen(store, cecilia) == [("Norr", None, 1), ("Team 3", "Norr", 1), ("Team 4", "Norr", 1)]
    assert members(store, cecilia) == ["Amina", "Bengt", "Cecilia"]
    assert members(store, cecilia, group_of(store, "Omsorg/Norr/Team 4")) == ["Bengt"]
    for group in ("Omsorg", "Omsorg/Söder"):
        assert members(store, cecilia, group_of(store, group)) == []
    assert members(store, cecilia, 999) == []


def test_who_manages_nothing_sees_nothing(store: Store, add_account: AddAccount) -> None:
    amina = add_account(member_of="Team 3", is_admin=True)
    assert store.managed_groups(amina, [QUESTION]) == ()
    assert members(store, amina) == members(store, amina, group_of(store, "Team 3")) == []


def test_somebody_in_two_groups_is_one_person_in_both(store: Store, manager: int, member: int) -> None:
    store.set_member(None, member, group_of(store, "Team 3"), True)
    two = store.make_group(None, "Team 3/Natt")
    store.set_member(None, member, two, True)
    (found,) = store.managed_members(manager, None, [QUESTION])
    assert found.groups == ("Natt", "Team 3")
    assert [list(group.answered) for group in store.managed_groups(manager, [QUESTION])] == [[member]] * 2


def test_a_group_without_members_is_seen_empty(store: Store, add_account: AddAccount) -> None:
    amina = add_account(manages="Team 3")
    assert seen(store, amina) == [("Team 3", None, 0)]
    assert members(store, amina) == []


def only_member(store: Store, manager: int, *questions: str) -> Member:
    asked = questions or [QUESTION, OTHER]
    (member,) = store.managed_members(manager, None, asked)
    (group,) = store.managed_groups(manager, asked)
    assert list(group.answered.values()) == [len(member.answered_at)]
    return member


@pytest.fixture
def manager(add_account: AddAccount) -> int:
    """The manager of the group that `member` is in."""
    return add_account("chef@test.example", "Chef", manages="Team 3")


@pytest.fixture
def member(add_account: AddAccount) -> int:
    return add_account(member_of="Team 3")


def test_a_manager_sees_what_is_answered_since_when_and_no_text(
    store: Store, manager: int, member: int, clock: Clock
) -> None:
    answered = clock.now
    save(store, member, "HEMLIGT")
    clock.now += timedelta(days=1)
    save(store, member, "HEMLIGT och mer", based_on=1)
    seen = only_member(store, manager)
    assert seen == Member("Amina Testsson", "amina@test.example", ("Team 3",), {QUESTION: answered})
    assert "HEMLIGT" not in repr(seen)


@pytest.mark.parametrize("text", WRITTEN, ids=ascii)
def test_a_text_that_is_not_blank_is_an_answer(store: Store, manager: int, member: int, text: str) -> None:
    save(store, member, text)
    assert list(only_member(store, manager, QUESTION).answered_at) == [QUESTION]


@pytest.mark.parametrize("text", BLANK, ids=ascii)
def test_a_blank_text_is_no_answer(store: Store, manager: int, member: int, text: str) -> None:
    save(store, member, "Något.")
    save(store, member, text, based_on=1)
    assert only_member(store, manager).answered_at == {}
    assert visit(store, member).answered == frozenset()


def test_an_answer_dates_from_when_it_was_last_begun(
    store: Store, manager: int, member: int, clock: Clock
) -> None:
    for based_on, text in enumerate(["Hej", "  ", "Hej igen", "Hej igen du"]):
        clock.now += timedelta(days=1)
        save(store, member, text, based_on)
    assert only_member(store, manager).answered_at == {QUESTION: clock.now - timedelta(days=1)}


def test_a_question_that_has_left_the_content_does_not_count(store: Store, manager: int, member: int) -> None:
    save(store, member, "Hej", question="gammal/fraga")
    assert only_member(store, manager).answered_at == {}
    assert texts(store, member) == {"gammal/fraga": "Hej"}


def test_a_deactivated_member_is_not_shown(store: Store, manager: int, member: int) -> None:
    sql(store, "UPDATE accounts SET is_active = 0 WHERE id = ?", member)
    assert seen(store, manager) == [("Team 3", None, 0)]
    assert members(store, manager) == []


def test_two_members_with_one_name_are_two(store: Store, manager: int, add_account: AddAccount) -> None:
    for number in (1, 2):
        add_account(f"anna{number}@test.example", "Anna Exempel", member_of="Team 3")
    assert members(store, manager) == ["Anna Exempel", "Anna Exempel"]


def test_names_stand_in_swedish_order(store: Store, manager: int, add_account: AddAccount) -> None:
    names = ["Adam", "bertil", "Édith", "Eva", "Vera", "Wilma", "Zoe", "Åke", "Ängla", "Östen"]
    for number, name in enumerate(reversed(names)):
        add_account(f"person{number}@test.example", name, member_of="Team 3")
    assert members(store, manager) == names
