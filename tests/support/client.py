"""An HTTP client that calls an ASGI application directly. (Starlette's own asks for a package of its own.)"""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from visionsprat.accounts import authentication
from visionsprat.installation import Installation
from visionsprat.web.cookies import SESSION_COOKIE

OWN = "http://testserver"
#: Origins that are not our own: none, broken ones, other sites, other ports.
FOREIGN = [
    None,
    "",
    "null",
    "http://evil.example",
    "http://testserver.evil.example",
    "http://eviltestserver",
    "http://testserver:81",
    "http://user@testserver",
    "testserver",
    "http://[",
]


class Client:
    """Keeps cookies, follows no redirects, and lets an error in the application surface as it is."""

    def __init__(self, app: Any, address: str = "127.0.0.1") -> None:
        """`address` is where its connections come from."""
        self.app = app
        transport = httpx.ASGITransport(app, client=(address, 123))
        self._client = httpx.AsyncClient(transport=transport, base_url=OWN)

    @property
    def cookies(self) -> httpx.Cookies:
        return self._client.cookies

    def request(self, method: str, address: str, **more: Any) -> httpx.Response:
        return asyncio.run(self._client.request(method, address, **more))

    def get(self, address: str, **more: Any) -> httpx.Response:
        return self.request("GET", address, **more)

    def post(self, address: str, **more: Any) -> httpx.Response:
        return self.request("POST", address, **more)

    def raw(self, address: str, encoding: str) -> tuple[httpx.Response, bytes]:
        """The answer and its body as it came, still compressed."""

        async def ask() -> tuple[httpx.Response, bytes]:
            async with self._client.stream("GET", address, headers={"Accept-Encoding": encoding}) as answer:
                return answer, b"".join([chunk async for chunk in answer.aiter_raw()])

        return asyncio.run(ask())

    def status(self, path: str, encoding: str) -> int:
        """The status for a path that reaches the application as it is; httpx would tidy it."""
        found: list[int] = []
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(b"host", b"testserver"), (b"accept-encoding", encoding.encode())],
            "client": ("127.0.0.1", 1),
            "server": ("testserver", 80),
        }

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                found.append(message["status"])

        asyncio.run(self.app(scope, receive, send))
        return found[0]


def sign_in(client: Client, house: Installation, account_id: int) -> str:
    """Begin a session in the client; its token comes back."""
    admitted = authentication.redeem(
        house.store, authentication.issue_ticket(house.store, account_id, "b"), "b"
    )
    assert admitted is not None
    client.cookies.set(SESSION_COOKIE, admitted.token)
    return admitted.token
