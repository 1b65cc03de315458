"""The staff list: what a file says, every fault in it, and what it would change."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.reading_here import texts_read_here
from tests.support.staff_lists import HEADINGS, ROWS, csv_file
from visionsprat.domain.records import Directory, StaffMember
from visionsprat.staff.plan import (
    EXPORTED,
    MAX_DEPTH,
    MAX_FAULTS,
    MAX_GROUPS,
    MAX_PLACES,
    CellFault,
    Oddity,
    Preview,
    Problem,
    StaffListFaulty,
    asks_once_more,
    export_rows,
    preview,
)
from visionsprat.staff.spreadsheet import as_csv
from visionsprat.staff.table import Trouble, Unreadable

NOBODY = Directory({}, frozenset(), frozenset())


def person(
    email: str,
    name: str = "Namn",
    groups: Iterable[str] = (),
    manages: Iterable[str] = (),
    active: bool = True,
) -> StaffMember:
    return StaffMember(email, name, frozenset(groups), frozenset(manages), active)


def directory(*people: StaffMember, administrators: Iterable[str] = ()) -> Directory:
    groups = {path for each in people for path in each.groups | each.manages}
    return Directory({each.email: each for each in people}, frozenset(administrators), frozenset(groups))


def faults(data: bytes, before: Directory = NOBODY, *, whole: bool = False) -> list[CellFault]:
    with pytest.raises(StaffListFaulty) as caught:
        preview(data, before, whole=whole)
    return list(caught.value.faults)


def changes(found: Preview) -> dict[str, StaffMember]:
    return {each.after.email: each.after for each in found.plan.changed}


def test_people_groups_and_managers_are_found() -> None:
    plan = preview(csv_file(), NOBODY).plan
    assert plan.new == (
        person("asa@test.example", "Åsa Örn", ["Vård/Norr/Team 1"], ["Vård/Norr"]),
        person("bengt@test.example", "Bengt Provberg", ["Vård/Norr/Team 1", "Vård/Norr/Team 2"]),
        person("cia@test.example", "Cia Ängel", active=False),
    )
    assert plan.new_groups == ("Vård", "Vård/Norr", "Vård/Norr/Team 1", "Vård/Norr/Team 2")


@pytest.mark.parametrize(
    "headings",
    [("E-post", " NAMN ", "Grupp"), ("Email", "Name", "Group"), ("e-postadress", "namn", "groups")],
)
def test_headings_are_known_in_two_languages_and_any_order(headings: tuple[str, ...]) -> None:
    rows = [("Vård", "a@b.se", "A", "1234")]
    found = preview(csv_file(rows, (headings[2], *headings[:2], "Anställningsnummer")), NOBODY)
    assert found.plan.new == (person("a@b.se", "A", ["Vård"]),)
    assert found.ignored == ("Anställningsnummer",)


def test_the_column_chef_makes_managers_of_the_rows_groups_and_of_nobody_else() -> None:
    before = directory(person("old@b.se", manages=["Vård", "Skola"]), person("a@b.se", "A"))
    rows = [("a@b.se", "A", "Vård", "B@b.se"), ("b@b.se", "B", "Ledning", "")]
    plan = preview(csv_file(rows, ("e-post", "namn", "grupp", "chef")), before).plan
    assert plan.new == (person("b@b.se", "B", ["Ledning"], ["Vård"]),)
    after = {each.after.email: each.after.manages for each in plan.changed}
    assert after == {"old@b.se": frozenset({"Skola"}), "a@b.se": frozenset()}


def test_what_the_file_has_no_column_for_is_left_alone() -> None:
    before = directory(person("a@b.se", "A", ["Vård"], ["Skola"], active=False))
    found = preview(csv_file([("a@b.se", "Ny")], ("e-post", "namn")), before)
    assert changes(found) == {"a@b.se": person("a@b.se", "Ny", ["Vård"], ["Skola"], active=False)}


def test_those_who_are_not_in_the_file_are_named_and_left_alone() -> None:
    before = directory(person("gone@b.se"), person("off@b.se", active=False))
    plan = preview(csv_file(), before).plan
    assert [each.email for each in plan.absent] == ["gone@b.se"]
    assert plan.changed == ()


def test_those_who_are_not_in_a_whole_list_are_deactivated() -> None:
    before = directory(person("gone@b.se", groups=["Vård"]), person("off@b.se", active=False))
    plan = preview(csv_file(), before, whole=True).plan
    assert [each.email for each in plan.deactivated] == ["gone@b.se"]
    assert plan.changed[0].after.groups == {"Vård"}


def test_many_or_oneself_are_asked_about_once_more() -> None:
    people = [person(f"p{number}@b.se", f"P{number}") for number in range(20)]
    before = directory(*people)

    def file(count: int) -> bytes:
        return csv_file([(each.email, each.name) for each in people[:count]], ("e-post", "namn"))

    assert not asks_once_more(preview(file(18), before, whole=True).plan, "p0@b.se")
    assert asks_once_more(preview(file(18), before, whole=True).plan, "p19@b.se")
    assert asks_once_more(preview(file(17), before, whole=True).plan, "p0@b.se")


@pytest.mark.parametrize("whole", [True, False])
def test_the_last_administrator_is_not_deactivated(whole: bool) -> None:
    before = directory(person("chief@b.se", "Chief"), administrators=["chief@b.se"])
    rows = ROWS if whole else [("chief@b.se", "Chief", "", "", "nej")]
    line = 0 if whole else 2
    found = faults(csv_file(rows), before, whole=whole)
    assert found == [CellFault(line, "aktiv", "chief@b.se", Problem.LAST_ADMINISTRATOR)]


def test_one_of_two_administrators_is_deactivated() -> None:
    before = directory(person("a@b.se", "A"), person("c@b.se"), administrators=["a@b.se", "c@b.se"])
    plan = preview(csv_file([("a@b.se", "A", "", "", "nej")]), before).plan
    assert [each.email for each in plan.deactivated] == ["a@b.se"]


FAULTY = [
    ("no address", "A", "", "", "", "e-post", Problem.EMAIL, ""),
    ("", "A", "", "", "", "e-post", Problem.EMAIL, ""),
    ("42", "A", "", "", "", "e-post", Problem.EMAIL, ""),
    ("ASA@test.example", "A", "", "", "", "e-post", Problem.EMAIL_DOUBLED, "2"),
    ("a@b.se", " ", "", "", "", "namn", Problem.NAME, ""),
    ("a@b.se", "x" * 101, "", "", "", "namn", Problem.NAME, ""),
    ("a@b.se", "A", "Vård//Team", "", "", "grupp", Problem.GROUP, ""),
    ("a@b.se", "A", "Vård/Norr/vård", "", "", "grupp", Problem.GROUP_CIRCLE, ""),
    ("a@b.se", "A", "", "/", "", "chef_för", Problem.GROUP, ""),
    ("a@b.se", "A", "", "", "kanske", "aktiv", Problem.ACTIVE, ""),
]


@pytest.mark.parametrize(
    ("email", "name", "group", "manages", "active", "column", "problem", "about"), FAULTY
)
def test_each_kind_of_fault_is_named_with_its_place(
    email: str, name: str, group: str, manages: str, active: str, column: str, problem: Problem, about: str
) -> None:
    row = (email, name, group, manages, active)
    (found,) = faults(csv_file([*ROWS, row]))
    assert (found.line, found.column, found.problem, found.about) == (5, column, problem, about)
    value = row[HEADINGS.index(column)]
    assert found.value.casefold() == value.strip().casefold()[:100]
    assert str(found).startswith(f"line 5, {column}: ")


def test_a_manager_who_is_nowhere_is_a_fault() -> None:
    rows = [("a@b.se", "A", "Vård", "made.up@b.se")]
    assert faults(csv_file(rows, ("e-post", "namn", "grupp", "chef"))) == [
        CellFault(2, "chef", "made.up@b.se", Problem.MANAGER_UNKNOWN)
    ]


def test_a_row_that_is_too_wide_is_a_fault() -> None:
    (found,) = faults(csv_file([(*ROWS[0], "extra")]))
    assert (found.line, found.value, found.problem) == (2, "extra", Problem.TOO_MANY)


def test_every_fault_is_told_at_once_in_the_order_of_lines() -> None:
    found = faults(csv_file([row[:5] for row in FAULTY[:1] + FAULTY[4:5]]))
    assert [(each.line, each.problem) for each in found] == [(2, Problem.EMAIL), (3, Problem.NAME)]


@pytest.mark.parametrize(
    ("headings", "trouble", "about"),
    [
        (("e-post", "grupp"), Trouble.HEADINGS, "namn"),
        (("a", "b"), Trouble.HEADINGS, "e-post, namn"),
        (("e-post", "namn", "Email"), Trouble.DOUBLED, "e-post, Email"),
        (("e-post", "namn", "chef", "chef för"), Trouble.BOTH, ""),
    ],
)
def test_headings_that_can_not_be_used_are_refused(
    headings: tuple[str, ...], trouble: Trouble, about: str
) -> None:
    with pytest.raises(Unreadable) as caught:
        preview(csv_file([], headings), NOBODY)
    assert (caught.value.trouble, caught.value.about) == (trouble, about)


def told(found: Preview) -> list[tuple[int, str, str, Oddity, str]]:
    return [(each.line, each.column, each.value, each.oddity, each.about) for each in found.remarks]


def test_groups_that_differ_in_capitals_alone_are_taken_for_the_one_there_is_and_told() -> None:
    data = people_in(["Hemtjänst Norr", "Hemtjänst norr", "hemtjänst  norr/Team 1", "VÅRD/Ny"])
    found = preview(data, directory(person("x@b.se", groups=["Vård"])))
    groups = ["Hemtjänst Norr", "Hemtjänst Norr", "Hemtjänst Norr/Team 1", "Vård/Ny"]
    assert [each.groups for each in found.plan.new] == [frozenset({group}) for group in groups]
    assert told(found) == [
        (3, "grupp", "Hemtjänst norr", Oddity.GROUP, "Hemtjänst Norr"),
        (4, "grupp", "hemtjänst norr/Team 1", Oddity.GROUP, "Hemtjänst Norr/Team 1"),
        (5, "grupp", "VÅRD/Ny", Oddity.GROUP, "Vård/Ny"),
    ]
    assert found.joins_groups


def test_groups_that_differ_in_capitals_are_different_where_that_is_meant_or_so_already() -> None:
    data = people_in(["Norr", "norr"])
    for before, as_written in ((NOBODY, True), (directory(person("x@b.se", groups=["Norr", "norr"])), False)):
        found = preview(data, before, as_written=as_written)
        assert [each.groups for each in found.plan.new] == [{"Norr"}, {"norr"}]
        assert found.remarks == ()


def test_a_group_in_two_ways_of_writing_is_one() -> None:
    found = preview(people_in([unicodedata.normalize("NFD", "Vård"), "Vård"]), NOBODY)
    assert [each.groups for each in found.plan.new] == [{"Vård"}] * 2


@pytest.mark.parametrize("spoilt", ["BjÃ¶rn", "Bj\ufffdrn", "Ã…sa"])
def test_letters_that_were_spoilt_before_are_a_fault_unless_they_stand_there_already(spoilt: str) -> None:
    data = csv_file([("a@b.se", spoilt, ""), ("c@b.se", "C", f"Vård/{spoilt}")], ("e-post", "namn", "grupp"))
    found = faults(data)
    assert [(each.line, each.column, each.problem) for each in found] == [
        (2, "namn", Problem.SPOILT),
        (3, "grupp", Problem.SPOILT),
    ]
    assert preview(data, directory(person("a@b.se", spoilt, [f"Vård/{spoilt}"]))).plan.changed


def test_a_slash_that_looks_like_part_of_a_name_is_told() -> None:
    found = preview(people_in(["Kök 1/2", "Service och IT/Drift"]), NOBODY)
    assert told(found) == [(2, "grupp", "Kök 1/2", Oddity.LEVELS, "2 under Kök 1")]


@pytest.mark.parametrize(
    ("email", "name", "column", "value", "oddity", "about"),
    [
        ("\u200ba@b.se", "A", "e-post", "a@b.se", Oddity.UNSEEN, "U+200B"),
        ("a@b.se\u200b", "A", "e-post", "a@b.se", Oddity.UNSEEN, "U+200B"),
        ("\ufeffa@b.se", "A", "e-post", "a@b.se", Oddity.UNSEEN, "U+FEFF"),
        ("mailto:a@b.se", "A", "e-post", "mailto:a@b.se", Oddity.LINK, "a@b.se"),
        ("a@xn--b-zfa.se", "A", "e-post", "a@xn--b-zfa.se", Oddity.ADDRESS, "a@äb.se"),
        ("a@b.se", "Anna\u00ad Lind", "namn", "Anna Lind", Oddity.UNSEEN, "U+00AD"),
        ("a@b.se", "Ali\u200e", "namn", "Ali", Oddity.UNSEEN, "U+200E"),
    ],
)
def test_what_was_read_otherwise_is_told(
    email: str, name: str, column: str, value: str, oddity: Oddity, about: str
) -> None:
    found = preview(csv_file([(email, name)], ("e-post", "namn")), NOBODY)
    assert told(found) == [(2, column, value, oddity, about)]
    assert (found.plan.new[0].email, found.plan.new[0].name.isprintable()) == (
        "a@äb.se" if oddity is Oddity.ADDRESS else "a@b.se",
        True,
    )


def test_a_persian_name_is_left_as_it_is_spelt() -> None:
    found = preview(csv_file([("a@b.se", "علی\u200cرضا")], ("e-post", "namn")), NOBODY)
    assert (found.plan.new[0].name, found.remarks) == ("علی\u200cرضا", ())


def test_what_turns_text_around_is_a_fault_with_its_code() -> None:
    (found,) = faults(csv_file([("a@b.se", "Anna \u202edniL")], ("e-post", "namn")))
    assert (found.column, found.problem, found.about) == ("namn", Problem.UNSEEN, "U+202E")


def test_one_address_in_two_forms_is_one_person() -> None:
    forms = ["åsa@räksmörgås.example", "a\u030asa@xn--rksmrgs-5wao1o.example"]
    found = faults(csv_file([(each, "Åsa") for each in forms], ("e-post", "namn")))
    assert [(each.line, each.problem, each.about) for each in found] == [(3, Problem.EMAIL_DOUBLED, "2")]


@pytest.mark.parametrize("name", ["#A?", "#Ja!", "Team #1!", "#1", "Fel: 12", "#etta?"])
def test_a_name_that_begins_as_an_error_does_is_one_all_the_same(name: str) -> None:
    rows = [("a@b.se", name, name)]
    assert preview(csv_file(rows), NOBODY).plan.new == (person("a@b.se", name, [name]),)


def test_names_in_two_columns_are_joined() -> None:
    rows = [("eva@b.se", "Eva", "Lind", "Vård")]
    found = preview(csv_file(rows, ("E-postadress", "Förnamn", "Efternamn", "Enhet")), NOBODY)
    assert (found.plan.new, found.ignored) == ((person("eva@b.se", "Eva Lind"),), ("Enhet",))
    found = preview(csv_file([(*rows[0][:3], "Eva L")], ("e-post", "förnamn", "efternamn", "namn")), NOBODY)
    assert (found.plan.new[0].name, found.ignored) == ("Eva L", ("förnamn", "efternamn"))


def test_headings_may_be_in_parts_and_hold_what_nobody_sees() -> None:
    headings = ("\ufeffe-post", "namn\u200b", unicodedata.normalize("NFD", "chef_för"))
    assert preview(csv_file([("a@b.se", "A", "Vård")], headings), NOBODY).plan.new[0].manages == {"Vård"}


def test_a_line_is_shown_to_see_whether_letters_are_right() -> None:
    rows = [("a@b.se", "Anna", "1"), ("b@b.se", "Björn Åhl", "hemligt")]
    assert preview(csv_file(rows, ("e-post", "namn", "lön")), NOBODY).example == (3, "b@b.se, Björn Åhl")
    assert preview(csv_file(rows[:1], ("e-post", "namn", "x")), NOBODY).example is None


names = (
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)
    .map(lambda name: unicodedata.normalize("NFC", name))
    .filter(lambda name: not re.search(r"#\S*[!?#A]|:\d{3}", name))  # a program's error, and no name
)
group_names = names.filter(lambda name: not set(name) & set("/|"))
paths = st.lists(group_names, min_size=1, max_size=3, unique_by=str.casefold).map("/".join)
people = st.lists(
    st.builds(
        StaffMember,
        email=st.from_regex(r"[a-z]{1,8}@[a-z]{1,8}\.se", fullmatch=True),
        name=names,
        groups=st.frozensets(paths, max_size=3),
        manages=st.frozensets(paths, max_size=2),
        is_active=st.booleans(),
    ),
    max_size=20,
    unique_by=lambda each: each.email,
)


@given(people)
@settings(max_examples=200, deadline=None)
def test_importing_an_export_changes_nothing(everybody: list[StaffMember]) -> None:
    before = directory(*everybody)
    if not everybody:
        return
    with texts_read_here():
        found = preview(as_csv(EXPORTED, export_rows(before)), before, whole=True)
    assert found.plan.is_empty
    assert found.plan.unchanged == len(everybody)


def people_in(groups: Iterable[str]) -> bytes:
    rows = ((f"anna{number}@b.se", "Anna", each) for number, each in enumerate(groups))
    return csv_file([*rows], ("e-post", "namn", "grupp"))


@pytest.mark.parametrize(
    "groups",
    [
        [f"Grupp {number}" for number in range(MAX_GROUPS + 1)],
        ["|".join(f"{first} {number}" for number in range(5_000)) for first in "abcde"],
        [f"{number}/" + "/".join(map(str, range(9_000, 9_010))) for number in range(MAX_GROUPS // 10)],
        ["|".join(map(str, range(1_000)))] * (MAX_PLACES // 1_000 + 1),
    ],
    ids=["one each", "many in a cell", "with those above them", "many for each"],
)
def test_a_list_with_too_many_groups_is_refused(groups: list[str]) -> None:
    with pytest.raises(Unreadable) as caught:
        preview(people_in(groups), NOBODY)
    assert caught.value.trouble is Trouble.TOO_MANY_GROUPS


def test_a_group_lies_no_deeper_than_can_be_shown() -> None:
    path = "/".join(map(str, range(MAX_DEPTH)))
    assert preview(people_in([path]), NOBODY).plan.new[0].groups == {path}
    found = faults(people_in([f"{path}/en till", "/".join(map(str, range(10_000)))]))
    assert [each.problem for each in found] == [Problem.GROUP_DEEP] * 2


def test_reading_stops_when_there_is_nothing_but_faults() -> None:
    found = faults(csv_file([("inte", "A")] * (MAX_FAULTS + 5), ("e-post", "namn")))
    assert len(found) == MAX_FAULTS


def test_what_a_terminal_would_obey_is_not_handed_on() -> None:
    found = preview(csv_file([("a@b.se", "A", "1")], ("e-post", "namn", "\x1b]0;Ny titel\x07")), NOBODY)
    assert found.ignored == ("\ufffd]0;Ny titel\ufffd",)


def test_a_cell_too_many_is_named_though_empty_ones_come_before_it() -> None:
    (found,) = faults(b"e-post;namn\na@b.se;A;;;x\n")
    assert (found.problem, found.value) == (Problem.TOO_MANY, "x")
