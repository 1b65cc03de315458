"""What of Streamlit's own is let through: what its front end fetches. All else is not there."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from visionsprat.web.index_page import not_found
from visionsprat.web.static_files import STREAMLIT
from visionsprat.web.uploads import Uploads

#: At each connection; and a page's scripts, styles and fonts.
_CONNECTING = {"/_stcore/health", "/_stcore/host-config"}
_UPLOADS = "/_stcore/upload_file/"


class Allowed:
    """ASGI middleware, right before Streamlit; see the module."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.uploads = app, Uploads(app)
        self.files = {
            f"/{file.relative_to(STREAMLIT).as_posix()}"
            for file in (STREAMLIT / "static").rglob("*")
            if file.is_file()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["path"].startswith(_UPLOADS):
            await self.uploads(scope, receive, send)
        elif self._is_used(scope["method"], scope["path"]):
            await self.app(scope, receive, send)
        else:
            await not_found()(scope, receive, send)

    def _is_used(self, method: str, path: str) -> bool:
        if path in _CONNECTING:
            return bool(method == "GET")
        return method in {"GET", "HEAD"} and path in self.files
