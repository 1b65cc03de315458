"""What the stylesheet says twice, or not at all, for browsers of some years ago and for those who listen."""

from __future__ import annotations

import re

from visionsprat.web.bundle import joined_styles
from visionsprat.web.static_files import ASSETS

STYLE = " ".join(joined_styles(ASSETS / "styles").split())


def test_generated_words_are_there_in_browsers_that_know_no_words_for_listeners() -> None:
    """Safari before 17.4 and Firefox before 128 drop a declaration with them."""
    with_words = re.findall(r'content: ([^;{}]*?) / "";', STYLE)
    assert with_words
    for words in with_words:
        assert f'content: {words}; content: {words} / "";' in STYLE


def test_a_mask_is_there_in_browsers_that_know_it_with_a_prefix() -> None:
    """Chrome before 120 would show all of what is behind it."""
    masks = re.findall(r"(?<!-)mask: ([^;]+);", STYLE)
    assert masks
    assert all(f"-webkit-mask: {mask}; mask: {mask};" in STYLE for mask in masks)


def test_no_word_is_made_of_capitals_that_would_be_spelled_aloud() -> None:
    assert "text-transform: uppercase" not in STYLE
