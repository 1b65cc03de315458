"""Cells of a workbook that look empty and are not: none is taken for nothing."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
import xlsxwriter

from tests.support import hostile_lists as hostile
from tests.support.staff_lists import HEADINGS, csv_file
from visionsprat.domain.records import Directory, StaffMember
from visionsprat.staff.plan import CellFault, Problem, StaffListFaulty, preview
from visionsprat.staff.table import Trouble, Unreadable

ASA = StaffMember("asa@test.example", "Åsa Örn", frozenset({"Vård"}), frozenset({"Vård"}), True)
BEFORE = Directory({ASA.email: ASA}, frozenset(), frozenset({"Vård"}))


def workbook(column: int, error: str, heading: str = "") -> bytes:
    """An honest workbook but for one cell below the headings, whose formula has failed."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Personal")
        sheet.write_row(0, 0, HEADINGS)
        sheet.write_row(1, 0, (ASA.email, ASA.name, "Vård", "Vård", "ja"))
        sheet.write_formula(1, column, "=LETARAD()", None, error)
        if heading:
            sheet.write_formula(0, column, "=LETARAD()", None, heading)
    return file.getvalue()


def uncalculated() -> bytes:
    """As programs write it that leave the working out to Excel."""
    part = hostile.part(hostile.LIST)
    at = part.index(b"</row>", part.index(b'r="2"'))
    begin = part.rindex(b"<c ", 0, at)
    cells = part[:begin] + b'<x:c xmlns:x="urn:x" r="E2"><x:f>1+1</x:f></x:c>' + part[at:]
    return hostile.with_part(hostile.LIST, cells)


def xls(code: int, *, formula: bool) -> bytes:
    rows = (HEADINGS, (ASA.email, ASA.name, "", "Vård", "ja"))
    places = [(row, column) for row in range(2) for column in range(5) if rows[row][column]]
    cells = [(row, column, rows[row][column]) for row, column in places]
    return hostile.xls_file(cells, errors=[(1, 2, code)], in_formulas=formula)


def faults(data: bytes) -> list[CellFault]:
    with pytest.raises(StaffListFaulty) as caught:
        preview(data, BEFORE)
    return list(caught.value.faults)


@pytest.mark.parametrize("column", range(5), ids=HEADINGS)
@pytest.mark.parametrize("error", ["#N/A", "#REF!"])
def test_an_error_in_a_workbook_is_a_fault_with_its_sheet_row_and_column(column: int, error: str) -> None:
    (found,) = faults(workbook(column, error))
    assert found == CellFault(2, HEADINGS[column], error, Problem.ERROR, sheet="Personal")
    assert str(found).startswith(f"sheet Personal, line 2, {HEADINGS[column]}: '{error}' is an error")


@pytest.mark.parametrize("formula", [False, True], ids=["alone", "in a formula"])
def test_an_error_in_a_workbook_of_excel_97_is_a_fault(formula: bool) -> None:
    assert faults(xls(42, formula=formula)) == [CellFault(2, "grupp", "#N/A", Problem.ERROR, sheet="Lista")]


def test_a_formula_that_nobody_has_worked_out_is_a_fault() -> None:
    assert faults(uncalculated()) == [CellFault(2, "aktiv", "", Problem.UNCALCULATED, sheet="Personal")]


def test_an_error_beyond_the_cells_that_hold_anything_is_a_fault() -> None:
    data = hostile.with_rows('<row><c t="e"><v>#N/A</v></c></row>', 1)
    with pytest.raises(Unreadable) as caught:
        preview(data, BEFORE)
    assert caught.value.trouble in {Trouble.HEADINGS, Trouble.HEADING_ERROR}


def test_an_error_is_found_when_a_stray_cell_has_the_book_read_row_by_row() -> None:
    book = hostile.with_stray_cell(hostile.LAST_ROW, 79)
    part = b'<c r="C3" t="e"><v>#N/A</v></c>'
    sheet = hostile.part_of(book, hostile.LIST)
    begin = sheet.index(b'<c r="C3"')
    end = sheet.index(b"</c>", begin) + 4
    (found,) = faults(hostile.with_part(hostile.LIST, sheet[:begin] + part + sheet[end:], book))
    assert (found.line, found.column, found.problem) == (3, "grupp", Problem.ERROR)


@pytest.mark.parametrize(
    "error", ["#N/A", "#SAKNAS!", "#REFERENS!", "#VÄRDEFEL!", "#DIVISION/0!", "#NAMN?", "#####", "Err:502"]
)
def test_an_error_that_has_become_text_is_a_fault(error: str) -> None:
    for column in (2, 3, 4):
        row = ["a@b.se", "A", "Vård", "", "ja"]
        row[column] = error
        (found,) = faults(csv_file([row]))
        assert (found.line, found.column, found.problem) == (2, HEADINGS[column], Problem.ERROR)


def test_an_error_among_the_headings_is_told() -> None:
    with pytest.raises(Unreadable) as caught:
        preview(workbook(2, "#N/A", heading="#REF!"), BEFORE)
    assert (caught.value.trouble, caught.value.about) == (Trouble.HEADING_ERROR, "#REF!")


@pytest.mark.parametrize(
    "make",
    [
        lambda: workbook(2, "Vård"),
        lambda: workbook(3, ""),
        lambda: workbook(4, "ja"),
        lambda: csv_file([("a@b.se", "A", "Team #1", "", "ja")]),
    ],
    ids=["value", "worked out to nothing", "yes", "a number sign"],
)
def test_a_formula_with_a_value_and_a_sign_in_a_name_are_no_faults(make: Callable[[], bytes]) -> None:
    assert preview(make(), BEFORE).rows == 1
