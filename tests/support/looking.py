"""Looking at a page as axe does, for words that are not Swedish and for what is cut off, at every size."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.support.axe import ALL_RULES, axe
from tests.support.server import Server
from tests.support.swedish import foreign
from tests.support.windows import OVERFLOW, TWO_FRAMES, lasting

#: In the other scheme nothing is different but colours ...
COLOUR = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
#: ... and in a low window nothing but what scrolls and what covers what.
HEIGHT = {"runOnly": {"type": "rule", "values": ["scrollable-region-focusable", "target-size"]}}
WIDTHS = (1280, 390)
#: axe can't judge the contrast of what is scrolled out of sight: the tall one shows all.
LOW, TALL = 800, 4000
#: 1280 pixels at 400 %.
NARROWEST = 320
#: Streamlit's own colours come a moment after the stylesheet's.
FOLLOWED = """
    (scheme) => {
        const app = document.querySelector(".stApp");
        return !app || getComputedStyle(app).colorScheme === scheme;
    }
"""


def look(page: Page, server: Server) -> list[str]:
    """What is wrong with what is shown, at both widths in both schemes, and in low windows.

    A page is loaded once and then made narrow, low and dark: Streamlit follows all three. It begins in the
    scheme that the last page ended in, as a change of scheme costs as much as three changes of size.
    """
    faults = []
    for width in WIDTHS:
        resize(page, width, TALL)
        faults += axe(page, ALL_RULES) + lasting(page, lambda: foreign(page, server.database))
    change_scheme(page)
    for width in WIDTHS[::-1]:
        resize(page, width, TALL)
        faults += axe(page, COLOUR)
    for width in (WIDTHS[0], NARROWEST):
        resize(page, width, LOW)
        faults += axe(page, HEIGHT) + lasting(page, lambda: page.evaluate(OVERFLOW))
    return list(dict.fromkeys(faults))


def glance(page: Page, server: Server) -> list[str]:
    """What is wrong with a state of a page that is looked at from all sides: each width and scheme once."""
    wide, narrow = WIDTHS
    resize(page, narrow, TALL)
    faults = axe(page, ALL_RULES) + lasting(page, lambda: foreign(page, server.database))
    change_scheme(page)
    resize(page, wide, TALL)
    faults += axe(page, COLOUR)
    resize(page, NARROWEST, LOW)
    faults += axe(page, HEIGHT) + lasting(page, lambda: page.evaluate(OVERFLOW))
    return list(dict.fromkeys(faults))


def resize(page: Page, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})


def change_scheme(page: Page) -> None:
    scheme: Any = "light" if page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "dark"
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function(FOLLOWED, arg=scheme)
    page.evaluate(TWO_FRAMES)
