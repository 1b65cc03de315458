"""The file of links: made by a POST of an administrator's own page, and by nothing else."""

from __future__ import annotations

import csv
import io

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from tests.support.client import OWN, Client
from tests.support.stored import begin_session
from visionsprat.accounts import authentication
from visionsprat.domain.records import Action, Draft, NewAccount
from visionsprat.domain.tokens import token_hash
from visionsprat.installation import Installation, open_installation
from visionsprat.web import downloads
from visionsprat.web.answers import HANDLERS
from visionsprat.web.cookies import SESSION_COOKIE
from visionsprat.web.security import Guard

ALL = "/api/inbjudningar.csv?aldrig=1"


@pytest.fixture
def house(data_folder: object) -> Installation:
    house = open_installation()
    house.store.add_account(NewAccount("chief@test.example", "Chief", "no hash", is_admin=True))
    house.store.add_account(NewAccount("amina@test.example", "=Amina", None, member_of="Vård/Norr"))
    return house


@pytest.fixture
def client(house: Installation) -> Client:
    routes = [*downloads.routes(), downloads.made_up()]
    return Client(Starlette(routes=routes, middleware=[Middleware(Guard)], exception_handlers=HANDLERS))


def sign_in(client: Client, house: Installation, account_id: int) -> None:
    admitted = authentication.redeem(
        house.store, authentication.issue_ticket(house.store, account_id, "b"), "b"
    )
    assert admitted is not None
    client.cookies.set(SESSION_COOKIE, admitted.token)


def made(house: Installation) -> int:
    return house.store.audit_log(action=Action.INVITED).count


@pytest.mark.parametrize("asked", [ALL, "/api/inbjudningar.csv?grupp=1", "/api/inbjudningar.csv?grupp=2"])
def test_an_administrator_gets_a_file_with_links(client: Client, house: Installation, asked: str) -> None:
    sign_in(client, house, 1)
    answer = client.post(asked, headers={"Origin": OWN})
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="inbjudningar.csv"'
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";")
    assert (row["namn"], row["e-post"], row["grupp"]) == ("'=Amina", "amina@test.example", "Vård/Norr")
    start, _, code = row["länk"].partition("/inbjudan?kod=")
    assert start == "http://localhost:8501"
    assert house.store.invited(token_hash(code)).account_id == 2


@pytest.mark.parametrize("asked", [ALL, "/api/inbjudningar.csv?grupp=1", "/api/inbjudningar.csv?grupp=2"])
@pytest.mark.parametrize("begun", ["signed in", "written"])
def test_nobody_who_has_begun_is_in_the_file(
    client: Client, house: Installation, asked: str, begun: str
) -> None:
    if begun == "signed in":
        begin_session(house.store, 2)
    else:
        house.store.save_reflection(2, Draft("skapande/gora", "Hemligt.", 0))
    sign_in(client, house, 1)
    answer = client.post(asked, headers={"Origin": OWN})
    assert answer.status_code == 200
    assert list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";")) == []


@pytest.mark.parametrize(
    "query", ["", "?grupp=", "?grupp=x", "?grupp=²", "?grupp=-1", "?grupp=" + "9" * 30, "?aldrig="]
)
def test_who_is_meant_must_be_said(client: Client, house: Installation, query: str) -> None:
    sign_in(client, house, 1)
    assert client.post(f"/api/inbjudningar.csv{query}", headers={"Origin": OWN}).status_code == 404
    assert made(house) == 0


@pytest.mark.parametrize("origin", [None, "https://evil.example"])
def test_another_sites_page_makes_no_links(client: Client, house: Installation, origin: str | None) -> None:
    sign_in(client, house, 1)
    answer = client.post(ALL, headers={"Origin": origin} if origin else {})
    assert answer.status_code == 403
    assert made(house) == 0


@pytest.mark.parametrize("account_id", [None, 2])
def test_for_others_there_is_no_such_file(
    client: Client, house: Installation, account_id: int | None
) -> None:
    if account_id is not None:
        sign_in(client, house, account_id)
    answer = client.post(ALL, headers={"Origin": OWN})
    assert (answer.status_code, answer.text) == (
        404,
        client.post("/api/made-up", headers={"Origin": OWN}).text,
    )
    assert made(house) == 0


def test_opening_the_address_makes_no_links(client: Client, house: Installation) -> None:
    sign_in(client, house, 1)
    assert client.get(ALL).status_code == 404
    assert made(house) == 0
