"""What stands before everything: who may ask, and the security headers of every answer.

Against cross-site request forgery (CSRF): whatever changes something needs our own Origin, and so does a
websocket; there is no CORS. Against framing and foreign scripts: the Content Security Policy (CSP), which
pages bring themselves (web/index_page.py). One middleware before all routes, Streamlit's too: a new route
can't forget it. A websocket without an Origin is let in, as browsers always send one; it is no page of
another site. A refused host is told the right address in Swedish, which Starlette's TrustedHostMiddleware
can't.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from visionsprat.installation import open_installation
from visionsprat.telemetry import log
from visionsprat.web.client_ip import client_in

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # Pages bring a policy of their own; nothing else is there to be shown.
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}
BEHIND_TLS = {"Strict-Transport-Security": "max-age=31536000"}

#: What is noted of a request whose client went away before all of it had come; no client gets it.
GONE = 499

_SAFE = {"GET", "HEAD", "OPTIONS"}
THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}


class Guard:
    """ASGI middleware, outside all that answers; see the module."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        asked = HTTPConnection(scope)
        refusal = _refusal(asked)
        if scope["type"] == "http":
            await _answer(refusal or self.app, asked, receive, send)
        elif refusal:
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self.app(scope, receive, send)


async def _answer(app: ASGIApp, asked: HTTPConnection, receive: Receive, send: Send) -> None:
    begun = False

    async def send_with_headers(message: Message) -> None:
        nonlocal begun
        if message["type"] == "http.response.start":
            begun = True
            _add_headers(MutableHeaders(scope=message), asked)
        await send(message)

    try:
        await app(asked.scope, receive, send_with_headers)
    except ClientDisconnect:
        # While a route was reading what is sent. Nobody hears the answer, but it is counted.
        if not begun:
            await Response(status_code=GONE)(asked.scope, receive, send_with_headers)
    except Exception:
        # Starlette would answer too, but outside of this: without the headers.
        if not begun:
            sentence = "Något gick fel hos oss. Försök igen om en stund.\n"
            await PlainTextResponse(sentence, 500)(asked.scope, receive, send_with_headers)
        raise


def _refusal(asked: HTTPConnection) -> Response | None:
    url = open_installation().settings.url
    if url and host_name(asked.headers) not in {urlsplit(url).hostname, *THIS_MACHINE}:
        log.refusal("Refused", outcome="host", client=_client(asked))
        return PlainTextResponse(f"Den här adressen gäller inte. Gå till {url}\n", 400)
    if _is_foreign(asked):
        log.refusal("Refused", outcome="foreign", client=_client(asked))
        return JSONResponse({"message": "Begäran kommer från en annan webbplats."}, 403)
    return None


def _client(asked: HTTPConnection) -> str | None:
    """A mark for where it comes from, for the log."""
    return log.place(client_of_request(asked.headers, asked.client.host if asked.client else None))


def client_of_request(headers: Headers, connection: str | None) -> str:
    """Where a request comes from; empty for this machine itself. See client_ip.py."""
    header = open_installation().settings.client_header
    return client_in(headers.getlist(header) if header else [], connection)


def host_name(headers: Headers) -> str | None:
    try:
        return urlsplit(f"//{headers.get('host', '')}").hostname
    except ValueError:
        return None


def _is_foreign(asked: HTTPConnection) -> bool:
    """Whether another site's page asks for something that it could do in our visitor's name."""
    if asked.scope["type"] == "websocket":
        # A client without an origin is no browser, and nobody's cookies come with it unawares.
        return "origin" in asked.headers and not _is_own_origin(asked)
    return asked.scope["method"] not in _SAFE and not _is_own_origin(asked)


def _is_own_origin(asked: HTTPConnection) -> bool:
    """Whether a request comes from one of our own pages.

    Streamlit asks likewise for its websocket, but lets other ports of localhost in, and looks up this
    machine's address at an outside service when it meets a foreign one.
    """
    host, url = asked.headers.get("host"), open_installation().settings.url
    own = {f"https://{host}", url} if host else {url}
    # A page that came in the clear under our name may be anybody's.
    if host and (not is_https(asked) or host_name(asked.headers) in THIS_MACHINE):
        own.add(f"http://{host}")
    return asked.headers.get("origin") in own - {None}


def is_https(asked: HTTPConnection) -> bool:
    """Whether the browser reaches us over TLS: cookies are then Secure."""
    url = open_installation().settings.url
    return url.startswith("https:") if url else asked.scope["scheme"] in {"https", "wss"}


def port(asked: HTTPConnection) -> int | None:
    """Where the browser is, as far as can be told; None for the port that goes without saying."""
    return _port(open_installation().settings.url, asked.headers.get("host", ""), is_https(asked))


@lru_cache(1_000)  # every save asks, and nearly all with the same host
def _port(url: str | None, host: str, https: bool) -> int | None:
    try:
        # Not every proxy passes on the port.
        is_public = url and urlsplit(url).hostname == urlsplit(f"//{host}").hostname
        found = urlsplit(url if url and is_public else f"//{host}").port
    except ValueError:
        return None
    return None if found == (443 if https else 80) else found


def _add_headers(headers: MutableHeaders, asked: HTTPConnection) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if is_https(asked):
        for name, value in BEHIND_TLS.items():
            headers.setdefault(name, value)
        headers.raw[:] = [_secured(*each) for each in headers.raw]


def _secured(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """A cookie for TLS alone: Streamlit's own don't say so."""
    is_open = name.lower() == b"set-cookie" and b"secure" not in value.lower().split(b"; ")
    return name, value + b"; Secure" if is_open else value
