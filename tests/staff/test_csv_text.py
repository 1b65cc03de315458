"""A staff list as text, as other programs than Excel write it: read rightly, or refused with why."""

from __future__ import annotations

import pytest

from tests.support.staff_lists import HEADINGS, ROWS, csv_file
from visionsprat.staff.csv_text import NAMES
from visionsprat.staff.table import Table, Trouble, Unreadable, read_table


def read(data: bytes) -> Table:
    return read_table(data, HEADINGS)


def rows(table: Table) -> list[tuple[str, ...]]:
    return [row.cells for row in table.rows]


def one(name: str, code_page: str, newline: str = "\r\n") -> bytes:
    return csv_file([("a@b.se", name)], ("e-post", "namn"), newline=newline, encoding=code_page)


LIST = csv_file()
MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"sep=;\r\n" + LIST, 2),
        (MARK + b"SEP=;\r\n" + LIST, 2),
        (b'"sep=;"\n' + LIST, 2),
        (b"sep=^\n" + csv_file(separator="^"), 2),
        (csv_file([tuple(cell.replace("|", " och ") for cell in row) for row in ROWS], separator="|"), 1),
        (MARK + MARK + LIST, 1),
        (b"\xff\xfe\xff\xfe" + csv_file(encoding="utf-16-le"), 1),
        (csv_file(encoding="utf-16-le"), 1),
        (csv_file(encoding="utf-16-be"), 1),
        (LIST + b"\x1a", 1),
        (LIST + b"\x1a\r\n\0\0\0", 1),
        (csv_file(encoding="utf-16-le") + b"\x1a\0", 1),
        (b"Personallista;;;;\r\nUtskriven 2026-11-27;;;;\r\n\r\n" + LIST, 4),
        (b"Utskriven av namn\n" * 29 + LIST, 30),
    ],
    ids=[
        *("sep", "sep after a mark", "sep in quotes", "another sign", "bars", "two marks"),
        *("two marks of UTF-16", "UTF-16 without one", "the other UTF-16", "Ctrl-Z", "padded", "in UTF-16"),
        *("a report's lines", "many of them"),
    ],
)
def test_what_programs_put_around_a_list_does_not_matter(data: bytes, line: int) -> None:
    table = read(data)
    expected = [tuple(cell.replace("|", " och ") for cell in row) for row in ROWS]
    assert (table.headings, table.line) == (HEADINGS, line)
    assert [tuple(cell.replace("|", " och ") for cell in row) for row in rows(table)] == expected
    assert table.rows[0].line == line + 1


@pytest.mark.parametrize("newline", ["\r\n", "\n"])
@pytest.mark.parametrize("code_page", list(NAMES))
@pytest.mark.parametrize(
    "name", ["Björn Sjöberg", "Vera Häll", "Åke Ängström", "Östen Åsberg-Öhrn", "Märta Götberg, född Åh"]
)
def test_letters_are_told_by_the_words_they_give(name: str, code_page: str, newline: str) -> None:
    table = read(one(name, code_page, newline))
    assert (rows(table), table.encoding) == ([("a@b.se", name)], NAMES[code_page])


@pytest.mark.parametrize("name", ["Björn", "Kök öster", "Åsa", "Zoë Ahl"])
def test_an_old_macs_line_ends_are_part_of_the_evidence(name: str) -> None:
    assert rows(read(one(name, "mac-roman", "\r"))) == [("a@b.se", name)]


@pytest.mark.parametrize("name", ["Dušan Šaric", "Nataša", "René", "O’Brien", "”Lillan” Berg"])
def test_names_from_elsewhere_are_not_taken_for_garbled_ones(name: str) -> None:
    assert rows(read(one(name, "cp1252"))) == [("a@b.se", name)]


@pytest.mark.parametrize("code_page", list(NAMES))
@pytest.mark.parametrize("name", ["Gün", "Žarko", "Miloš", "Søren Kjær", "François", "Ægir", "Peña"])
def test_a_word_alone_is_read_rightly_or_refused(name: str, code_page: str) -> None:
    try:
        assert rows(read(one(name, code_page))) == [("a@b.se", name)]
    except UnicodeEncodeError:
        pytest.skip("not to be written so")
    except Unreadable as error:
        assert error.trouble is Trouble.UNSURE


@pytest.mark.parametrize(
    ("data", "trouble", "about"),
    [
        (one("Søren Kjær", "cp850"), Trouble.UNSURE, "2 (cp850, mac-roman)"),
        (one("Иванов Пётр", "cp1251"), Trouble.ENCODING, "2"),
        (b"<html><table><tr><td>e-post", Trouble.OTHER_KIND, "HTML"),
        (MARK + b"\r\n <!DOCTYPE html>", Trouble.OTHER_KIND, "HTML"),
        (b'<?xml version="1.0"?><Workbook>', Trouble.OTHER_KIND, "XML"),
        (b"%PDF-1.7\n", Trouble.OTHER_KIND, "PDF"),
        (b'[{"e-post": "a@b.se"}]', Trouble.OTHER_KIND, "JSON"),
        (b"{\\rtf1\\ansi", Trouble.OTHER_KIND, "RTF"),
    ],
)
def test_what_can_not_be_told_is_refused_by_name(data: bytes, trouble: Trouble, about: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(data)
    assert (caught.value.trouble, caught.value.about) == (trouble, about)
