"""GET /healthz, for whatever watches over the server."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from visionsprat.backups.archive import newest
from visionsprat.backups.check import age
from visionsprat.errors import StoreUnavailable
from visionsprat.installation import Installation, backups_path, open_installation


async def healthz(request: Request) -> Response:
    """GET /healthz: 200 only when the database can be read and written. Says how old the newest backup is.

    However many ask, one look a second is taken.
    """
    installation = open_installation()
    # Whoever goes away takes nobody else's answer along.
    found = installation.limits.health.ask(lambda: _health(installation))
    status, words = await asyncio.shield(asyncio.wrap_future(found))
    return PlainTextResponse(words, status)


def _health(installation: Installation) -> tuple[int, str]:
    try:
        installation.store.check_health()
    except StoreUnavailable as error:
        # Where it lies is nobody's who passes by; the log has it.
        return 503, f"{str(error).replace(str(installation.settings.data), 'the data folder')}\n"
    now = installation.store.clock()
    last = newest(backups_path(installation.settings), now)
    return 200, f"ok\nnewest backup: {age(now - last) + ' old' if last else 'none'}\n"


def routes() -> list[BaseRoute]:
    return [Route("/healthz", healthz, methods=["GET"])]
