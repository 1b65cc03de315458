"""Staff lists of every kind, put together by chance: nothing changes in silence, each fault has its place.

What each list has to come to is known from how it was put together.
"""

from __future__ import annotations

import io
import unicodedata
from dataclasses import dataclass

import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import hostile_lists as hostile
from tests.support.reading_here import texts_read_here
from tests.support.staff_lists import HEADINGS, csv_file
from visionsprat.domain.records import Directory, StaffMember
from visionsprat.staff.plan import Oddity, Preview, Problem, StaffListFaulty, preview
from visionsprat.staff.table import Trouble, Unreadable

NAMES = ("Björn Sjöberg", "Åsa Hägg", "Östen Ångström", "Vera Häll", "Märta Öhrn")
GROUPS = ("Vård/Norr", "Kök öster", "Skola")
#: The people there are already: what is said of them in no list must not change.
BEFORE = Directory(
    {"kvar@b.se": StaffMember("kvar@b.se", "Kvar", frozenset({"Skola"}), frozenset({"Skola"}), True)},
    frozenset(),
    frozenset({"Skola"}),
)
ABOVE = {"sep": ["sep=;"], "report": ["Personallista", "Utskriven 2026-11-27", ""]}
UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le")
CODE_PAGES = ("cp1252", "cp850", "mac-roman")


@dataclass(frozen=True)
class Kind:
    """What is done to a person's row, and what has to be told of it."""

    column: int
    fault: Problem | None = None
    oddity: Oddity | None = None


KINDS = {
    **{f"error {column}": Kind(HEADINGS.index(column), Problem.ERROR) for column in HEADINGS},
    "twice": Kind(0, Problem.EMAIL_DOUBLED),
    "turned around": Kind(1, Problem.UNSEEN),
    "zero width": Kind(0, oddity=Oddity.UNSEEN),
    "soft hyphen": Kind(1, oddity=Oddity.UNSEEN),
    "in parts": Kind(1),
    "joiner": Kind(1),
    "mailto": Kind(0, oddity=Oddity.LINK),
    "capitals": Kind(2, oddity=Oddity.GROUP),
}
IN_CODE_PAGES = (*(each for each in KINDS if each.startswith("error")), "mailto", "capitals")


def done_to(row: list[str], kind: str, before: list[str]) -> list[str]:
    email, name, group, *rest = row
    changed = {
        "twice": [unicodedata.normalize("NFD", before[0]).upper(), name, group],
        "turned around": [email, f"{name}\u202e", group],
        "zero width": [f"{email}\u200b", name, group],
        "soft hyphen": [email, name.replace(" ", "\u00ad "), group],
        "in parts": [email, unicodedata.normalize("NFD", name), unicodedata.normalize("NFD", group)],
        "joiner": [email, "علی\u200cرضا", group],
        "mailto": [f"mailto:{email}", name, group],
        "capitals": [email, name, "vård/norr"],
    }.get(kind, row[:3])
    made = [*changed, *rest]
    if kind.startswith("error"):
        made[KINDS[kind].column] = "#N/A"
    return made


@dataclass(frozen=True)
class List:
    rows: tuple[tuple[str, ...], ...]
    kinds: tuple[str, ...]
    encoding: str
    around: str
    newline: str

    @property
    def first_line(self) -> int:
        above = 1 if self.around in ("sep", "stray") else 3 if self.around == "report" else 0
        return 2 + above if self.encoding != "xlsx" else 2

    def file(self) -> bytes:
        if self.encoding == "xlsx":
            return self._workbook()
        data = csv_file(self.rows, HEADINGS, newline=self.newline, encoding=self.encoding)
        mark = "\ufeff".encode(self.encoding) if self.encoding.startswith("utf-16-") else b""
        above = ABOVE.get(self.around, [])
        lines = csv_file(self.rows, HEADINGS, newline=self.newline, encoding="utf-8").decode()
        if above:
            data = (self.newline.join([*above, lines])).encode(self.encoding)
        if self.around == "Ctrl-Z":
            data += b"\x1a\0" if self.encoding.startswith("utf-16") else b"\x1a"
        return mark + data

    def _workbook(self) -> bytes:
        file = io.BytesIO()
        with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
            sheet = book.add_worksheet("Personal")
            for number, row in enumerate((HEADINGS, *self.rows)):
                for column, text in enumerate(row):
                    if text == "#N/A":
                        sheet.write_formula(number, column, "=NA()", None, text)
                    elif text:
                        sheet.write_string(number, column, text)
            if self.around == "stray":
                sheet.write_string(hostile.LAST_ROW, hostile.LAST_COLUMN, " ")
            if self.around == "far":
                sheet.write_string(5, hostile.LAST_COLUMN, "x")
        return file.getvalue()


@st.composite
def lists(draw: st.DrawFn) -> List:
    encoding = draw(st.sampled_from((*UNICODE, *CODE_PAGES, "xlsx", "xlsx")))
    kinds = IN_CODE_PAGES if encoding in CODE_PAGES else tuple(KINDS)
    chosen = draw(st.lists(st.sampled_from(("", "", *kinds)), min_size=1, max_size=6))
    rows: list[list[str]] = [["åsa@b.se" if encoding not in CODE_PAGES else "asa@b.se", *person(0)[1:]]]
    for number, kind in enumerate(chosen, start=1):
        rows.append(done_to(person(number), kind, rows[0]))
    around = ("", "stray", "far") if encoding == "xlsx" else ("", "sep", "report", "Ctrl-Z")
    return List(
        tuple(map(tuple, rows)),
        ("", *chosen),
        encoding,
        draw(st.sampled_from(around)),
        draw(st.sampled_from(("\r\n", "\n"))),
    )


def person(number: int) -> list[str]:
    return [f"p{number}@b.se", NAMES[number % 5], GROUPS[number % 3], "", "ja"]


def expected_people(given: List) -> list[StaffMember]:
    found = []
    for number, kind in enumerate(given.kinds):
        email, name, group, *_ = person(number)
        if number == 0:
            email = given.rows[0][0]
        if kind == "joiner":
            name = "علی\u200cرضا"
        if kind == "capitals":
            group = "Vård/Norr"
        found.append(StaffMember(email, name, frozenset({group}), frozenset(), True))
    return found


def places(given: List, told: str) -> list[tuple[int, str, object]]:
    """Where something is to be told: faults, or what was read otherwise."""
    found = [
        (given.first_line + number, HEADINGS[KINDS[kind].column], getattr(KINDS[kind], told))
        for number, kind in enumerate(given.kinds)
        if kind and getattr(KINDS[kind], told)
    ]
    if told == "oddity":  # a group's other form is told once
        first = next((each for each in found if each[2] is Oddity.GROUP), None)
        found = [each for each in found if each[2] is not Oddity.GROUP or each == first]
    return found


@given(lists())
@settings(max_examples=30, deadline=None, derandomize=True)
def test_no_list_changes_anything_in_silence_and_each_fault_is_named_with_its_place(given: List) -> None:
    faults = places(given, "fault")
    try:
        with texts_read_here():
            found = preview(given.file(), BEFORE, whole=False)
    except StaffListFaulty as error:
        assert [(each.line, each.column, each.problem) for each in error.faults] == faults
        assert {each.sheet for each in error.faults} == {"Personal" if given.encoding == "xlsx" else ""}
    except Unreadable as error:
        is_far = given.around == "far" and error.about == "Personal!XFD6"
        assert (is_far and error.trouble is Trouble.FAR) or (
            given.encoding in CODE_PAGES and error.trouble is Trouble.UNSURE
        )
    else:
        assert not faults and given.around != "far"
        is_as_meant(found, given)


def is_as_meant(found: Preview, given: List) -> None:
    assert list(found.plan.new) == expected_people(given)
    assert [each.email for each in found.plan.absent] == ["kvar@b.se"]
    assert (found.plan.changed, found.plan.deactivated) == ((), ())
    assert [(each.line, each.column, each.oddity) for each in found.remarks] == places(given, "oddity")
    assert (found.heading_line, found.rows) == (given.first_line - 1, len(given.rows))
