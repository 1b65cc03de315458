"""The sign-in form, shown at whatever address the visitor asked for."""

import streamlit as st

from visionsprat.accounts.authentication import SignInRefused, sign_in
from visionsprat.accounts.second_factor import CodeWanted
from visionsprat.errors import TooManyFailures
from visionsprat.runtime.turns import TooBusy
from visionsprat.ui.context import ERASED, browser, browser_mark, current_context, destination
from visionsprat.ui.layout import draw, notice, warning
from visionsprat.ui.ticket import enter
from visionsprat.ui.waiting import wait_for_code
from visionsprat.wording.messages import NO_COOKIES, TOO_BUSY, too_many

KEEP_ADVICE = "I 30 dagar. Välj det bara på en dator som du är ensam om."
FIELDS = ("sign_in_email", "sign_in_password")

context = current_context()
module = context.module
draw("sign_in.html", welcome=module.welcome, sentence=module.vision.sentence, themes=module.themes)
if st.query_params.get(ERASED[0]) == ERASED[1]:
    notice("Ditt konto är raderat, med allt du hade skrivit.")
with st.form("sign_in_form", border=False):
    email = st.text_input("E-post", key="sign_in_email", autocomplete="username")
    password = st.text_input(
        "Lösenord", key="sign_in_password", type="password", autocomplete="current-password"
    )
    keep = st.checkbox("Håll mig inloggad", key="sign_in_keep")
    draw("advice.html", advice=KEEP_ADVICE, field="sign_in_keep")
    problem = st.empty()
    pressed = st.form_submit_button("Logga in", type="primary")
draw("forgotten_link.html")

if pressed:
    try:
        if not browser_mark():
            warning(NO_COOKIES, place=problem)
        elif not email.strip() or not password:
            missing = [key for key, value in zip(FIELDS, (email.strip(), password), strict=True) if not value]
            warning("Skriv både din e-postadress och ditt lösenord.", fields=missing, place=problem)
        else:
            ticket = sign_in(context.installation.store, email, password, browser(), keep=keep)
            enter(ticket, destination())
    except SignInRefused:
        warning(
            "E-postadressen eller lösenordet stämmer inte. Kontrollera båda och försök igen.",
            fields=FIELDS,
            place=problem,
        )
    except CodeWanted as wanted:
        wait_for_code(wanted.waiting, destination())
    except TooManyFailures as refused:
        warning(too_many(refused.until, context.now), place=problem)
    except TooBusy:
        warning(TOO_BUSY, place=problem)
