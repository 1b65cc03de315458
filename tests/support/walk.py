"""The walk that everything here is measured on."""

from __future__ import annotations

from visionsprat.content.module import load_module
from visionsprat.settings import ROOT

_MODULE = load_module(ROOT / "content")
THEMES = {theme.id: tuple(question.id for question in theme.questions) for theme in _MODULE.themes}
#: The addresses of the eight pages in their order.
WALK = ("", "visionen", *THEMES, "mina-reflektioner")
ANSWER = (
    "För oss i hemtjänsten är det mötena i trapphuset. Vi är kanske de enda som vissa träffar på en hel dag. "
)
