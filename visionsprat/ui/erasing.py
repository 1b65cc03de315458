"""Erase what one has written, or the whole account: explained first, confirmed by a word and the password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from visionsprat.errors import LastAdministrator, SignedOut
from visionsprat.ui import own_password
from visionsprat.ui.context import current_context
from visionsprat.ui.editor import forget_drafts
from visionsprat.ui.layout import draw as draw_template
from visionsprat.ui.layout import notice, warning
from visionsprat.wording.messages import LAST_ADMINISTRATOR_SELF

WORD = "radera"
_DONE = "erasing_done"


def draw() -> None:
    """Draw the end of the account page."""
    context = current_context()
    store, account = context.installation.store, context.account
    draw_template("erasing.html")
    if st.session_state.pop(_DONE, False):
        forget_drafts(account.id)
        notice("Dina reflektioner är raderade.")
    draw_template("erase_reflections.html")
    if checked := _sure("Radera mina reflektioner", "erase_reflections"):
        with _asking_again():
            store.erase_reflections(account.id, checked)
            st.session_state[_DONE] = True
        st.rerun()  # the path at the side shows it too
    draw_template("erase_account.html")
    if checked := _sure("Radera mitt konto", "erase_account"):
        try:
            with _asking_again():
                store.erase_account(account.id, checked)
        except LastAdministrator:
            warning(LAST_ADMINISTRATOR_SELF)
        else:
            forget_drafts(account.id, leave_for="/?konto=raderat")


@contextmanager
def _asking_again() -> Iterator[None]:
    try:
        yield
    except SignedOut:  # the password was changed elsewhere meanwhile, which has ended this session
        st.rerun()


def _sure(label: str, key: str) -> str:
    """A button that opens a form, which wants a word and the password before the thing is done.

    Returns the hash that the password was checked with; empty until then.
    """
    asked = f"{key}_asked"
    with st.container(gap="small"):
        if st.button(f"{label} …", key=key):
            st.session_state[asked] = True
        if not st.session_state.get(asked):
            return ""
        with st.form(f"{key}_form", border=False, enter_to_submit=False):
            word = st.text_input(f"Skriv ordet {WORD}", key=f"{key}_word", autocomplete="off")
            password = st.text_input(
                "Ditt lösenord", key=f"{key}_password", type="password", autocomplete="current-password"
            )
            answer = st.empty()
            with st.container(horizontal=True):
                sure = st.form_submit_button(label, type="primary", key=f"{key}_sure")
                cancelled = st.form_submit_button("Avbryt", key=f"{key}_cancel")
    if cancelled:
        del st.session_state[asked]
        st.rerun()
    if sure and word.strip().casefold() != WORD:
        told = f"Inget är raderat. Skriv ordet {WORD} i rutan, om du är säker."
        warning(told, fields=[f"{key}_word"], place=answer)
        return ""
    checked = own_password.checked(password, f"{key}_password", answer) if sure else ""
    if checked:
        del st.session_state[asked]
    return checked
