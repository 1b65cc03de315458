"""An administrator's second factor on their own page: set up, turned off, with new recovery codes.

The QR code is an image with a data address: st.html keeps it, and it stays dark on white in the dark
scheme. No `inputmode`: the same field takes recovery codes, which have letters.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import segno
import streamlit as st

from visionsprat.accounts import second_factor
from visionsprat.domain.records import SecondFactor
from visionsprat.domain.tokens import new_recovery_codes
from visionsprat.errors import NotAllowed
from visionsprat.mail.queue import errands
from visionsprat.mail.smtp import send
from visionsprat.ui import own_code, own_password
from visionsprat.ui.context import current_context
from visionsprat.ui.layout import draw as draw_template
from visionsprat.ui.layout import notice, warning
from visionsprat.wording.letters import second_factor_turned_off
from visionsprat.wording.messages import CODE_WRONG

#: Keys of the session's state: the part that is open, a secret not yet confirmed, what to show once.
_OPEN, _SECRET, _SHOWN, _DONE = (f"factor_{each}" for each in ("open", "secret", "shown", "done"))
_SET, _CODES, _OFF = "set", "codes", "off"


@dataclass(frozen=True)
class Shown:
    """Recovery codes just made, until their person says that they have kept them."""

    told: str
    codes: tuple[str, ...] = field(repr=False)


def draw() -> None:
    """Draw this part of the account page: for administrators, and for whoever has a second factor still."""
    context = current_context()
    factor = context.installation.store.second_factor(context.account.id)
    if factor is None and not context.account.is_admin:
        return
    draw_template("second_factor.html", factor=factor)
    if done := st.session_state.pop(_DONE, ""):
        notice(done)
    if shown := st.session_state.get(_SHOWN):
        _show_codes(shown)
    elif factor is None:
        _set_up()
    else:
        _change(factor)


def _open(part: str) -> None:
    st.session_state[_OPEN] = part


def _close() -> None:
    for key in (_OPEN, _SECRET, _SHOWN):
        st.session_state.pop(key, None)


# Setting it up


def _set_up() -> None:
    opened = st.session_state.get(_OPEN) == _SET
    if not opened:
        st.button("Slå på tvåstegsinloggning …", key="factor_set", on_click=_open, args=(_SET,))
    elif _SECRET in st.session_state:
        _confirm(st.session_state[_SECRET])
    else:
        _ask_password()


def _ask_password() -> None:
    with st.form("factor_password_form", border=False):
        password = _password_field()
        draw_template("go_to.html", advice="Det du loggar in med nu.", field="factor_password")
        answer = st.empty()
        pressed = _buttons("Fortsätt")
    if pressed and own_password.checked(password, "factor_password", answer):
        st.session_state[_SECRET] = second_factor.new_secret()
        st.rerun()


def _confirm(secret: str) -> None:
    context = current_context()
    draw_template(
        "second_factor_new.html", qr_code=_qr_code(secret, context.account.email), secret=_in_groups(secret)
    )
    with st.form("factor_confirm_form", border=False):
        code = _code_field()
        draw_template(
            "go_to.html", advice="Sex siffror. Appen visar nya var trettionde sekund.", field="factor_code"
        )
        answer = st.empty()
        pressed = _buttons("Slå på")
    if not pressed:
        return
    step = second_factor.step_of(secret, code, context.now)
    if step is None:
        warning(CODE_WRONG, fields=["factor_code"], place=answer)
        return
    codes, hashes = new_recovery_codes(secret)
    try:
        is_set = context.installation.store.set_second_factor(
            context.account.id, secret, step, hashes, context.token_hash
        )
    except NotAllowed:
        is_set = False  # an administrator no longer: the page says so itself
    _close()
    if is_set:
        st.session_state[_SHOWN] = Shown(
            "Tvåstegsinloggningen är på, och du är utloggad på alla andra ställen.", codes
        )
    st.rerun()


def _qr_code(secret: str, email: str) -> str:
    """A picture for an app to read, as the address of an image. Dark on light in either scheme."""
    made = segno.make(second_factor.address_for_app(secret, email), error="m", micro=False)
    return made.svg_data_uri(dark="#000", light="#fff", border=4, omitsize=True)


def _in_groups(secret: str) -> str:
    return " ".join(secret[context : context + 4] for context in range(0, len(secret), 4))


def _show_codes(shown: Shown) -> None:
    draw_template("recovery_codes.html", told=shown.told, codes=shown.codes)
    st.button("Jag har sparat koderna", key="factor_kept", on_click=_close, type="primary")


# Changing it


def _change(factor: SecondFactor) -> None:
    opened = st.session_state.get(_OPEN)
    if opened not in (_CODES, _OFF):
        with st.container(horizontal=True):
            st.button("Nya reservkoder …", key="factor_codes", on_click=_open, args=(_CODES,))
            st.button("Stäng av tvåstegsinloggning …", key="factor_off", on_click=_open, args=(_OFF,))
        return
    label = "Gör nya reservkoder" if opened == _CODES else "Stäng av tvåstegsinloggning"
    if not _is_oneself(label):
        return
    _close()
    if opened == _CODES:
        _makenew_recovery_codes(factor)
    else:
        _turn_off()
        st.session_state[_DONE] = "Tvåstegsinloggningen är avstängd. Nu räcker lösenordet."
    st.rerun()


def _turn_off() -> None:
    context = current_context()
    is_off, smtp = (
        context.installation.store.turn_off_second_factor(context.account.id),
        context.installation.settings.smtp,
    )
    if is_off and smtp is not None:
        letter = second_factor_turned_off(context.account.name, context.account.email)
        errands.add(lambda: send(smtp, [letter]))


def _makenew_recovery_codes(factor: SecondFactor) -> None:
    codes, hashes = new_recovery_codes(factor.secret)
    if current_context().installation.store.replace_recovery_codes(
        current_context().account.id, factor.secret, hashes
    ):
        st.session_state[_SHOWN] = Shown("Du har nya reservkoder. De gamla gäller inte längre.", codes)


def _is_oneself(label: str) -> bool:
    """A form for the password and a code, which are both right."""
    with st.form("factor_change_form", border=False):
        password = _password_field()
        draw_template("go_to.html", advice="Det du loggar in med nu.", field="factor_password")
        code = _code_field()
        draw_template(
            "advice.html", advice="Sex siffror från appen, eller en av dina reservkoder.", field="factor_code"
        )
        answer = st.empty()
        pressed = _buttons(label)
    return (
        pressed
        and bool(own_password.checked(password, "factor_password", answer))
        and own_code.is_right(code, "factor_code", answer)
    )


def _password_field() -> str:
    return st.text_input(
        "Ditt lösenord", key="factor_password", type="password", autocomplete="current-password"
    )


def _code_field() -> str:
    return st.text_input("Kod", key="factor_code", autocomplete="one-time-code")


def _buttons(label: str) -> bool:
    with st.container(horizontal=True):
        pressed = st.form_submit_button(label, type="primary", key="factor_submit")
        st.form_submit_button("Avbryt", key="factor_cancel", on_click=_close)
    return pressed
