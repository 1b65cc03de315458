"""One-time links with which people choose their password, for many at once: as a file or as letters."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

import streamlit as st

from visionsprat.accounts.invitations import as_letters, invite
from visionsprat.domain.records import Whom
from visionsprat.mail.queue import Dispatch
from visionsprat.settings import Smtp
from visionsprat.ui.context import current_context
from visionsprat.ui.layout import draw as draw_template
from visionsprat.wording.formats import thousands
from visionsprat.wording.messages import NOT_SENT

#: As many letters that were not sent are listed; the rest are counted.
_MOST = 200
_NEVER, _GROUP = "Alla som aldrig har loggat in", "En grupp, med alla grupper under den"
#: The newest letters of each administrator. They go on their way whether or not anybody looks.
_dispatches: dict[int, Dispatch] = {}


def draw() -> None:
    """Draw this part of the administration page."""
    context = current_context()
    settings = context.installation.settings
    draw_template("invitations.html", site=context.site, local=settings.url is None)
    dispatch = _dispatches.get(context.account.id)
    if dispatch is not None and not dispatch.is_finished:
        _follow(dispatch)
    if dispatch is not None:
        draw_template(
            "dispatch.html",
            total=dispatch.total,
            begun_at=dispatch.begun_at,
            failures=dispatch.failures,
            most=_MOST,
            why=NOT_SENT,
        )
    whom = _ask_whom()
    if whom is None:
        return
    store = context.installation.store
    count, handed_out = (store.count_invitees(each) for each in (whom, replace(whom, unused=True)))
    query = urlencode({"grupp": whom.group_id or "", "aldrig": "1" if whom.never_signed_in else ""})
    draw_template("invitations_file.html", count=handed_out, left_out=count - handed_out, query=query)
    if settings.smtp is not None and count:
        _offer_letters(settings.smtp, whom, count)


def _ask_whom() -> Whom | None:
    kind = st.selectbox("Vilka ska bjudas in?", [_NEVER, _GROUP], key="invite_kind", placeholder="Välj vilka")
    if kind != _GROUP:
        return Whom(never_signed_in=True)
    paths = current_context().installation.store.group_paths()
    group = st.selectbox(
        "Grupp",
        list(paths),
        format_func=lambda id: paths[id],
        key="invite_group",
        index=None,
        placeholder="Välj en grupp",
    )
    never = st.checkbox("Bara de som aldrig har loggat in", key="invite_never")
    return Whom(group_id=group, never_signed_in=never) if group is not None else None


def _offer_letters(smtp: Smtp, whom: Whom, count: int) -> None:
    context = current_context()
    label = "Ja, skicka ett mejl" if count == 1 else f"Ja, skicka {thousands(count)} mejl"
    draw_template("section.html", title="Skicka med e-post", text="Var och en får ett mejl med sin länk.")
    # The label and the key change with whom it concerns: a yes holds for what was seen.
    sure = st.checkbox(label, key=f"invite_sure_{whom}")
    if st.button("Skicka", key="invite_send", disabled=not sure):
        invitations = invite(
            context.installation.store, context.account.id, whom, context.site, by_letter=True
        )
        del st.session_state[f"invite_sure_{whom}"]
        _dispatches[context.account.id] = Dispatch(smtp, as_letters(invitations), context.now)
        st.rerun()


def _follow(dispatch: Dispatch) -> None:
    """Show how far the letters have come. A click or a closed tab ends the showing, not the sending."""
    bar = st.progress(0.0)
    while not dispatch.wait(0.3):
        bar.progress(
            dispatch.done / max(dispatch.total, 1),
            f"Skickar mejl {thousands(dispatch.done)} av {thousands(dispatch.total)}",
        )
    bar.empty()
