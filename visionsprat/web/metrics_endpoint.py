"""GET /metrics, for Prometheus.

It trusts no address alone: a proxy on the same machine comes from 127.0.0.1, too. Without a token the
request must have no forwarding header and ask for `localhost`, which keeps foreign pages out as well.
"""

from __future__ import annotations

import ipaddress
import platform
import secrets

import streamlit
from prometheus_client.exposition import choose_encoder
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from visionsprat.backups.archive import newest
from visionsprat.installation import Installation, backups_path, open_installation
from visionsprat.store.schema import schema
from visionsprat.telemetry import metrics
from visionsprat.version import VERSION
from visionsprat.web.index_page import not_found
from visionsprat.web.security import THIS_MACHINE, host_name

#: What a proxy adds; X-Forwarded-… besides.
_FORWARDING = {"forwarded", "via", "x-real-ip"}


def figures(request: Request) -> Response:
    """GET /metrics: to whoever has the token, or from this machine itself when none is set."""
    installation = open_installation()
    token = installation.settings.metrics_token
    if not (_has(request, token) if token else _is_local(request, installation.settings.client_header or "")):
        return not_found()
    _look(installation)
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    return Response(
        encode(metrics.REGISTRY), headers={"Content-Type": media_type, "Cache-Control": "no-store"}
    )


def _has(request: Request, token: str) -> bool:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and secrets.compare_digest(given.strip().encode(), token.encode())


def _is_local(request: Request, client_header: str) -> bool:
    """Whether a program on this machine asks for itself. A proxy may stand here too, and ask for anybody."""
    forwarded = any(
        name in _FORWARDING or name == client_header.lower() or name.startswith("x-forwarded-")
        for name in request.headers
    )
    return not forwarded and host_name(request.headers) in THIS_MACHINE and _is_loopback(request)


def _is_loopback(request: Request) -> bool:
    try:
        address = ipaddress.ip_address(request.client.host if request.client else "")
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _look(installation: Installation) -> None:
    """Fill in what is not counted but looked at."""
    now = installation.store.clock()
    last = newest(backups_path(installation.settings), now)
    metrics.BACKUP_AGE.set((now - last).total_seconds() if last else float("inf"))
    metrics.BUILD.info(
        {
            "version": VERSION,
            "schema": schema(),
            "python": platform.python_version(),
            "streamlit": streamlit.__version__,
        }
    )


def routes() -> list[BaseRoute]:
    return [
        Route("/metrics", figures, methods=["GET"]),
    ]
