"""Scripts, styles, pictures and fonts, Streamlit's and our own: compressed, and kept by the browser for good.

Streamlit serves its static files uncompressed.
"""

from __future__ import annotations

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

ASSETS = Path(__file__).parents[1] / "ui" / "static"
STREAMLIT = Path(get_static_dir())

#: Streamlit's front end fetches these 375 kB at every first visit, for icons that no page of ours draws.
_ICON_FONT = "/static/media/MaterialSymbols"
FOREVER = "public, max-age=31536000, immutable"


def asset(name: str) -> str:
    """The address of one of our own files, with a mark that changes with its content."""
    digest = hashlib.sha256((ASSETS / name).read_bytes()).hexdigest()[:12]
    return f"/assets/{name}?v={digest}"


def scripts_and_styles() -> dict[str, Path]:
    """Streamlit's and our own, by their addresses."""
    folders = {"/static": STREAMLIT / "static", "/assets": ASSETS}
    return {
        f"{address}/{file.relative_to(folder).as_posix()}": file
        for address, folder in folders.items()
        for file in folder.rglob("*")
        if file.suffix in {".js", ".css"}
    }


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda data: brotli.compress(data, quality=9),
    "gzip": lambda data: gzip.compress(data, 9, mtime=0),
}
_compressed: dict[tuple[Path, str], bytes] = {}


def compressed(file: Path, encoding: str) -> bytes:
    """A script or style in that encoding: "br" or "gzip". They never change while the server runs."""
    if (file, encoding) not in _compressed:
        _compressed[file, encoding] = COMPRESS[encoding](file.read_bytes())
    return _compressed[file, encoding]


def compress_ahead(page: str, files: Mapping[str, Path]) -> None:
    """What the index page names, and so every first visit fetches: `files` by their addresses."""
    for path in re.findall(r'(?:src|href)="(/(?:static|assets)/[^"?]+\.(?:js|css))', page):
        compressed(files[path], "br")


class CompressedFiles:
    """Answers with scripts and styles in the encoding that was asked for."""

    def __init__(self) -> None:
        self.files = scripts_and_styles()
        self.compressing = CapacityLimiter(1)

    async def response(self, path: str, encoding: str) -> Response | None:
        """None for what is to be served as it is, or is not there."""
        if path.startswith(_ICON_FONT):
            return RedirectResponse("/assets/figtree.woff2", 308, headers={"Cache-Control": FOREVER})
        if not encoding or path not in self.files:
            return None
        body = _compressed.get((self.files[path], encoding))
        if body is None:
            # One at a time: many who ask for what nobody has asked for yet would take all threads.
            body = await to_thread.run_sync(compressed, self.files[path], encoding, limiter=self.compressing)
        headers = {"Content-Encoding": encoding, "Vary": "Accept-Encoding", "Cache-Control": FOREVER}
        return Response(body, headers=headers, media_type=mimetypes.guess_type(path)[0])


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
