"""The tree of groups: what administrators do with it, and what it never becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from visionsprat.domain.records import Action
from visionsprat.errors import GroupCircle, GroupNameTaken, GroupNotEmpty, NotAllowed
from visionsprat.store import Store

if TYPE_CHECKING:
    from tests.support.stored import AddAccount


@pytest.fixture
def ids(store: Store, add_account: AddAccount) -> dict[str, int]:
    """Vård with Norr and Söder below it, two teams in Norr; the ids by path."""
    add_account("amina@test.example", member_of="Vård/Norr/Team 1", manages="Vård/Norr")
    add_account("bengt@test.example", member_of="Vård/Norr/Team 2")
    add_account("cecilia@test.example", member_of="Vård/Söder", manages="Skola")
    return by_path(store)


def by_path(store: Store) -> dict[str, int]:
    return {path: id for id, path in store.group_paths().items()}


def noted(store: Store) -> tuple[Action, str, str]:
    entry = store.audit_log().entries[0]
    return entry.action, entry.subject, entry.details


def test_every_group_is_listed_after_the_one_above_it_with_what_lies_in_it(
    store: Store, ids: dict[str, int]
) -> None:
    rows = store.group_rows()
    assert [(row.path, row.people, row.managers, row.has_groups) for row in rows] == [
        ("Skola", 0, ("cecilia@test.example",), False),
        ("Vård", 0, (), True),
        ("Vård/Norr", 0, ("amina@test.example",), True),
        ("Vård/Norr/Team 1", 1, (), False),
        ("Vård/Norr/Team 2", 1, (), False),
        ("Vård/Söder", 1, (), False),
    ]
    assert not any(row.is_empty for row in rows)


def test_a_group_is_made_with_those_above_it(store: Store) -> None:
    made = store.make_group(None, "Kultur/Bibliotek")
    assert store.group_paths()[made] == "Kultur/Bibliotek"
    assert noted(store) == (Action.GROUP_MADE, "Kultur/Bibliotek", "")
    with pytest.raises(GroupNameTaken):
        store.make_group(None, "Kultur")


def test_a_renamed_group_takes_those_below_it_along(store: Store, ids: dict[str, int]) -> None:
    store.rename_group(None, ids["Vård/Norr"], "Nord")
    assert {"Vård/Nord/Team 1", "Vård/Nord/Team 2"} <= by_path(store).keys()
    assert noted(store) == (Action.GROUP_RENAMED, "Vård/Norr", "Vård/Nord")


def test_a_group_moves_under_another_and_to_the_top(store: Store, ids: dict[str, int]) -> None:
    store.move_group(None, ids["Vård/Norr"], ids["Skola"])
    assert by_path(store)["Skola/Norr/Team 1"] == ids["Vård/Norr/Team 1"]
    store.move_group(None, ids["Vård/Norr"], None)
    assert by_path(store)["Norr/Team 1"] == ids["Vård/Norr/Team 1"]


@pytest.mark.parametrize("into", ["Vård/Norr", "Vård/Norr/Team 1"])
def test_a_group_never_lies_below_itself(store: Store, ids: dict[str, int], into: str) -> None:
    with pytest.raises(GroupCircle):
        store.move_group(None, ids["Vård/Norr"], ids[into])
    with pytest.raises(GroupCircle):
        store.merge_group(None, ids["Vård/Norr"], ids[into])
    assert by_path(store) == ids


def test_a_group_never_lies_below_one_with_its_own_name(store: Store, ids: dict[str, int]) -> None:
    """A staff list would take that for a circle."""
    with pytest.raises(GroupCircle):
        store.rename_group(None, ids["Vård/Norr/Team 1"], "VÅRD")
    store.rename_group(None, ids["Skola"], "Team 1")
    with pytest.raises(GroupCircle):
        store.move_group(None, ids["Skola"], ids["Vård/Norr/Team 1"])


def test_two_groups_in_one_place_have_two_names(store: Store, ids: dict[str, int]) -> None:
    with pytest.raises(GroupNameTaken):
        store.rename_group(None, ids["Vård/Norr/Team 1"], "Team 2")
    store.rename_group(None, ids["Skola"], "Norr")
    with pytest.raises(GroupNameTaken):
        store.move_group(None, ids["Skola"], ids["Vård"])


def test_a_merged_group_gives_all_it_has(store: Store, ids: dict[str, int]) -> None:
    store.make_group(None, "Vård/Söder/Team 2")
    store.merge_group(None, ids["Vård/Norr"], ids["Vård/Söder"])
    assert [(row.path, row.people, row.managers) for row in store.group_rows()] == [
        ("Skola", 0, ("cecilia@test.example",)),
        ("Vård", 0, ()),
        ("Vård/Söder", 1, ("amina@test.example",)),
        ("Vård/Söder/Team 1", 1, ()),
        ("Vård/Söder/Team 2", 1, ()),
    ]
    assert noted(store) == (Action.GROUP_MERGED, "Vård/Norr", "Vård/Söder")


def test_a_group_merges_with_the_one_above_it(store: Store, ids: dict[str, int]) -> None:
    store.merge_group(None, ids["Vård/Norr"], ids["Vård"])
    assert by_path(store).keys() == {"Skola", "Vård", "Vård/Söder", "Vård/Team 1", "Vård/Team 2"}


def test_only_an_empty_group_is_removed(store: Store, ids: dict[str, int]) -> None:
    for path in ids:
        with pytest.raises(GroupNotEmpty):
            store.remove_group(None, ids[path])
    empty = store.make_group(None, "Tom")
    store.remove_group(None, empty)
    assert by_path(store) == ids
    assert noted(store) == (Action.GROUP_REMOVED, "Tom", "")


def test_what_is_gone_meanwhile_is_left_alone(store: Store, ids: dict[str, int]) -> None:
    store.rename_group(None, 999, "Ny")
    store.move_group(None, ids["Skola"], 999)
    store.merge_group(None, ids["Skola"], 999)
    store.remove_group(None, 999)
    assert by_path(store) == ids


def test_only_an_administrator_touches_groups(store: Store, ids: dict[str, int]) -> None:
    amina = store.find_people("amina").people[0].id
    skola, norr = ids["Skola"], ids["Vård/Norr"]
    for attempt in (
        lambda: store.make_group(amina, "Ny"),
        lambda: store.rename_group(amina, skola, "Ny"),
        lambda: store.move_group(amina, skola, norr),
        lambda: store.merge_group(amina, skola, norr),
        lambda: store.remove_group(amina, skola),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    assert by_path(store) == ids
