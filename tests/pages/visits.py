"""A page drawn for somebody in Streamlit's own AppTest, which knows no cookies: its context is filled in."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import bcrypt
import pytest
from streamlit.runtime import context
from streamlit.testing.v1 import AppTest

from visionsprat.accounts.passwords import PREHASHED, prehashed
from visionsprat.domain.records import NewAccount
from visionsprat.domain.tokens import token_hash
from visionsprat.installation import Installation
from visionsprat.settings import ROOT
from visionsprat.web.cookies import BROWSER_COOKIE, SESSION_COOKIE

PASSWORD = "gul cykel i regnet"
HASH = PREHASHED + bcrypt.hashpw(prehashed(PASSWORD).encode(), b"$2b$04$" + b"." * 22).decode()


def add_chief(house: Installation, email: str = "chief@test.example") -> int:
    return house.store.add_account(NewAccount(email, "Ragna Påhittad", HASH, is_admin=True))


def come(
    monkeypatch: pytest.MonkeyPatch,
    house: Installation,
    page: str,
    account_id: int | None = None,
    *,
    meanwhile: Callable[[], object] = lambda: None,
    url: str = "http://localhost:8501/",
    **query: str,
) -> AppTest:
    """Open a page, in a browser that takes cookies; signed in, if `account_id` says as whom.

    `meanwhile` is done in each run between finding out who is here and drawing the page.
    """
    cookies = {BROWSER_COOKIE: "this browser"}
    if account_id is not None:
        cookies[SESSION_COOKIE] = token = secrets.token_urlsafe()
        assert house.store.add_ticket(account_id, token)
        assert house.store.redeem_ticket(token, token_hash(token))
    browser = {
        "cookies": context.StreamlitCookies(cookies),
        "headers": context.StreamlitHeaders([]),
        "ip_address": "203.0.113.1",
        "url": url,
    }
    for name, value in browser.items():
        monkeypatch.setattr(context.ContextProxy, name, value)
    pages = {"path": str(ROOT / "pages" / page), "sign_in": str(ROOT / "pages" / "sign_in.py")}
    more = {"is_in": account_id is not None, "meanwhile": meanwhile}
    at = AppTest.from_function(_run, kwargs={**pages, **more})
    at.default_timeout = 30
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


def _run(path: str, sign_in: str, is_in: bool, meanwhile: object) -> None:
    """Its source alone is run, by AppTest: it imports what it needs."""
    import runpy

    from visionsprat.ui.context import arrive, current_context

    arrive()
    assert callable(meanwhile)
    meanwhile()
    # When their session has ended, whatever they ask for is this page.
    if is_in and current_context().visitor is None:
        path = sign_in
    runpy.run_path(path)


def said(at: AppTest) -> str:
    """All that the page says in HTML; nothing may have gone wrong."""
    assert not at.exception
    return " ".join(each.proto.body for each in at.get("html"))
