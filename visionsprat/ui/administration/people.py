"""Find a person, and what an administrator does for them."""

from __future__ import annotations

import streamlit as st

from visionsprat.accounts.invitations import as_letters, invite, tell_of_corrected_address, tell_of_release
from visionsprat.domain.fields import FieldRefused, clean_email, clean_group, clean_name
from visionsprat.domain.records import NewAccount, Person, Show, Whom
from visionsprat.errors import EmailTaken, LastAdministrator, NotAllowed, SignedOut
from visionsprat.mail.smtp import send
from visionsprat.ui import own_code, own_password
from visionsprat.ui.administration import everybody, second_factor
from visionsprat.ui.context import current_context
from visionsprat.ui.forms import tell_fault
from visionsprat.ui.layout import draw as draw_template
from visionsprat.ui.layout import notice, warning
from visionsprat.wording.formats import thousands
from visionsprat.wording.messages import EMAIL_TAKEN, LAST_ADMINISTRATOR, NOT_SENT, SHOW

_DONE = "person_done"
_PASSWORD, _CODE = "person_own_password", "person_own_code"


def draw() -> None:
    """Draw this part of the administration page."""
    chosen = st.query_params.get("person", "")
    person = (
        current_context().installation.store.person(int(chosen))
        if chosen.isdecimal() and len(chosen) < 16
        else None
    )
    if person is None:
        _draw_search()
    else:
        _draw_person(person)


def _draw_search() -> None:
    store = current_context().installation.store
    counts = store.count_people()
    draw_template("section.html", title="Personer", text="")
    search = st.text_input("Sök på namn eller e-postadress", key="people_search", autocomplete="off")
    show = st.selectbox(
        "Visa",
        list(Show),
        format_func=lambda each: f"{SHOW[each]} ({thousands(counts[each])})",
        key="people_show",
        placeholder="Välj vilka",
    )
    show = show or Show.ALL
    if search.strip() or show is not Show.ALL or counts[Show.ALL] <= 50:
        draw_template("people.html", found=store.find_people(search, show))
    _draw_new()
    everybody.draw()


def _draw_new() -> None:
    draw_template(
        "section.html",
        title="Lägg till en person",
        text="Personen väljer själv sitt lösenord med en inbjudan.",
    )
    _say_done()
    with st.form("person_new_form", border=False, clear_on_submit=False):
        name = st.text_input("Namn", key="person_new_name", autocomplete="off")
        email = st.text_input("E-post", key="person_new_email", autocomplete="off")
        group = st.text_input("Grupp (kan lämnas tom)", key="person_new_group", autocomplete="off")
        problem = st.empty()
        pressed = st.form_submit_button("Lägg till")
    if not pressed:
        return
    context = current_context()
    try:
        path = clean_group(group) if group.strip() else None
        account = NewAccount(clean_email(email), clean_name(name), None, member_of=path)
        account_id = context.installation.store.add_account(account, context.account.id)
    except FieldRefused as refused:
        tell_fault(refused, "person_new_{}", problem)
    except EmailTaken:
        warning(EMAIL_TAKEN, fields=["person_new_email"], place=problem)
    else:
        _finish(f"{account.name} har lagts till.", account_id)


def _draw_person(person: Person) -> None:
    draw_template("person.html", person=person)
    _say_done()
    if person.is_active:
        _invite(person)
    _release(person)
    _correct(person)
    _groups(person)
    _roles(person)
    second_factor.draw_for(person)


def _invite(person: Person) -> None:
    context = current_context()
    smtp = context.installation.settings.smtp
    title = "Nytt lösenord" if person.is_used else "Inbjudan"
    draw_template("section.html", title=title, text=_about(person))
    with st.container(horizontal=True):
        # The link to what somebody has written goes to nobody but themself, where letters can be sent.
        shown = not (person.is_used and smtp) and st.button(_SHOW[person.is_used], key="person_invite")
        sent = smtp is not None and st.button(_SEND[person.is_used], key="person_invite_by_mail")
    if not shown and not sent:
        return
    whom = Whom(emails=frozenset({person.email}), unused=not person.is_used)
    made = invite(context.installation.store, context.account.id, whom, context.site, by_letter=bool(sent))
    if not made:
        warning(f"{person.name} har loggat in nyss. Ladda om sidan.")
    elif smtp is not None and sent:
        if failures := send(smtp, as_letters(made)):
            warning(NOT_SENT[failures[0].trouble])
        else:
            what = "Länken" if person.is_used else "Inbjudan"
            notice(f"{what} är skickad till {person.email}.")
    else:
        draw_template("link.html", person=made[0].person, link=made[0].link)


def _about(person: Person) -> str:
    """What a link does, said before it is made."""
    if not person.is_used:
        return _WHAT_AN_INVITATION_DOES
    if current_context().installation.settings.smtp is None:
        return _WHAT_A_LINK_LOCKS
    return _WHAT_A_LETTER_DOES + (_WHAT_AN_UNPROVEN_ADDRESS_DOES if person.address_is_unproven else "")


def _release(person: Person) -> None:
    """Let another administrator than the one who made the link vouch for whoever is there now."""
    context = current_context()
    store = context.installation.store
    locked = [each for each in store.text_locks(person.id, context.account.id) if each.released_at is None]
    if not locked:
        return
    may = any(each.may_release for each in locked)
    draw_template("admin_lock.html", person=person, locked=locked, may=may)
    if not may:
        return
    label = f"Jag har pratat med {person.name}, som själv har valt sitt lösenord och ber om texterna"
    sure = st.checkbox(label, key=f"person_release_sure_{person.id}")
    if not st.button("Släpp texterna", key="person_release", disabled=not sure):
        return
    try:
        store.release_texts(context.account.id, person.id)
    except NotAllowed:
        st.rerun()  # no longer an administrator, or locked anew meanwhile
    if context.installation.settings.smtp:
        tell_of_release(context.installation.settings.smtp, person, context.account.name)
    _finish(f"Texterna är släppta. {person.name} får veta att det var du som gjorde det.", person.id)


def _correct(person: Person) -> None:
    context = current_context()
    oneself = person.id == context.account.id
    text = _WHAT_CORRECTING_ONESELF_DOES if oneself else _WHAT_CORRECTING_DOES if person.is_used else ""
    draw_template("section.html", title="Rätta uppgifter", text=text)
    with st.form("person_form", border=False):
        name = st.text_input("Namn", person.name, key=f"person_name_{person.id}", autocomplete="off")
        email = st.text_input("E-post", person.email, key=f"person_email_{person.id}", autocomplete="off")
        password, code = _ask_who_it_is() if oneself else ("", "")
        problem = st.empty()
        pressed = st.form_submit_button("Spara")
    if not pressed:
        return
    try:
        new, checked = clean_email(email), None
        cleaned = clean_name(name)
        if oneself and new != person.email:
            checked = own_password.checked(password, _PASSWORD, problem)
            if not checked or not own_code.suffices(code, _CODE, problem):
                return
        context.installation.store.correct(context.account.id, person.id, cleaned, new, checked=checked)
    except SignedOut:
        st.rerun()  # the password was changed elsewhere meanwhile, which has ended this session
    except FieldRefused as refused:
        tell_fault(refused, f"person_{{}}_{person.id}", problem)
    except EmailTaken:
        warning(EMAIL_TAKEN, fields=[f"person_email_{person.id}"], place=problem)
    else:
        smtp = context.installation.settings.smtp
        if smtp and person.is_used and new != person.email:
            tell_of_corrected_address(smtp, person, new)
        _finish("Uppgifterna är sparade.", person.id)


def _ask_who_it_is() -> tuple[str, str]:
    """Fields for one's own password, and a code: who changes the address gets the letters."""
    password = st.text_input("Ditt lösenord", key=_PASSWORD, type="password", autocomplete="current-password")
    draw_template("advice.html", advice="Behövs bara när du ändrar e-postadressen.", field=_PASSWORD)
    return password, own_code.ask(_CODE)


def _groups(person: Person) -> None:
    context = current_context()
    store = context.installation.store
    draw_template("section.html", title="Grupper", text="")
    paths = store.group_paths()
    others = {id: path for id, path in paths.items() if id not in person.groups or id not in person.manages}
    if others:
        group = st.selectbox(
            "Grupp",
            list(others),
            format_func=lambda id: paths[id],
            key=f"person_group_{person.id}",
            index=None,
            placeholder="Välj en grupp",
        )
        with st.container(horizontal=True):
            member = st.button("Lägg till i gruppen", disabled=group is None or group in person.groups)
            manager = st.button(
                "Gör till chef för gruppen", disabled=group is None or group in person.manages
            )
        if group is not None and member:
            store.set_member(context.account.id, person.id, group, True)
            _finish(f"{person.name} är nu med i {paths[group]}.", person.id)
        if group is not None and manager:
            store.set_manager(context.account.id, person.id, group, True)
            _finish(f"{person.name} är nu chef för {paths[group]}.", person.id)
    with st.container(horizontal=True):
        for id, path in person.groups.items():
            if st.button(f"Ta bort från {path}", key=f"person_leave_{id}"):
                store.set_member(context.account.id, person.id, id, False)
                _finish(f"{person.name} är inte längre med i {path}.", person.id)
        for id, path in person.manages.items():
            if st.button(f"Ta bort som chef för {path}", key=f"person_unmanage_{id}"):
                store.set_manager(context.account.id, person.id, id, False)
                _finish(f"{person.name} är inte längre chef för {path}.", person.id)


def _roles(person: Person) -> None:
    context = current_context()
    store, me = context.installation.store, context.account.id
    draw_template("section.html", title="Inloggning och roll", text=_WHAT_DEACTIVATING_DOES)
    if st.button("Logga ut överallt", key="person_sign_out"):
        store.sign_out_everywhere(me, person.id)
        _finish(f"{person.name} är utloggad överallt.", person.id)
    try:
        if not person.is_admin and st.button("Gör till administratör", key="person_admin"):
            store.set_administrator(me, person.id, True)
            _finish(f"{person.name} är nu administratör.", person.id)
        if person.is_admin and _twice(
            "Ta bort som administratör", "Ja, ta bort som administratör", "person_unadmin"
        ):
            store.set_administrator(me, person.id, False)
            _finish(f"{person.name} är inte längre administratör.", person.id)
        if person.is_active and _twice("Avaktivera", "Ja, avaktivera", "person_deactivate"):
            store.set_active(me, person.id, False)
            _finish(f"{person.name} är avaktiverad.", person.id)
        if not person.is_active and st.button("Aktivera igen", key="person_activate"):
            store.set_active(me, person.id, True)
            _finish(f"{person.name} är aktiv igen.", person.id)
    except LastAdministrator:
        warning(LAST_ADMINISTRATOR)


_WHAT_AN_INVITATION_DOES = (
    "En länk där personen väljer ett lösenord. Den gäller i 14 dagar och går att använda en gång. "
    "En ny länk gör att den förra slutar att gälla."
)
_SHOW = {False: "Bjud in", True: "Gör en ny länk"}
_SEND = {False: "Skicka inbjudan med e-post", True: "Skicka ny länk med e-post"}
_LOCKS_UNTIL = (
    "det som personen har skrivit, tills personen har gett sitt gamla lösenord eller en annan administratör "
    "har släppt det. Ingen kan läsa det under tiden, och inget försvinner."
)
_WHAT_A_LINK_LOCKS = (
    "Personen har loggat in förut. Har personen glömt lösenordet kan du göra en länk för att välja ett nytt. "
    f"När länken används låses {_LOCKS_UNTIL} Minns personen lösenordet behövs ingen länk. "
    "Det syns bland händelserna att du har gjort den."
)
_WHAT_A_LETTER_DOES = (
    "Personen har loggat in förut. En ny länk går därför bara till personens egen e-postadress, så att ingen "
    "annan kan läsa det som personen har skrivit. Personen kan också själv be om den med ”Glömt lösenordet?”."
)
_WHAT_AN_UNPROVEN_ADDRESS_DOES = (
    f" Personen har inte bekräftat den här adressen än. Därför låser länken, när den används, {_LOCKS_UNTIL}"
)
_WHAT_CORRECTING_DOES = (
    "Ändrar du e-postadressen får personen bekräfta den. Tills dess låser en länk dit det som personen har "
    "skrivit. Den gamla adressen får ett mejl om ändringen, om Visionsprat kan skicka mejl."
)
_WHAT_CORRECTING_ONESELF_DOES = (
    "Ändrar du din e-postadress behövs ditt lösenord, och sedan får du bekräfta adressen. Tills dess låser "
    "en länk dit det som du har skrivit. Den gamla adressen får ett mejl om ändringen, om Visionsprat kan "
    "skicka mejl."
)
_WHAT_DEACTIVATING_DOES = (
    "Den som avaktiveras loggas ut genast och kan inte logga in. Det personen har skrivit finns kvar."
)


def _twice(label: str, yes_label: str, key: str) -> bool:
    """A button that asks once more before it does what it says."""
    if st.button(label, key=key):
        st.session_state[f"{key}_asked"] = True
    if not st.session_state.get(f"{key}_asked"):
        return False
    yes = st.button(yes_label, key=f"{key}_yes", type="primary")
    if yes:
        del st.session_state[f"{key}_asked"]
    return yes


def _say_done() -> None:
    if done := st.session_state.pop(_DONE, None):
        notice(done)


def _finish(sentence: str, account_id: int) -> None:
    """Show the person anew, with how it went."""
    st.session_state[_DONE] = sentence
    st.query_params["person"] = str(account_id)
    st.rerun()
