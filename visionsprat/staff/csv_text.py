"""A staff list as text: how its letters are written, what stands between its cells, and the cells.

Which code page a text is in is told by its words: each reading costs what its letters are strange in their
places (a capital inside a word, ö beside a vowel, š between consonants). Too close to call is refused, as a
wrong guess would garble names in silence.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator

from visionsprat.staff.rows import MAX_COLUMNS, Refused, Row, from_headings

_SEPARATORS = {";": "semicolon", ",": "comma", "\t": "tab", "|": "bar"}
_UTF_8_MARK, _UTF_16_MARKS = b"\xef\xbb\xbf", {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
#: Excel's own line before the headings, which says what stands between the cells.
_SEPARATOR_LINE = re.compile(r'"?sep=([^\w\s"]|\t)"?;*\s*', re.IGNORECASE)
#: What other kinds of file begin with, whatever they are called.
_OTHERS = {
    rb"\s*<\?xml": "XML",
    rb"\s*<(!|html|head|body|table|meta|style|div)": "HTML",
    rb"\s*mime-version:": "HTML",
    rb"%pdf-": "PDF",
    rb"\{\\rtf": "RTF",
    rb'\s*[\[{]\s*["{\[]': "JSON",
    rb"\x1f\x8b|rar!|7z\xbc\xaf": "ZIP",
    rb"\x89png|\xff\xd8\xff": "PNG, JPEG",
}
#: How programs wrote text before UTF-8, from the likeliest on. Bytes alone don't tell them apart.
_CODE_PAGES = ("cp1252", "cp850", "mac-roman")
NAMES = {"cp1252": "windows-1252", "cp850": "cp850", "mac-roman": "mac-roman"}
_WORD = re.compile(r"[^\s;,|\t\"]*[^\x00-\x7f][^\s;,|\t\"]*")
#: So many different words are looked at, in so many lines and bytes.
_MOST_WORDS, _MOST_LINES, _MOST_BYTES = 500, 5_000, 500_000


def read(data: bytes, known: Collection[str]) -> tuple[dict[str, str], Iterator[Row]]:
    """How the file is read, and its rows from the headings on. Raises Refused, also while rows are taken."""
    begin = _without_marks(data[:300], _UTF_8_MARK).lower()
    if kind := next((kind for each, kind in _OTHERS.items() if re.match(each, begin)), None):
        raise Refused("OTHER_KIND", kind)
    codec, name, data = _decodable(data)
    skipped, separator = _declared(data, codec)
    if separator is None:
        scores = {each: _score(data, codec, each, skipped, known) for each in _SEPARATORS}
        separator = max(scores, key=lambda each: max(scores[each], 0))
    _, rows = _rows(data, codec, separator, skipped, known)
    return {"encoding": name, "separator": _SEPARATORS.get(separator, "other")}, rows


def _rows(
    data: bytes, codec: str, separator: str, skipped: int, known: Collection[str]
) -> tuple[int, Iterator[Row]]:
    return from_headings(_csv_rows(data, codec, separator, skipped), known)


def _score(data: bytes, codec: str, separator: str, skipped: int, known: Collection[str]) -> int:
    """How well the headings are understood with this separator; -1 when nothing can be read."""
    try:
        return _rows(data, codec, separator, skipped, known)[0]
    except Refused:
        return -1


def _csv_rows(data: bytes, codec: str, separator: str, skipped: int) -> Iterator[Row]:
    lines = io.TextIOWrapper(io.BytesIO(data), codec, newline="")
    for _ in range(skipped):
        lines.readline()
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        line = skipped + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise Refused("QUOTES", str(line)) from None
        if len(cells) > MAX_COLUMNS and any(cell.strip() for cell in cells[MAX_COLUMNS:]):
            raise Refused("TOO_WIDE", str(line))
        yield line, [cell.strip() for cell in cells[:MAX_COLUMNS]]


def _declared(data: bytes, codec: str) -> tuple[int, str | None]:
    """How many lines say what stands between the cells, and what they say."""
    found = _SEPARATOR_LINE.fullmatch(_first_line(data, codec))
    return (1, found[1]) if found else (0, None)


def _first_line(data: bytes, codec: str) -> str:
    return io.TextIOWrapper(io.BytesIO(data[:200]), codec, errors="replace", newline="").readline()


# How the letters are written


def _decodable(data: bytes) -> tuple[str, str, bytes]:
    """The codec, what it is called, and the bytes without marks around them. Raises Refused."""
    if codec := _UTF_16_MARKS.get(data[:2]) or _unmarked_utf_16(data):
        data = _without_marks(data, "\ufeff".encode(codec))
        _require_text(data, codec)
        return codec, "utf-16", data
    data = _without_marks(data, _UTF_8_MARK)
    if _is_utf_8(data):
        _require_text(data, "utf-8")
        return "utf-8", "utf-8", data
    lines = data.splitlines()
    foreign = [number for number, line in enumerate(lines, start=1) if not _is_utf_8(line)]
    if len([line for line in lines if not line.isascii()]) > len(foreign):
        raise Refused("MIXED", str(foreign[0]))
    codec = _code_page(data, [lines[number - 1] for number in foreign[:_MOST_LINES]], foreign[0])
    _require_text(data, codec)
    return codec, NAMES[codec], data


def _without_marks(data: bytes, mark: bytes) -> bytes:
    """Without byte order marks at the beginning, of which programs add one each, and without DOS's end."""
    while data.startswith(mark):
        data = data[len(mark) :]
    rest = data.rstrip(b"\x1a\0\r\n ")
    if b"\x1a" not in data[len(rest) :]:
        return data
    return rest + (b"\0" if len(rest) % 2 and mark != _UTF_8_MARK else b"")


def _unmarked_utf_16(data: bytes) -> str | None:
    """Whether every other byte is empty, as in UTF-16 of mostly plain letters, and which."""
    begin = data[:1_000]
    even, odd = begin[::2].count(0), begin[1::2].count(0)
    if min(even, odd) or max(even, odd) < len(begin) / 4:
        return None
    return "utf-16-le" if odd else "utf-16-be"


def _require_text(data: bytes, codec: str) -> None:
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        raise Refused("ENCODING", str(data[: error.start].count(b"\n") + 1)) from None
    if "\0" in text:
        raise Refused("NUL", str(text[: text.index("\0")].count("\n") + 1))


def _is_utf_8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


# Which code page: told by the words that each of them gives

_SWEDISH, _FREQUENT = "åäöÅÄÖ", "éÉüÜ"
_VOWELS = frozenset("aeiouyåäöAEIOUYÅÄÖ")
#: In Czech and the Slavic languages of the Balkans, and nearly always beside a vowel.
_SLAVIC = "šžŠŽ"
#: What typing programs put before a word, after it, and in the middle.
_BEFORE, _AFTER, _INSIDE = "”“»«", "”“’»«…", "’–—\u00a0"
#: What it takes for a Mac's or DOS's reading to be taken in place of Windows', and how much better than
#: another the best must be.
_RARE, _MARGIN = 2.0, 2.0
#: Where words are stranger than this, all in all, it is none of them: Cyrillic letters, or no text at all.
_STRANGE = 4.0


def _code_page(data: bytes, sample: list[bytes], line: int) -> str:
    """The code page whose words look most like words. Raises Refused where two do, or none does."""
    looked_at = b"\n".join(sample)[:_MOST_BYTES]
    costs: dict[str, float] = {}
    for codec in _CODE_PAGES:
        try:
            data.decode(codec)
        except UnicodeDecodeError:
            continue
        words = _words(looked_at.decode(codec))
        is_usual = (codec == "mac-roman") == (b"\n" not in data)  # Macs ended lines with CR
        costs[codec] = sum(map(_strangeness, words)) + (0 if is_usual and codec != "cp850" else _RARE)
    best, *others = sorted(costs, key=lambda codec: costs[codec])
    words = _words(looked_at.decode(best))
    is_told = best == _CODE_PAGES[0] or any(sum(map(str.isalpha, word)) > 1 for word in words)
    if not is_told or costs[best] - _RARE > _STRANGE * len(words):
        raise Refused("ENCODING", str(line))
    if others and costs[others[0]] - costs[best] < _MARGIN:
        raise Refused("UNSURE", f"{line} ({NAMES[best]}, {NAMES[others[0]]})")
    return best


def _words(text: str) -> list[str]:
    """The first different words with letters beyond ASCII."""
    found: dict[str, None] = {}
    for word in _WORD.finditer(text):
        found[word[0][:100]] = None
        if len(found) == _MOST_WORDS:
            break
    return list(found)


def _strangeness(word: str) -> float:
    padded = f" {word} "
    return sum(
        _cost(letter, before, after)
        for before, letter, after in zip(padded, word, padded[2:], strict=False)
        if not letter.isascii()
    )


def _cost(letter: str, before: str, after: str) -> float:
    """How strange a letter is in its place, in a list of people in Sweden."""
    if not letter.isalpha():
        return _cost_of_sign(letter, before.isalpha(), after.isalpha())
    cost = 0.0 if letter in _SWEDISH else 1.2 if letter in _FREQUENT else 2.0 if letter.islower() else 2.5
    if letter.isupper() and before.isalpha() and (before.islower() or after.islower()):
        cost += 4.0
    if letter.islower() and after.isupper():
        cost += 3.0
    beside = [each for each in (before, after) if each.isalpha()]
    if letter in _SWEDISH:
        cost += 1.5 * sum(each in _VOWELS for each in beside)
    elif letter in _SLAVIC:
        cost += 0.0 if any(each in _VOWELS for each in beside) else 3.0
    elif letter.islower() and not before.isalpha():
        cost += 1.0
    return cost


def _cost_of_sign(sign: str, follows: bool, leads: bool) -> float:
    if follows and leads:
        return (1.0 if sign == "’" else 3.0) if sign in _INSIDE else 6.0
    if follows or leads:
        return 1.0 if sign in (_AFTER if follows else _BEFORE) else 4.0
    return 1.5
