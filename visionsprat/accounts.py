"""Sign-in, passwords and who somebody is. The one module that knows streamlit-authenticator."""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta

from zxcvbn import zxcvbn

from visionsprat.errors import VisionspratError
from visionsprat.fields import MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARACTERS, Fault, Refused
from visionsprat.store import Store

# The authenticator touches Streamlit's session state when imported, which warns outside a script run.
logging.disable(logging.WARNING)
from streamlit_authenticator import Hasher  # noqa: E402
from streamlit_authenticator.controllers import AuthenticationController  # noqa: E402

logging.disable(logging.NOTSET)

MAX_FAILURES = 10
#: zxcvbn's scale is 0-4; 0 and 1 are the common ones: under a million guesses, more or less.
MIN_PASSWORD_SCORE = 2

# A hash of nothing that anybody knows: an unknown address costs the same time as a wrong password.
_NOBODY = "$2b$12$wH0nqK4jXv2b0YpWw9bLOeKc3uJp0yX8QH4n3X4l6N3m5W8b2m0xG"


class SignInRefused(VisionspratError):
    """Wrong password or unknown address: the same for both."""


class TooManyFailures(VisionspratError):
    """Too many failed sign-ins for this address lately, whether or not it has an account."""


@dataclass(frozen=True)
class Admission:
    """A session that has begun: the token for its cookie, and how long that lives (None: see Session)."""

    token: str
    life: timedelta | None


def hash_password(password: str, *, known: tuple[str, ...] = ()) -> str:
    """A bcrypt hash of a new password.

    `known` are words that make it easy to guess: the person's own name and address. White space at
    both ends does not count, as streamlit-authenticator strips it at sign-in. Raises Refused.
    """
    password = password.strip()
    if len(password) < MIN_PASSWORD_CHARACTERS:
        raise Refused(Fault.PASSWORD_SHORT)
    if len(password.encode()) > MAX_PASSWORD_BYTES or "\0" in password:
        raise Refused(Fault.PASSWORD_LONG)
    guesses = [*known, "helsingborg", "visionsprat", "lösenord", "2035"]
    if zxcvbn(password, user_inputs=guesses)["score"] < MIN_PASSWORD_SCORE:
        raise Refused(Fault.PASSWORD_COMMON)
    return str(Hasher.hash(password))


def sign_in(store: Store, email: str, password: str, browser: str) -> str:
    """Check the credentials and return a ticket for the route that sets the session's cookie.

    Raises SignInRefused or TooManyFailures. Must be called in a script run (the authenticator's
    controller keeps notes in its session state).
    """
    email = email.strip().lower()
    if store.recent_failures(email) >= MAX_FAILURES:
        raise TooManyFailures("Too many failed sign-ins for this address.")
    found = store.credentials(email)
    if not _password_is_right(email, password, found.password_hash if found else _NOBODY) or not found:
        store.record_failure(email)
        raise SignInRefused("Wrong e-mail address or password.")
    store.forget_failures(email)
    return issue_ticket(store, found.account_id, browser)


def password_is_right(store: Store, email: str, password: str) -> bool:
    """Whether this is the password of the signed-in person's account, asked before it is changed."""
    found = store.credentials(email)
    return found is not None and _password_is_right(email, password, found.password_hash)


def _password_is_right(email: str, password: str, password_hash: str) -> bool:
    if not password or len(password.strip().encode()) > MAX_PASSWORD_BYTES:
        return False
    credentials = {"usernames": {email: {"email": email, "name": email, "password": password_hash}}}
    return bool(AuthenticationController(credentials, auto_hash=False).login(email, password))


def issue_ticket(store: Store, account_id: int, browser: str, *, keep: bool = False) -> str:
    """A one-time ticket, good for a minute and only in the browser with this mark.

    With `keep` the session it leads to outlives the closing of the browser.
    """
    ticket = secrets.token_urlsafe(32)
    store.add_ticket(account_id, _ticket_hash(ticket, browser), keep=keep)
    return ticket


def redeem(store: Store, ticket: str, browser: str) -> Admission | None:
    """Exchange a ticket for a session, or None when it is used, too old or another browser's."""
    token = secrets.token_urlsafe(32)
    session = store.redeem_ticket(_ticket_hash(ticket, browser), token_hash(token))
    return Admission(token, session.life) if session else None


def token_hash(token: str) -> str:
    """What the database holds instead of a session's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _ticket_hash(ticket: str, browser: str) -> str:
    # Another prefix than a session's: a ticket used as a cookie finds nothing.
    return hashlib.sha256(f"ticket {browser} {ticket}".encode()).hexdigest()
