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

from visionsprat import downloads
from visionsprat.errors import VisionspratError
from visionsprat.front import Front, site
from visionsprat.guard import Guard
from visionsprat.installation import backups_path, installation
from visionsprat.nightly import nightly_backups
from visionsprat.ui.first_words import first_words
from visionsprat.ui.trouble import show_trouble
from visionsprat.web import OwnRoutes, routes

try:
    house = installation()
except VisionspratError as error:
    sys.exit(f"Visionsprat can't start. {error}")


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[dict[str, Any]]:
    gc.collect()
    gc.freeze()
    greet()
    with nightly_backups(house.store.path, backups_path(house.settings), house.store.clock):
        yield {}
    house.store.close()


def greet() -> None:
    """Say in the terminal where the application is, and how the first account is made."""
    address = site()
    print(f"\n  Visionsprat is running at {address}\n")
    if not house.store.is_claimed():
        print("  There are no accounts yet. Open this link to make the first one:")
        print(f"\n  {address}/kom-igang?kod={house.claim_code}\n")
    sys.stdout.flush()


logging.getLogger("visionsprat").setLevel(logging.INFO)
app = st.App(
    "pages/entry.py",
    middleware=[
        Middleware(Guard),
        Middleware(Front, words=first_words),
        Middleware(OwnRoutes, routes=[*routes(), *downloads.routes(), downloads.made_up()]),
    ],
    lifespan=lifespan,
    on_script_error=show_trouble,
)
