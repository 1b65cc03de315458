"""The application with addresses at which something goes wrong with somebody's words in its mouth."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from uvicorn.config import LOGGING_CONFIG

from app import lifespan
from visionsprat.settings import ROOT
from visionsprat.web import OwnRoutes, routes

WORDS = "Vi matar uttern bakom reningsverket."


def fail(words: str = WORDS) -> None:
    raise ValueError(words)


def in_a_thread() -> None:
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()


def where_none_can_be_raised() -> None:
    class Thrown:
        def __del__(self) -> None:
            fail()

    Thrown()
    gc.collect()


def in_a_callback() -> None:
    asyncio.get_running_loop().call_soon(fail, WORDS)


async def in_a_task_that_nobody_waits_for() -> None:
    async def later() -> None:
        fail()

    await asyncio.wait([asyncio.create_task(later())])
    gc.collect()


def in_a_log_configured_later() -> None:
    """As uvicorn does for each server of its own, and Streamlit for a logger that it meets late."""
    logging.config.dictConfig(LOGGING_CONFIG)
    own = logging.getLogger("another.library")
    own.propagate = False
    own.addHandler(logging.StreamHandler())
    for logger in (own, logging.getLogger("uvicorn.error"), logging.getLogger("made.later")):
        try:
            fail()
        except ValueError as error:
            logger.exception("It said %s", error)
            logger.error(error)


def printed() -> None:
    try:
        fail()
    except ValueError:
        traceback.print_exc()


WAYS: dict[str, Callable[[], Any]] = {
    "request": fail,
    "thread": in_a_thread,
    "unraisable": where_none_can_be_raised,
    "callback": in_a_callback,
    "task": in_a_task_that_nobody_waits_for,
    "warning": lambda: warnings.warn(WORDS, stacklevel=1),
    "later": in_a_log_configured_later,
    "printed": printed,
    "malformed": lambda: logging.getLogger("another").error("%d", WORDS),
}


async def go_wrong(request: Request) -> Response:
    done = WAYS[request.path_params["way"]]()
    if done is not None:
        await done
    return PlainTextResponse("done")


async def go_wrong_in_a_websocket(websocket: WebSocket) -> None:
    await websocket.accept()
    fail(await websocket.receive_text())


own = [Route("/wrong/{way}", go_wrong), WebSocketRoute("/wrong", go_wrong_in_a_websocket), *routes()]
app = st.App(ROOT / "pages" / "entry.py", middleware=[Middleware(OwnRoutes, routes=own)], lifespan=lifespan)
