"""One word for each thing on the screen (the list stands in wording/messages.py), and no officialese."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from visionsprat.settings import ROOT

#: Where words for the screen, for letters and for downloads are written. The deck's own are not ours.
SOURCES = [
    *sorted((ROOT / "visionsprat" / "ui").rglob("*.html")),
    *sorted((ROOT / "visionsprat" / "ui").rglob("*.js")),
    *sorted((ROOT / "visionsprat" / "ui").rglob("*.py")),
    *sorted((ROOT / "pages").glob("*.py")),
    *sorted((ROOT / "visionsprat" / "web").glob("*.py")),
    *sorted((ROOT / "visionsprat" / "wording").glob("*.py")),
    *(ROOT / "content" / name for name in ("tillganglighet.md", "personuppgifter.md")),
]
#: What must not come, and the word that is used instead. None of it is English, so comments may be read too.
INSTEAD = {
    r"lagra(d|de|s|t|r)?": "spara",
    r"hämta(s|r|t|de|d)?": "ladda ner",
    r"brev(et|en)?|mailet|mejla|epost\w*|e-mail": "mejl, or e-post",
    r"träff(en|ar|arna)?|sammanträde\w*": "möte",
    r"(in|de)aktiver\w*": "avaktivera",
    r"användare\w*|användarnamn\w*|medarbetare\w*": "person, or du",
    r"back-?up(en|er|erna)": "säkerhetskopia",
    r"kakfil\w*": "kakor",
    r"kontakta(r|s)?": "hör av dig till",
    r"(ta|tar) tillbaka": "återställ",
    r"terminalen": "den som sköter servern",
    r"klicka\w*|tryck(a|er)?": "the button's own verb",
    r"ej|samt|vänligen|erhålla\w*|innehar|medelst|såväl|ifall|gällande|avseende|nämnda": "plain words",
    r"felaktig\w*|ogiltig\w*|misslyckades": "what is wrong, and what to do",
}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_the_words_on_the_screen_are_those_of_the_list(source: Path) -> None:
    text = source.read_text(encoding="utf-8")
    for pattern, instead in INSTEAD.items():
        found = re.search(rf"(?i)\b({pattern})\b.*", text)
        assert not found, f"{source.name}: {found and found[0]} (say: {instead})"
