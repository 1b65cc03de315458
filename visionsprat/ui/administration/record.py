"""What administrators have done."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import streamlit as st

from visionsprat.records import Action
from visionsprat.ui.frame import draw as draw_template
from visionsprat.ui.frame import notice
from visionsprat.ui.here import here
from visionsprat.ui.text import ACTIONS, midnight

_A_PAGE = 100


def draw() -> None:
    """Draw this part of the administration page."""
    draw_template(
        "section.html", title="Händelser", text="Vad administratörer har gjort. Inga reflektioner finns med."
    )
    actions: list[Action | None] = [None, *Action]
    action = st.selectbox(
        "Vad",
        actions,
        format_func=lambda each: ACTIONS[each] if each else "Allt",
        key="record_action",
        placeholder="Allt",
    )
    about = st.text_input("Vem eller om vem (e-post)", key="record_about", autocomplete="off")
    since = st.text_input("Från och med (ÅÅÅÅ-MM-DD)", key="record_since", autocomplete="off")
    until = st.text_input("Till och med (ÅÅÅÅ-MM-DD)", key="record_until", autocomplete="off")
    try:
        begin, end = midnight(since), midnight(until)
    except ValueError:
        notice("Skriv datumet så här: 2026-11-24.", problem=True)
        return
    end = end + timedelta(days=1) if end else None
    first = _A_PAGE * (st.session_state.get("record_page", 1) - 1)
    page = here().installation.store.audit_log(
        action=action, about=about, since=begin, until=end, offset=first, limit=_A_PAGE
    )
    if page.count > _A_PAGE:
        st.number_input("Sida", 1, 1 + (page.count - 1) // _A_PAGE, key="record_page")
    query = {"vad": action.value if action else "", "om": about, "fran": since.strip(), "till": until.strip()}
    draw_template("record.html", page=page, first=first, actions=ACTIONS, query=urlencode(query))
