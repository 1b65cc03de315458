"""Scripts, styles, pictures and fonts, Streamlit's and our own: compressed, and kept by the browser for good.

Streamlit serves its static files uncompressed.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import mimetypes
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import brotli
from anyio import CapacityLimiter, to_thread
from starlette.datastructures import MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Send
from streamlit.file_util import get_static_dir

from visionsprat.web.bundle import joined_script, joined_styles

ASSETS = Path(__file__).parents[1] / "ui" / "static"
STREAMLIT = Path(get_static_dir())
#: What is joined from many files when the server starts, by its address.
JOINED: dict[str, Callable[[], str]] = {
    "/assets/visionsprat.js": functools.cache(lambda: joined_script(ASSETS / "scripts" / "main.js")),
    "/assets/style.css": functools.cache(lambda: joined_styles(ASSETS / "styles")),
}

#: Streamlit's front end fetches these 375 kB at every first visit, for icons that no page of ours draws.
_ICON_FONT = "/static/media/MaterialSymbols"
FOREVER = "public, max-age=31536000, immutable"


def asset(name: str) -> str:
    """The address of one of our own files, with a mark that changes with its content."""
    address = f"/assets/{name}"
    content = JOINED[address]().encode() if address in JOINED else (ASSETS / name).read_bytes()
    return f"{address}?v={hashlib.sha256(content).hexdigest()[:12]}"


def scripts_and_styles() -> dict[str, Callable[[], bytes]]:
    """The content of Streamlit's and our own, by their addresses."""
    folders = {"/static": STREAMLIT / "static", "/assets": ASSETS}
    files: dict[str, Callable[[], bytes]] = {
        f"{address}/{file.relative_to(folder).as_posix()}": file.read_bytes
        for address, folder in folders.items()
        for file in folder.rglob("*")
        if file.suffix in {".js", ".css"}
    }
    return files | {address: _encoded(text) for address, text in JOINED.items()}


def _encoded(text: Callable[[], str]) -> Callable[[], bytes]:
    return lambda: text().encode()


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda data: brotli.compress(data, quality=9),
    "gzip": lambda data: gzip.compress(data, 9, mtime=0),
}
_compressed: dict[tuple[str, str], bytes] = {}


def compressed(path: str, content: Callable[[], bytes], encoding: str) -> bytes:
    """A script or style in that encoding: "br" or "gzip". They never change while the server runs."""
    if (path, encoding) not in _compressed:
        _compressed[path, encoding] = COMPRESS[encoding](content())
    return _compressed[path, encoding]


def compress_ahead(page: str, files: Mapping[str, Callable[[], bytes]]) -> None:
    """What the index page names, and so every first visit fetches: `files` by their addresses."""
    for path in re.findall(r'(?:src|href)="(/(?:static|assets)/[^"?]+\.(?:js|css))', page):
        compressed(path, files[path], "br")


class CompressedFiles:
    """Answers with scripts and styles in the encoding that was asked for."""

    def __init__(self) -> None:
        self.files = scripts_and_styles()
        self.compressing = CapacityLimiter(1)

    async def response(self, path: str, encoding: str) -> Response | None:
        """None for what is to be served as it is, or is not there."""
        if path.startswith(_ICON_FONT):
            return RedirectResponse("/assets/figtree.woff2", 308, headers={"Cache-Control": FOREVER})
        kind = mimetypes.guess_type(path)[0]
        if not encoding and path in JOINED:
            return Response(self.files[path](), media_type=kind)
        if not encoding or path not in self.files:
            return None
        body = _compressed.get((path, encoding))
        if body is None:
            # One at a time: many who ask for what nobody has asked for yet would take all threads.
            content = self.files[path]
            body = await to_thread.run_sync(compressed, path, content, encoding, limiter=self.compressing)
        headers = {"Content-Encoding": encoding, "Vary": "Accept-Encoding", "Cache-Control": FOREVER}
        return Response(body, headers=headers, media_type=kind)


def accepted_encoding(accepted: str) -> str:
    """The best of those that an Accept-Encoding takes: "br", "gzip" or "" for none."""
    names = {
        part.split(";")[0].strip() for part in accepted.split(",") if "q=0" not in part.replace("q=0.", "")
    }
    return "br" if "br" in names else "gzip" if "gzip" in names else ""


def with_caching(send: Send, path: str) -> Send:
    """Say of our own files that they never change, and of what our routes answer that it is not kept."""

    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if path.startswith("/assets/") and message["status"] < 400:
                headers["Cache-Control"] = FOREVER
            elif path.startswith("/api/"):
                headers["Cache-Control"] = "no-store"
        await send(message)

    return wrapped


def routes() -> list[BaseRoute]:
    return [Mount("/assets", StaticFiles(directory=ASSETS))]
