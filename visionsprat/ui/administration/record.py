"""What administrators have done."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import streamlit as st

from visionsprat.domain.records import Action
from visionsprat.ui.context import current_context
from visionsprat.ui.layout import draw as draw_template
from visionsprat.ui.layout import warning
from visionsprat.wording.formats import midnight
from visionsprat.wording.messages import ACTIONS

_A_PAGE = 100


def draw() -> None:
    """Draw this part of the administration page."""
    draw_template(
        "section.html", title="Händelser", text="Vad administratörer har gjort. Inga reflektioner finns med."
    )
    action, about, since, until = _filters()
    try:
        begin, end = midnight(since), midnight(until)
    except ValueError:
        fields = [key for key, day in (("record_since", since), ("record_until", until)) if day.strip()]
        warning("Skriv datumet så här: 2026-11-24.", fields=fields)
        return
    end = end + timedelta(days=1) if end else None
    query = urlencode(
        {"vad": action.value if action else "", "om": about, "fran": since.strip(), "till": until.strip()}
    )
    first = _first_of_page(query)
    page = current_context().installation.store.audit_log(
        action=action, about=about, between=(begin, end), offset=first, limit=_A_PAGE
    )
    draw_template("record.html", page=page, first=first, actions=ACTIONS, query=query)
    if page.count > _A_PAGE:
        _turn(first, page.count)


def _filters() -> tuple[Action | None, str, str, str]:
    actions: list[Action | None] = [None, *Action]
    with st.container(horizontal=True, key="record_filters"):
        action = st.selectbox(
            "Vad",
            actions,
            format_func=lambda each: ACTIONS[each] if each else "Allt",
            key="record_action",
            placeholder="Allt",
        )
        about = st.text_input(
            "Vem, eller om vem", key="record_about", autocomplete="off", placeholder="E-postadress"
        )
        since, until = (
            st.text_input(label, key=key, autocomplete="off", placeholder="ÅÅÅÅ-MM-DD")
            for label, key in (("Från och med", "record_since"), ("Till och med", "record_until"))
        )
    return action, about, since, until


def _first_of_page(query: str) -> int:
    """How many entries come before the page that is shown; another filter begins with the first page."""
    if st.session_state.get("record_query") != query:
        st.session_state.update(record_query=query, record_first=0)
    return int(st.session_state.record_first)


def _turn(first: int, count: int) -> None:
    def turn(by: int) -> None:
        st.session_state.record_first = first + by

    with st.container(horizontal=True):
        st.button("‹ Visa nyare", key="record_newer", disabled=not first, on_click=turn, args=(-_A_PAGE,))
        st.button(
            "Visa äldre ›",
            key="record_older",
            disabled=first + _A_PAGE >= count,
            on_click=turn,
            args=(_A_PAGE,),
        )
