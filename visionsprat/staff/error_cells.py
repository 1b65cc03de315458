"""Cells of a workbook that look empty and are not: errors, and formulas that nobody has worked out.

The library that reads workbooks hands both on as nothing. A group, or a right, would be taken for removed.
So they are looked for in a workbook's XML, and in Excel 97's records; spreadsheets whose errors we can't
see, OpenDocument and xlsb, are refused.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

from visionsprat.staff.rows import UNCALCULATED, Row

#: By line, and column from 0.
Cells = Mapping[int, Mapping[int, str]]
_BOOK, _LINKS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
#: A part without any of these has no such cell, which is quickly seen; without the first, most quickly.
_BEGINNINGS = (b'"e"', b"'e'", b"<f", b":f", b"\0")
_SUSPECT = re.compile(rb"t\s*=\s*[\"']e[\"']|<(?:\w+:)?f\b|\x00f\x00|f\x00[ />]")
_PIECE = 1 << 20


class Holes:
    """Those of a workbook; damaged ones raise whatever their parts do."""

    def __init__(self, data: bytes) -> None:
        self._parts = zipfile.ZipFile(io.BytesIO(data)) if data.startswith(b"PK") else None
        names = self._parts.namelist() if self._parts else ()
        self._names = {each.replace("\\", "/").lower(): each for each in names}
        self._stream = b"" if self._parts else _workbook_stream(data)
        self._targets = self._parts_by_name() if self._parts else {}
        self._places = {} if self._parts else _places_of_97(self._stream)

    def of(self, sheet: str) -> Cells:
        """The cells of the sheet with this name."""
        if self._parts is None:
            return _errors_of_97(self._stream, self._places[sheet])
        name = self._names.get(self._targets.get(sheet, "").lower())
        return self._in_part(name) if name else {}

    def _parts_by_name(self) -> dict[str, str]:
        """Which part each sheet is."""
        book, links = (ElementTree.fromstring(self._read(name)) for name in (_BOOK, _LINKS))
        places = {each.get("Id"): each.get("Target", "") for each in links}
        found = {}
        for sheet in book.iterfind(".//{*}sheet"):
            id = next((value for name, value in sheet.attrib.items() if name.endswith("}id")), "")
            place = places.get(id, "")
            found[sheet.get("name", "")] = place[1:] if place.startswith("/") else f"xl/{place}"
        return found

    def _read(self, name: str) -> bytes:
        assert self._parts
        return self._parts.read(self._names[name.lower()])

    def _in_part(self, name: str) -> Cells:
        assert self._parts
        with self._parts.open(name) as file:
            if not _is_suspect(file):
                return {}
        with self._parts.open(name) as file:
            return _Sheet().read(file)


def filled(rows: Iterator[Row], holes: Cells) -> Iterator[Row]:
    """The rows with a word in each cell that only looks empty, also beyond the last row."""
    if not holes:
        yield from rows
        return
    left = dict(sorted(holes.items()))
    line = 0
    for line, cells in rows:
        yield line, _with(cells, left.pop(line, {}))
    for later in [each for each in left if each > line]:
        yield later, _with([], left[later])


def _with(cells: list[str], holes: Mapping[int, str]) -> list[str]:
    for column, text in holes.items():
        cells += [""] * (column + 1 - len(cells))
        cells[column] = text
    return cells


def _is_suspect(file: Any) -> bool:
    before = b""
    while piece := file.read(_PIECE):
        piece = before + piece
        if any(each in piece for each in _BEGINNINGS) and _SUSPECT.search(piece):
            return True
        before = piece[-20:]
    return False


class _Sheet:
    """Walks through a sheet's XML and keeps what it is for, a few cells of it."""

    def __init__(self) -> None:
        self.found: dict[int, dict[int, str]] = {}
        self._line = self._column = 0
        self._kind = self._text = ""
        self._has_formula = self._has_value = self._reads = False

    def read(self, file: Any) -> Cells:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._say
        while piece := file.read(_PIECE):
            parser.Parse(piece)
        parser.Parse(b"", True)
        return self.found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(" ")[2]
        if tag == "row":
            said = attributes.get("r", "")
            self._line = int(said) if said.isdecimal() else self._line + 1
            self._column = 0
        elif tag == "c":
            self._column = _column(attributes.get("r", "")) or self._column + 1
            self._kind, self._text = attributes.get("t", ""), ""
            self._has_formula = self._has_value = self._reads = False
        elif tag == "f":
            self._has_formula = True
        elif tag in ("v", "is"):
            self._has_value = self._reads = True

    def _say(self, text: str) -> None:
        if self._reads and self._kind == "e":
            self._text += text

    def _end(self, name: str) -> None:
        tag = name.rpartition(" ")[2]
        if tag == "v":
            self._reads = False
        elif tag == "c" and self._kind == "e":
            self._keep(self._text[:20] or "#N/A")
        elif tag == "c" and self._has_formula and not self._has_value:
            self._keep(UNCALCULATED)

    def _keep(self, text: str) -> None:
        self.found.setdefault(self._line, {})[self._column - 1] = text


def _column(reference: str) -> int:
    """The number of a column from 1, from a cell's name such as AB12; 0 for none."""
    number = 0
    for letter in reference[:3]:
        if not "A" <= letter <= "Z":
            break
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


# Excel 97: records in a stream in a compound file

_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_BOUND_SHEET, _FORMULA, _BOOL_OR_ERROR, _END, _BEGIN = 0x85, 0x06, 0x205, 0x0A, 0x809
_FREE = 0xFFFFFFFA


def _places_of_97(stream: bytes) -> dict[str, int]:
    """Where each sheet begins."""
    found: dict[str, int] = {}
    is_97 = True
    for kind, content in _records(stream, 0):
        if kind == _BEGIN:
            is_97 = content[:2] == b"\x00\x06"
        elif kind == _BOUND_SHEET:
            (place,), name = struct.unpack_from("<I", content), content[7:]
            codec = "latin-1" if not is_97 or not name[0] & 1 else "utf-16-le"
            length = content[6] * (2 if codec == "utf-16-le" else 1)
            found[name[is_97:][:length].decode(codec, "replace")] = place
        elif kind == _END:
            break
    return found


def _errors_of_97(stream: bytes, place: int) -> Cells:
    found: dict[int, dict[int, str]] = {}
    depth = 0
    for kind, content in _records(stream, place):
        depth += (kind == _BEGIN) - (kind == _END)
        if not depth:
            break
        code = None
        if kind == _BOOL_OR_ERROR and content[7]:
            code = content[6]
        elif kind == _FORMULA and content[12:14] == b"\xff\xff" and content[6] == 2:
            code = content[8]
        if code is not None:
            row, column = struct.unpack_from("<HH", content)
            found.setdefault(row + 1, {})[column] = _ERRORS.get(code, "#N/A")
    return found


def _records(stream: bytes, place: int) -> Iterator[tuple[int, bytes]]:
    while place + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, place)
        yield kind, stream[place + 4 : place + 4 + length]
        place += 4 + length


def _workbook_stream(data: bytes) -> bytes:
    size = 1 << struct.unpack_from("<H", data, 30)[0]

    def sector(number: int) -> bytes:
        return data[(number + 1) * size : (number + 2) * size]

    def numbers(raw: bytes) -> tuple[int, ...]:
        return struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4])

    tables = list(numbers(data[76:512]))
    more = struct.unpack_from("<I", data, 68)[0]
    for _ in range(len(data) // size):
        if more >= _FREE:
            break
        *some, more = numbers(sector(more))
        tables += some
    links = [link for table in tables if table < _FREE for link in numbers(sector(table))]

    def chain(first: int, most: int) -> bytes:
        pieces: list[bytes] = []
        while first < len(links) and len(pieces) * size < most:
            pieces.append(sector(first))
            first = links[first]
        return b"".join(pieces)

    directory = chain(struct.unpack_from("<I", data, 48)[0], len(data))
    for place in range(0, len(directory), 128):
        entry = directory[place : place + 128]
        name = entry[: max(struct.unpack_from("<H", entry, 64)[0] - 2, 0)].decode("utf-16-le", "replace")
        if name.lower() in ("workbook", "book"):
            first, length = struct.unpack_from("<II", entry, 116)
            return chain(first, min(length, len(data)))[:length]
    return b""
