"""Reading a staff list as a file: what Excel in Sweden writes is read as it is."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.reading_here import texts_read_here
from tests.support.staff_lists import HEADINGS, ROWS, csv_file, xlsx_file
from visionsprat.errors import VisionspratError
from visionsprat.staff.table import MAX_BYTES, Table, Trouble, Unreadable, read_table


def read(data: bytes) -> Table:
    return read_table(data, HEADINGS)


def rows(table: Table) -> list[tuple[str, ...]]:
    return [row.cells for row in table.rows]


@pytest.mark.parametrize(
    ("data", "encoding", "separator"),
    [
        (csv_file(), "utf-8", "semicolon"),
        (csv_file(encoding="utf-8-sig"), "utf-8", "semicolon"),
        (csv_file(encoding="cp1252"), "windows-1252", "semicolon"),
        (csv_file(separator=","), "utf-8", "comma"),
        (csv_file(separator="\t", encoding="utf-16"), "utf-16", "tab"),
        (csv_file(newline="\n"), "utf-8", "semicolon"),
        (csv_file(newline="\r"), "utf-8", "semicolon"),
        (xlsx_file(), "xlsx", ""),
    ],
    ids=["utf-8", "bom", "windows-1252", "comma", "unicode text", "lf", "cr", "xlsx"],
)
def test_every_way_of_writing_it_is_read_alike(data: bytes, encoding: str, separator: str) -> None:
    table = read(data)
    assert (table.headings, rows(table)) == (HEADINGS, list(ROWS))
    assert (table.encoding, table.separator) == (encoding, separator)


def test_lines_are_counted_through_quoted_line_breaks() -> None:
    table = read(csv_file([("a@b.se", "A", "Vård\r\nNorr", "", ""), ("c@d.se", "C", "", "", "")]))
    assert [(row.line, row.cells[2:]) for row in table.rows] == [(2, ("Vård\r\nNorr",)), (4, ())]


def test_empty_lines_are_left_out_and_counted() -> None:
    table = read(b"e-post;namn\n\n;;\na@b.se;A\n")
    assert [(row.line, row.cells) for row in table.rows] == [(4, ("a@b.se", "A"))]


def test_numbers_and_truths_in_a_workbook_are_read_the_way_they_look() -> None:
    table = read(xlsx_file([(42, 4.5, "007", True, False)]))
    assert rows(table) == [("42", "4.5", "007", "ja", "nej")]


def test_what_an_export_made_harmless_is_taken_back() -> None:
    assert rows(read(csv_file([("a@b.se", "'=A", "'Team'", "", "")])))[0][1:3] == ("=A", "'Team'")


def bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/workbook.xml", b"0" * 201_000_000)
    return file.getvalue()


@pytest.mark.parametrize(
    ("make", "trouble", "about"),
    [
        (lambda: b"", Trouble.EMPTY, ""),
        (lambda: b" \r\n ", Trouble.EMPTY, ""),
        (lambda: b";;\n;;\n", Trouble.EMPTY, ""),
        (lambda: b"a" * (MAX_BYTES + 1), Trouble.TOO_BIG, ""),
        (bomb, Trouble.TOO_BIG, ""),
        (lambda: xlsx_file()[:300], Trouble.NOT_EXCEL, ""),
        (lambda: b"e-post;namn\na@b.se;\x81\n", Trouble.ENCODING, "2"),
        (lambda: "e-post;namn\na@b.se;Åsa\n".encode() + b"c@d.se;\xc5sa\n", Trouble.MIXED, "3"),
        (lambda: b"e-post;namn\na@b.se;A\0\n", Trouble.NUL, "2"),
        (lambda: b'e-post;namn\na@b.se;"A\nb@c.se;B\n', Trouble.QUOTES, "2"),
        (lambda: b"\xff\xfea", Trouble.ENCODING, "1"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_why(
    make: Callable[[], bytes], trouble: Trouble, about: str
) -> None:
    with pytest.raises(Unreadable) as caught:
        read(make())
    assert (caught.value.trouble, caught.value.about) == (trouble, about)
    assert isinstance(caught.value, VisionspratError)


BOOK = xlsx_file()


@given(st.binary(max_size=2000))
@example(b"PK\x03\x04")
@example(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
@settings(max_examples=30, deadline=None)
def test_no_file_crashes_the_reading(data: bytes) -> None:
    with contextlib.suppress(Unreadable), texts_read_here():
        read(data)


@given(st.integers(0, len(BOOK) - 1), st.binary(min_size=1, max_size=4))
@example(BOOK.rindex(b"PK\x01\x02") + 6, b"\x40")  # a version of zip that is not known
@settings(max_examples=30, deadline=None)
def test_no_damaged_workbook_crashes_the_reading(place: int, damage: bytes) -> None:
    with contextlib.suppress(Unreadable):
        read(BOOK[:place] + damage + BOOK[place + len(damage) :])
