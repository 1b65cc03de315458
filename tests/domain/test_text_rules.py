"""What the text of a reflection may be."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.blank import BLANK, WRITTEN
from visionsprat.domain.text_rules import (
    MAX_CHARACTERS,
    MOST_MARKS,
    NFC_BYTES,
    NFC_CHARACTERS,
    TextRefused,
    TextTooLong,
    TooManyMarks,
    UnstorableCharacter,
    clean,
    has_too_many_marks,
    is_blank,
    search_words,
)

EVERY_CHARACTER = [chr(each) for each in range(sys.maxunicode + 1) if not 0xD800 <= each <= 0xDFFF]

KEPT = {
    "empty": "",
    "Swedish": "Å, ä och ö. Räksmörgås.",
    "white space at both ends": "  \n text \t\n",
    "Windows' line ends": "ett\r\ntvå\r\n",
    "old Mac's line ends": "ett\rtvå",
    "emoji": "bra 👍🏽 👩‍👩‍👧‍👦 🇸🇪",
    "right to left": "שלום עולם, مرحبا",
    "direction marks": "\u202eabc\u202c\u2066def\u2069",
    "zero-width": "a\u200bb\u200dc\ufeffd",
    "control characters": "a\x01b\x1bc\x7fd",
    "unassigned and private": "\U000e0fff\ue000\ufffe",
    "markup": "<script>alert('x')</script> **bold** $x$ {y} %s ' OR 1=1; --",
    "compatibility forms": "ﬁ ½ Ⅻ ｈ",
}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_a_text_is_kept_exactly_as_typed(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("a\u030a", "å"), ("A\u030aA\u0308O\u0308", "ÅÄÖ"), ("\u212b", "Å"), ("e\u0301", "é")],
)
def test_a_letter_in_two_parts_becomes_one(typed: str, stored: str) -> None:
    assert clean(typed) == stored


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800", "\udfff", "a\udc80b", "\ud83d\ude00"])
def test_nul_and_half_surrogate_pairs_are_refused(text: str) -> None:
    with pytest.raises(TextRefused):
        clean(text)


@pytest.mark.parametrize(
    ("text", "line", "character"),
    [("\0", 1, 1), ("Två rader.\nHär: \0.\0", 2, 6), ("\n\n\ud800", 3, 1), ("ett\r\ntvå\udc80", 2, 4)],
)
def test_where_it_stands_is_told(text: str, line: int, character: int) -> None:
    with pytest.raises(UnstorableCharacter) as caught:
        clean(text)
    assert (caught.value.line, caught.value.character) == (line, character)
    assert "can't be stored" in str(caught.value)


def test_the_limit_is_20_000_characters() -> None:
    assert MAX_CHARACTERS == 20_000
    assert clean("å" * 20_000) == "å" * 20_000
    assert clean("😀" * 20_000) == "😀" * 20_000
    with pytest.raises(TextTooLong) as caught:
        clean("å" * 20_001)
    assert caught.value.characters == 20_001
    assert str(caught.value) == "The text has 20001 characters; 20000 are allowed."


def test_a_letter_in_two_parts_counts_as_one() -> None:
    assert clean("a\u030a" * 20_000) == "å" * 20_000


@pytest.mark.parametrize("text", BLANK, ids=ascii)
def test_blank_is_a_text_with_nothing_to_see(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", WRITTEN, ids=ascii)
def test_anything_to_see_is_not_blank(text: str) -> None:
    assert not is_blank(text)


@given(st.text())
@example("".join(map(chr, range(0x300))))
def test_a_text_is_blank_when_all_of_it_is_space_control_or_unassigned(text: str) -> None:
    assert is_blank(text) == all(
        each.isspace() or unicodedata.category(each)[0] in {"C", "Z"} for each in text
    )


# Before a text is normalised


def test_no_character_comes_from_more_characters_or_bytes_than_is_said() -> None:
    """So a text that is longer than that before normalising is too long after it, too."""
    normal = [each for each in EVERY_CHARACTER if unicodedata.is_normalized("NFC", each)]
    apart = [unicodedata.normalize("NFD", each) for each in normal]
    assert max(map(len, apart)) == NFC_CHARACTERS
    assert max(len(each.encode()) for each in apart) == NFC_BYTES


@given(st.text(st.sampled_from(EVERY_CHARACTER)))
def test_normalising_never_shortens_by_more_than_is_said(text: str) -> None:
    normal = unicodedata.normalize("NFC", text)
    assert len(text) <= NFC_CHARACTERS * len(normal)
    assert len(text.encode()) <= max(NFC_BYTES, 4) * len(normal)


def is_sorted_by_normalising(character: str) -> bool:
    return unicodedata.combining(unicodedata.normalize("NFD", character)[0]) != 0


MARKS = dict.fromkeys(each for each in EVERY_CHARACTER if is_sorted_by_normalising(each))


def test_every_character_that_normalising_sorts_is_a_mark_and_no_other() -> None:
    for each in MARKS:
        assert has_too_many_marks("a" + each * (MOST_MARKS + 1)), hex(ord(each))
    others = [each for each in EVERY_CHARACTER if each not in MARKS]
    for begin in range(0, len(others), 1_000):  # one by one they take a second more
        some = others[begin : begin + 1_000]
        assert not has_too_many_marks("a".join(each * (MOST_MARKS + 1) for each in some)), hex(ord(some[0]))


@given(st.text(st.sampled_from([*MARKS, *"aåé–你😀\u034f\u200d\ufe0f\U0001d400"]), max_size=200))
def test_the_longest_run_of_marks_decides(text: str) -> None:
    runs, run = [0], 0
    for each in text:
        run = run + 1 if each in MARKS else 0
        runs.append(run)
    assert has_too_many_marks(text) == (max(runs) > MOST_MARKS)


@pytest.mark.parametrize("mark", ["\u0301", "\u0f73", "\U0001e94a", "\u0316\u0301"])
def test_a_long_run_of_marks_is_refused_unsorted(mark: str) -> None:
    assert clean("a" + "\u0301" * MOST_MARKS)
    with pytest.raises(TooManyMarks):
        clean("Hej " + mark * 20_000)
    with pytest.raises(TooManyMarks):
        clean("a" + (mark * MOST_MARKS)[: MOST_MARKS + 1] + mark)


HONEST = {
    "Vietnamese": "Tiếng Việt có dấu, từng chữ một.",
    "Hebrew with vowels and accents": "בְּרֵאשִׁ֖ית בָּרָ֣א אֱלֹהִ֑ים",
    "Arabic with vowels": "ٱلْحَمْدُ لِلَّٰهِ رَبِّ ٱلْعَٰلَمِينَ",
    "Tibetan": "ཧཱུྃ་ ཨོཾ་མ་ཎི་པདྨེ་ཧཱུྃ། ཀྵྨླྺྼྻྂ",
    "Hindi": "क्षत्रिय ज़िंदगी हिन्दी में",
    "Thai": "ที่นี่ น้ำ ผู้ใหญ่",
    "Korean in parts": unicodedata.normalize("NFD", "안녕하세요 여러분"),
    "phonetic": "t͡ʃʰ n̪̊ ɛ̃̈ˑ k̟̚",
    "Burmese": "မြန်မာဘာသာ ကျွန်ုပ်",
    "families and flags": "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇸🇪 ❤️",
    "a little Zalgo": "h̷̡̢̛͇̫̋̈́e̸̡̛̞͉͐̾j̵̧̛̤̹̈́̍",
    "mathematical letters": "\U0001d400\U0001d401\U0001d402" * 40,
}


@pytest.mark.parametrize("text", HONEST.values(), ids=HONEST)
def test_every_language_is_kept(text: str) -> None:
    for typed in (text, unicodedata.normalize("NFD", text)):
        assert clean(typed) == unicodedata.normalize("NFC", text)
    assert clean(text * (MAX_CHARACTERS // len(text)))


def test_the_length_is_looked_at_before_anything_else_is_done() -> None:
    with pytest.raises(TextTooLong) as caught:
        clean("\u0f73\0" * 1_000_000)
    assert caught.value.characters == 2_000_000
    with pytest.raises(TextTooLong):
        clean("\U0001f600" * 79_999)


def test_a_letter_in_four_parts_counts_as_one() -> None:
    apart = unicodedata.normalize("NFD", "\u1f82")
    assert len(apart) == NFC_CHARACTERS
    assert clean(apart * MAX_CHARACTERS) == "\u1f82" * MAX_CHARACTERS


def test_of_a_search_only_so_much_is_looked_for() -> None:
    assert search_words("  A\u030asa\n BERG ") == ["åsa", "berg"]
    assert len(search_words("a " * 1_000_000)) == 100
