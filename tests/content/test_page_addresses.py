"""Each page has one address, and what is written around it leads there."""

from __future__ import annotations

import pytest

from visionsprat.content.page_addresses import elsewhere, is_address, tidied


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/", ""),
        ("//", ""),
        ("/ ", ""),
        ("/skapande", "skapande"),
        ("/skapande/", "skapande"),
        ("//skapande//", "skapande"),
        ("/skapande ", "skapande"),
        ("/skapande\u00a0", "skapande"),
        ("/ skapande", "skapande"),
        ("/skapande/ ", "skapande"),
        ("/skapande\r\n", "skapande"),
        ("/\ufeffskapande\u200b", "skapande"),
        ("/skapande\u00ad\u2060\u202e", "skapande"),
        ("/Skapande", "skapande"),
        ("/MINA-REFLEKTIONER/", "mina-reflektioner"),
        ("/hittapå", "hittapå"),
        ("/Hittapå", "Hittapå"),
        ("/İ", "İ"),
    ],
    ids=repr,
)
def test_an_address_is_known_with_what_stands_around_it(path: str, address: str) -> None:
    assert tidied(path) == address
    assert is_address(address)
    assert tidied(f"/{address}") == address


@pytest.mark.parametrize(
    "path", ["a/b", "a b", "a\u00a0b", "a\0b", "a\nb", "a\u202eb", "a\ud800", "x" * 101], ids=repr
)
def test_what_has_more_than_a_name_is_no_address(path: str) -> None:
    assert not is_address(path)


@pytest.mark.parametrize(
    ("path", "query", "led"),
    [
        ("/skapande", "a=b", None),
        ("/", "", None),
        ("/skapande/", "", "/skapande"),
        ("/skapande ", "a=%C3%A5&b", "/skapande?a=%C3%A5&b"),
        ("//", "", "/"),
        ("//evil.example", "", "/evil.example"),
        ("/hittapå ", "", "/hittap%C3%A5"),
        ("/a?b ", "", "/a%3Fb"),
        ("/a\\b ", "", "/a%5Cb"),
    ],
    ids=repr,
)
def test_one_is_led_to_the_page_on_this_site_with_what_follows_the_question_mark(
    path: str, query: str, led: str | None
) -> None:
    assert elsewhere(path, query) == led
