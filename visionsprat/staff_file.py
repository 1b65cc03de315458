"""A staff list as a file: CSV as Excel and HR systems write it, or an Excel workbook, read into rows."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from python_calamine import CalamineError, CalamineWorkbook

from visionsprat.errors import VisionspratError
from visionsprat.sheets import plain

MAX_BYTES = 20_000_000
#: What a workbook may unpack to.
MAX_UNPACKED = 200_000_000
#: What reading raises when a workbook is damaged, or asks for a version of zip that is not known.
_DAMAGED = (CalamineError, zipfile.BadZipFile, NotImplementedError, OSError, ValueError, OverflowError)
_SEPARATORS = {";": "semicolon", ",": "comma", "\t": "tab"}


class Trouble(Enum):
    """Why a file can't be read as a table at all; `{about}` is a line or a heading."""

    EMPTY = "The file is empty."
    TOO_BIG = "The file is larger than 20 MB."
    NOT_EXCEL = "The file looks like an Excel workbook but can't be opened. Save it again as .xlsx or CSV."
    LOCKED = "The workbook is locked with a password. Save it without one."
    ENCODING = "Line {about} is neither UTF-8 nor Windows-1252. Save the file as CSV UTF-8."
    MIXED = "The file mixes encodings: line {about} is not like the others. Save it again as CSV UTF-8."
    NUL = "Line {about} holds a NUL character: this is not a text file."
    QUOTES = "The quotation marks from line {about} on don't match."
    HEADINGS = "The first line names no column for {about}."
    DOUBLED = "Two columns mean the same: {about}."
    BOTH = "Use the column for managers (chef) or the one for what a person manages (chef_för), not both."


class Unreadable(VisionspratError):
    """The file can't be read as a staff list. `trouble` says why, `about` where."""

    def __init__(self, trouble: Trouble, about: str = "") -> None:
        super().__init__(trouble.value.format(about=about))
        self.trouble = trouble
        self.about = about


@dataclass(frozen=True)
class Row:
    #: The line it begins at, 1 for the headings.
    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    #: "utf-8", "utf-16", "windows-1252" or "xlsx".
    encoding: str
    #: "semicolon", "comma", "tab", or "" in a workbook.
    separator: str


def read_table(data: bytes, score: Callable[[tuple[str, ...]], int]) -> Table:
    """Read a file. `score` tells how many of some headings are known: it decides between separators.

    Rows without anything in them are left out. Raises Unreadable.
    """
    if not data.strip():
        raise Unreadable(Trouble.EMPTY)
    if len(data) > MAX_BYTES:
        raise Unreadable(Trouble.TOO_BIG)
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _workbook(data, score)
    text, encoding = _decoded(data)
    if "\0" in text:
        raise Unreadable(Trouble.NUL, str(text[: text.index("\0")].count("\n") + 1))
    separator = max(_SEPARATORS, key=lambda each: score(_first_row(text, each)))
    rows = tuple(row for row in _csv_rows(text, separator) if any(row.cells))
    if not rows:
        raise Unreadable(Trouble.EMPTY)
    return Table(rows[0].cells, rows[1:], encoding, _SEPARATORS[separator])


def _decoded(data: bytes) -> tuple[str, str]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16"), "utf-16"
        except UnicodeDecodeError as error:
            raise Unreadable(Trouble.ENCODING, str(data[: error.start].count(b"\n") + 1)) from None
    try:
        return data.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        pass
    lines = data.splitlines()
    foreign = [number for number, line in enumerate(lines, start=1) if not _is_utf8(line)]
    if len([line for line in lines if not line.isascii()]) > len(foreign):
        raise Unreadable(Trouble.MIXED, str(foreign[0]))
    try:
        return data.decode("cp1252"), "windows-1252"
    except UnicodeDecodeError as error:
        raise Unreadable(Trouble.ENCODING, str(data[: error.start].count(b"\n") + 1)) from None


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _first_row(text: str, separator: str) -> tuple[str, ...]:
    try:
        return next(_csv_rows(text, separator), Row(1, ())).cells
    except Unreadable:
        return ()


def _csv_rows(text: str, separator: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise Unreadable(Trouble.QUOTES, str(line)) from None
        yield Row(line, tuple(plain(cell.strip()) for cell in cells))


def _workbook(data: bytes, score: Callable[[tuple[str, ...]], int]) -> Table:
    """The first sheet with known headings in its first row that holds anything."""
    try:
        if data.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(data)) as parts:
                if sum(part.file_size for part in parts.infolist()) > MAX_UNPACKED:
                    raise Unreadable(Trouble.TOO_BIG)
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [
            tuple(row for row in _sheet_rows(book, name) if any(row.cells)) for name in book.sheet_names
        ]
    except _DAMAGED as error:
        locked = "password" in str(error).lower()
        raise Unreadable(Trouble.LOCKED if locked else Trouble.NOT_EXCEL) from None
    filled = [rows for rows in sheets if rows]
    if not filled:
        raise Unreadable(Trouble.EMPTY)
    rows = max(filled, key=lambda rows: score(rows[0].cells))
    width = len(rows[0].cells)
    while width and not rows[0].cells[width - 1]:
        width -= 1  # a sheet is as wide as its widest row
    return Table(rows[0].cells[:width], tuple(_trimmed(row, width) for row in rows[1:]), "xlsx", "")


def _trimmed(row: Row, width: int) -> Row:
    cells = list(row.cells)
    while len(cells) > width and not cells[-1]:
        cells.pop()
    return Row(row.line, tuple(cells))


def _sheet_rows(book: CalamineWorkbook, name: str) -> Iterator[Row]:
    sheet = book.get_sheet_by_name(name)
    for line, cells in enumerate(sheet.to_python(skip_empty_area=False), start=1):
        yield Row(line, tuple(_as_text(cell) for cell in cells))


def _as_text(cell: object) -> str:
    """A workbook's cell the way it looks there."""
    if isinstance(cell, bool):
        return "ja" if cell else "nej"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime) and cell == datetime(cell.year, cell.month, cell.day):
        cell = cell.date()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell).strip()
