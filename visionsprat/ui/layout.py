"""Drawing: HTML from templates, the navigation before a page and the footer after it.

Templates rather than a widget for each line: three or four messages a page instead of thirty, right
headings and landmarks, and everything that people wrote is escaped in one place. The path is the same HTML
on every page, and the browser marks where one is: an unchanged element costs it nothing when one walks.
"""

from __future__ import annotations

import functools
import hashlib
import re
import secrets
from collections.abc import Sequence
from typing import Any

import streamlit as st
from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx

from visionsprat.content.module import Theme
from visionsprat.domain.group_view import namesakes
from visionsprat.domain.progress import State
from visionsprat.ui import pages
from visionsprat.ui.context import current_context
from visionsprat.wording import formats, messages

_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False})


@functools.lru_cache(maxsize=256)
def as_html(markdown: str) -> Markup:
    """The content's Markdown as HTML. Raw HTML in it is shown as text."""
    return Markup(_markdown.render(markdown))


def lock_up(title: str) -> tuple[str, str, str]:
    """A theme's title as the deck sets it: "Den", "skapande", "staden". A short title stands alone."""
    words = title.split()
    if len(words) < 3:
        return "", title, ""
    return words[0], " ".join(words[1:-1]), words[-1]


def by_theme(sentence: str, themes: Sequence[Theme]) -> list[tuple[str, Theme | None]]:
    """A sentence in pieces: those that name a theme, with the theme."""
    named = {lock_up(theme.title)[1]: theme for theme in themes}
    pieces = re.split(rf"\b({'|'.join(map(re.escape, named))})\b", sentence)
    return [(piece, named.get(piece)) for piece in pieces]


_templates = Environment(
    loader=PackageLoader("visionsprat.ui"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_templates.filters |= {
    "markdown": as_html,
    "namesakes": namesakes,
    "number": formats.number,
    "thousands": formats.thousands,
    "lock_up": lock_up,
    "by_theme": by_theme,
    "day": formats.day,
    "minute": formats.minute,
    "saved": messages.saved,
    "recovery_codes": messages.recovery_codes,
    "when": formats.when,
}
_templates.globals |= {"State": State, "HELD": messages.HELD}
# Templates that import these themselves take a tenth of a millisecond more each time.
_shared = _templates.get_template("path.html").module
_templates.globals |= {name: getattr(_shared, name) for name in ("accent", "mark")}


def render(template: str, **values: Any) -> Markup:
    """A template as HTML. What people have written is escaped like every other value."""
    found = _templates.get_template(template)
    context = found.new_context(values)
    try:
        return Markup("".join(found.root_render_func(context)))
    finally:
        # A template's macros and its context hold one another: what was drawn, a staff list of 100,000
        # people perhaps, would stay until the next full collection.
        context.vars.clear()
        context.parent.clear()


def draw(template: str, **values: Any) -> None:
    """Draw a template on the page."""
    st.html(render(template, **values))


def notice(sentence: str) -> None:
    """Say how something went, aloud too."""
    st.html(_notice(text=sentence, problem=False, fields=()))


def warning(sentence: str, *, fields: Sequence[str] = (), place: DeltaGenerator | None = None) -> None:
    """Say what went wrong, or is to be minded. The browser ties it to the fields with the keys `fields`."""
    show = st.html if place is None else place.html
    show(_notice(text=sentence, problem=True, fields=fields))


def _notice(**values: Any) -> str:
    # A problem said again is a new one: focus goes to its field again.
    return _templates.get_template("notice.html").render(id=f"besked-{secrets.token_hex(4)}", **values)


def draw_navigation() -> None:
    """The path at the side, or the bar on top of a phone."""
    context = current_context()
    if context.visitor is None:
        draw("banner.html", ended=context.had_session)
        return
    draw("navigation.html", context=context, progress=context.progress, account=context.account)


def draw_end() -> None:
    """What every page ends with: on the walk, the steps before and after; then the footer."""
    context = current_context()
    progress = context.progress if context.visitor else None
    walk = pages.steps(context.module) if context.visitor else []
    place = next(
        (number for number, (address, _) in enumerate(walk) if address and address == context.address), None
    )
    draw(
        "end.html",
        half=_half(),
        current=next((each for each in progress.themes if each.theme.id == context.address), None)
        if progress
        else None,
        progress=progress,
        before=walk[place - 1] if place else None,
        after=walk[place + 1] if place and place + 1 < len(walk) else None,
    )


def _half() -> str:
    """A mark of Streamlit's session, by which the browser sees that what was held there is gone."""
    context = get_script_run_ctx()
    return hashlib.sha256(context.session_id.encode()).hexdigest()[:8] if context else ""
