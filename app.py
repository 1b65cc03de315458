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

from visionsprat import downloads, log, loops, memory, scrape, server, streams, widgets
from visionsprat.allowed import Allowed
from visionsprat.checkup import left_open, surroundings
from visionsprat.cookies import HostCookies
from visionsprat.errors import VisionspratError
from visionsprat.frames import Frames
from visionsprat.front import Front, site
from visionsprat.guard import Guard, is_https, port
from visionsprat.installation import backups_path, installation
from visionsprat.migrations import schema
from visionsprat.nightly import nightly_backups
from visionsprat.records import Level
from visionsprat.store.checkpoints import SQLITE
from visionsprat.traffic import Traffic
from visionsprat.ui.first_words import first_words
from visionsprat.ui.trouble import show_trouble
from visionsprat.version import VERSION
from visionsprat.web import OwnRoutes, routes
from visionsprat.wiping import background_wiping

streams.speak_utf8()
server.install()
loops.spare_descriptors()
memory.keep_large_blocks_apart()
widgets.install()
try:
    house = installation()
except VisionspratError as error:
    sys.exit(f"Visionsprat can't start. {error}")


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[dict[str, Any]]:
    gc.collect()
    gc.freeze()
    log.write_log(house.settings.log_level)  # now that the server has set up its own
    greet()
    running = {"version": VERSION, "schema": schema(), "sqlite": SQLITE}
    _log.info("Started", extra=running)
    backups = nightly_backups(house.store.path, backups_path(house.settings), house.store.clock)
    with backups, background_wiping(house.store):
        async with server.watched(), memory.given_back():
            yield {}
    house.store.close()
    _log.info("Stopped", extra=running)


def greet() -> None:
    """Say in the terminal where the application is, what is left to fill in, and how to make an account."""
    address = site()
    print(f"\n  Visionsprat is running at {address}\n")
    if house.declarations.notes:
        print("".join(f"  {note}\n" for note in house.declarations.notes))
    for found in (*surroundings(house.settings.data), *left_open(house.settings)):
        if found.level is not Level.OK:
            print(f"  {found.text}\n")
            _log.warning("What needs care: %s", found.text)
    if not streams.is_utf8():
        print("  The locale is not UTF-8: settings and names of files may be misread. Set LC_ALL=C.UTF-8.\n")
    if not house.store.is_claimed():
        print("  There are no accounts yet. Open this link to make the first one:")
        print(f"\n  {address}/kom-igang?kod={house.claim_code}\n")
    sys.stdout.flush()


_log = logging.getLogger(log.OURS)
app = st.App(
    "pages/entry.py",
    middleware=[
        Middleware(Traffic),
        Middleware(HostCookies, is_https=is_https, port=port),
        Middleware(Guard),
        Middleware(Front, words=first_words),
        Middleware(OwnRoutes, routes=[*routes(), *scrape.routes(), *downloads.routes(), downloads.made_up()]),
        Middleware(Allowed),
        Middleware(Frames),
    ],
    lifespan=lifespan,
    on_script_error=show_trouble,
)
