"""Reading files that mean harm: every one of them is read, or refused with why, and nothing else happens."""

from __future__ import annotations

import io
import random
import subprocess
import threading
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import pytest

from tests.support import hostile_lists as hostile
from tests.support.reading import ENDED, outcomes
from tests.support.reading_here import hurried
from tests.support.staff_lists import HEADINGS, ROWS, csv_file, xlsx_file
from visionsprat.staff import table
from visionsprat.staff.rows import MAX_COLUMNS, MAX_ROWS
from visionsprat.staff.table import MAX_BYTES, Table, Trouble, Unreadable, read_table

LAST = (hostile.LAST_ROW, hostile.LAST_COLUMN)
#: In Excel 97's rows and columns.
CELLS = [
    (row, column, text)
    for row, texts in enumerate((HEADINGS, *ROWS))
    for column, text in enumerate(texts)
    if text
]


def read(data: bytes) -> Table:
    return read_table(data, HEADINGS)


def rows(table: Table) -> list[tuple[str, ...]]:
    return [row.cells for row in table.rows]


@pytest.mark.parametrize(
    "make",
    [
        lambda: hostile.with_stray_cell(*LAST),
        lambda: hostile.with_stray_cell(*LAST, sheet="Läs mig"),
        lambda: hostile.with_stray_cell(*LAST, "Lösaren", sheet="Läs mig"),
        lambda: hostile.with_stray_cell(hostile.LAST_ROW, 79),
        lambda: hostile.with_stray_cell(hostile.LAST_ROW, 4),
        lambda: hostile.with_false_count(10**9),
        lambda: hostile.with_false_count(2**64 - 1),
        hostile.with_false_dimension,
        hostile.with_everything_merged,
        lambda: hostile.xls_file(CELLS),
    ],
    ids=[
        *("blank in the last cell", "in another sheet", "text in another sheet", "column 80", "column 5"),
        *("count", "larger count", "dimension", "merged", "xls"),
    ],
)
def test_an_honest_list_is_read_whatever_stands_around_it(make: Callable[[], bytes]) -> None:
    table = read(make())
    assert (table.headings, rows(table)) == (HEADINGS, list(ROWS))


@pytest.mark.parametrize(
    ("make", "trouble", "about"),
    [
        (lambda: hostile.with_stray_cell(*LAST, "x"), Trouble.FAR, "Personal!XFD1048576"),
        (lambda: hostile.with_stray_cell(3, MAX_COLUMNS, "x"), Trouble.FAR, "Personal!ALM4"),
        (lambda: hostile.with_one_long_text(30_000, 100_000), Trouble.TOO_MUCH, ""),
        (hostile.with_laughs, Trouble.NOT_EXCEL, ""),
        (lambda: hostile.bomb(201_000_000), Trouble.TOO_BIG, ""),
        (lambda: hostile.with_parts(1_001), Trouble.TOO_MUCH, ""),
        (lambda: hostile.xls_file([*CELLS, (65_535, 255, " ")]), Trouble.TOO_MUCH, ""),
        (lambda: b'"' * MAX_BYTES, Trouble.QUOTES, "1"),
        (lambda: b"a" * MAX_BYTES, Trouble.QUOTES, "1"),
        (lambda: b";" * MAX_BYTES, Trouble.TOO_MUCH, ""),
        (lambda: b"e-post;namn" + b";a" * 3_000_000, Trouble.TOO_WIDE, "1"),
        (lambda: b"e-post;namn\n" + b"a\n" * 9_000_000, Trouble.TOO_MANY_ROWS, ""),
        (lambda: b"e-post;namn\n" + b"\0" * 19_000_000, Trouble.NUL, "2"),
        (lambda: b"e-post;namn\n" + b"\xe5\n" * 9_000_000, Trouble.TOO_MUCH, ""),
        (lambda: b"\xff\xfe" + b"\0\xd8" * 9_000_000, Trouble.ENCODING, "1"),
    ],
    ids=[
        *("far away", "a little further", "one long text", "laughs", "bomb", "parts"),
        *("xls", "quotes", "one line", "separators", "columns", "lines", "nul", "decoding", "utf-16"),
    ],
)
def test_a_file_that_means_harm_is_refused_with_why(
    make: Callable[[], bytes], trouble: Trouble, about: str
) -> None:
    with pytest.raises(Unreadable) as caught:
        read(make())
    assert (caught.value.trouble, caught.value.about) == (trouble, about)


@pytest.mark.parametrize(
    "make",
    [
        lambda: hostile.with_rows("<row/>", 5_000_000),
        lambda: hostile.with_sheets(2_000),
        lambda: hostile.bomb(201_000_000, told=1_000),
        lambda: hostile.with_rows('<row r="99999999999"><c><v>1</v></c></row>', 1),
    ],
    ids=["empty rows", "sheets", "a bomb that lies", "a row that can't be"],
)
def test_what_can_be_read_or_not_ends_all_the_same(make: Callable[[], bytes]) -> None:
    try:
        with hurried():
            assert isinstance(read(make()), Table)
    except Unreadable as error:
        assert error.trouble in {Trouble.TOO_MUCH, Trouble.TOO_BIG, Trouble.NOT_EXCEL}


def test_a_file_that_takes_more_time_than_there_is_is_refused_with_why() -> None:
    with hurried(), pytest.raises(Unreadable) as caught:
        read(hostile.with_rows("<row><c><v>1</v></c></row>", 2_000_000))
    assert (caught.value.trouble, caught.value.about) == (Trouble.TOO_MUCH, "")


def test_a_list_may_hold_a_hundred_thousand_people() -> None:
    people = b"".join(b"anna%d@test.example;Anna\n" % number for number in range(MAX_ROWS))
    assert len(read(b"e-post;namn\n" + people).rows) == MAX_ROWS
    with pytest.raises(Unreadable) as caught:
        read(b"e-post;namn\n" + people + b"en@test.example;En till\n")
    assert caught.value.trouble is Trouble.TOO_MANY_ROWS


def test_what_stands_under_other_headings_never_reaches_the_server() -> None:
    table = read(csv_file([("a@b.se", "19121212-1212", "A")], ("e-post", "personnummer", "namn")))
    assert table.headings == ("e-post", "personnummer", "namn")
    assert rows(table) == [("a@b.se", "", "A")]


def test_a_reader_knows_nothing_of_the_servers_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[dict[str, str]] = []
    run = subprocess.run

    def watch(*arguments: object, **options: dict[str, str]) -> object:
        started.append(options["env"])
        return run(*arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setenv("VISIONSPRAT_SMTP_PASSWORD", "hemligt")
    monkeypatch.setattr(subprocess, "run", watch)
    read(csv_file())
    assert [each.keys() <= {"SYSTEMROOT", "LD_LIBRARY_PATH"} for each in started] == [True]


def test_a_reader_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "_START", "import time\nwhile True: time.sleep(1)")
    monkeypatch.setattr(table, "PATIENCE", 0.5)
    with pytest.raises(Unreadable) as caught:
        read(csv_file())
    assert caught.value.trouble is Trouble.TOO_MUCH


def test_files_are_read_one_at_a_time_and_the_next_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "TURN", 0.1)
    with table._reading, pytest.raises(Unreadable) as caught:
        read(csv_file())
    assert caught.value.trouble is Trouble.BUSY
    assert rows(read(csv_file())) == list(ROWS)


def test_two_files_at_once_are_both_read() -> None:
    found: list[Table] = []
    threads = [threading.Thread(target=lambda: found.append(read(xlsx_file()))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [rows(each) for each in found] == [list(ROWS)] * 2


# Damaged at random, always in the same way

BOOK = xlsx_file()
OLD_BOOK = hostile.xls_file(CELLS)


def damaged(data: bytes, every: int) -> Iterator[bytes]:
    for place in range(0, len(data), every):
        yield data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]


def with_noise_in_each_part(data: bytes, chance: random.Random) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        for name in parts.namelist():
            content = bytearray(parts.read(name))
            for _ in range(20):
                place = chance.randrange(len(content))
                content[place : place + 1] = chance.randbytes(chance.randrange(4))
                yield hostile.with_part(name, bytes(content), data)
            yield hostile.with_part(name, chance.randbytes(500), data)


def mutated(data: bytes, times: int, chance: random.Random) -> Iterator[bytes]:
    """Bytes changed, cut out, put in and doubled."""
    for _ in range(times):
        one = bytearray(data)
        for _ in range(chance.randint(1, 8)):
            start = chance.randrange(len(one) or 1)
            end = start + chance.randint(0, 40)
            put = chance.choice(
                (chance.randbytes(chance.randint(0, 8)), bytes(one[start:end]) * 3, b"\xff" * 4)
            )
            one[start : chance.choice((start, end))] = put
        yield bytes(one)


@pytest.mark.parametrize(
    "make",
    [
        lambda chance: damaged(BOOK, 50),
        lambda chance: (BOOK[:length] for length in range(len(BOOK))),
        lambda chance: (OLD_BOOK[:length] for length in range(0, len(OLD_BOOK), 20)),
        lambda chance: damaged(OLD_BOOK, 20),
        lambda chance: with_noise_in_each_part(BOOK, chance),
        lambda chance: mutated(BOOK, 100, chance),
        lambda chance: mutated(OLD_BOOK, 100, chance),
        lambda chance: mutated(csv_file(), 100, chance),
        lambda chance: (chance.randbytes(chance.randint(1, 2000)) for _ in range(300)),
    ],
    ids=[
        *(
            "damaged",
            "cut off",
            "xls cut off",
            "xls damaged",
            "noise",
            "mutated",
            "xls mutated",
            "csv mutated",
        ),
        "anything",
    ],
)
def test_a_damaged_file_is_a_table_or_refused(make: Callable[[random.Random], Iterator[bytes]]) -> None:
    files = [each for each in make(random.Random(14)) if each.strip()]
    found = outcomes(files)
    strange = {each: count for each, count in Counter(found).items() if not expected(each)}
    assert not strange
    refused_or_read([file for file, outcome in zip(files, found, strict=True) if outcome == ENDED])


def expected(outcome: str) -> bool:
    return outcome in {"table", ENDED} or outcome in Trouble.__members__


def refused_or_read(files: Sequence[bytes]) -> None:
    """Files that a reader does not outlive: the server gets an answer nevertheless."""
    for each in files[:20]:
        try:
            read(each)
        except Unreadable as error:
            assert error.trouble in {Trouble.TOO_MUCH, Trouble.NOT_EXCEL, Trouble.TOO_BIG}
