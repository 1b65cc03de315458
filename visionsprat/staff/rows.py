"""What all ways of reading a staff list have in common: rows, headings, bounds and why a file is refused."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator
from itertools import chain, islice

from visionsprat.domain.invisible import bare

#: An organisation of 10,000 people is what all is made for; a list of ten times as many is still read.
MAX_ROWS = 100_000
#: In one row, in all rows, and how much they may say.
MAX_COLUMNS, MAX_CELLS, MAX_CHARACTERS = 1_000, 2_000_000, 20_000_000
#: The headings stand in one of the first rows that hold anything; above them may be a report's own lines.
MAX_ABOVE = 30
#: What a cell is handed on as whose formula nobody has worked out: it looks empty, and need not be.
UNCALCULATED = "#FORMULA"

#: A line and what stands there.
Row = tuple[int, list[str]]


class Refused(Exception):
    """The file can't be read: the name of a Trouble in staff/table.py, and what it is about."""

    def __init__(self, trouble: str, about: str = "") -> None:
        super().__init__(trouble)
        self.trouble = trouble
        self.about = about


def plain_heading(heading: str) -> str:
    """A heading the way it is compared: composed, small letters, single spaces, nothing that is not seen."""
    if not heading.isascii():
        heading = unicodedata.normalize("NFC", bare(heading[:1_000]))
    return " ".join(heading.casefold().split())


def score(cells: Iterable[str], known: Collection[str]) -> int:
    """How many of the cells are known headings."""
    return sum(plain_heading(cell) in known for cell in cells)


def from_headings(rows: Iterator[Row], known: Collection[str]) -> tuple[int, Iterator[Row]]:
    """The rows from the headings on, and how many known ones those have; -1 where nothing stands.

    The headings are the first of the rows at the beginning with the most known ones.
    """
    filled = (row for row in rows if any(row[1]))
    begin = list(islice(filled, MAX_ABOVE))
    if not begin:
        return -1, iter(())
    scores = [score(cells, known) for _, cells in begin]
    place = scores.index(max(scores)) if max(scores) > 1 else 0
    return scores[place], chain(begin[place:], filled)
