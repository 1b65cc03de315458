"""The names of our cookies, which under TLS are ones that no other host can set.

A neighbour, or whoever answers for one without TLS, can set a cookie for a whole domain: of two with one
name the browser sends both, and the later would count. A `__Host-` cookie is the host's own.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SESSION_COOKIE = "visionsprat_session"
#: By which a browser that has signed in before is known; see store/attempts.py.
DEVICE_COOKIE = "visionsprat_device"
#: Ties a sign-in ticket to the browser that asked for it.
BROWSER_COOKIE = "visionsprat_browser"
#: What every token begins with since the names are `__Host-` ones.
NEW = "2."

_HOST = "__Host-"
_OURS = (SESSION_COOKIE, DEVICE_COOKIE, BROWSER_COOKIE)
#: For what was handed out before: nobody is signed out by an upgrade. They end by themselves, in 30 days.
_GO_ON = (SESSION_COOKIE, DEVICE_COOKIE)


class HostCookies:
    """ASGI middleware: within it our cookies have plain names, whatever they are called outside."""

    def __init__(self, app: ASGIApp, is_https: Callable[[HTTPConnection], bool]) -> None:
        self.app = app
        self.is_https = is_https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or not self.is_https(HTTPConnection(scope)):
            await self.app(scope, receive, send)
            return
        sent = [value for name, value in scope["headers"] if name == b"cookie"]
        given = b"; ".join(sent).decode("latin-1")
        if "visionsprat" in given:
            others = [header for header in scope["headers"] if header[0] != b"cookie"]
            scope = {**scope, "headers": [*others, (b"cookie", counted(given).encode("latin-1"))]}
        await self.app(scope, receive, _renamed(send, given))


def counted(given: str) -> str:
    """A Cookie header under TLS with those of our cookies that count, by their plain names."""
    pairs = [pair.strip().partition("=")[::2] for pair in given.split(";")]
    hosted = {name for name, _ in pairs if name.startswith(_HOST)}
    return "; ".join(
        f"{name.removeprefix(_HOST) if name.removeprefix(_HOST) in _OURS else name}={value}"
        for name, value in pairs
        if name not in _OURS or (name in _GO_ON and _HOST + name not in hosted and not _is_new(value))
    )


def _is_new(value: str) -> bool:
    return value.strip('" ').startswith(NEW)


def _renamed(send: Send, given: str) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] in {"http.response.start", "websocket.accept"}:
            message["headers"] = [*_renamed_headers(list(message.get("headers", ())), given)]
        await send(message)

    return wrapped


def _renamed_headers(headers: list[tuple[bytes, bytes]], given: str) -> list[tuple[bytes, bytes]]:
    found = MutableHeaders(raw=headers)
    set_cookies = found.getlist("set-cookie")
    if not any(cookie.startswith(_OURS) for cookie in set_cookies):
        return headers
    del found["set-cookie"]
    for cookie in set_cookies:
        name = cookie.partition("=")[0]
        if name not in _OURS:
            found.append("set-cookie", cookie)
            continue
        # Taken back, too, it must be Secure: browsers heed no other for such a name.
        secure = "" if "; secure" in cookie.lower() else "; Secure"
        found.append("set-cookie", f"{_HOST}{cookie}{secure}")
        if f"{name}=" in given.replace(f"{_HOST}{name}=", ""):
            found.append("set-cookie", f"{name}=; Max-Age=0; Path=/; HttpOnly; SameSite=lax; Secure")
    return found.raw
