"""Tables as files: nothing in them runs, and reading gives back what was written."""

from __future__ import annotations

import csv
import io

import pytest

from visionsprat.staff.spreadsheet import as_csv, as_xlsx, harmless, plain

DANGEROUS = ["=1+1", "+46 42", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''@x"]
INNOCENT = ["", "Åsa", "'Team'", "a=b", "1", "Vård/Norr"]


@pytest.mark.parametrize("cell", DANGEROUS)
def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", INNOCENT)
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert harmless(cell) == cell


@pytest.mark.parametrize("cell", [*DANGEROUS, *INNOCENT])
def test_reading_gives_back_what_was_written(cell: str) -> None:
    assert plain(harmless(cell)) == cell


def test_csv_is_as_excel_in_sweden_writes_it() -> None:
    made = as_csv(["namn", "grupp"], [["Åsa; Ö", "=1"]])
    assert made == '\ufeffnamn;grupp\r\n"Åsa; Ö";\'=1\r\n'.encode()
    assert list(csv.reader(io.StringIO(made.decode("utf-8-sig")), delimiter=";"))[1] == ["Åsa; Ö", "'=1"]


def test_a_workbook_holds_texts_as_texts() -> None:
    from openpyxl import load_workbook

    sheet = load_workbook(io.BytesIO(as_xlsx(["namn", "klara"], [["=1+1", 3]], sheet="Grupp"))).active
    assert sheet is not None
    assert [[cell.value for cell in row] for row in sheet] == [["namn", "klara"], ["=1+1", 3]]
    assert [cell.data_type for cell in sheet[2]] == ["s", "n"]
