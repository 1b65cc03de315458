"""What comes and goes: an id for each request, counts of answers and of open websockets."""

from __future__ import annotations

import itertools
import logging
import re
import secrets
import time
from collections import Counter
from functools import cache

import prometheus_client
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from visionsprat.runtime.file_descriptors import FULL, bounds
from visionsprat.telemetry import log, metrics
from visionsprat.web.security import client_of_request

#: The id stands in the log; a proxy may have given it.
REQUEST_ID = "X-Request-ID"

#: Seconds between two lines in the log that say that tabs are refused.
A_WHILE = 60.0

_log = logging.getLogger(log.OURS)
_PROCESS = secrets.token_hex(4)
_count = itertools.count(1)
_HEADER = REQUEST_ID.lower().encode("ascii")
_WELL_FORMED = re.compile(rb"[A-Za-z0-9._:=+/-]{1,128}")


class Traffic:
    """ASGI middleware, outside all other of ours; see the module."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        #: How many tabs are open, in all and by client; this machine itself is "".
        self.open = 0
        self.told = -A_WHILE
        self.tabs: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        request = _request_id(scope)
        # Never taken back: the server logs an error that comes through here in the same task.
        log.begin(request)
        if scope["type"] == "websocket":
            await self._tab(scope, receive, send)
            return

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (_HEADER, request.encode("ascii"))]
                status = message["status"]
                _responses(status).inc()
                if status >= 500:
                    _log.warning("Answered with an error", extra={"outcome": status})
            await send(message)

        await self.app(scope, receive, send_with_id)

    async def _tab(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = _client(scope)
        if reason := self._refusal(client):
            metrics.REFUSED.labels(reason).inc()
            if time.monotonic() - self.told > A_WHILE:  # thousands may ask
                self.told = time.monotonic()
                _log.warning("Tabs are refused", extra={"outcome": reason, "client": log.place(client)})
            await refuse_tab(send)
            return
        self.tabs[client] += 1
        self.open += 1
        try:
            with metrics.WEBSOCKETS.track_inprogress():
                await self.app(scope, receive, send)
        finally:
            self.open -= 1
            self.tabs[client] -= 1
            if not self.tabs[client]:
                del self.tabs[client]

    def _refusal(self, client: str) -> str:
        limits = bounds()
        if self.open >= limits.tabs:
            return "tabs"
        return "tabs_of_client" if client and self.tabs[client] >= limits.tabs_of_client else ""


def _client(scope: Scope) -> str:
    connection = scope.get("client")
    return client_of_request(Headers(scope=scope), connection[0] if connection else None)


async def refuse_tab(send: Send) -> None:
    """Answer a websocket that is not let in: the browser tries again after a while."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"10")]
    await send({"type": "websocket.http.response.start", "status": 503, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": f"{FULL}\n".encode()})


@cache
def _responses(status: int) -> prometheus_client.Counter:
    return metrics.RESPONSES.labels(str(status))


def _request_id(scope: Scope) -> str:
    """The one that came, if it is fit for the log, else a new one; put where script runs find it too."""
    # By hand, and counted instead of drawn by lot: every save comes through here.
    given = [value for name, value in scope["headers"] if name == _HEADER]
    if len(given) == 1 and _WELL_FORMED.fullmatch(given[0]):
        return str(given[0], "ascii")
    made = f"{_PROCESS}-{next(_count)}"
    others = [pair for pair in scope["headers"] if pair[0] != _HEADER] if given else scope["headers"]
    scope["headers"] = [*others, (_HEADER, made.encode("ascii"))]
    return made
