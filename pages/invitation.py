"""Behind the link of an invitation: choose a password, and straight in. Looking does not use the link up."""

import streamlit as st

from visionsprat.accounts.authentication import SignInRefused, hash_password, issue_ticket
from visionsprat.accounts.invitations import tell_of_new_password
from visionsprat.domain.fields import FieldRefused
from visionsprat.domain.records import Invited
from visionsprat.domain.tokens import token_hash
from visionsprat.errors import InvitationVoid
from visionsprat.runtime.turns import TooBusy
from visionsprat.ui.context import browser_mark, current_context
from visionsprat.ui.forms import tell_fault
from visionsprat.ui.layout import draw, notice, warning
from visionsprat.ui.ticket import enter
from visionsprat.ui.waiting import ask_for_code
from visionsprat.wording.messages import NO_COOKIES, PASSWORD_ADVICE, TOO_BUSY, VOID

context = current_context()
store = context.installation.store
link = token_hash(st.query_params.get("kod", ""))


def form(person: Invited) -> None:
    draw("invited.html", person=person)
    if context.visitor and context.account.id != person.account_id:
        name = context.account.name
        notice(f"Nu är {name} inloggad här. När du har valt ett lösenord är du det i stället.")
    with st.form("invitation_form", border=False):
        draw("username.html", email=person.email)
        password = st.text_input(
            "Lösenord", key="invitation_password", type="password", autocomplete="new-password"
        )
        draw("advice.html", advice=PASSWORD_ADVICE, field="invitation_password")
        problem = st.empty()
        pressed = st.form_submit_button("Välj lösenord", type="primary")
    if not pressed:
        return
    if not browser_mark():
        warning(NO_COOKIES, place=problem)
        return
    try:
        hashed = hash_password(password, known=(*person.name.split(), person.email))
        account_id = store.use_invitation(link, hashed)
    except FieldRefused as refused:
        tell_fault(refused, "invitation_password", problem)
    except TooBusy:
        warning(TOO_BUSY, place=problem)
    except InvitationVoid:
        st.rerun()  # used or replaced meanwhile
    else:
        if person.has_password and context.installation.settings.smtp:
            tell_of_new_password(context.installation.settings.smtp, person)
        store.end_session(context.token_hash)  # somebody else's, whose cookie is about to be replaced
        ask_for_code(account_id, person.email, hashed)
        try:
            enter(issue_ticket(store, account_id, browser_mark(), checked=hashed), "")
        except SignInRefused:  # closed, or given another password, in the moment since
            st.rerun()  # the link is used, and the page says so


try:
    form(store.invited(link))
except InvitationVoid as void:
    title, text = VOID[type(void)]
    draw("invitation_void.html", title=title, text=text, mail=context.installation.settings.smtp is not None)
