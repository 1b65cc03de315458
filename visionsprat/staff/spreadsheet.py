"""Tables as files: CSV as Excel in Sweden writes and reads it, and Excel's own format."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

import xlsxwriter

# A spreadsheet would run a cell that begins so as a formula. The apostrophe makes it plain text; one
# that is there already gets another, so that reading takes away exactly what writing put there.
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_HARMLESS = re.compile(r"'+[=+\-@\t\r]")


def harmless(cell: str) -> str:
    """The cell as no spreadsheet takes it for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def plain(cell: str) -> str:
    """What the cell was before harmless()."""
    return cell[1:] if cell.startswith("'") and _HARMLESS.match(cell) else cell


def as_csv(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A table as CSV: UTF-8 with a byte order mark, semicolons, CRLF; no cell is a formula."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=";")
    writer.writerow(headings)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return file.getvalue().encode("utf-8-sig")


def as_xlsx(headings: Sequence[str], rows: Iterable[Sequence[str | int]], *, sheet: str) -> bytes:
    """A table as an Excel workbook with one `sheet`: texts stay texts and never become formulas."""
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as workbook:
        page = workbook.add_worksheet(sheet)
        page.write_row(0, 0, headings, workbook.add_format({"bold": True}))
        for number, row in enumerate(rows, start=1):
            page.write_row(number, 0, row)
        page.freeze_panes(1, 0)
        page.autofit()
    return file.getvalue()
