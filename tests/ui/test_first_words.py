"""The words in the index page: for whom there are which, and nothing personal among them."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from tests.support.client import Client
from visionsprat.accounts import authentication
from visionsprat.content.module import Module
from visionsprat.domain.records import Draft, NewAccount
from visionsprat.installation import open_installation
from visionsprat.ui.first_words import first_words
from visionsprat.web.cookies import SESSION_COOKIE
from visionsprat.web.index_page import Front
from visionsprat.web.routes import routes
from visionsprat.web.security import Guard

FOR_NOBODY_ELSE = ("/min-grupp", "/administration", "/finns-inte", "/%C3%A5%C3%A4%C3%B6", "/inbjudan")


@pytest.fixture
def client() -> Client:
    app = Starlette(routes=routes(), middleware=[Middleware(Guard), Middleware(Front, words=first_words)])
    return Client(app)


def sign_in(client: Client, name: str = "Amina Testsson", **more: Any) -> int:
    store = open_installation().store
    account = store.add_account(NewAccount(f"{name[:2]}@test.example", name, None, **more))
    admitted = authentication.redeem(store, authentication.issue_ticket(store, account, "test"), "test")
    assert admitted is not None
    client.cookies.set(SESSION_COOKIE, admitted.token)
    return account


def words(client: Client, address: str) -> str:
    """What stands in the page's body."""
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.text.split("<body>")[1].split('<div id="root">')[0]


def test_a_theme_is_there_to_be_read_with_its_questions(client: Client, module: Module) -> None:
    sign_in(client)
    for theme in module.themes:
        found = words(client, f"/{theme.id}")
        assert theme.body.split("\n\n")[0] in found
        assert all(question.text in found for question in theme.questions)


@pytest.mark.parametrize(
    ("address", "heading"),
    [
        ("/", "Välkommen till Visionsprat"),
        ("/visionen", "Helsingborgs nya vision"),
        ("/mina-reflektioner", "Mina reflektioner"),
        ("/mitt-konto", "Mitt konto"),
        ("/tillganglighet", "Tillgänglighet"),
        ("/personuppgifter", "Personuppgifter"),
    ],
)
def test_each_page_has_its_heading(client: Client, address: str, heading: str) -> None:
    sign_in(client)
    assert f'<h1 class="hero">{heading}' in words(client, address)


def test_nothing_in_them_is_personal(client: Client, module: Module) -> None:
    everywhere = ["/", "/visionen", *(f"/{theme.id}" for theme in module.themes), "/mina-reflektioner"]
    everywhere += ["/mitt-konto", "/personuppgifter", *FOR_NOBODY_ELSE]
    amina = sign_in(client)
    for question in module.questions:
        open_installation().store.save_reflection(amina, Draft(question.id, "Hemligt", based_on=0))
    hers = [words(client, address) for address in everywhere]
    assert not any(personal in page for page in hers for personal in ("Amina", "test.example", "Hemligt"))
    sign_in(client, "Bengt Provberg", is_admin=True)
    assert [words(client, address) for address in everywhere] == hers


@pytest.mark.parametrize("address", FOR_NOBODY_ELSE)
def test_pages_that_not_all_may_see_have_their_frame_alone(client: Client, address: str) -> None:
    sign_in(client)
    assert "<h1" not in words(client, address)
    assert words(client, address) == words(client, "/en-annan")


@pytest.mark.parametrize("token", ["", "made up"])
def test_a_visitor_reads_the_sign_in_page_wherever_they_go(
    client: Client, module: Module, token: str
) -> None:
    client.cookies.set(SESSION_COOKIE, token)
    found = words(client, "/")
    assert '<h1 class="hero">Logga in</h1>' in found
    assert module.welcome.body.split("\n\n")[0] in found
    for address in ("/globala", "/mina-reflektioner", "/min-grupp", "/administration", "/finns-inte"):
        assert words(client, address) == found
    assert "<h1" not in words(client, "/inbjudan")


def test_when_the_session_ends_so_do_its_words(client: Client) -> None:
    account = sign_in(client)
    assert "globala</span>" in words(client, "/globala")
    open_installation().store.end_sessions(account)
    assert words(client, "/globala") == words(client, "/")


def test_a_page_comes_without_words_while_the_database_can_not_be_read(client: Client) -> None:
    sign_in(client)
    open_installation().store.close()
    open_installation().store.path.write_bytes(b"no database at all" * 1000)
    assert words(client, "/globala").strip() == ""


def test_without_javascript_one_is_told_that_writing_needs_it(client: Client) -> None:
    assert "måste ha JavaScript på för att det ska gå att logga in här" in words(client, "/")
    sign_in(client)
    assert "måste ha JavaScript på för att det ska gå att skriva här" in words(client, "/globala")


def test_no_id_is_there_twice_once_streamlit_has_drawn_the_page(client: Client) -> None:
    sign_in(client)
    for address in ("/", "/globala", "/personuppgifter"):
        assert " id=" not in words(client, address)
