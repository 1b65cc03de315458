"""For those who have forgotten their password: a letter with a link, or whom to ask."""

import streamlit as st

from visionsprat.accounts.invitations import ask_for_new_password
from visionsprat.domain.fields import FieldRefused, clean_email
from visionsprat.ui.context import client, current_context
from visionsprat.ui.forms import tell_fault
from visionsprat.ui.layout import draw, notice
from visionsprat.wording.messages import LETTER_COMES

installation = current_context().installation
smtp = installation.settings.smtp
draw("forgotten.html", mail=smtp is not None)
if smtp is not None:
    with st.form("forgotten_form", border=False):
        email = st.text_input("E-post", key="forgotten_email", autocomplete="username")
        problem = st.empty()
        pressed = st.form_submit_button("Skicka länk", type="primary")
    if pressed:
        try:
            ask_for_new_password(
                installation.store, smtp, current_context().site, clean_email(email), client()
            )
            notice(LETTER_COMES)
        except FieldRefused as refused:
            tell_fault(refused, "forgotten_email", problem)
