"""What somebody is told whose earlier texts are locked, or whose address another has corrected."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from visionsprat.accounts.authentication import SignInRefused, issue_ticket, unlock_texts
from visionsprat.domain.records import TextLock
from visionsprat.ui import own_password
from visionsprat.ui.context import browser, browser_mark, current_context
from visionsprat.ui.layout import draw as draw_template
from visionsprat.ui.layout import warning
from visionsprat.ui.ticket import enter

_ACCOUNT, _START = "mitt-konto", ""


def draw() -> None:
    """Draw what there is to know on this page: mostly nothing, and then no query is made."""
    context = current_context()
    asks = context.signed_in.address_is_unproven and context.installation.settings.smtp is not None
    if not asks and not context.signed_in.has_locks:
        return
    with st.container(key="locked", gap="small"):
        locks = context.installation.store.text_locks(context.account.id)
        _draw_locked([each for each in locks if each.released_at is None])
        _draw_released([each for each in locks if each.released_at])
        if asks:
            _ask_for_address()


def _draw_locked(locked: Sequence[TextLock]) -> None:
    context = current_context()
    if not locked:
        return
    if context.address in {_ACCOUNT, _START}:
        draw_template("locked.html", locked=locked, brief=context.address == _START)
    else:
        draw_template("locked_theme.html", locked=locked)
    if context.address == _ACCOUNT:
        _unlock()


def _unlock() -> None:
    context = current_context()
    store, account = context.installation.store, context.account
    draw_template("unlock.html")
    with st.form("unlock_form", border=False):
        old = st.text_input(
            "Ditt gamla lösenord", key="unlock_password", type="password", autocomplete="current-password"
        )
        answer = st.empty()
        pressed = st.form_submit_button("Lås upp texterna")
    if not pressed:
        return
    try:
        unlocked = unlock_texts(store, account, old, browser())
        if unlocked:
            _go_on()
        else:
            told = "Det är inte det lösenord som gällde då. Texterna är fortfarande låsta."
            warning(told, fields=["unlock_password"], place=answer)
    except own_password.PROBLEMS as problem:
        own_password.tell(problem, "unlock_password", answer)


def _go_on() -> None:
    """Give the browser another session in place of the one that has ended with all others."""
    context = current_context()
    try:
        enter(issue_ticket(context.installation.store, context.account.id, browser_mark()), _ACCOUNT)
    except SignInRefused:  # the account was closed meanwhile
        st.rerun()


def _draw_released(released: Sequence[TextLock]) -> None:
    context = current_context()
    if not released or context.address not in {_ACCOUNT, _START}:
        return
    draw_template("released.html", each=released[-1])
    if st.button("Jag har läst det", key="released_known"):
        context.installation.store.know_of_release(context.account.id)
        st.rerun()


def _ask_for_address() -> None:
    context = current_context()
    if context.address not in {_ACCOUNT, _START}:
        return
    draw_template("address.html", email=context.account.email)
    if st.button("Ja, det är min adress", key="address_confirmed"):
        context.installation.store.confirm_address(context.account.id)
        st.rerun()
