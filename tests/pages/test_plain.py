"""The pages that are the same for everybody; AppTest has no cookies to give for the others."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from visionsprat.settings import ROOT


@pytest.mark.parametrize(
    ("script", "heading"),
    [("accessibility", "Tillgänglighet"), ("privacy", "Personuppgifter"), ("missing", "Sidan finns inte")],
)
def test_a_plain_page_says_what_it_is(script: str, heading: str) -> None:
    at = AppTest.from_file(str(ROOT / "pages" / f"{script}.py"), default_timeout=30).run()
    assert not at.exception
    (element,) = at.get("html")
    assert f'<h1 class="hero" id="innehall" tabindex="-1">{heading}</h1>' in element.proto.body
    assert element.proto.body.count("<h1") == 1
