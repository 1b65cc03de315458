"""The names of our cookies: inside plain ones, in the browser the host's own and told apart by the port.

A neighbour, or whoever answers for one without TLS, can set a cookie for a whole domain: of two with one
name the browser sends both, and the later would count. Under TLS a `__Host-` cookie is the host's own. But
ports share a host's cookies: two servers with the same names would sign each other's people out, so the
port stands in them where it is not the default one; one without counts where there is none with it, and is
never taken back there, as it may be another server's. Under TLS a plain name counts only with a token from
before (new ones begin with `2.`), which ends within 30 days; the browser's mark never does. A middleware
outside all that reads cookies does it: a new route can't forget it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from visionsprat.domain.tokens import TOKEN_MARK

SESSION_COOKIE = "visionsprat_session"
#: A device cookie: by it a browser that has signed in before is known; see store/attempts.py.
DEVICE_COOKIE = "visionsprat_device"
#: Ties a sign-in ticket to the browser that asked for it.
BROWSER_COOKIE = "visionsprat_browser"

_HOST = "__Host-"
_OURS = (SESSION_COOKIE, DEVICE_COOKIE, BROWSER_COOKIE)
#: For what was handed out before: nobody is signed out by an upgrade. They end by themselves, in 30 days.
_GO_ON = (SESSION_COOKIE, DEVICE_COOKIE)


@dataclass(frozen=True)
class Outside:
    """What our cookies are called in the browser."""

    https: bool
    #: Where the browser is; None for the default port.
    port: int | None = None

    def name(self, plain: str) -> str:
        return self._of_all_ports(plain) + (f"_{self.port}" if self.port else "")

    def names(self, plain: str) -> list[str]:
        """Those that count, the first that there is. The later ones were handed out before."""
        found = [self.name(plain), self._of_all_ports(plain)]
        return [*found, plain] if plain in _GO_ON else found

    def _of_all_ports(self, plain: str) -> str:
        return _HOST + plain if self.https else plain


def session_token(cookies: Mapping[str, str]) -> str:
    """The token of the session that a browser comes with; empty for none."""
    return cookies.get(SESSION_COOKIE, "")


class HostCookies:
    """ASGI middleware: within it our cookies have plain names, whatever they are called outside."""

    def __init__(
        self,
        app: ASGIApp,
        is_https: Callable[[HTTPConnection], bool],
        port: Callable[[HTTPConnection], int | None] = lambda _: None,
    ) -> None:
        """`port` says where the browser is, None for the default port."""
        self.app = app
        self.is_https = is_https
        self.port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        asked = HTTPConnection(scope)
        outside = _outside(self.is_https(asked), self.port(asked))
        if outside == _PLAIN:
            await self.app(scope, receive, send)
            return
        sent = [value for name, value in scope["headers"] if name == b"cookie"]
        given = b"; ".join(sent).decode("latin-1")
        if "visionsprat" in given:
            others = [header for header in scope["headers"] if header[0] != b"cookie"]
            cookies = counted(given, outside).encode("latin-1")
            scope = {**scope, "headers": [*others, (b"cookie", cookies)]}
        await self.app(scope, receive, _renamed(send, given, outside))


@lru_cache(100)  # every save asks
def _outside(https: bool, port: int | None) -> Outside:
    return Outside(https, port)


_PLAIN, _HOSTED = Outside(https=False), Outside(https=True)


def counted(given: str, outside: Outside = _HOSTED) -> str:
    """A Cookie header with those of our cookies that count, by their plain names."""
    pairs = [pair.strip().partition("=")[::2] for pair in given.split(";")]
    counting = _counting({name for name, _ in pairs}, outside)
    return "; ".join(
        f"{counting.get(name, name)}={value}"
        for name, value in pairs
        if name not in _OURS or (name in counting and not (outside.https and _is_new(value)))
    )


def _counting(there: set[str], outside: Outside) -> dict[str, str]:
    """Of the names that are there those that count, and what they are called within."""
    found = {}
    for plain, names in _names(outside):
        named = next((name for name in names if name in there), None)
        if named is not None:
            found[named] = plain
    return found


@lru_cache(100)  # every save asks
def _names(outside: Outside) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((plain, tuple(outside.names(plain))) for plain in _OURS)


def _is_new(value: str) -> bool:
    return value.strip('" ').startswith(TOKEN_MARK)


def _renamed(send: Send, given: str, outside: Outside) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] in {"http.response.start", "websocket.accept"}:
            message["headers"] = [*_renamed_headers(list(message.get("headers", ())), given, outside)]
        await send(message)

    return wrapped


def _renamed_headers(
    headers: list[tuple[bytes, bytes]], given: str, outside: Outside
) -> list[tuple[bytes, bytes]]:
    if not any(name == b"set-cookie" for name, _ in headers):  # as with every save
        return headers
    found = MutableHeaders(raw=headers)
    set_cookies = found.getlist("set-cookie")
    if not any(cookie.startswith(_OURS) for cookie in set_cookies):
        return headers
    del found["set-cookie"]
    for cookie in set_cookies:
        name, _, value = cookie.partition("=")
        if name not in _OURS:
            found.append("set-cookie", cookie)
            continue
        # Taken back, too, it must be Secure: browsers heed no other for such a name.
        secure = "; Secure" if outside.https and "; secure" not in value.lower() else ""
        found.append("set-cookie", f"{outside.name(name)}={value}{secure}")
        # At another port the one without it may be another server's.
        if outside.port is None and f"{name}=" in given.replace(f"{outside.name(name)}=", ""):
            found.append("set-cookie", f"{name}=; Max-Age=0; Path=/; HttpOnly; SameSite=lax; Secure")
    return found.raw
