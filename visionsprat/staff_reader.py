"""The process that reads a staff list, so that no file ends or holds up the server.

`python -I staff_reader.py HOW HEADINGS` has the file on its standard input, bounds on memory and time, and
nothing of the rest of Visionsprat, which would cost it its quick start. On standard output come lines of
JSON: how the file was read, then an array for each row (its line, its cells), the headings first; or an
object that says why it can't be read. A reader that ends in any other way has met its bounds.
staff_file.py starts it.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
import sys
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date, datetime
from typing import Any

#: An organisation of 10,000 people is what all is made for; a list of ten times as many is still read.
MAX_ROWS = 100_000
#: In one row, in all rows, and how much they may say.
MAX_COLUMNS, MAX_CELLS, MAX_CHARACTERS = 1_000, 2_000_000, 20_000_000
#: What a workbook may unpack to.
MAX_UNPACKED = 200_000_000
#: The files that a workbook is packed of. A new one has ten, and one more for each sheet or picture.
MAX_PARTS = 1_000
#: Excel's last row.
_LAST_LINE = 1_048_576
#: Address space in bytes, and seconds of the processor's time. 100,000 people take 70 MB and a second.
MEMORY = 112 << 20
SECONDS = {"quick": 8, "sparse": 15}
_SEPARATORS = {";": "semicolon", ",": "comma", "\t": "tab"}
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"

#: A line and what stands there.
Row = tuple[int, list[str]]


class Refused(Exception):
    """The file can't be read: the name of a Trouble in staff_file.py, and what it is about."""

    def __init__(self, trouble: str, about: str = "") -> None:
        super().__init__(trouble)
        self.trouble = trouble
        self.about = about


def main(how: str, known: Collection[str]) -> None:
    """Read standard input in the way `how`, "quick" or "sparse", and write what it holds."""
    _confine(SECONDS[how])
    lines: list[bytes] = []
    for each in told(sys.stdin.buffer.read(), how, known):
        if isinstance(each, dict) and "trouble" in each:
            lines.clear()  # the server has no use for what stands before
        lines.append(json.dumps(each, ensure_ascii=False).encode(errors="replace") + b"\n")
    sys.stdout.buffer.writelines(lines)
    sys.stdout.flush()


def told(data: bytes, how: str, known: Collection[str]) -> Iterator[object]:
    """All that is said of a file. A panic in Rust comes out where the other way may still read the file."""
    try:
        read = _text if not data.startswith((_ZIP, _OLE)) else _sparse if how == "sparse" else _quick
        read_as, rows = read(data, known)
        yield read_as
        for line, cells in _bounded(_needed(rows, known)):
            yield [line, *cells]
    except Refused as refused:
        yield {"trouble": refused.trouble, "about": refused.about}
    except Exception:
        raise
    except BaseException:
        if how == "quick" and data.startswith(_ZIP):
            raise
        yield {"trouble": "NOT_EXCEL", "about": ""}


def plain_heading(heading: str) -> str:
    """A heading the way it is compared: small letters, single spaces."""
    return " ".join(heading.casefold().split())


def _confine(seconds: int) -> None:
    """Windows has no such bounds: there the time that staff_file.py waits holds, and the rows."""
    if sys.platform != "win32":
        import resource

        os.nice(10)
        bounds = {"AS": MEMORY, "CPU": seconds, "FSIZE": 0, "CORE": 0, "NOFILE": 64}
        for name, bound in bounds.items():
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (bound, bound))


def _needed(rows: Iterable[Row], known: Collection[str]) -> Iterator[Row]:
    """The rows that hold anything, the headings first. What nobody asks for is left in this process.

    Of a row the cells stay that stand under known headings, or under none; the others come empty.
    """
    filled = ((line, cells) for line, cells in rows if any(cells))
    line, headings = next(filled, (1, []))
    if not headings:
        raise Refused("EMPTY")
    yield line, headings
    unasked = [place for place, heading in enumerate(headings) if plain_heading(heading) not in known]
    for line, cells in filled:
        for place in unasked:
            if place < len(cells):
                cells[place] = ""
        while cells and not cells[-1]:
            cells.pop()
        yield line, cells


def _bounded(rows: Iterable[Row]) -> Iterator[Row]:
    """No more rows than a list may have."""
    cells = characters = 0
    for count, row in enumerate(rows):
        cells += len(row[1])
        characters += sum(map(len, row[1]))
        if count > MAX_ROWS:
            raise Refused("TOO_MANY_ROWS")
        if cells > MAX_CELLS or characters > MAX_CHARACTERS:
            raise Refused("TOO_MUCH")
        yield row


def _score(cells: Iterable[str], known: Collection[str]) -> int:
    return sum(plain_heading(cell) in known for cell in cells)


# Text


def _text(data: bytes, known: Collection[str]) -> tuple[dict[str, str], Iterator[Row]]:
    encoding = _encoding(data)
    separator = max(_SEPARATORS, key=lambda each: _score(_first_row(data, encoding, each), known))
    return {"encoding": encoding, "separator": _SEPARATORS[separator]}, _csv_rows(data, encoding, separator)


def _encoding(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        _require_text(data, "utf-16")
        return "utf-16"
    if _is_utf8(data):
        _require_text(data, "utf-8")
        return "utf-8"
    lines = data.splitlines()
    foreign = [number for number, line in enumerate(lines, start=1) if not _is_utf8(line)]
    if len([line for line in lines if not line.isascii()]) > len(foreign):
        raise Refused("MIXED", str(foreign[0]))
    _require_text(data, "windows-1252")
    return "windows-1252"


def _require_text(data: bytes, encoding: str) -> None:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Refused("ENCODING", str(data[: error.start].count(b"\n") + 1)) from None
    if "\0" in text:
        raise Refused("NUL", str(text[: text.index("\0")].count("\n") + 1))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _first_row(data: bytes, encoding: str, separator: str) -> list[str]:
    try:
        return next(_csv_rows(data, encoding, separator), (1, []))[1]
    except Refused:
        return []


def _csv_rows(data: bytes, encoding: str, separator: str) -> Iterator[Row]:
    codec = "utf-8-sig" if encoding == "utf-8" else encoding
    lines = io.TextIOWrapper(io.BytesIO(data), codec, newline="")
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise Refused("QUOTES", str(line)) from None
        if len(cells) > MAX_COLUMNS and any(cell.strip() for cell in cells[MAX_COLUMNS:]):
            raise Refused("TOO_WIDE", str(line))
        yield line, [cell.strip() for cell in cells[:MAX_COLUMNS]]


# Workbooks


def _quick(data: bytes, known: Collection[str]) -> tuple[dict[str, str], Iterator[Row]]:
    """Read any workbook as a grid: one cell far away from the others makes the grid too large for us."""
    from python_calamine import CalamineWorkbook

    _check_size(data)
    book = _opened(lambda: CalamineWorkbook.from_filelike(io.BytesIO(data)))
    return _best_sheet(((name, _grid_rows(book, name)) for name in book.sheet_names), known)


def _grid_rows(book: Any, name: str) -> Iterator[Row]:
    sheet = _opened(lambda: book.get_sheet_by_name(name))
    indent = [""] * (sheet.start[1] if sheet.start else 0)
    for line, cells in enumerate(sheet.iter_rows(), start=1):
        texts = [_as_text(cell) for cell in cells]
        yield line, indent + texts if any(texts) else []


def _sparse(data: bytes, known: Collection[str]) -> tuple[dict[str, str], Iterator[Row]]:
    """Read an .xlsx row by row, ten times as slow: only the cells that hold anything take room."""
    # openpyxl would bring them along; they take more room than the file.
    sys.modules |= dict.fromkeys(("numpy", "lxml"))  # type: ignore[arg-type]
    from openpyxl import load_workbook

    _check_size(data)
    options = {"read_only": True, "data_only": True, "keep_links": False}
    book = _opened(lambda: load_workbook(io.BytesIO(data), **options))
    return _best_sheet(((sheet.title, _sparse_rows(sheet)) for sheet in book.worksheets), known)


def _sparse_rows(sheet: Any) -> Iterator[Row]:
    sheet.reset_dimensions()  # what a file says of them may be false
    rows = sheet.iter_rows(values_only=True)
    for line in range(1, _LAST_LINE + 2):
        cells = _opened(lambda: next(rows, None))
        if cells is None:
            return
        if line > _LAST_LINE:
            raise Refused("NOT_EXCEL")
        yield line, ["" if cell is None else _as_text(cell) for cell in cells]


def _check_size(data: bytes) -> None:
    if data.startswith(_ZIP):
        with _opened(lambda: zipfile.ZipFile(io.BytesIO(data))) as parts:
            found = parts.infolist()
            if len(found) > MAX_PARTS or sum(part.file_size for part in found) > MAX_UNPACKED:
                raise Refused("TOO_BIG")


def _opened(open_: Callable[[], Any]) -> Any:
    """What a library makes of the file. A damaged one may raise anything there."""
    try:
        return open_()
    except MemoryError:
        raise
    except Exception as error:
        raise Refused("LOCKED" if "password" in str(error).lower() else "NOT_EXCEL") from None


def _best_sheet(
    sheets: Iterable[tuple[str, Iterator[Row]]], known: Collection[str]
) -> tuple[dict[str, str], Iterator[Row]]:
    """The first sheet with the most known headings in its first row that holds anything."""
    best: Iterator[Row] = iter(())
    highest = -1
    for name, rows in sheets:
        first = next((row for row in rows if any(row[1])), None)
        if first and (score := _score(first[1], known)) > highest:
            best, highest = _near(name, first, rows), score
    return {"encoding": "xlsx", "separator": ""}, best


def _near(name: str, first: Row, rows: Iterator[Row]) -> Iterator[Row]:
    """All rows of a sheet, the headings without the empty cells after them. Nothing may stand far away."""
    width = max(place for place, heading in enumerate(first[1], start=1) if heading)
    del first[1][width:]
    for line, cells in itertools.chain([first], rows):
        if far := next((place for place, cell in enumerate(cells) if cell and place >= MAX_COLUMNS), None):
            raise Refused("FAR", f"{name}!{_letters(far)}{line}")
        yield line, cells


def _letters(column: int) -> str:
    """The name of a column: A for 0, XFD for 16383."""
    name = ""
    while column >= 0:
        column, letter = divmod(column, 26)
        name, column = chr(ord("A") + letter) + name, column - 1
    return name


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


if __name__ == "__main__":
    main(sys.argv[1], frozenset(json.loads(sys.argv[2])))
