"""The staff list in the store: all of it or nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.reading_here import texts_read_here
from tests.support.staff_lists import HEADINGS, csv_file
from tests.support.stored import AddAccount
from visionsprat.domain.records import Draft
from visionsprat.errors import StaffListOutdated
from visionsprat.staff.plan import EXPORTED, StaffListFaulty, export_rows, preview
from visionsprat.staff.spreadsheet import as_csv
from visionsprat.staff.table import Unreadable
from visionsprat.store import Store


@pytest.fixture
def chief(add_account: AddAccount) -> int:
    return add_account("chief@test.example", "Chief", is_admin=True, member_of="Ledning", manages="Vård")


def apply(store: Store, data: bytes, actor: int | None = None, *, whole: bool = False) -> None:
    store.apply_staff(preview(data, store.directory(), whole=whole).plan, actor, "personal.csv")


def dump(store: Store) -> str:
    with closing(sqlite3.connect(store.path)) as db:
        return "\n".join(db.iterdump())


def log(store: Store) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(store.path)) as db:
        return db.execute(
            "SELECT actor, action, subject, details FROM audit_log"
            " WHERE action <> 'account added' ORDER BY rowid"
        ).fetchall()


def test_a_staff_list_becomes_accounts_groups_and_managers(store: Store, chief: int) -> None:
    apply(store, csv_file(), chief)
    everybody = store.directory()
    asa = everybody.people["asa@test.example"]
    assert asa.name == "Åsa Örn"
    assert asa.groups == {"Vård/Norr/Team 1"}
    assert asa.manages == {"Vård/Norr"}
    assert not everybody.people["cia@test.example"].is_active
    assert everybody.groups == {
        "Ledning", "Vård", "Vård/Norr", "Vård/Norr/Team 1", "Vård/Norr/Team 2",
    }  # fmt: skip
    assert log(store) == [
        ("chief@test.example", "staff list imported", "personal.csv", "3 nya, 0 ändrade, 0 avaktiverade")
    ]


def test_new_people_have_no_password(store: Store) -> None:
    apply(store, csv_file())
    assert store.credentials("asa@test.example") is None


def test_the_same_list_again_changes_nothing(store: Store, chief: int) -> None:
    apply(store, csv_file())
    assert preview(csv_file(), store.directory()).plan.is_empty


def test_people_are_moved_renamed_and_made_managers(store: Store, chief: int) -> None:
    apply(store, csv_file())
    rows = [
        ("asa@test.example", "Åsa Ny", "Skola", "", "ja"),
        ("chief@test.example", "Chief", "", "Skola|Vård", "ja"),
    ]
    apply(store, csv_file(rows))
    people = store.directory().people
    asa, chief_ = people["asa@test.example"], people["chief@test.example"]
    assert asa.name == "Åsa Ny"
    assert asa.groups == {"Skola"}
    assert asa.manages == set()
    assert chief_.groups == set()
    assert chief_.manages == {"Skola", "Vård"}


def test_somebody_who_leaves_loses_access_at_once_and_keeps_what_they_wrote(
    store: Store, chief: int, add_account: AddAccount
) -> None:
    leaver = add_account("leaver@test.example", "Leif")
    store.add_ticket(leaver, "ticket")
    store.redeem_ticket("ticket", "token")
    store.save_reflection(leaver, Draft("skapande/innebar", "Min tanke", 0))
    rows = [("chief@test.example", "Chief", "Ledning", "Vård", "ja")]
    apply(store, csv_file(rows), chief, whole=True)
    assert store.account_of_session("token") is None
    assert store.credentials("leaver@test.example") is None
    assert ("chief@test.example", "deactivated", "leaver@test.example", "") in log(store)
    rows.append(("leaver@test.example", "Leif", "", "", "ja"))
    apply(store, csv_file(rows), chief)
    assert store.account_of_session("token") is None
    store.add_ticket(leaver, "ticket")
    store.redeem_ticket("ticket", "new")
    visitor = store.visitor("new")
    assert visitor is not None
    assert visitor.reflections["skapande/innebar"].text == "Min tanke"


def test_a_plan_that_something_has_overtaken_is_refused(store: Store, chief: int) -> None:
    plan = preview(csv_file(), store.directory()).plan
    store.rename(chief, "Chef")
    before = dump(store)
    with pytest.raises(StaffListOutdated):
        store.apply_staff(plan, chief, "personal.csv")
    assert dump(store) == before


def test_ten_thousand_people_go_in_and_their_export_changes_nothing(store: Store) -> None:
    rows = [
        (
            f"p{number}@test.example",
            f"Person Nr {number}",
            f"Förvaltning {number % 7}/Enhet {number // 500}/Team {number // 25}",
            f"Förvaltning {number % 7}/Enhet {number // 500}" if number % 25 == 0 else "",
            "nej" if number % 100 == 99 else "ja",
        )
        for number in range(10_000)
    ]
    apply(store, csv_file(rows))
    everybody = store.directory()
    assert len(everybody.people) == 10_000
    plan = preview(as_csv(EXPORTED, export_rows(everybody)), everybody, whole=True).plan
    assert plan.is_empty
    assert plan.unchanged == 10_000


cells = st.one_of(
    st.sampled_from(
        [
            "",
            "a@b.se",
            "A@B.SE",
            "c@d.se",
            "chief@test.example",
            "Namn",
            "Vård/Norr",
            "A/A",
            "nej",
            "ja",
            "x;y",
            "|",
        ]
    ),
    st.text(max_size=8),
)


@given(
    st.lists(st.lists(cells, max_size=6), max_size=6),
    st.permutations(HEADINGS),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.booleans(),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_file_with_a_fault_changes_anything_and_none_crashes_the_import(
    store: Store, chief: int, rows: list[list[str]], headings: list[str], encoding: str, whole: bool
) -> None:
    before = dump(store)
    try:
        data = csv_file(rows, headings, encoding=encoding)
    except UnicodeEncodeError:  # half a surrogate pair is in no file
        return
    with texts_read_here():
        try:
            plan = preview(data, store.directory(), whole=whole).plan
        except (StaffListFaulty, Unreadable):
            assert dump(store) == before
            return
        assert dump(store) == before
        store.apply_staff(plan, chief, "personal.csv")
        assert preview(data, store.directory(), whole=whole).plan.is_empty
    assert store.directory().administrators
