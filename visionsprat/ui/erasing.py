"""Erase what one has written, or the whole account: explained first, and confirmed by writing a word."""

from __future__ import annotations

import streamlit as st

from visionsprat.errors import LastAdministrator
from visionsprat.ui.editor import forget_drafts
from visionsprat.ui.frame import draw as draw_template
from visionsprat.ui.frame import notice
from visionsprat.ui.here import here
from visionsprat.ui.text import LAST_ADMINISTRATOR_SELF

WORD = "radera"
_DONE = "erasing_done"


def draw() -> None:
    """Draw the end of the account page."""
    at = here()
    store, account = at.installation.store, at.account
    draw_template("erasing.html")
    if st.session_state.pop(_DONE, False):
        forget_drafts(account.id)
        notice("Dina reflektioner är raderade.")
    draw_template("erase_reflections.html")
    if _is_sure("Radera mina reflektioner", "erase_reflections"):
        store.erase_reflections(account.id)
        st.session_state[_DONE] = True
        st.rerun()  # the path at the side shows it too
    draw_template("erase_account.html")
    if _is_sure("Radera mitt konto", "erase_account"):
        try:
            store.erase_account(account.id)
        except LastAdministrator:
            notice(LAST_ADMINISTRATOR_SELF, problem=True)
        else:
            forget_drafts(account.id, leave_for="/?konto=raderat")


def _is_sure(label: str, key: str) -> bool:
    """A button that opens a form, where a word must be written before the thing is done."""
    asked = f"{key}_asked"
    with st.container(gap="small"):
        if st.button(f"{label} …", key=key):
            st.session_state[asked] = True
        if not st.session_state.get(asked):
            return False
        with st.form(f"{key}_form", border=False, enter_to_submit=False):
            word = st.text_input(f"Skriv ordet {WORD}", key=f"{key}_word", autocomplete="off")
            answer = st.empty()
            with st.container(horizontal=True):
                sure = st.form_submit_button(label, type="primary", key=f"{key}_sure")
                cancelled = st.form_submit_button("Avbryt", key=f"{key}_cancel")
    if cancelled:
        del st.session_state[asked]
        st.rerun()
    if sure and word.strip().casefold() != WORD:
        told = f"Inget är raderat. Skriv ordet {WORD} i rutan, om du är säker."
        notice(told, problem=True, fields=[f"{key}_word"], place=answer)
        return False
    if sure:
        del st.session_state[asked]
    return sure
