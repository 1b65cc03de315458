"""The application with addresses at which something goes wrong: see failing.py. Started, never imported."""

from __future__ import annotations

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from app import lifespan
from tests.support.failing import WAYS, fail
from visionsprat.settings import ROOT
from visionsprat.web.routes import OwnRoutes, routes


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
