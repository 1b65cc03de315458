"""Behind the link in the terminal: the very first account of an installation."""

import secrets

import streamlit as st

from visionsprat.accounts.authentication import SignInRefused, hash_password, issue_ticket
from visionsprat.domain.fields import FieldRefused, clean_email, clean_group, clean_name
from visionsprat.domain.records import NewAccount
from visionsprat.errors import AlreadyClaimed
from visionsprat.runtime.turns import TooBusy
from visionsprat.ui.context import browser_mark, current_context
from visionsprat.ui.forms import tell_fault
from visionsprat.ui.layout import draw, warning
from visionsprat.ui.ticket import enter
from visionsprat.wording.messages import NO_COOKIES, PASSWORD_ADVICE, TOO_BUSY

installation = current_context().installation


def form() -> None:
    draw(
        "heading.html",
        title="Kom igång",
        lead="Skapa det första kontot. Med det blir du administratör och chef för din egen arbetsgrupp.",
    )
    with st.form("claim_form", border=False):
        name = st.text_input("Namn", key="claim_name", autocomplete="name")
        email = st.text_input("E-post", key="claim_email", autocomplete="username")
        password = st.text_input(
            "Lösenord", key="claim_password", type="password", autocomplete="new-password"
        )
        draw("advice.html", advice=PASSWORD_ADVICE, field="claim_password")
        group = st.text_input("Arbetsgrupp", key="claim_group", autocomplete="organization")
        problem = st.empty()
        pressed = st.form_submit_button("Skapa konto", type="primary")
    if not pressed:
        return
    if not browser_mark():
        warning(NO_COOKIES, place=problem)
        return
    try:
        person, address = clean_name(name), clean_email(email)
        hashed = hash_password(password, known=(*person.split(), address))
        team = clean_group(group)
        account = NewAccount(address, person, hashed, is_admin=True, member_of=team, manages=team)
        account_id = installation.store.claim(account)
        enter(issue_ticket(installation.store, account_id, browser_mark(), checked=hashed), "")
    except SignInRefused:  # closed, or given another password, in the moment since
        st.rerun()  # the link is used, and the page says so
    except TooBusy:
        warning(TOO_BUSY, place=problem)
    except FieldRefused as refused:
        tell_fault(refused, "claim_{}", problem)
    except AlreadyClaimed:
        warning(
            "Någon annan hann skapa det första kontot. Logga in, eller hör av dig till den personen.",
            place=problem,
        )


code = st.query_params.get("kod", "")
if installation.store.is_claimed() or not secrets.compare_digest(
    code.encode(), installation.claim_code.encode()
):
    draw("claim_closed.html")
else:
    form()
