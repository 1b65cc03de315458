"""The application with a clock that is wrong, by as many seconds as a file says."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from app import installation, lifespan
from visionsprat.settings import ROOT
from visionsprat.ui.error_page import show_trouble
from visionsprat.web.routes import OwnRoutes, routes
from visionsprat.web.security import Guard

_WRONG_BY = Path(os.environ["WRONG_BY"])


def _clock() -> datetime:
    return datetime.now(timezone.utc) + timedelta(seconds=float(_WRONG_BY.read_text(encoding="ascii")))


installation.store.clock = _clock
app = st.App(
    ROOT / "pages" / "entry.py",
    middleware=[Middleware(Guard), Middleware(OwnRoutes, routes=routes())],
    lifespan=lifespan,
    on_script_error=show_trouble,
)
