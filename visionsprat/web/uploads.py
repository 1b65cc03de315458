"""The file of a staff list on its way in: who may send one, how large, and how many at once.

Streamlit keeps in memory whatever is sent to its upload address by anybody who has a page open, until two
minutes after. Here three files at most are in memory, one a tab, and none 15 s after its tab is closed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from visionsprat.runtime import memory
from visionsprat.staff.table import MAX_BYTES
from visionsprat.telemetry import log, metrics
from visionsprat.web import session_owners
from visionsprat.web.index_page import not_found
from visionsprat.web.security import client_of_request

#: Files that all sessions together may have in memory, each counted as if it were of the greatest size.
AT_ONCE = 3
#: Seconds that a file is kept for somebody whose connection is lost, until they have come back.
GRACE = 15.0

_ADDRESS = re.compile(r"/_stcore/upload_file/(?P<session>[0-9a-f-]{36})/(?P<file>[0-9a-f-]{36})")


class Uploads:
    """An ASGI application around Streamlit's upload address; see the module."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        #: Sessions of Streamlit's for which a file is on its way now.
        self.coming: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(Request(scope), receive, send)
        if response is not None:
            await response(scope, receive, send)

    async def _answer(self, request: Request, receive: Receive, send: Send) -> Response | None:
        """Hand the request on to Streamlit, or return what is answered instead. Raises StoreUnavailable."""
        found = _ADDRESS.fullmatch(request.url.path)
        if found is None or request.method not in {"PUT", "DELETE"}:
            return not_found()
        allowed = await run_in_threadpool(session_owners.is_administrator, request)
        if allowed and request.method == "DELETE" and not session_owners.owns(request, found["session"]):
            return Response(status_code=204)  # of a session before a restart: nothing of it is here any more
        if not allowed or not session_owners.owns(request, found["session"]):
            _refused(request, "refused")
            return not_found()
        if request.method == "DELETE":
            await self.app(request.scope, receive, send)
            return None
        return await self._take(request, found["session"], receive, send)

    async def _take(self, request: Request, session: str, receive: Receive, send: Send) -> Response | None:
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > MAX_BYTES + 100_000:  # and some for the form around it
            _refused(request, "too_large")
            return PlainTextResponse("Filen är för stor.\n", 413, {"Connection": "close"})
        if not self._has_room_for(session):
            _refused(request, "busy")
            return PlainTextResponse("En annan fil är på väg in.\n", 429, {"Retry-After": "10"})
        with self._on_its_way(session):
            # The one before is not needed any more: the page has room for one.
            _manager().remove_session_files(session)
            await self.app(request.scope, receive, send)
        metrics.UPLOADS.labels("taken").inc()
        return None

    def _has_room_for(self, session: str) -> bool:
        held = {each for each, files in _manager().file_storage.items() if files}
        return session not in self.coming and len((held | self.coming) - {session}) < AT_ONCE

    @contextmanager
    def _on_its_way(self, session: str) -> Iterator[None]:
        self.coming.add(session)
        try:
            yield
        finally:
            self.coming.discard(session)


def _refused(request: Request, outcome: str) -> None:
    metrics.UPLOADS.labels(outcome).inc()
    client = client_of_request(request.headers, request.client.host if request.client else None)
    log.refusal("Upload refused", outcome=outcome, client=log.place(client))


def forget_file() -> None:
    """Give up the file of the session whose script runs now: it has been imported."""
    context = get_script_run_ctx()
    if context is not None:
        _manager().remove_session_files(context.session_id)
        memory.give_back()


def forget_lost() -> None:
    """After GRACE, give up the files of those whose connection is lost and who have not come back."""
    if not runtime.exists():  # without Streamlit nobody has sent it anything
        return
    lost = {session for session in _manager().file_storage if not _is_connected(session)}
    if lost:
        asyncio.get_running_loop().call_later(GRACE, _forget, lost)


def _forget(lost: set[str]) -> None:
    for session in lost:
        if not _is_connected(session):
            _manager().remove_session_files(session)
    asyncio.get_running_loop().run_in_executor(None, memory.give_back)


def _is_connected(session: str) -> bool:
    return runtime.get_instance().is_active_session(session)


def _manager() -> MemoryUploadedFileManager:
    manager = runtime.get_instance().uploaded_file_mgr
    assert isinstance(manager, MemoryUploadedFileManager)
    return manager
