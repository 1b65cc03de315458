"""The address that a client says to be at, which is theirs to make up."""

from __future__ import annotations

import pytest

from tests.pages.visits import add_chief, come, said
from visionsprat.installation import open_installation
from visionsprat.ui.context import current_context


@pytest.mark.parametrize(
    "url",
    [
        "http://[",
        "http://a]b",
        "http://[::1",
        "http://a]b/skapande",
        "//[/",
        "http://ex\u2100mple/",
        "",
        "x" * 9_000,
    ],
)
def test_what_is_no_address_is_taken_for_the_start_page(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    house, seen = open_installation(), []
    at = come(
        monkeypatch,
        house,
        "start.py",
        add_chief(house),
        meanwhile=lambda: seen.append(current_context().address),
        url=url,
    )
    assert said(at)
    assert seen == [""]
