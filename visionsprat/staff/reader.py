"""The process that reads a staff list, so that no file ends or holds up the server.

A reader has the file on its standard input, bounds on memory and time, and nothing of the rest of
Visionsprat but csv_text.py, error_cells.py and what they share: more would cost it its quick start. On
standard output come lines of JSON: how the file was read, then an array for each row (its line, its cells),
the headings first; or an object that says why it can't be read. A reader that ends in any other way has met
its bounds. table.py starts it.

calamine makes a grid as large as the farthest cell asks for, and aborts the process when there is no room
(tafia/calamine#684, #693). What its grid has no room for, openpyxl reads once more, row by row and a tenth
as fast: Excel's Solver leaves a blank in the last cell of honest lists. Cells under headings that nobody
asks for never leave the reader. On Windows the clock and the bounds on rows hold alone.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import sys
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date, datetime
from typing import Any

from visionsprat.staff import csv_text, error_cells
from visionsprat.staff.rows import (
    MAX_CELLS,
    MAX_CHARACTERS,
    MAX_COLUMNS,
    MAX_ROWS,
    Refused,
    Row,
    from_headings,
    plain_heading,
)

#: What a workbook may unpack to.
MAX_UNPACKED = 200_000_000
#: The files that a workbook is packed of. A new one has ten, and one more for each sheet or picture.
MAX_PARTS = 1_000
#: Excel's last row.
_LAST_LINE = 1_048_576
#: Packed files that are something else, by a part that only they have. Of other spreadsheets nobody would
#: tell us which cells have gone wrong.
_OTHER_BOOKS = {
    "mimetype": "OpenDocument",
    "xl/workbook.bin": "xlsb",
    "word/document.xml": "Word",
    "ppt/presentation.xml": "PowerPoint",
    "Index/Document.iwa": "Numbers",
}
#: Address space in bytes, and seconds of the processor's time. 100,000 people take 70 MB and a second.
MEMORY = 112 << 20
SECONDS = {"quick": 8, "sparse": 15}
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


def main(how: str, headings: str) -> None:
    """Read standard input in the way `how`, "quick" or "sparse", and write what it holds."""
    _confine(SECONDS[how])
    sys.stdout.buffer.writelines(written(sys.stdin.buffer.read(), how, frozenset(json.loads(headings))))
    sys.stdout.flush()


def written(data: bytes, how: str, known: Collection[str]) -> list[bytes]:
    """All that is said of a file, a line each."""
    lines: list[bytes] = []
    for each in told(data, how, known):
        if isinstance(each, dict) and "trouble" in each:
            lines.clear()  # the server has no use for what stands before
        lines.append(json.dumps(each, ensure_ascii=False).encode(errors="replace") + b"\n")
    return lines


def told(data: bytes, how: str, known: Collection[str]) -> Iterator[object]:
    """All that is said of a file. A panic in Rust comes out where the other way may still read the file."""
    try:
        is_book = data.startswith((_ZIP, _OLE))
        read = csv_text.read if not is_book else _sparse if how == "sparse" else _quick
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


def _confine(seconds: int) -> None:
    """Windows has no such bounds: there the time that staff/table.py waits holds, and the rows."""
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
    filled = iter(rows)
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


# Workbooks


def _quick(data: bytes, known: Collection[str]) -> tuple[dict[str, str], Iterator[Row]]:
    """Read any workbook as a grid: one cell far away from the others makes the grid too large for us."""
    from python_calamine import CalamineWorkbook

    _check_size(data)
    book = _opened(lambda: CalamineWorkbook.from_filelike(io.BytesIO(data)))
    found = _holes(data)
    return _best_sheet(((name, _grid_rows(book, name, found)) for name in book.sheet_names), known)


def _grid_rows(book: Any, name: str, holes: error_cells.Holes) -> Iterator[Row]:
    sheet = _opened(lambda: book.get_sheet_by_name(name))
    indent = [""] * (sheet.start[1] if sheet.start else 0)
    rows = enumerate(([_as_text(cell) for cell in cells] for cells in sheet.iter_rows()), start=1)
    indented = ((line, indent + texts if any(texts) else []) for line, texts in rows)
    return error_cells.filled(indented, _opened(lambda: holes.of(name)))


def _holes(data: bytes) -> error_cells.Holes:
    return _opened(lambda: error_cells.Holes(data))  # type: ignore[no-any-return]


def _sparse(data: bytes, known: Collection[str]) -> tuple[dict[str, str], Iterator[Row]]:
    """Read an .xlsx row by row, ten times as slow: only the cells that hold anything take room."""
    # openpyxl would bring them along; they take more room than the file.
    sys.modules |= dict.fromkeys(("numpy", "lxml"))  # type: ignore[arg-type]
    from openpyxl import load_workbook

    _check_size(data)
    options = {"read_only": True, "data_only": True, "keep_links": False}
    book = _opened(lambda: load_workbook(io.BytesIO(data), **options))
    found = _holes(data)
    return _best_sheet(((each.title, _sparse_rows(each, found)) for each in book.worksheets), known)


def _sparse_rows(sheet: Any, holes: error_cells.Holes) -> Iterator[Row]:
    return error_cells.filled(_filled_rows(sheet), _opened(lambda: holes.of(sheet.title)))


def _filled_rows(sheet: Any) -> Iterator[Row]:
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
            if len(found) > MAX_PARTS:
                raise Refused("TOO_MUCH")
            if sum(part.file_size for part in found) > MAX_UNPACKED:
                raise Refused("TOO_BIG")
            if kind := next((kind for name, kind in _OTHER_BOOKS.items() if name in parts.NameToInfo), ""):
                raise Refused("OTHER_KIND", kind)


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
    """The first sheet with the most known headings."""
    best: Iterator[Row] = iter(())
    highest, best_name = -1, ""
    for name, rows in sheets:
        score, rows = from_headings(rows, known)
        if score > highest:
            best, highest, best_name = _near(name, next(rows), rows), score, name
    return {"encoding": "xlsx", "separator": "", "sheet": best_name}, best


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
