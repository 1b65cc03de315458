"""Which pages there are, and for whom.

The navigation is our own (`position="hidden"`): the path shows each theme's state, which Streamlit's
sidebar can't, and its narrow-screen behaviour fails WCAG. A page for a wrong address is added to the
visitor's own list at that address, so a learner at `/min-grupp` and anybody at `/finns-inte` see the same
thing, and Streamlit's English dialog never shows.
"""

from __future__ import annotations

import copy
import functools

import streamlit as st

from visionsprat.accounts.invitations import ADDRESS as INVITATION
from visionsprat.content.module import Module
from visionsprat.domain.rights import Right, administrators, everybody, managers
from visionsprat.settings import ROOT
from visionsprat.telemetry import log
from visionsprat.ui.context import Context
from visionsprat.ui.waiting import is_waiting

CLAIM = "kom-igang"
#: Beside the walk, and whose they are.
_BESIDE: dict[str, tuple[str, str, Right]] = {
    "min-grupp": ("group.py", "Min grupp", managers),
    "administration": ("administration.py", "Administration", administrators),
    "mitt-konto": ("account.py", "Mitt konto", everybody),
}
_PUBLIC = {
    "tillganglighet": ("accessibility.py", "Tillgänglighet"),
    "personuppgifter": ("privacy.py", "Personuppgifter"),
    INVITATION: ("invitation.py", "Välj lösenord"),
    "glomt-losenord": ("forgotten.py", "Glömt lösenordet"),
}


def title(name: str) -> str:
    """The browser's title for a page."""
    return f"{name} – Visionsprat"


def steps(module: Module) -> list[tuple[str, str]]:
    """The walk in order: address and name of each step."""
    names = ("Start", "Visionen", *(theme.title for theme in module.themes), "Mina reflektioner")
    return list(zip(module.steps, names, strict=True))


def pages_for(at: Context) -> list[st.Page]:
    """The pages that this visitor has. Any other address, known or not, shows the same "finns inte"."""
    found = {address: (script, name) for address, script, name in _own_pages(at)}
    found |= _PUBLIC
    if is_waiting(at):
        found[INVITATION] = (_entrance(at), "Logga in")
    if at.address == CLAIM:
        found[CLAIM] = ("claim.py", "Kom igång")
    if at.visitor is not None and at.address in _BESIDE and at.address not in found:
        log.refusal("Refused", outcome="right")  # whose run it is the log knows
    # Each run has pages of its own: Streamlit notes in them which one may be drawn.
    made = [copy.copy(_page(address, script, name)) for address, (script, name) in found.items()]
    return made if at.address in found else [*made, _made_up(at)]


def _made_up(at: Context) -> st.Page:
    """The page at an address that is none of this visitor's. It is theirs to choose: it is not kept."""
    script, name = (_entrance(at), "Logga in") if at.visitor is None else ("missing.py", "Sidan finns inte")
    page = copy.copy(_page("-", script, name))
    page._url_path = at.address
    return page


@functools.lru_cache(maxsize=256)
def _page(address: str, script: str, name: str) -> st.Page:
    """Made once, for addresses of ours alone: Streamlit asks the disk for each folder to its script."""
    return st.Page(
        ROOT / "pages" / script,
        title="Visionsprat" if name == "Start" else title(name),
        url_path=address or None,
        default=address == "",
    )


def _entrance(at: Context) -> str:
    """Where a visitor signs in, at whatever address: first the password, then a code if one is wanted."""
    return "code.py" if is_waiting(at) else "sign_in.py"


def _own_pages(at: Context) -> list[tuple[str, str, str]]:
    if at.visitor is None:
        addresses = [*dict(steps(at.module)), *_BESIDE]
        return [(address, _entrance(at), "Logga in") for address in addresses]
    scripts = {"": "start.py", "visionen": "vision.py", "mina-reflektioner": "reflections.py"}
    walk = [(address, scripts.get(address, "theme.py"), name) for address, name in steps(at.module)]
    beside = [
        (address, script, name) for address, (script, name, right) in _BESIDE.items() if right(at.account)
    ]
    return [*walk, *beside]
