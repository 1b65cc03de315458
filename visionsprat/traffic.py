"""What comes and goes: an id for each request, counts of answers and of open websockets."""

from __future__ import annotations

import itertools
import logging
import re
import secrets
from functools import cache

from prometheus_client import Counter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from visionsprat import log, metrics

#: The id stands in the log; a proxy may have given it.
REQUEST_ID = "X-Request-ID"

_log = logging.getLogger(log.OURS)
_PROCESS = secrets.token_hex(4)
_count = itertools.count(1)
_HEADER = REQUEST_ID.lower().encode("ascii")
_WELL_FORMED = re.compile(rb"[A-Za-z0-9._:=+/-]{1,128}")


class Traffic:
    """ASGI middleware, outside all other of ours; see the module."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        request = _request_id(scope)
        # Never taken back: the server logs an error that comes through here in the same task.
        log.begin(request)
        if scope["type"] == "websocket":
            with metrics.WEBSOCKETS.track_inprogress():
                await self.app(scope, receive, send)
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


@cache
def _responses(status: int) -> Counter:
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
