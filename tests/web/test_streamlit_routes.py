"""What of Streamlit's own is let through."""

from __future__ import annotations

import logging

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.support.client import Client
from visionsprat.telemetry import log
from visionsprat.web.static_files import STREAMLIT
from visionsprat.web.streamlit_routes import Allowed

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "MADE-UP"]
SCRIPT = next((STREAMLIT / "static" / "js").glob("index.*.js")).relative_to(STREAMLIT).as_posix()
#: Not a list of what is refused, which all else is, but of what has been asked for in vain.
UNUSED = [
    *("/_stcore/metrics", "/_stcore/script-health-check", "/_stcore/stream", "/_stcore/message", "/_stcore"),
    *("/_stcore/agent/interact", "/_stcore/agent/mcp", "/_stcore/agent/openapi.json", "/_stcore/agent/x"),
    *("/_stcore/bidi-components/a/b.js", "/_stcore/upload_file", "/_stcore/upload_file/a/b"),
    *("/_stcore/health/", "/x/_stcore/health", "/_STCORE/HEALTH"),
    *("/component/a/index.html", "/media/a.png", "/app/static/a", "/oauth2callback", "/auth/login"),
    *("/static/a.js", "/static", "/static/js", "/static/../index.html", "/static/js/../../index.html"),
    *("/index.html", "/favicon.png", "/manifest.json", "/"),
]


def streamlit(request: Request) -> Response:
    return PlainTextResponse("Streamlit's own")


@pytest.fixture
def client(data_folder: object) -> Client:
    routes = [Route("/{path:path}", streamlit, methods=METHODS)]
    return Client(Starlette(routes=routes, middleware=[Middleware(Allowed)]))


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("GET", "/_stcore/health"),
        ("GET", "/_stcore/host-config"),
        ("GET", f"/{SCRIPT}"),
        ("HEAD", f"/{SCRIPT}"),
    ],
)
def test_what_our_pages_fetch_is_let_through(client: Client, method: str, address: str) -> None:
    assert client.request(method, address).status_code == 200


@pytest.mark.parametrize("method", METHODS)
def test_nothing_else_is_there(client: Client, method: str) -> None:
    used = {"/_stcore/health", "/_stcore/host-config"} if method != "GET" else set()
    scripts = {f"/{SCRIPT}"} if method not in {"GET", "HEAD"} else set()
    for address in (*UNUSED, *used, *scripts):
        answer = client.request(method, address)
        assert answer.status_code == 404, address
        assert "Streamlit" not in answer.text
        assert method == "HEAD" or "Sidan finns inte" in answer.text


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_visitors_file_is_not_taken(client: Client, method: str, caplog: pytest.LogCaptureFixture) -> None:
    address = "/_stcore/upload_file/6f6b6a3e-1111-4222-8333-123456789abc/6f6b6a3e-1111-4222-8333-123456789abd"
    with caplog.at_level(logging.INFO, log.OURS):
        answer = client.request(method, address, content=b"a" * 1000)
    assert (answer.status_code, "Sidan finns inte" in answer.text) == (404, True)
    (line,) = caplog.records
    assert (line.getMessage(), vars(line)["outcome"]) == ("Upload refused", "refused")
