"""Who may ask, and the security headers of every answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Message

from tests.support.client import FOREIGN, OWN, Client
from visionsprat.installation import open_installation
from visionsprat.telemetry import log
from visionsprat.web.index_page import Front
from visionsprat.web.routes import OwnRoutes, routes
from visionsprat.web.security import BEHIND_TLS, HEADERS, Guard, port
from visionsprat.web.static_files import STREAMLIT

PUBLIC = "https://vision.example.se"
METHODS = ["POST", "PUT", "PATCH", "DELETE", "MADE-UP"]


def fail(_: Request) -> Response:
    raise RuntimeError("something of somebody's")


async def fail_half_way(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise RuntimeError("something of somebody's")


@pytest.fixture(scope="module")
def app() -> Starlette:
    streamlit = Mount("/static", StaticFiles(directory=STREAMLIT / "static"))
    own = [Route("/api/fail", fail), *routes()]
    return Starlette(
        routes=[streamlit, Mount("/_stcore/half", fail_half_way)],
        middleware=[Middleware(Guard), Middleware(Front), Middleware(OwnRoutes, routes=own)],
    )


@pytest.fixture
def client(app: Starlette) -> Client:
    return Client(app)


@pytest.fixture
def set_url(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def set_it(url: str) -> None:
        monkeypatch.setenv("VISIONSPRAT_URL", url)
        open_installation().store.close()
        open_installation.cache_clear()

    return set_it


# The headers of every answer

ANSWERS = [
    ("GET", "/", 200),
    ("HEAD", "/", 200),
    ("GET", "/globala", 200),
    ("GET", "/a/b", 404),
    ("GET", "/healthz", 200),
    ("GET", "/assets/style.css", 200),
    ("GET", "/assets/icon.svg", 200),
    ("GET", "/assets/no.css", 404),
    ("GET", "/static/no.js", 404),
    ("GET", "/static/media/MaterialSymbols-Rounded.woff2", 308),
    ("GET", "/api/ticket", 303),
    ("GET", "/api/session", 401),
    ("GET", "/api/personallista.csv", 404),
    ("GET", "/api/made-up", 404),
    ("GET", "/api/reflections", 404),
    ("POST", "/healthz", 405),
    ("OPTIONS", "/api/sign-out", 405),
    ("POST", "/api/reflections", 401),
    ("POST", "/api/sign-out", 200),
    ("GET", "/_stcore/made-up", 404),
]


@pytest.mark.parametrize(("method", "address", "status"), ANSWERS)
def test_every_answer_has_the_headers(client: Client, method: str, address: str, status: int) -> None:
    for encoding in ("br", "identity"):
        answer = client.request(method, address, headers={"Origin": OWN, "Accept-Encoding": encoding})
        assert answer.status_code == status
        assert_guarded(answer)
        assert not set(BEHIND_TLS) & {name.title() for name in answer.headers}


def assert_guarded(answer: httpx.Response) -> None:
    for name in HEADERS:
        assert len(answer.headers.get_list(name)) == 1, name
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    if not answer.headers.get("content-type", "").startswith("text/html"):
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert policy.startswith("default-src 'none'") and "script" not in policy


@pytest.mark.parametrize(("method", "address", "status"), ANSWERS)
def test_behind_tls_every_answer_keeps_the_browser_there(
    client: Client, set_url: Callable[[str], None], method: str, address: str, status: int
) -> None:
    set_url(PUBLIC)
    headers = {"Origin": PUBLIC, "Host": "vision.example.se"}
    answer = client.request(method, address, headers=headers)
    assert answer.status_code == status
    assert_guarded(answer)
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_a_public_address_without_tls_promises_none(client: Client, set_url: Callable[[str], None]) -> None:
    set_url("http://testserver")
    assert "strict-transport-security" not in client.get("/").headers


def test_the_page_for_a_wrong_address_may_have_its_styles_and_nothing_more(client: Client) -> None:
    policy = client.get("/a/b").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'")
    assert "script" not in policy and "unsafe" not in policy


def test_an_error_of_ours_is_told_with_the_headers_and_without_a_detail(app: Starlette) -> None:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=OWN) as client:
            return await client.get("/api/fail")

    answer = asyncio.run(ask())
    assert (answer.status_code, answer.text) == (500, "Något gick fel hos oss. Försök igen om en stund.\n")
    assert_guarded(answer)


@pytest.mark.parametrize("address", ["/api/fail", "/_stcore/half/way"])
def test_an_error_of_ours_reaches_the_log(client: Client, address: str) -> None:
    with pytest.raises(RuntimeError, match="something"):
        client.get(address)


# Other sites


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("origin", FOREIGN)
def test_only_our_own_pages_may_ask_for_changes(client: Client, method: str, origin: str | None) -> None:
    headers = {} if origin is None else {"Origin": origin}
    for address in ("/", "/api/reflections", "/api/made-up", "/_stcore/upload_file/a/b", "/healthz"):
        answer = client.request(method, address, headers=headers)
        assert answer.status_code == 403
        assert answer.json() == {"message": "Begäran kommer från en annan webbplats."}
        assert_guarded(answer)


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("HEAD", 200), ("OPTIONS", 405)])
def test_looking_is_open_to_links_from_everywhere(client: Client, method: str, status: int) -> None:
    for origin in FOREIGN:
        headers = {} if origin is None else {"Origin": origin}
        assert client.request(method, "/healthz", headers=headers).status_code == status


async def open_websocket(headers: dict[str, str]) -> str:
    """Through the guard alone: "accept", or "close" when it is refused."""
    found: list[str] = []

    async def accept(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})

    async def send(message: Message) -> None:
        found.append(message["type"].removeprefix("websocket."))

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    scope = {
        "type": "websocket",
        "scheme": "ws",
        "path": "/_stcore/stream",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "server": ("testserver", 80),
    }
    await Guard(accept)(scope, receive, send)
    (only,) = found
    return only


@pytest.mark.parametrize(
    ("origin", "comes"),
    [(OWN, "accept"), (None, "accept"), *((each, "close") for each in FOREIGN if each is not None)],
)
def test_another_sites_page_opens_no_websocket(origin: str | None, comes: str) -> None:
    headers = {"Host": "testserver"} if origin is None else {"Host": "testserver", "Origin": origin}
    assert asyncio.run(open_websocket(headers)) == comes


def test_behind_tls_a_page_in_the_clear_is_another_site(
    client: Client, set_url: Callable[[str], None]
) -> None:
    set_url(PUBLIC)
    for origin, status in ((PUBLIC, 200), ("http://vision.example.se", 403), ("null", 403)):
        headers = {"Host": "vision.example.se", "Origin": origin}
        assert client.post("/api/sign-out", headers=headers).status_code == status
        assert asyncio.run(open_websocket(headers)) == ("accept" if status == 200 else "close")
    local = {"Host": "localhost:8501", "Origin": "http://localhost:8501"}
    assert client.post("/api/sign-out", headers=local).status_code == 200


@pytest.mark.parametrize(("url", "kept"), [(PUBLIC, True), ("http://vision.example.se", False)])
def test_behind_tls_every_cookie_is_secure(set_url: Callable[[str], None], url: str, kept: bool) -> None:
    def give(_: Request) -> Response:
        answer = Response()
        answer.set_cookie("_streamlit_xsrf", "secure")
        answer.set_cookie("other", "b", secure=True)
        return answer

    set_url(url)
    app = Starlette(routes=[Route("/give", give)], middleware=[Middleware(Guard)])
    answer = Client(app).get("/give", headers={"Host": "vision.example.se"})
    cookies = answer.headers.get_list("set-cookie")
    assert [each.lower().split("; ").count("secure") for each in cookies] == [int(kept), 1]


# Other hosts


@pytest.mark.parametrize(
    "host",
    [
        "vision.example.se",
        "Vision.Example.SE",
        "vision.example.se:443",
        "localhost",
        "localhost:8501",
        "127.0.0.1:8501",
        "[::1]:8501",
    ],
)
def test_the_public_name_and_this_machines_are_answered(
    client: Client, set_url: Callable[[str], None], host: str
) -> None:
    set_url(PUBLIC)
    for address in ("/", "/healthz", "/assets/style.css"):
        assert client.get(address, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "vision.example.se.evil.example",
        "vision.example.se@evil.example",
        "evil.example:443",
        "192.0.2.7",
        "",
        "[",
        "localhost.evil.example",
    ],
)
def test_another_name_is_told_the_right_one(
    client: Client, set_url: Callable[[str], None], host: str
) -> None:
    set_url(PUBLIC)
    for address in ("/", "/healthz", "/assets/style.css", "/api/ticket", "/a/b"):
        answer = client.get(address, headers={"Host": host})
        assert answer.status_code == 400
        assert answer.text == "Den här adressen gäller inte. Gå till https://vision.example.se\n"
        assert_guarded(answer)
        assert "set-cookie" not in answer.headers


def test_without_a_public_address_every_name_is_answered(client: Client) -> None:
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 200


@pytest.mark.parametrize(
    ("host", "comes"),
    [("vision.example.se", "accept"), ("localhost:1", "accept"), ("evil.example", "close")],
)
def test_a_websocket_under_another_name_is_refused(
    set_url: Callable[[str], None], host: str, comes: str
) -> None:
    set_url(PUBLIC)
    headers = {"Host": host, "Origin": f"https://{host}"}
    assert asyncio.run(open_websocket(headers)) == comes


def test_whom_it_refuses_the_log_tells_by_a_mark(
    app: Starlette, set_url: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    set_url(PUBLIC)
    client = Client(app, "192.0.2.7")
    with caplog.at_level(logging.INFO, log.OURS):
        for _ in range(3):
            client.get("/", headers={"Host": "evil.example"})
            client.post("/", headers={"Host": "localhost", "Origin": "https://evil.example"})
    told = [(each.getMessage(), vars(each)["outcome"], vars(each)["client"]) for each in caplog.records]
    mark = log.pseudonym("192.0.2.7")
    assert told == [("Refused", "host", mark), ("Refused", "foreign", mark)]


# Where the browser is


@pytest.mark.parametrize(
    ("url", "host", "found"),
    [
        (None, "localhost:8502", 8502),
        (None, "localhost:80", None),
        (None, "vision.example.se", None),
        (None, "[::1]:8502", 8502),
        (None, "[", None),
        (None, "localhost:99999", None),
        (PUBLIC, "vision.example.se", None),
        (PUBLIC, "localhost:8502", 8502),
        (f"{PUBLIC}:443", "vision.example.se", None),
        (f"{PUBLIC}:8443", "vision.example.se:8443", 8443),
        (f"{PUBLIC}:8443", "vision.example.se", 8443),  # from a proxy that passes on the name alone
        ("http://vision.example.se:8080", "vision.example.se", 8080),
    ],
)
def test_the_port_is_the_public_one_where_it_is_not_the_default_one(
    set_url: Callable[[str], None], url: str | None, host: str, found: int | None
) -> None:
    if url:
        set_url(url)
    headers = [(b"host", host.encode())]
    assert port(HTTPConnection({"type": "http", "scheme": "http", "headers": headers})) == found


def test_a_public_name_with_other_letters_is_answered_as_browsers_ask_for_it(
    client: Client, set_url: Callable[[str], None]
) -> None:
    set_url("https://v\u00e5rdk\u00f6p.example.se")
    host = {"Host": "xn--vrdkp-mra6j.example.se"}
    assert client.get("/healthz", headers=host).status_code == 200
    own = {**host, "Origin": "https://xn--vrdkp-mra6j.example.se"}
    assert client.post("/api/sign-out", headers=own).status_code == 200
