"""Who has given the right password in this tab, and is to give a code. The server alone holds it.

In that tab's session state: account, the hash that was checked, the browser's mark, for five minutes. The
browser holds nothing that a step could be jumped over with; a reload asks for the password anew.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from visionsprat.accounts.second_factor import CodeWanted, Waiting, ask
from visionsprat.domain.records import Credentials
from visionsprat.ui.context import Context, browser_mark, current_context

_KEY = "second_step"


@dataclass
class Held:
    waiting: Waiting
    #: The address of the page to go on to.
    address: str
    #: Handed out for the right code. A run that a second click interrupts leaves it to the next one.
    ticket: str = ""


def ask_for_code(account_id: int, email: str, password_hash: str) -> None:
    """Go on to the second step when the account has a second factor; its password has just been chosen."""
    try:
        ask(
            current_context().installation.store,
            Credentials(account_id, password_hash),
            email,
            browser_mark(),
        )
    except CodeWanted as wanted:
        wait_for_code(wanted.waiting, "")


def wait_for_code(waiting: Waiting, address: str) -> None:
    """Draw the second step in place of the first one."""
    st.session_state[_KEY] = Held(waiting, address)
    st.rerun()


def is_waiting(at: Context) -> bool:
    return at.visitor is None and _KEY in st.session_state


def held() -> Held:
    """On the page of the second step, who waits there."""
    found: Held = st.session_state[_KEY]
    return found


def forget() -> None:
    """Draw the first step again."""
    st.session_state.pop(_KEY, None)
    st.rerun()
