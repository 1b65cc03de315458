"""All routes of our own, ahead of Streamlit."""

from __future__ import annotations

from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from visionsprat.web import api, downloads, health, metrics_endpoint, static_files
from visionsprat.web.answers import HANDLERS


class OwnRoutes:
    """ASGI middleware: our routes, ahead of Streamlit's own middleware, which they have no use for."""

    def __init__(self, app: ASGIApp, routes: list[BaseRoute]) -> None:
        self.app = app
        router = Router(routes, default=app, redirect_slashes=False)
        self.routes = ExceptionMiddleware(router, handlers=HANDLERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self.app if scope["type"] == "lifespan" else self.routes)(scope, receive, send)


def routes() -> list[BaseRoute]:
    """The one for made-up addresses comes last."""
    return [
        *api.routes(),
        *health.routes(),
        *static_files.routes(),
        *metrics_endpoint.routes(),
        *downloads.routes(),
        downloads.made_up(),
    ]
