"""A signed-in person's own code, asked for beside their password where they have a second factor."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from visionsprat.accounts import second_factor
from visionsprat.errors import TooManyFailures
from visionsprat.ui.context import browser, current_context
from visionsprat.ui.layout import draw, warning
from visionsprat.wording.messages import CODE_WRONG, NO_CODE, too_many


def ask(field: str) -> str:
    """Draw a field with this key in a form, for those alone who have a second factor."""
    context = current_context()
    if context.installation.store.second_factor(context.account.id) is None:
        return ""
    code = st.text_input("Kod från appen", key=field, autocomplete="one-time-code")
    draw("advice.html", advice="Sex siffror, eller en av dina reservkoder.", field=field)
    return code


def suffices(code: str, field: str, place: DeltaGenerator | None) -> bool:
    """Whether the code is right, and now used up, or none is needed. If not, why is said."""
    context = current_context()
    if context.installation.store.second_factor(context.account.id) is None:
        return True
    return is_right(code, field, place)


def is_right(code: str, field: str, place: DeltaGenerator | None) -> bool:
    """Whether the code in the field with this key is right, and now used up. If not, why is said."""
    context = current_context()
    if not code.strip():
        warning(NO_CODE, fields=[field], place=place)
        return False
    store = context.installation.store
    try:
        found = second_factor.is_right(store, context.account.id, context.account.email, code, browser())
    except TooManyFailures as refused:
        warning(too_many(refused.until, context.now), place=place)
        return False
    if not found:
        warning(CODE_WRONG, fields=[field], place=place)
    return found
