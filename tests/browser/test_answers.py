"""What a started server answers: Streamlit's own addresses are guarded too, and looking changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import product
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect
from starlette.routing import Route

from tests.support.people import NewPerson, Person, add_person, cookie, signed_in
from tests.support.server import Server
from tests.support.staff_lists import csv_file
from tests.support.windows import Window
from visionsprat.accounts.invitations import ADDRESS as INVITATION
from visionsprat.accounts.invitations import invite
from visionsprat.domain.records import Whom
from visionsprat.web.cookies import SESSION_COOKIE
from visionsprat.web.index_page import not_found
from visionsprat.web.routes import routes
from visionsprat.web.security import HEADERS

STREAMLITS = [
    ("GET", "/_stcore/health", 200),
    ("GET", "/_stcore/host-config", 200),
    ("OPTIONS", "/_stcore/upload_file/a/b", 404),
    ("PUT", "/_stcore/upload_file/a/b", 404),
    ("POST", "/_stcore/agent/interact", 404),
    ("GET", "/media/made-up.png", 404),
    ("GET", "/component/made-up/index.html", 404),
    ("POST", "/", 404),
    ("GET", "//evil.example", 404),
]
PUBLIC = "https://vision.example.se"


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that is told its public address, as behind a proxy that ends TLS."""
    server = Server(tmp_path_factory.mktemp("public"), environment={"VISIONSPRAT_URL": PUBLIC})
    yield server
    server.stop()


def ask(server: Server, method: str, address: str, **headers: str) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.request(method, server.url + address, headers=sent)


@pytest.mark.parametrize(("method", "address", "status"), STREAMLITS)
def test_streamlits_own_addresses_have_the_headers(
    server: Server, public: Server, method: str, address: str, status: int
) -> None:
    plain = ask(server, method, address, Origin=server.url)
    behind_tls = ask(public, method, address, Origin=PUBLIC, Host="vision.example.se")
    expected = HEADERS
    if status == 404:  # our own page
        policy = "Content-Security-Policy"
        expected = HEADERS | {policy: not_found().headers[policy]}
    for answer in (plain, behind_tls):
        assert answer.status_code == status
        assert {name: answer.headers.get_list(name) for name in HEADERS} == {
            name: [value] for name, value in expected.items()
        }
    assert "strict-transport-security" not in plain.headers
    assert behind_tls.headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize(
    "address",
    ["/_stcore/stream", "/_stcore/made-up", "/made-up.txt", "/index.html", "/static/made-up/x", "/media/"],
)
def test_streamlits_own_page_never_shows(server: Server, address: str) -> None:
    answer = ask(server, "GET", address)
    assert answer.status_code == 404
    assert "Streamlit" not in answer.text


WEBSOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec_WebSocket_Version": "13",
    "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def test_another_sites_page_opens_no_websocket_and_no_upload(server: Server) -> None:
    evil = "http://evil.example"
    assert ask(server, "GET", "/_stcore/stream", Origin=evil, **WEBSOCKET).status_code == 403
    for method in ("PUT", "DELETE"):
        answer = ask(server, method, "/_stcore/upload_file/a/b", Origin=evil)
        assert answer.status_code == 403
        assert answer.json() == {"message": "Begäran kommer från en annan webbplats."}
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_under_another_name_no_websocket_is_opened(public: Server) -> None:
    origin = "http://evil.example"
    answer = ask(public, "GET", "/_stcore/stream", Host="evil.example", Origin=origin, **WEBSOCKET)
    assert answer.status_code == 403


@pytest.mark.parametrize("address", ["/", "/_stcore/health", "/healthz", "/api/session"])
def test_under_another_name_nothing_is_answered(public: Server, address: str) -> None:
    answer = ask(public, "GET", address, Host="evil.example")
    assert (answer.status_code, answer.text) == (400, f"Den här adressen gäller inte. Gå till {PUBLIC}\n")


def test_a_staff_list_is_uploaded_by_our_own_page(page: Page, new_person: NewPerson) -> None:
    administrator = new_person("Bengt Provberg", is_admin=True)
    signed_in(page, administrator, "/administration?del=personallista")
    file: Any = {"name": "personal.csv", "mimeType": "text/csv", "buffer": csv_file()}
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text("3 personer i filen")).to_be_visible()


# Looking changes nothing

PAGES = ["", "visionen", "skapande", "mina-reflektioner", "min-grupp", "administration", "mitt-konto"]
PAGES += ["kom-igang", "personuppgifter", "tillganglighet", "glomt-losenord", "finns-inte"]
PARTS = ["personer", "grupper", "personallista", "inbjudningar", "handelser"]


def queries(person: Person) -> list[str]:
    """What pages read from their address, and what one might hope that they do."""
    return [
        f"person={person.id}&grupp=1&visa=klara&konto=raderat&sida=2",
        f"person={person.id}&avaktivera=ja&radera=1&grupp=1&ny=a&kod=a&ticket=a&_method=DELETE&lösenord=a",
    ]


def dump(server: Server) -> list[list[Any]]:
    """All that the database holds but where people have been, and when they were last seen."""
    with closing(sqlite3.connect(server.database)) as database:
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'visits'")
        columns = {
            table: [
                column
                for _, column, *_ in database.execute(f"PRAGMA table_info('{table}')")
                if (table, column) != ("sessions", "last_seen_at")
            ]
            for (table,) in names
        }
        return [
            [table, *sorted(database.execute(f"SELECT {', '.join(found)} FROM '{table}'"), key=repr)]
            for table, found in columns.items()
        ]


def test_no_address_changes_anything_by_being_looked_at(
    page: Page, new_person: NewPerson, server: Server
) -> None:
    group = "Vård/Team 3"
    administrator = new_person("Bengt Provberg", member_of=group, manages=group, is_admin=True)
    other = add_person(server, "Cecilia Exempel", member_of=group)
    other.write("skapande/innebar", "Hej.")
    with server.store() as store:
        (made,) = invite(store, None, Whom(emails=frozenset({other.email})), server.url)
    window = Window(page, server)
    signed_in(page, administrator)
    token = cookie(page, SESSION_COOKIE)["value"]
    before = dump(server)
    assert len(before) > 10

    own = [route.path for route in routes() if isinstance(route, Route)]
    assert len(own) > 8
    with httpx.Client(base_url=server.url, cookies={SESSION_COOKIE: token}) as client:
        for address, query in product([*own, *(f"/{each}" for each in PAGES)], ["", *queries(other)]):
            for method in ("GET", "HEAD", "OPTIONS"):
                assert client.request(method, f"{address}?{query}").status_code < 500, address
    assert dump(server) == before

    asked = [*product(PAGES, queries(other))]
    asked += [(INVITATION, urlsplit(made.link).query)]
    asked += [("administration", f"del={part}&{query}") for part, query in product(PARTS, queries(other))]
    for address, query in asked:
        window.go(f"/{address}?{query}")
    assert dump(server) == before
