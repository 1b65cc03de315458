"""What the text of a reflection may be."""

from __future__ import annotations

import pytest

from visionsprat.writing import MAX_CHARACTERS, TextRefused, TextTooLong, clean, is_blank

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


@pytest.mark.parametrize("text", ["", " ", "\n\r\n\t", "\u00a0\u2003\u3000", "\u200b\ufeff\u2060", "\x01"])
def test_blank_is_a_text_with_nothing_to_see(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["a", ".", " å ", "\u200b-\u200b", "😀", "0", "?\n"])
def test_anything_to_see_is_not_blank(text: str) -> None:
    assert not is_blank(text)
