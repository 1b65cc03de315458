"""What reaches the browser first: the index page, compressed files."""

from __future__ import annotations

import gzip
import re
from urllib.parse import unquote, urljoin, urlsplit

import brotli
import pytest
from httpx import Response
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import FileResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from tests.support.client import Client
from visionsprat.web.bundle import joined_script, joined_styles
from visionsprat.web.cookies import BROWSER_COOKIE
from visionsprat.web.index_page import Front
from visionsprat.web.routes import routes
from visionsprat.web.security import Guard
from visionsprat.web.static_files import ASSETS, STREAMLIT

PAGES = ["/", "/globala", "/mitt-konto", "/finns-inte", "/%C3%A5%C3%A4%C3%B6", "/globala?a=b"]


def _front_with_words() -> Middleware:
    return Middleware(Front, words=lambda request: f"<p>Ord för {request.url.path}</p>")


@pytest.fixture(scope="module")
def _front() -> Starlette:
    streamlit = Mount("/static", StaticFiles(directory=STREAMLIT / "static"))
    return Starlette(routes=[*routes(), streamlit], middleware=[Middleware(Guard), _front_with_words()])


@pytest.fixture
def client(_front: Starlette) -> Client:
    return Client(_front)


def get(client: Client, address: str, encoding: str = "identity") -> Response:
    return client.get(address, headers={"Accept-Encoding": encoding})


# The index page


@pytest.mark.parametrize("address", PAGES)
def test_every_address_gets_the_same_swedish_page(client: Client, address: str) -> None:
    answer = get(client, address)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    page = answer.text
    words = re.findall("<p>Ord för .*?</p>", page)
    assert words == [f"<p>Ord för {unquote(urlsplit(address).path)}</p>"]
    assert page.replace(words[0], "<p>Ord för /</p>") == get(client, "/").text
    assert '<html lang="sv">' in page
    assert "<title>Visionsprat</title>" in page
    assert not re.search(r"You need to enable|Streamlit</title>|lang=\"en\"", page)


def test_nothing_but_our_styles_is_waited_for_before_the_words_are_painted(client: Client) -> None:
    answer = get(client, "/")
    head, body = answer.text.split("<body>")
    assert "@font-face" in head and 'rel="stylesheet"' not in head
    assert body.index("Ord för") < body.index('<div id="root">') < body.index('rel="stylesheet"')
    assert not re.search(r"<script(?![^>]*type=\"module\")[^>]* src=", answer.text)
    assert "Cookie" in answer.headers["vary"]


def test_the_policy_lets_in_nothing_from_elsewhere_and_no_eval(client: Client) -> None:
    policy = get(client, "/").headers["content-security-policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'self'"
    assert directives["object-src"] == directives["base-uri"] == directives["frame-ancestors"] == "'none'"
    assert "unsafe" not in directives["script-src"]
    assert not re.search(r"https?:|\*", policy)


def test_the_page_names_nothing_from_elsewhere(client: Client) -> None:
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", get(client, "/").text)


def test_what_the_routes_answer_is_never_kept(client: Client) -> None:
    answer = client.get("/api/ticket")
    assert answer.headers["cache-control"] == "no-store"


def test_a_browser_is_marked_once_and_its_mark_is_out_of_reach_of_scripts(client: Client) -> None:
    cookie = get(client, "/").headers["set-cookie"]
    assert cookie.startswith(f"{BROWSER_COOKIE}=") and "HttpOnly" in cookie and "SameSite=lax" in cookie
    assert len(client.cookies[BROWSER_COOKIE]) > 20
    assert "set-cookie" not in get(client, "/globala").headers


def test_two_browsers_have_different_marks(client: Client) -> None:
    marks = set()
    for _ in range(5):
        client.cookies.clear()
        get(client, "/")
        marks.add(client.cookies[BROWSER_COOKIE])
    assert len(marks) == 5


def test_every_address_in_the_page_exists(client: Client) -> None:
    named = re.findall(r'(?:src|href)="([^"]+)"', get(client, "/").text)
    assert len(named) > 5
    for address in named:
        assert get(client, address).status_code == 200, address


def test_every_address_in_our_stylesheet_exists(client: Client) -> None:
    named = re.findall(r'url\("(?!data:)([^"]+)"\)', get(client, "/assets/style.css").text)
    assert named
    for address in named:
        assert get(client, urljoin("/assets/style.css", address)).status_code == 200, address


# Scripts and styles


def files() -> list[str]:
    """Our own, and those of Streamlit's that the page names."""
    page = (STREAMLIT / "index.html").read_text(encoding="utf-8")
    theirs = re.findall(r'="\./(static/[^"]+\.(?:js|css))"', page)
    ours = ["assets/visionsprat.js", "assets/style.css", "assets/scripts/main.js"]
    assert theirs
    return ["/" + name for name in (*ours, *theirs)]


def original(address: str) -> bytes:
    if address == "/assets/visionsprat.js":
        return joined_script(ASSETS / "scripts" / "main.js").encode()
    if address == "/assets/style.css":
        return joined_styles(ASSETS / "styles").encode()
    folder = ASSETS if address.startswith("/assets/") else STREAMLIT / "static"
    return (folder / address.split("/", 2)[2]).read_bytes()


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.5, gzip", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, gzip;q=0.1", "gzip"),
        ("identity", None),
        ("br;q=0, gzip;q=0", None),
    ],
)
def test_a_file_is_compressed_as_the_client_can_read_it(
    client: Client, accepted: str, encoding: str | None
) -> None:
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[encoding]
    sent = 0
    for address in files():
        answer, body = client.raw(address, accepted)
        assert answer.status_code == 200, address
        assert answer.headers.get("content-encoding") == encoding, address
        assert unpack(body) == original(address), address
        kind = "text/css" if address.endswith(".css") else "text/javascript"
        assert answer.headers["content-type"].split(";")[0] == kind
        if encoding:
            assert answer.headers["vary"] == "Accept-Encoding"
            assert "immutable" in answer.headers["cache-control"]
        sent += len(body)
    whole = sum(len(original(address)) for address in files())
    assert sent == whole if encoding is None else sent < whole / 2


@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_the_page_itself_is_compressed(client: Client, encoding: str) -> None:
    answer, body = client.raw("/", encoding)
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress}[encoding]
    assert answer.headers["content-encoding"] == encoding
    assert unpack(body) == get(client, "/").content


def test_a_file_that_is_not_there_is_not_kept(client: Client) -> None:
    assert "cache-control" not in get(client, "/assets/no.css").headers


def test_our_files_are_kept_forever_under_an_address_of_their_content(client: Client) -> None:
    named = re.findall(r'"(/assets/[^"]+\.(?:js|css|svg)[^"]*)"', get(client, "/").text)
    assert named and all(re.search(r"\?v=[0-9a-f]{12}$", address) for address in named)
    for address in named:
        assert "immutable" in get(client, address, "br").headers["cache-control"]


@pytest.mark.parametrize(
    "address",
    [
        "/assets/../editor.py",
        "/assets/..%2feditor.py",
        "/assets/%2e%2e/%2e%2e/web/index_page.py",
        "/assets/../../../app.py",
        "/assets/..%2f..%2f..%2fdata%2fvisionsprat.db",
        "/static/..%2f..%2fruntime%2fstate%2fsession_state.py",
        "/static/../index.html",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/assets/style.css%00.js",
        "/assets/x.css",
        "/assets/" + "x" * 5000 + ".js",
    ],
    ids=lambda address: address[:40],
)
@pytest.mark.parametrize("encoding", ["br", "identity"])
def test_nothing_outside_the_folders_is_served(client: Client, address: str, encoding: str) -> None:
    path = address.replace("%2f", "/").replace("%2e", ".").replace("%00", "\0")
    assert client.status(path, encoding) in {400, 404}


# Addresses that are none, or nearly


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/skapande/", "/skapande"),
        ("/skapande%20", "/skapande"),
        ("/skapande%C2%A0?a=b%20c", "/skapande?a=b%20c"),
        ("/%E2%80%8BMina-Reflektioner/", "/mina-reflektioner"),
        ("/%20", "/"),
        ("/hittapa/", "/hittapa"),
    ],
)
def test_a_page_has_one_address_and_others_that_mean_it_lead_there(
    client: Client, method: str, asked: str, led: str
) -> None:
    answer = client.request(method, asked)
    assert (answer.status_code, answer.headers["location"]) == (308, led)
    assert client.get(led).status_code == 200


@pytest.mark.parametrize(
    "address", ["/a/b", "/globala/x", "/globala/innebar/y", "/finns/inte/", "/a%20b", "/a%00"]
)
def test_an_address_below_a_page_is_told_in_swedish(client: Client, address: str) -> None:
    answer = get(client, address)
    assert answer.status_code == 404
    assert '<html lang="sv">' in answer.text
    assert "Sidan finns inte" in answer.text
    named = re.findall(r'href="([^"]+)"', answer.text)
    assert all(get(client, address).status_code == 200 for address in named)
    assert not any(urlsplit(address).netloc for address in named)


@pytest.mark.parametrize(
    "address", ["/hittapa.txt", "/assets", "/api", "/static/hittapa", "/_stcore/hittapa"]
)
def test_streamlits_own_index_page_shows_nowhere(address: str) -> None:
    """Streamlit answers whatever it does not know with that page."""
    inner = Starlette(
        routes=[*routes(), Route("/{path:path}", lambda _: FileResponse(STREAMLIT / "index.html"))]
    )
    assert "Streamlit" in Client(inner).get(address).text
    answer = get(Client(Front(inner)), address)
    assert answer.status_code == 404
    assert "Sidan finns inte" in answer.text and "Streamlit" not in answer.text
