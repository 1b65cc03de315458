"""A staff list as a file: CSV as Excel and HR systems write it, or an Excel workbook, read into rows.

A process of its own reads it (staff/reader.py): whatever the file does to that, the server goes on.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from visionsprat.errors import Refused
from visionsprat.staff.rows import MAX_COLUMNS, MAX_ROWS
from visionsprat.staff.spreadsheet import plain
from visionsprat.telemetry.log import OURS

MAX_BYTES = 20_000_000
#: How long a reader may take by the clock, and how long a file waits while another is read, in seconds.
PATIENCE, TURN = 30, 60
# Begun so, it finds our modules and nobody else's. visionsprat/__init__.py spares it sqlite-utils where
# pandas is not to be had, as here.
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); sys.modules['pandas'] = None; "
    "from visionsprat.staff.reader import main; main(*sys.argv[2:])"
)
_ROOT = str(Path(__file__).resolve().parents[2])
#: All that a reader gets of the environment: what Python itself may need to start.
_ENVIRONMENT = ("SYSTEMROOT", "LD_LIBRARY_PATH")

#: So many rows are taken in at once: one by one they would cost twice as much.
_AT_ONCE = 1_000

_log = logging.getLogger(OURS)
#: One file is read at a time.
_reading = threading.Lock()


class Trouble(Enum):
    """Why a file can't be read as a table at all; `{about}` is a line, a heading or a cell."""

    EMPTY = "The file is empty."
    TOO_BIG = "The file is larger than 20 MB."
    TOO_MANY_ROWS = f"The file has more than {MAX_ROWS:,} rows."
    TOO_WIDE = f"Line {{about}} has more than {MAX_COLUMNS:,} cells: look for a missing line break."
    FAR = "The cell {about} lies far outside the list. Clear it and save the file again."
    TOO_MUCH = "The file takes too long or too much memory to read. Save the list alone, as CSV."
    TOO_MANY_GROUPS = "The list holds too many groups: at most 20,000, and 300,000 counted for each person."
    BUSY = "Another file is being read just now. Try again in a minute."
    NOT_EXCEL = "The file looks like an Excel workbook but can't be opened. Save it again as .xlsx or CSV."
    LOCKED = "The workbook is locked with a password. Save it without one."
    ENCODING = "Line {about} is neither UTF-8 nor Windows-1252. Save the file as CSV UTF-8."
    MIXED = "The file mixes encodings: line {about} is not like the others. Save it again as CSV UTF-8."
    UNSURE = "Line {about} can be read in two ways. Save the file as CSV UTF-8."
    OTHER_KIND = "The file is {about}, whatever it is called. Open it and save it as .xlsx or CSV."
    NUL = "Line {about} holds a NUL character: this is not a text file."
    QUOTES = "The quotation marks from line {about} on don't match."
    HEADINGS = "No line near the top has headings for all that is needed. Missing in the best one: {about}."
    HEADING_ERROR = "The heading {about} is an error or a formula without a value."
    DOUBLED = "Two columns mean the same: {about}."
    BOTH = "Use the column for managers (chef) or the one for what a person manages (chef_för), not both."


class Unreadable(Refused):
    """The file can't be read as a staff list. `trouble` says why, `about` where."""

    def __init__(self, trouble: Trouble, about: str = "") -> None:
        about = printable(about)
        super().__init__(trouble.value.format(about=about))
        self.trouble = trouble
        self.about = about


@dataclass(frozen=True, slots=True)
class Row:
    #: The line it begins at, 1 for the headings.
    line: int
    #: Without those at its end that are empty.
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    #: Where the headings stand.
    line: int
    #: "utf-8", "utf-16", "windows-1252", "cp850", "mac-roman" or "xlsx".
    encoding: str
    #: "semicolon", "comma", "tab", "bar", "other", or "" in a workbook.
    separator: str
    #: The sheet of a workbook.
    sheet: str = ""


def read_table(data: bytes, known: Collection[str]) -> Table:
    """Read a file. The `known` headings (as plain_heading gives them) decide between separators and sheets.

    Rows without anything in them are left out, and cells under other headings come empty. Raises Unreadable,
    after two minutes at the most.
    """
    if not data or data.isspace():
        raise Unreadable(Trouble.EMPTY)
    if len(data) > MAX_BYTES:
        raise Unreadable(Trouble.TOO_BIG)
    with _turn():
        output = _output(data, known, "quick")
        if output is None and data.startswith(b"PK"):
            output = _output(data, known, "sparse")
    if output is None:
        raise Unreadable(Trouble.TOO_MUCH)
    return _table(output)


def printable(text: str) -> str:
    """Something from a file, no more than 100 characters of it, as it can do a terminal no harm."""
    return "".join(each if each.isprintable() else "\ufffd" for each in text[:100])


@contextmanager
def _turn() -> Iterator[None]:
    if not _reading.acquire(timeout=TURN):
        raise Unreadable(Trouble.BUSY)
    try:
        yield
    finally:
        _reading.release()


def _output(data: bytes, known: Collection[str], how: str) -> bytes | None:
    """What a reader says of the file; None when it has met its bounds."""
    try:
        ended = subprocess.run(
            [sys.executable, "-I", "-c", _START, _ROOT, how, json.dumps(sorted(known))],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            check=False,
        )
    except subprocess.TimeoutExpired:
        _log.info("A staff list was not read.", extra={"reason": f"{how}: no answer for {PATIENCE} s"})
        return None
    except OSError as error:
        _log.warning("A staff list was not read.", exc_info=error)
        raise Unreadable(Trouble.BUSY) from error
    if ended.returncode:
        _log.info("A staff list was not read.", extra={"reason": f"{how}: ended with {ended.returncode}"})
        return None
    return ended.stdout


def _table(output: bytes) -> Table:
    first, *lines = output.splitlines()
    read_as = _unless_refused(json.loads(first))
    rows = [*_rows(lines, in_text=bool(read_as["separator"]))]
    head, sheet = rows[0], read_as.get("sheet", "")
    return Table(head.cells, tuple(rows[1:]), head.line, read_as["encoding"], read_as["separator"], sheet)


def _rows(lines: list[bytes], *, in_text: bool) -> Iterator[Row]:
    for begin in range(0, len(lines), _AT_ONCE):
        said = b"[%b]" % b",".join(lines[begin : begin + _AT_ONCE])
        made_harmless = in_text and b"'" in said
        for line, *cells in json.loads(said):
            yield Row(line, tuple(map(plain, cells) if made_harmless else cells))


def _unless_refused(said: Any) -> Any:
    if isinstance(said, dict) and "trouble" in said:
        raise Unreadable(Trouble[said["trouble"]], said["about"])
    return said
