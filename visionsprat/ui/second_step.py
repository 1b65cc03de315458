"""The form for the code that is asked for after the right password."""

from __future__ import annotations

import streamlit as st

from visionsprat.accounts.authentication import SignInRefused, issue_ticket
from visionsprat.accounts.second_factor import Outcome, finish
from visionsprat.errors import TooManyFailures
from visionsprat.ui.context import browser, browser_mark, current_context
from visionsprat.ui.layout import draw as draw_template
from visionsprat.ui.layout import warning
from visionsprat.ui.ticket import enter
from visionsprat.ui.waiting import Held, forget, held
from visionsprat.wording.messages import CODE_WRONG, NO_CODE, too_many

_FIELD = "code_code"


def draw() -> None:
    """Draw the page."""
    step = held()
    module = current_context().module
    draw_template(
        "second_step.html", welcome=module.welcome, sentence=module.vision.sentence, themes=module.themes
    )
    with st.form("code_form", border=False):
        code = st.text_input("Kod", key=_FIELD, autocomplete="one-time-code")
        draw_template("go_to.html", advice="Sex siffror, eller en av dina reservkoder.", field=_FIELD)
        problem = st.empty()
        with st.container(horizontal=True):
            pressed = st.form_submit_button("Logga in", type="primary", key="code_submit")
            cancelled = st.form_submit_button("Börja om", key="code_cancel")
    draw_template("second_step_lost.html")
    if cancelled:
        forget()
    if pressed and not step.ticket:
        with problem:
            _check(step, code)
    if step.ticket:
        enter(step.ticket, step.address)


def _check(step: Held, code: str) -> None:
    context = current_context()
    if not code.strip():
        warning(NO_CODE, fields=[_FIELD])
        return
    store, waiting = context.installation.store, step.waiting
    try:
        outcome = finish(store, waiting, code, browser())
        if outcome is Outcome.RIGHT:
            step.ticket = issue_ticket(
                store, waiting.account_id, browser_mark(), keep=waiting.keep, checked=waiting.password_hash
            )
            return
    except TooManyFailures as refused:
        warning(too_many(refused.until, context.now))
        return
    except SignInRefused:  # between the code and the ticket
        outcome = Outcome.STALE
    if outcome is Outcome.WRONG:
        warning(CODE_WRONG, fields=[_FIELD])
    else:
        warning(
            "Det har gått för lång tid, eller så har något i kontot ändrats. Välj Börja om.", fields=[_FIELD]
        )
