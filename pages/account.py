"""The visitor's own account: name, password, where they are signed in, all that is stored about them."""

import streamlit as st

from visionsprat.accounts.authentication import SignInRefused, check, hash_password, issue_ticket
from visionsprat.domain.fields import FieldRefused, clean_name
from visionsprat.ui import erasing, locked, own_code, second_factor, sessions
from visionsprat.ui.context import browser, browser_mark, current_context
from visionsprat.ui.forms import tell_fault
from visionsprat.ui.layout import draw
from visionsprat.ui.own_password import PROBLEMS, tell
from visionsprat.ui.ticket import enter
from visionsprat.wording.messages import PASSWORD_ADVICE

context = current_context()
store, account = context.installation.store, context.account
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
    except FieldRefused as refused:
        tell_fault(refused, "account_name", answer)


def password_form() -> None:
    draw("section.html", title="Byt lösenord", text="Du blir utloggad på alla andra ställen.")
    with st.form("account_password_form", border=False):
        old = st.text_input(
            "Nuvarande lösenord", key="account_old_password", type="password", autocomplete="current-password"
        )
        code = own_code.ask("account_code")
        new = st.text_input(
            "Nytt lösenord", key="account_new_password", type="password", autocomplete="new-password"
        )
        draw("advice.html", advice=PASSWORD_ADVICE, field="account_new_password")
        answer = st.empty()
        pressed = st.form_submit_button("Byt lösenord")
    if not pressed:
        return
    try:
        # The old one first: what the new one costs is for its person alone. The code last: it counts once.
        checked = check(store, account.email, old, browser()).password_hash
        hashed = hash_password(new, known=(*account.name.split(), account.email))
        if own_code.suffices(code, "account_code", answer):
            change_password(hashed, checked)
    except FieldRefused as refused:
        tell_fault(refused, "account_new_password", answer)
    except PROBLEMS as problem:
        tell(problem, "account_old_password", answer)


def change_password(hashed: str, checked: str) -> None:
    try:
        if store.set_password(account.id, hashed, checked):
            enter(issue_ticket(store, account.id, browser_mark(), checked=hashed), context.address)
            return
    except SignInRefused:
        pass
    st.rerun()  # changed elsewhere meanwhile, which has ended this session too


draw("heading.html", title="Mitt konto", lead=account.email)
locked.draw()
name_form()
password_form()
second_factor.draw()
sessions.draw()
draw("appearance.html")
draw("own_data.html")
erasing.draw()
