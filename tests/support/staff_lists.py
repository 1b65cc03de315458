"""Staff lists made for the tests."""

from __future__ import annotations

import io
from collections.abc import Sequence

import xlsxwriter

HEADINGS = ("e-post", "namn", "grupp", "chef_för", "aktiv")
ROWS = (
    ("asa@test.example", "Åsa Örn", "Vård/Norr/Team 1", "Vård/Norr", "ja"),
    ("bengt@test.example", "Bengt Provberg", "Vård/Norr/Team 1|Vård/Norr/Team 2", "", "ja"),
    ("cia@test.example", "Cia Ängel", "", "", "nej"),
)


def csv_file(
    rows: Sequence[Sequence[str]] = ROWS,
    headings: Sequence[str] = HEADINGS,
    *,
    separator: str = ";",
    newline: str = "\r\n",
    encoding: str = "utf-8",
) -> bytes:
    """A plain CSV file: cells with separators, quotes or line breaks in them are quoted."""

    def cell(text: str) -> str:
        quoted = any(mark in text for mark in (separator, '"', "\n", "\r"))
        return '"' + text.replace('"', '""') + '"' if quoted else text

    lines = [separator.join(map(cell, row)) for row in (headings, *rows)]
    return (newline.join(lines) + newline).encode(encoding)


def xlsx_file(rows: Sequence[Sequence[object]] = ROWS, headings: Sequence[str] = HEADINGS) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as workbook:
        workbook.add_worksheet("Läs mig").write(0, 0, "Så här fyller du i listan")
        sheet = workbook.add_worksheet("Personal")
        for number, row in enumerate((headings, *rows)):
            sheet.write_row(number, 0, row)
    return file.getvalue()
