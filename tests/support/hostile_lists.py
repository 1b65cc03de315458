"""Staff lists that mean harm: small files that ask for all memory or time there is."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Sequence

import xlsxwriter

from tests.support.staff_lists import HEADINGS, ROWS, xlsx_file

LAST_ROW, LAST_COLUMN = 1_048_575, 16_383
LIST = "xl/worksheets/sheet2.xml"
STRINGS = "xl/sharedStrings.xml"
_SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


def with_stray_cell(row: int, column: int, text: str = " ", sheet: str = "Personal") -> bytes:
    """An honest workbook, but for one cell far away in one of its sheets."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as workbook:
        sheets = {name: workbook.add_worksheet(name) for name in ("Läs mig", "Personal")}
        for number, cells in enumerate((HEADINGS, *ROWS)):
            sheets["Personal"].write_row(number, 0, cells)
        sheets[sheet].write_string(row, column, text)
    return file.getvalue()


def with_part(name: str, content: bytes, book: bytes | None = None) -> bytes:
    """An honest workbook with another part in the place of one of its own."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book or xlsx_file())) as parts,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for each in parts.namelist():
            if each != name:
                new.writestr(each, parts.read(each))
        new.writestr(name, content)
    return file.getvalue()


def part(name: str) -> bytes:
    """What an honest workbook has there."""
    return part_of(xlsx_file(), name)


def part_of(book: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        return parts.read(name)


def with_false_count(count: int) -> bytes:
    return with_part(STRINGS, re.sub(rb'uniqueCount="\d+"', b'uniqueCount="%d"' % count, part(STRINGS)))


def with_false_dimension() -> bytes:
    sheet, count = re.subn(rb'ref="A1:[A-Z0-9]+"', b'ref="A1:XFD1048576"', part(LIST))
    assert count
    return with_part(LIST, sheet)


def with_rows(row: str, count: int) -> bytes:
    """A list in which one row stands again and again."""
    return with_part(LIST, (_SHEET + row * count + "</sheetData></worksheet>").encode())


def with_laughs() -> bytes:
    """A name that names a name ten times, which names a name ten times …"""
    names = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    start = f'<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY a0 "ha">{names}]><sst xmlns="'
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return with_part(STRINGS, f'{start}{space}"><si><t>&a9;</t></si></sst>'.encode())


def with_one_long_text(characters: int, times: int) -> bytes:
    """One text that many cells share."""
    texts = part(STRINGS).replace(b"<si>", b"<si><t>" + b"a" * characters + b"</t></si><si>", 1)
    book = with_part(STRINGS, texts)
    cells = "".join(f'<c t="s"><v>{number}</v></c>' for number in (3, 4))
    rows = f"<row>{cells}</row>" + '<row><c t="s"><v>0</v></c><c t="s"><v>0</v></c></row>' * times
    return with_part(LIST, (_SHEET + rows + "</sheetData></worksheet>").encode(), book)


def with_everything_merged() -> bytes:
    cells = '<mergeCell ref="A1:XFD1048576"/>' * 100_000
    return with_part(
        LIST, part(LIST).replace(b"</sheetData>", f"</sheetData><mergeCells>{cells}</mergeCells>".encode())
    )


def with_sheets(count: int) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as workbook:
        for number in range(count):
            workbook.add_worksheet(f"Blad {number}").write_row(0, 0, HEADINGS)
    return file.getvalue()


def bomb(size: int, *, told: int | None = None) -> bytes:
    """An honest workbook with a part that unpacks to `size` bytes, and says that it unpacks to `told`."""
    data = with_part("xl/more.xml", b"0" * size)
    if told is None:
        return data
    return data.replace(struct.pack("<I", size), struct.pack("<I", told))


def with_parts(count: int) -> bytes:
    """An honest workbook with so many empty parts besides."""
    file = io.BytesIO(xlsx_file())
    with zipfile.ZipFile(file, "a") as parts:
        for number in range(count):
            parts.writestr(f"xl/more/{number}.xml", b"")
    return file.getvalue()


def xls_file(
    cells: Sequence[tuple[int, int, str]],
    *,
    errors: Sequence[tuple[int, int, int]] = (),
    in_formulas: bool = False,
) -> bytes:
    """A workbook of Excel 97 with texts in these rows and columns, no more of it than has to be there.

    `errors` are Excel's numbers of errors, told as such or as what formulas have come to.
    """

    def record(kind: int, content: bytes) -> bytes:
        return struct.pack("<HH", kind, len(content)) + content

    end = record(0x0A, b"")
    begin = [record(0x809, struct.pack("<HHHHII", 0x600, kind, 0, 0, 0, 0)) for kind in (5, 0x10)]
    name = b"\x05\x00Lista"
    sheet_at = len(begin[0]) + 4 + 6 + len(name) + len(end)
    stream = begin[0] + record(0x85, struct.pack("<IBB", sheet_at, 0, 0) + name) + end + begin[1]
    for row, column, text in cells:
        stream += record(0x204, struct.pack("<HHHHB", row, column, 0, len(text), 1) + text.encode("utf-16le"))
    for row, column, code in errors:
        if in_formulas:
            value = struct.pack("<BBBxxxH", 2, 0, code, 0xFFFF)
            stream += record(0x06, struct.pack("<HHH", row, column, 0) + value + bytes(8))
        else:
            stream += record(0x205, struct.pack("<HHHBB", row, column, 0, code, 1))
    return _ole(stream + end)


def _ole(stream: bytes) -> bytes:
    """A compound file with one stream named Workbook."""
    stream += bytes(max(4096 - len(stream), 0))
    stream += bytes(-len(stream) % 512)
    sectors = len(stream) // 512
    assert sectors < 120
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, sectors + 2), 0xFFFFFFFE]
    table = struct.pack("<128I", *chain, *[0xFFFFFFFF] * (128 - len(chain)))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack(
        "<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0
    )
    head += struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)
    entries = _entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + _entry("Workbook", 2, 0xFFFFFFFF, 2, len(stream))
    return head + table + entries + bytes(256) + stream


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    told = name.encode("utf-16le").ljust(64, b"\0")
    links = struct.pack("<HBBIII", 2 * len(name) + 2, kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
    return told + links + bytes(36) + struct.pack("<IQ", start, size)
