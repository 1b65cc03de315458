"""The sign-in form, shown at whatever address the visitor asked for."""

import streamlit as st

from visionsprat.accounts import SignInRefused, sign_in
from visionsprat.errors import TooManyFailures
from visionsprat.ui.entrance import enter
from visionsprat.ui.frame import draw, notice
from visionsprat.ui.here import browser_mark, client, device, here
from visionsprat.ui.text import NO_COOKIES, too_many

at = here()
draw("sign_in.html", welcome=at.module.welcome)
if st.query_params.get("konto") == "raderat":
    notice("Ditt konto är raderat, med allt du hade skrivit.")
with st.form("sign_in_form", border=False):
    email = st.text_input("E-post", key="sign_in_email", autocomplete="username")
    password = st.text_input(
        "Lösenord", key="sign_in_password", type="password", autocomplete="current-password"
    )
    keep = st.checkbox("Håll mig inloggad", key="sign_in_keep")
    draw("advice.html", advice="I 30 dagar. Välj det bara på en dator som du är ensam om.")
    problem = st.empty()
    pressed = st.form_submit_button("Logga in", type="primary")
draw("forgotten_link.html")

if pressed:
    try:
        if not browser_mark():
            problem.error(NO_COOKIES)
        elif not email.strip() or not password:
            problem.error("Skriv både din e-postadress och ditt lösenord.")
        else:
            ticket = sign_in(
                at.installation.store,
                email,
                password,
                browser_mark(),
                device=device(),
                client=client(),
                keep=keep,
            )
            enter(ticket, at.address)
    except SignInRefused:
        problem.error("E-postadressen eller lösenordet stämmer inte. Kontrollera båda och försök igen.")
    except TooManyFailures as refused:
        problem.error(too_many(refused.until, at.now))
