"""Where the visitor is signed in, on their account page, each with a way out."""

from __future__ import annotations

import streamlit as st

from visionsprat.domain.records import OwnSession
from visionsprat.errors import SignedOut
from visionsprat.ui.context import current_context
from visionsprat.ui.layout import draw as draw_template
from visionsprat.ui.layout import notice

_DONE = "session_ended"


def draw() -> None:
    """Draw this part of the account page."""
    context = current_context()
    store = context.installation.store
    found, this = store.own_sessions(context.token_hash)
    draw_template("section.html", title="Inloggningar", text=_WHAT_THEY_ARE)
    if st.session_state.pop(_DONE, False):
        notice("Utloggad där.")
    for number, session in enumerate(found, start=1):
        with st.container(key=f"session_row_{session.id}", horizontal=True, vertical_alignment="center"):
            is_this = session.id == this
            draw_template("session.html", number=number, session=session, is_this=is_this, now=context.now)
            if not is_this:
                _way_out(session, number)
    if st.button("Logga ut överallt", key="sessions_end_all"):
        store.end_sessions(context.account.id)
        st.rerun()


_WHAT_THEY_ARE = (
    "Här är du inloggad nu. Känner du inte igen en av dem? Logga ut den och byt lösenord. "
    "”Logga ut överallt” tar den här också."
)


def _way_out(session: OwnSession, number: int) -> None:
    context = current_context()
    # Each button has a name of its own, for those who hear them.
    if st.button(f"Logga ut nummer {number}", key=f"session_end_{session.id}"):
        try:
            context.installation.store.end_own_session(context.token_hash, session.id)
            st.session_state[_DONE] = True
        except SignedOut:
            pass  # the next run asks for sign-in
        st.rerun()
