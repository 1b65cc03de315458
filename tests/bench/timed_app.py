"""The application with a stopwatch in its parts: how much CPU of a page run each takes.

A script run is one thread, so a thread's CPU clock tells what the run used whatever else the process does.
A part's time is its own: what it calls that is a part itself is taken off. GET /api/bench-parts answers with
the milliseconds so far.
"""

from __future__ import annotations

import functools
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner

from app import lifespan
from visionsprat.settings import ROOT
from visionsprat.store import Store
from visionsprat.ui import editor, layout, pages
from visionsprat.ui.error_page import show_trouble
from visionsprat.ui.first_words import first_words
from visionsprat.web.index_page import Front
from visionsprat.web.routes import OwnRoutes, routes
from visionsprat.web.security import Guard
from visionsprat.web.websocket import Frames

_milliseconds: dict[str, float] = defaultdict(float)
_open = threading.local()


def _timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def timed(*args: Any, **kwargs: Any) -> Any:
        if threading.current_thread() is threading.main_thread():
            return function(*args, **kwargs)
        outer, _open.inner = getattr(_open, "inner", 0), 0
        start = time.thread_time_ns()
        try:
            return function(*args, **kwargs)
        finally:
            spent = time.thread_time_ns() - start
            _milliseconds[name] += (spent - _open.inner) / 1e6
            _open.inner = outer + spent

    return timed


for owner, attribute, name in (
    (Store, "visitor", "the visitor's query"),
    (Store, "record_visit", "writing the visit down"),
    (pages, "pages_for", "the list of pages"),
    (layout, "render", "templates"),
    (editor, "draw_editors", "the editors"),
    (st, "html", "st.html"),
    (st, "navigation", "st.navigation"),
    (ScriptRunner, "_run_script", "the rest of the script's thread"),
):
    setattr(owner, attribute, _timed(name, getattr(owner, attribute)))


def parts(_: Request) -> Response:
    return JSONResponse(_milliseconds)


app = st.App(
    ROOT / "pages" / "entry.py",
    middleware=[
        Middleware(Guard),
        Middleware(Front, words=first_words),
        Middleware(OwnRoutes, routes=[Route("/api/bench-parts", parts), *routes()]),
        Middleware(Frames),
    ],
    lifespan=lifespan,
    on_script_error=show_trouble,
)
