"""Who of the administrators signs in with a code, and how to help one who has lost it."""

from __future__ import annotations

import streamlit as st

from visionsprat.domain.records import Person
from visionsprat.mail.queue import errands
from visionsprat.mail.smtp import send
from visionsprat.ui.context import current_context
from visionsprat.ui.layout import draw as draw_template
from visionsprat.ui.layout import notice
from visionsprat.wording.letters import second_factor_removed

_ASKED, _DONE = "person_factor_asked", "person_factor_done"


def draw() -> None:
    """Draw a line on every part of the administration page: whether one has a second factor oneself."""
    context = current_context()
    has = context.installation.store.second_factor(context.account.id) is not None
    draw_template("second_factor_line.html", has=has)


def draw_for(person: Person) -> None:
    """Draw the end of a person's page, for administrators and whoever has a second factor still."""
    context = current_context()
    store, oneself = context.installation.store, person.id == context.account.id
    factor = store.second_factor(person.id)
    if st.session_state.pop(_DONE, None) == person.id:
        notice("Tvåstegsinloggningen är borttagen.")
    if factor is None and not person.is_admin:
        return
    draw_template("second_factor_person.html", person=person, factor=factor, oneself=oneself)
    if factor is not None and not oneself and _is_sure(person):
        store.remove_second_factor(context.account.id, person.id)
        if smtp := context.installation.settings.smtp:
            letter = second_factor_removed(person.name, person.email)
            errands.add(lambda: send(smtp, [letter]))
        st.session_state[_DONE] = person.id
        st.rerun()


def _is_sure(person: Person) -> bool:
    """A button that asks once more."""
    if st.button("Ta bort tvåstegsinloggning", key="person_factor"):
        st.session_state[_ASKED] = person.id
    if st.session_state.get(_ASKED) != person.id:
        return False
    sure = st.button("Ja, ta bort tvåstegsinloggning", key="person_factor_yes", type="primary")
    if sure:
        del st.session_state[_ASKED]
    return sure
