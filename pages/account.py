"""The visitor's own account: name, password, sign out everywhere, all that is stored about them."""

import streamlit as st

from visionsprat.accounts import hash_password, issue_ticket, password_is_right
from visionsprat.errors import TooManyFailures
from visionsprat.fields import Refused, clean_name
from visionsprat.ui import erasing, second_factor
from visionsprat.ui.entrance import enter
from visionsprat.ui.frame import draw, notice
from visionsprat.ui.here import browser_mark, client, device, here
from visionsprat.ui.text import FAULTS, PASSWORD_ADVICE, too_many

at = here()
store, account = at.installation.store, at.account
NAME_SAVED = "account_name_saved"


def name_form() -> None:
    with st.form("account_name_form", border=False):
        name = st.text_input("Namn", account.name, key="account_name", autocomplete="name")
        answer = st.empty()
        pressed = st.form_submit_button("Spara namnet")
    if st.session_state.pop(NAME_SAVED, False):
        answer.success("Namnet är sparat.")
    if not pressed:
        return
    try:
        store.rename(account.id, clean_name(name))
        st.session_state[NAME_SAVED] = True
        st.rerun()  # the path at the side shows the name too
    except Refused as refused:
        notice(FAULTS[refused.fault], problem=True, fields=["account_name"], place=answer)


def password_form() -> None:
    draw("section.html", title="Byt lösenord", text="Du blir utloggad på alla andra ställen.")
    with st.form("account_password_form", border=False):
        old = st.text_input(
            "Nuvarande lösenord", key="account_old_password", type="password", autocomplete="current-password"
        )
        new = st.text_input(
            "Nytt lösenord", key="account_new_password", type="password", autocomplete="new-password"
        )
        draw("advice.html", advice=PASSWORD_ADVICE, field="account_new_password")
        answer = st.empty()
        pressed = st.form_submit_button("Byt lösenord")
    if not pressed:
        return
    try:
        hashed = hash_password(new, known=(*account.name.split(), account.email))
        if not password_is_right(store, account.email, old, device=device(), client=client()):
            told = "Det nuvarande lösenordet stämmer inte."
            notice(told, problem=True, fields=["account_old_password"], place=answer)
            return
        store.set_password(account.id, hashed)
        enter(issue_ticket(store, account.id, browser_mark()), at.address)
    except Refused as refused:
        notice(FAULTS[refused.fault], problem=True, fields=["account_new_password"], place=answer)
    except TooManyFailures as refused:
        notice(too_many(refused.until, at.now), problem=True, place=answer)


def sign_out_everywhere() -> None:
    draw(
        "section.html",
        title="Logga ut överallt",
        text="Har du glömt att logga ut på en annan dator? Gör det här.",
    )
    if st.button("Logga ut överallt"):
        store.end_sessions(account.id)
        st.rerun()


draw("heading.html", title="Mitt konto", lead=account.email)
name_form()
password_form()
second_factor.draw()
sign_out_everywhere()
draw("appearance.html")
draw("own_data.html")
erasing.draw()
