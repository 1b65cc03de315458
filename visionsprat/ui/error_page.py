"""What a person sees when something goes wrong, and what the log gets."""

from __future__ import annotations

import logging

import streamlit as st

from visionsprat.errors import StoreUnavailable

_log = logging.getLogger("visionsprat")

_UNAVAILABLE = (
    "Det går inte att läsa det du har sparat just nu. Ingenting är borta. Vänta en stund och ladda om sidan."
)
_UNKNOWN = (
    "Något gick fel hos oss. Det du har skrivit är kvar. "
    "Ladda om sidan, eller hör av dig till din administratör."
)


def show_trouble(error: Exception) -> bool:
    """Show one sentence in place of a page that could not be drawn; the traceback goes to the log."""
    known = isinstance(error, StoreUnavailable)
    if known:
        _log.error("%s", error)
    else:
        _log.error("A page could not be drawn.", exc_info=error)
    st.html(
        '<main class="plain" role="alert"><h1 class="hero">Något gick fel</h1>'
        f'<p class="lead">{_UNAVAILABLE if known else _UNKNOWN}</p></main>'
    )
    return True
