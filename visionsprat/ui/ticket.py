"""From a script run to a session: hand the browser a ticket."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

# A script run can't set a cookie; the route behind this address can.
_go = st.components.v2.component(
    "visionsprat_entrance",
    js="export default ({data}) => { window.location.replace(data.address) }",
    isolate_styles=False,
)


def enter(ticket: str, address: str) -> None:
    """Let the browser exchange `ticket` for its cookie and go on to the page with this address."""
    _go(key="entrance", data={"address": "/api/ticket?" + urlencode({"ticket": ticket, "to": f"/{address}"})})
