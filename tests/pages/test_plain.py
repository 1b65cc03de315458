"""The page that is the same for everybody; AppTest has no cookies to give for the others."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from visionsprat.settings import ROOT


def test_a_plain_page_says_what_it_is() -> None:
    at = AppTest.from_file(str(ROOT / "pages" / "missing.py"), default_timeout=30).run()
    assert not at.exception
    (element,) = at.get("html")
    assert '<h1 class="hero" id="innehall" tabindex="-1">Sidan finns inte</h1>' in element.proto.body
    assert element.proto.body.count("<h1") == 1
