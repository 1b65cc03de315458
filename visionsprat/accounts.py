"""Sign-in, passwords and who somebody is. The one module that knows streamlit-authenticator."""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta

from zxcvbn import zxcvbn

from visionsprat import log, metrics, second_factor
from visionsprat.errors import TooManyFailures, VisionspratError
from visionsprat.fields import MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARACTERS, Fault, Refused
from visionsprat.records import Credentials
from visionsprat.store import Store
from visionsprat.store.sessions import DEVICE_LIFE

# The authenticator touches Streamlit's session state when imported, which warns outside a script run.
logging.disable(logging.WARNING)
from streamlit_authenticator import Hasher  # noqa: E402
from streamlit_authenticator.controllers import AuthenticationController  # noqa: E402

logging.disable(logging.NOTSET)

#: zxcvbn's scale is 0-4; 0 and 1 are the common ones: under a million guesses, more or less.
MIN_PASSWORD_SCORE = 2

# A hash, at the cost of all others, of random bytes that were thrown away: where there is no password to
# compare with, the answer takes the same time.
_NOBODY = "$2b$12$BIMb3bZ85Y1EanoAJxZWauB3/LtlFwGbQ21TWVr2885DDEu1aUhpW"
_log = logging.getLogger(log.OURS)
_EMAIL_COUNTED = 254  # the longest address there is; failures of longer ones are counted together


class SignInRefused(VisionspratError):
    """Wrong password or unknown address: the same for both."""


@dataclass(frozen=True)
class Admission:
    """A session that has begun, with what the browser keeps as cookies."""

    token: str
    #: How long the token's cookie lives; None: see Session.
    life: timedelta | None
    #: By which the browser is known when its person signs in again.
    device: str
    device_life: timedelta = DEVICE_LIFE


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


def sign_in(
    store: Store,
    email: str,
    password: str,
    browser: str,
    *,
    device: str = "",
    client: str = "",
    keep: bool = False,
) -> str:
    """Check the credentials and return a ticket for the route that sets the session's cookie.

    `device` is the token by which an Admission has made the browser known, `client` the address it
    comes from. Raises SignInRefused, TooManyFailures, or CodeWanted instead of a ticket. Must be called in a
    script run (the authenticator's controller keeps notes in its session state).
    """
    found = _checked(store, email.strip().lower(), password, device, client)
    if found is None:
        raise SignInRefused("Wrong e-mail address or password.")
    second_factor.ask(store, found, email.strip().lower(), browser, keep=keep)
    metrics.SIGN_INS.labels("ok").inc()
    _log.info("Signed in", extra={"account": found.account_id})
    return issue_ticket(store, found.account_id, browser, keep=keep)


def password_is_right(store: Store, email: str, password: str, *, device: str = "", client: str = "") -> bool:
    """Whether this is the password of the signed-in person's account, asked before it is changed.

    Counted as a sign-in is: an unlocked computer is no place to guess at. Raises TooManyFailures.
    """
    return _checked(store, email, password, device, client) is not None


def _checked(store: Store, email: str, password: str, device: str, client: str) -> Credentials | None:
    """The account's credentials if the password is right; the same work is done for any address."""
    stranger = {"address": log.pseudonym(email)}
    try:
        attempt = store.begin_attempt(email[:_EMAIL_COUNTED], client, token_hash(device))
    except TooManyFailures:
        metrics.SIGN_INS.labels("must_wait").inc()
        _log.info("Sign-in has to wait", extra=stranger)
        raise
    found = store.credentials(email)
    if not _password_is_right(password, found.password_hash if found else _NOBODY) or not found:
        metrics.SIGN_INS.labels("refused").inc()
        _log.info("Password refused", extra={"account": found.account_id} if found else stranger)
        return None
    store.forget_failures(attempt)
    return found


def _password_is_right(password: str, password_hash: str) -> bool:
    """Whether the password has this hash: one bcrypt, whatever the password is."""
    password = password.strip()
    if not 0 < len(password.encode()) <= MAX_PASSWORD_BYTES:
        password, password_hash = "too long for bcrypt, or nothing", _NOBODY
    # Nobody's name: the authenticator's notes in the session state are not used.
    credentials = {"usernames": {"somebody": {"email": "", "name": "", "password": password_hash}}}
    return bool(AuthenticationController(credentials, auto_hash=False).login("somebody", password))


def issue_ticket(store: Store, account_id: int, browser: str, *, keep: bool = False) -> str:
    """A one-time ticket, good for a minute and only in the browser with this mark.

    With `keep` the session it leads to outlives the closing of the browser.
    """
    ticket = secrets.token_urlsafe(32)
    store.add_ticket(account_id, _ticket_hash(ticket, browser), keep=keep)
    return ticket


def redeem(store: Store, ticket: str, browser: str, device: str = "") -> Admission | None:
    """Exchange a ticket for a session, or None when it is used, too old or another browser's.

    `device` is the token by which the browser was known until now.
    """
    token, new_device = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    session = store.redeem_ticket(
        _ticket_hash(ticket, browser), token_hash(token), token_hash(new_device), token_hash(device)
    )
    return Admission(token, session.life, new_device) if session else None


def token_hash(token: str) -> str:
    """What the database holds instead of a session's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _ticket_hash(ticket: str, browser: str) -> str:
    # Another prefix than a session's: a ticket used as a cookie finds nothing.
    return hashlib.sha256(f"ticket {browser} {ticket}".encode()).hexdigest()
