"""What our pages are measured against: the same application with nothing on its pages.

The same Streamlit, configuration (.streamlit/config.toml), middleware and frozen garbage collector as
app.py, and the same number of pages at the same addresses; but no database, no session lookup, no frame,
no component: a page run draws one heading and that is all. What a page of ours costs beyond it is ours;
what it costs itself is Streamlit's.
"""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

from visionsprat.web.index_page import Front


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[dict[str, Any]]:
    gc.collect()
    gc.freeze()
    yield {}


app = st.App("empty_entry.py", middleware=[Middleware(Front)], lifespan=lifespan)
