"""Sign everybody out, as after a leak."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from visionsprat.errors import SignedOut
from visionsprat.ui.context import current_context
from visionsprat.ui.layout import draw as draw_template
from visionsprat.ui.layout import notice, warning
from visionsprat.wording.formats import thousands

_DONE = "everybody_done"


def draw() -> None:
    """Draw the end of the list of people."""
    context = current_context()
    draw_template("section.html", title="Logga ut alla", text=_WHAT_IT_DOES)
    ended = st.session_state.pop(_DONE, None)
    if ended is not None:
        notice(f"Alla andra är utloggade. Inloggningar som avslutades: {thousands(ended)}.")
    with st.form("everybody_form", border=False, clear_on_submit=True):
        is_sure = st.checkbox("Ja, logga ut alla", key="everybody_sure")
        answer = st.empty()
        pressed = st.form_submit_button("Logga ut alla", key="everybody_sign_out")
    if pressed and not is_sure:
        told = "Ingen är utloggad. Kryssa i rutan, om du är säker."
        warning(told, fields=["everybody_sure"], place=answer)
    elif pressed:
        with suppress(SignedOut):  # the next run asks for sign-in
            st.session_state[_DONE] = context.installation.store.sign_out_everybody(
                context.account.id, context.token_hash
            )
        st.rerun()


_WHAT_IT_DOES = (
    "Till exempel om någon kan ha kommit åt inloggningar. Alla får logga in igen, utom du här. "
    "Text som inte har hunnit sparas finns kvar i deras webbläsare tills de är inne igen."
)
