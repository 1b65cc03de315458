"""What too old a browser is told: in words that it reads, and the same ones everywhere."""

from __future__ import annotations

import re

import pytest

from visionsprat.settings import ROOT
from visionsprat.web.index_page import index_page
from visionsprat.web.static_files import ASSETS

SCRIPT = (ASSETS / "inline" / "arrival.js").read_text(encoding="utf-8")
#: What came to JavaScript after ES5, as far as a script like ours would use it.
LATER = (
    r"=>|`|\b(?:let|const|class|async|await|import|export|of)\b|\?\.|\?\?|\.\.\."
    r"|\bfetch\(|\bPromise\b|\.remove\(\)|\.append\("
)


def test_it_is_read_by_the_oldest_browsers() -> None:
    code = re.sub(r"""'[^'\n]*'|"[^"\n]*"|//[^\n]*|/\*\*.*?\*/""", "", SCRIPT, flags=re.S)
    assert not re.findall(LATER, code)


def test_it_stands_behind_the_first_words_and_waits_for_no_other_script() -> None:
    head, body = index_page().split("<body>")
    assert "class Modern" in head and "class Modern" not in body
    assert re.search(r'<div id="root"></div><script>[^<]*Webbläsaren är för gammal', body)


@pytest.mark.parametrize(
    "document",
    [
        *("README.md", "docs/operations.md", "content/tillganglighet.md"),
        "visionsprat/ui/static/inline/arrival.js",
    ],
)
def test_the_same_browsers_are_named_everywhere(document: str) -> None:
    said = (ROOT / document).read_text(encoding="utf-8")
    together = re.search(r"Chrome (?:or|och|eller) Edge (\d+), Firefox (\d+)\D*?Safari (\d+)", said)
    assert together and together.groups() == ("112", "121", "17")
    assert re.search(r"iOS 17\b", said)
