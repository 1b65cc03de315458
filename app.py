"""Visionsprat as an ASGI application. `streamlit run app.py` finds `app` here."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

from visionsprat.backups.check import left_open, surroundings
from visionsprat.backups.nightly import nightly_backups
from visionsprat.domain.records import Level
from visionsprat.errors import VisionspratError
from visionsprat.installation import backups_path, open_installation
from visionsprat.runtime import event_loops, memory, standard_streams
from visionsprat.store.checkpoints import SQLITE
from visionsprat.store.schema import schema
from visionsprat.store.wiping import background_wiping
from visionsprat.telemetry import log
from visionsprat.ui import widget_values
from visionsprat.ui.error_page import show_trouble
from visionsprat.ui.first_words import first_words
from visionsprat.version import VERSION
from visionsprat.web import connections
from visionsprat.web.cookies import HostCookies
from visionsprat.web.index_page import Front, site
from visionsprat.web.request_id import Traffic
from visionsprat.web.routes import OwnRoutes, routes
from visionsprat.web.security import Guard, is_https, port
from visionsprat.web.streamlit_routes import Allowed
from visionsprat.web.websocket import Frames

standard_streams.speak_utf8()
connections.install()
event_loops.spare_descriptors()
memory.keep_large_blocks_apart()
widget_values.install()
try:
    installation = open_installation()
except VisionspratError as error:
    sys.exit(f"Visionsprat can't start. {error}")


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[dict[str, Any]]:
    gc.collect()
    gc.freeze()
    log.write_log(installation.settings.log_level)  # now that the server has set up its own
    greet()
    running = {"version": VERSION, "schema": schema(), "sqlite": SQLITE}
    _log.info("Started", extra=running)
    backups = nightly_backups(
        installation.store.path, backups_path(installation.settings), installation.store.clock
    )
    with backups, background_wiping(installation.store):
        async with connections.watched(), memory.given_back():
            yield {}
    installation.store.close()
    _log.info("Stopped", extra=running)


def greet() -> None:
    """Say in the terminal where the application is, what is left to fill in, and how to make an account."""
    address = site()
    print(f"\n  Visionsprat is running at {address}\n")
    if installation.declarations.notes:
        print("".join(f"  {note}\n" for note in installation.declarations.notes))
    for found in (*surroundings(installation.settings.data), *left_open(installation.settings)):
        if found.level is not Level.OK:
            print(f"  {found.text}\n")
            _log.warning("What needs care: %s", found.text)
    if not standard_streams.is_utf8():
        print("  The locale is not UTF-8: settings and names of files may be misread. Set LC_ALL=C.UTF-8.\n")
    if not installation.store.is_claimed():
        print("  There are no accounts yet. Open this link to make the first one:")
        print(f"\n  {address}/kom-igang?kod={installation.claim_code}\n")
    sys.stdout.flush()


_log = logging.getLogger(log.OURS)
app = st.App(
    "pages/entry.py",
    middleware=[
        Middleware(Traffic),
        Middleware(HostCookies, is_https=is_https, port=port),
        Middleware(Guard),
        Middleware(Front, words=first_words),
        Middleware(OwnRoutes, routes=routes()),
        Middleware(Allowed),
        Middleware(Frames),
    ],
    lifespan=lifespan,
    on_script_error=show_trouble,
)
