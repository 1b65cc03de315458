"""The current script run: whose it is, where they are and how far they have come.

Where a visitor is, the page that is drawn says (`settle`), not what its client claims: the claimed address
chooses nothing but the page for a wrong address, and is kept nowhere.
"""

from __future__ import annotations

import logging
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import unquote, urlencode, urlsplit

import streamlit as st

from visionsprat.content.module import Module
from visionsprat.content.page_addresses import is_address, tidied
from visionsprat.domain.progress import Progress, progress
from visionsprat.domain.records import Account, Browser, Visitor
from visionsprat.domain.tokens import token_hash
from visionsprat.errors import StoreUnavailable
from visionsprat.installation import Installation, open_installation
from visionsprat.store.sessions import SEEN_AGAIN
from visionsprat.telemetry import log
from visionsprat.web.client_ip import client_in
from visionsprat.web.cookies import BROWSER_COOKIE, DEVICE_COOKIE, session_token
from visionsprat.web.index_page import site
from visionsprat.web.request_id import REQUEST_ID

#: Of a URL that a client says to be at; an invitation's, with its code, has some 150 characters.
LONGEST_URL = 8_000
#: What is said once, after the question mark, to somebody whose account is gone.
ERASED = ("konto", "raderat")
_log = logging.getLogger("visionsprat")


@dataclass(frozen=True)
class Context:
    installation: Installation
    visitor: Visitor | None
    token_hash: str
    #: The address without its slash: "" is the start page, "visionen", "skapande", ...
    address: str
    #: Whether the browser has come with a session, alive or ended.
    had_session: bool = False

    @property
    def module(self) -> Module:
        return self.installation.module

    @property
    def account(self) -> Account:
        return self.signed_in.account

    @property
    def signed_in(self) -> Visitor:
        """The visitor, on a page that only somebody signed in can reach."""
        if self.visitor is None:
            raise RuntimeError(f"the page /{self.address} was drawn for nobody")
        return self.visitor

    @property
    def progress(self) -> Progress:
        return progress(self.module, self.signed_in.answered)

    @property
    def site(self) -> str:
        """The public address that links begin with."""
        return site()

    @property
    def now(self) -> datetime:
        return self.installation.store.clock()


_context: ContextVar[Context] = ContextVar("context")


def arrive() -> Context:
    """Find out who is here, once at the beginning of a script run. Raises StoreUnavailable."""
    log.begin(st.context.headers.get(REQUEST_ID))
    log.about(client=log.place(client()))
    installation = open_installation()
    token = session_token(st.context.cookies)
    hashed = token_hash(token)
    address = _asked(st.context.url or "")
    found = Context(
        installation, installation.store.visitor(hashed), hashed, address, had_session=bool(token)
    )
    if found.visitor:
        log.about(account=found.visitor.account.id)
    _context.set(found)
    return found


def _asked(url: str) -> str:
    """The address that a client says to be at: one of ours, or at least no longer than they are."""
    try:
        address = tidied(unquote(urlsplit(url).path)) if len(url) <= LONGEST_URL else ""
    except ValueError:
        return ""
    return address if is_address(address) else ""


def settle(address: str) -> None:
    """From now on the visitor is where the page stands that is drawn, whatever its client has said."""
    if address != current_context().address:
        _context.set(replace(current_context(), address=address))


def current_context() -> Context:
    return _context.get()


def destination() -> str:
    """The address with what follows the question mark: to go on to when one has signed in."""
    asked = [(name, value) for name in st.query_params for value in st.query_params.get_all(name)]
    kept = urlencode([each for each in asked if each != ERASED])
    address = current_context().address
    return f"{address}?{kept}" if kept and len(kept) <= LONGEST_URL else address


def remember_visit() -> None:
    """Note that the visitor has been on this step, and that their session is alive."""
    context = current_context()
    if context.address not in context.module.steps:
        return
    visitor = context.signed_in
    last = visitor.visits.get(context.address)
    if last is None or context.now - min(last, visitor.last_seen_at) > SEEN_AGAIN:
        try:
            context.installation.store.record_visit(
                visitor.account.id, context.token_hash, context.address, context.module.steps
            )
        except StoreUnavailable as error:
            _log.warning("A visit could not be noted: %s", error)  # the page can be read all the same


def browser() -> Browser:
    """What the visitor is here with."""
    return Browser(browser_mark(), st.context.cookies.get(DEVICE_COOKIE, ""), client())


def browser_mark() -> str:
    """What ties a ticket to this browser; empty when it takes no cookies."""
    return st.context.cookies.get(BROWSER_COOKIE, "")


def client() -> str:
    """Where the browser comes from; empty on this machine itself."""
    header = open_installation().settings.client_header
    named = st.context.headers.get_all(header) if header else []
    return client_in(named, st.context.ip_address)
