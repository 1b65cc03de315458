"""The index page, which reaches the browser first at every address of a page.

Streamlit serves its own in English; this middleware stands in front of it. That page never leaves the server:
it would answer any file that does not exist, in English, with 200 and without our Content Security Policy.
The stylesheet is written into ours: a file of its own would cost a round trip before the first words.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
import threading
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import get_option

from visionsprat.content.module import SERVER_ADDRESSES
from visionsprat.content.page_addresses import elsewhere, is_address, tidied
from visionsprat.domain.tokens import new_mark
from visionsprat.installation import open_installation
from visionsprat.web.cookies import BROWSER_COOKIE
from visionsprat.web.security import is_https
from visionsprat.web.static_files import (
    ASSETS,
    COMPRESS,
    JOINED,
    STREAMLIT,
    CompressedFiles,
    accepted_encoding,
    asset,
    compress_ahead,
    with_caching,
)

#: Where Streamlit draws.
_ROOT = '<div id="root"></div>'
#: For pages of our own without scripts.
_PLAIN_POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_NOT_FOUND = """<!doctype html><html lang="sv"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sidan finns inte – Visionsprat</title>
<link rel="stylesheet" href="{style}"><body class="plain"><main><h1 class="hero">Sidan finns inte</h1>
<p class="lead">Adressen stämmer inte. Det du har skrivit finns kvar.</p>
<p><a class="button primary" href="/">Till startsidan</a></p></main></body></html>"""


def not_found() -> HTMLResponse:
    """What a made-up address shows, and one that somebody may not see."""
    headers = {"Content-Security-Policy": _PLAIN_POLICY}
    return HTMLResponse(_NOT_FOUND.format(style=asset("style.css")), 404, headers)


def index_page() -> str:
    """Streamlit's index page made ours: Swedish, with our styles and script, without what we don't use."""
    page = (STREAMLIT / "index.html").read_text(encoding="utf-8")
    page = re.sub(r"<!--.*?-->", "", page, flags=re.S).strip()
    page = page.replace('<html lang="en">', '<html lang="sv">')
    page = re.sub(r"<title>.*?</title>", "<title>Visionsprat</title>", page)
    page = re.sub(r'<link\s+rel="(shortcut icon|preload|service-desc)".*?>', "", page, flags=re.S)
    page = re.sub(r"<noscript>.*?</noscript>", "", page, flags=re.S)
    page = page.replace('="./', '="/')
    # Nothing is painted before a stylesheet in the head has come, and the first words need ours alone.
    theirs = "".join(re.findall(r'<link rel="stylesheet".*?>', page))
    page = page.replace(theirs, "").replace("</body>", f"{theirs}</body>")
    ours = (
        '<meta name="color-scheme" content="light dark">'
        f'<link rel="icon" type="image/svg+xml" href="{asset("icon.svg")}">'
        '<link rel="preload" href="/assets/figtree.woff2" as="font" type="font/woff2" crossorigin>'
        f"<style>{JOINED['/assets/style.css']()}</style>"
        f"{_inline('scheme.js')}{_inline('modern.js')}"
        f'<script type="module" src="{asset("visionsprat.js")}"></script>'
    )
    # Behind the first words, which it speaks of: at once, where no other script ever comes.
    page = page.replace(_ROOT, f"{_ROOT}{_inline('arrival.js')}")
    # Before Streamlit's own script: ours must be there when the first page is drawn.
    return page.replace("<title>", ours + "<title>", 1)


def _inline(name: str) -> str:
    return f"<script>{(ASSETS / 'inline' / name).read_text(encoding='utf-8')}</script>"


def content_security_policy(page: str) -> str:
    """A policy that allows what Streamlit needs: its own scripts, components from blobs, inline styles."""
    inline = re.findall(r"<script>(.*?)</script>", page, flags=re.S)
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in inline
    )
    return (
        f"default-src 'self'; script-src 'self' blob: {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


class Front:
    """ASGI middleware; see the module."""

    def __init__(self, app: ASGIApp, words: Callable[[Request], str] = lambda _: "") -> None:
        """`words` says what stands in the index page until Streamlit has drawn; few are different."""
        self.app = app
        self.words = words
        self.page = index_page()
        self.policy = content_security_policy(self.page)
        self.index = functools.lru_cache(maxsize=256)(self._index)
        self.files = CompressedFiles()
        threading.Thread(target=compress_ahead, args=[self.page, self.files.files], daemon=True).start()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        response = await self._response(scope) if scope["method"] in {"GET", "HEAD"} else None
        send = with_caching(send, scope["path"])
        if response:
            await response(scope, receive, send)
        else:
            # Nothing of Streamlit's is below /api/, and every save comes through here.
            is_own = scope["path"].startswith("/api/")
            await self.app(scope, receive, send if is_own else _without_streamlits_page(scope, receive, send))

    async def _response(self, scope: Scope) -> Response | None:
        path = scope["path"]
        encoding = accepted_encoding(Headers(scope=scope).get("accept-encoding", ""))
        segments = path.strip("/").split("/")
        if segments[0] not in SERVER_ADDRESSES and "." not in segments[-1]:
            if not is_address(tidied(path)):
                return not_found()
            if there := elsewhere(path, scope["query_string"].decode("latin-1")):
                return RedirectResponse(there, 308)
            return await run_in_threadpool(self._page, Request(scope), encoding)
        return await self.files.response(path, encoding)

    def _page(self, request: Request, encoding: str) -> Response:
        headers = {
            "Cache-Control": "no-store",
            "Content-Security-Policy": self.policy,
            "Vary": "Accept-Encoding, Cookie",
            **({"Content-Encoding": encoding} if encoding else {}),
        }
        response = HTMLResponse(self.index(self.words(request), encoding), headers=headers)
        if not request.cookies.get(BROWSER_COOKIE):
            # Ties a sign-in ticket to the browser that asked for it.
            response.set_cookie(
                BROWSER_COOKIE, new_mark(), httponly=True, samesite="lax", secure=is_https(request)
            )
        return response

    def _index(self, words: str, encoding: str) -> bytes:
        page = self.page.replace(_ROOT, words + _ROOT).encode()
        return COMPRESS[encoding](page) if encoding else page


def site() -> str:
    """The public address that links begin with. Never what a request says: anybody may write that."""
    return open_installation().settings.public_url(get_option("server.port"))


def _without_streamlits_page(scope: Scope, receive: Receive, send: Send) -> Send:
    """Streamlit answers addresses that it doesn't know with its own index page: say that there is nothing."""
    replaced = False

    async def wrapped(message: Message) -> None:
        nonlocal replaced
        if message["type"] == "http.response.start":
            headers = Headers(raw=message["headers"])
            is_page = headers.get("content-type", "").startswith("text/html")
            # Pages of ours bring their policy.
            replaced = is_page and "content-security-policy" not in headers
            if replaced:
                await not_found()(scope, receive, send)
        if not replaced:
            await send(message)

    return wrapped
