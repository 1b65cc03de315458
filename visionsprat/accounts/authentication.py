"""Sign-in, passwords and who somebody is. The one module that knows streamlit-authenticator.

It is asked whether a password is right for a dict with the one account. Where there is no password to
compare with, a hash that nobody has the password to stands in: every refusal costs one bcrypt. What follows
from a right password is a ticket: the form is drawn by a script run, which can't set a cookie, so the
browser is sent to `/api/ticket` with it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from visionsprat.accounts import second_factor
from visionsprat.accounts.passwords import PREHASHED, normal, prehashed, require_good
from visionsprat.domain.email_addresses import one_form
from visionsprat.domain.records import Account, Attempt, Browser, Credentials, Replaced
from visionsprat.domain.tokens import new_token, ticket_hash, token_hash
from visionsprat.errors import Refused, TooManyFailures
from visionsprat.runtime.turns import Turns
from visionsprat.store import Store
from visionsprat.store.sessions import DEVICE_LIFE
from visionsprat.telemetry import log, metrics

# The authenticator touches Streamlit's session state when imported, which warns outside a script run.
logging.disable(logging.WARNING)
from streamlit_authenticator import Hasher  # noqa: E402
from streamlit_authenticator.controllers import AuthenticationController  # noqa: E402

logging.disable(logging.NOTSET)

# A hash, at the cost of all others, of random bytes that were thrown away: where there is no password to
# compare with, the answer takes the same time.
_NOBODY = "$2b$12$BIMb3bZ85Y1EanoAJxZWauB3/LtlFwGbQ21TWVr2885DDEu1aUhpW"
_log = logging.getLogger(log.OURS)
_EMAIL_COUNTED = 254  # the longest address there is; failures of longer ones are counted together
_MOST_BYTES = 72  # bcrypt's own limit, for hashes of passwords that were not prehashed
_turns = Turns()
_UNKNOWN, _NOTHING = Browser(), Replaced()


class SignInRefused(Refused):
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
    """A hash of a new password, which begins with PREHASHED.

    `known` are words that make it easy to guess: the person's own name and address. Raises Refused or
    TooBusy.
    """
    with _turns.one():
        return _hashed(require_good(password, known))


def _hashed(normalised: str) -> str:
    return PREHASHED + str(Hasher.hash(prehashed(normalised)))


def sign_in(store: Store, email: str, password: str, browser: Browser, *, keep: bool = False) -> str:
    """Check the credentials and return a ticket for the route that sets the session's cookie.

    Raises SignInRefused, TooManyFailures or TooBusy, or CodeWanted instead of a ticket. Must be
    called in a script run (the authenticator's controller keeps notes in its session state).
    """
    found = check(store, email, password, browser)
    second_factor.ask(store, found, one_form(email), browser.mark, keep=keep)
    ticket = issue_ticket(store, found.account_id, browser.mark, keep=keep, checked=found.password_hash)
    metrics.SIGN_INS.labels("ok").inc()
    _log.info("Signed in", extra={"account": found.account_id, "client": log.place(browser.client)})
    return ticket


def check(store: Store, email: str, password: str, browser: Browser = _UNKNOWN) -> Credentials:
    """What the account's credentials are, if the password is right; the same work is done for any address.

    For a sign-in, and before a signed-in person changes what only they may: an unlocked computer is no
    place to guess at. Whatever follows from the answer has to ask whether the hash is still the one that
    was checked. Raises SignInRefused, TooManyFailures or TooBusy.
    """
    given, email = email.strip().lower(), one_form(email)
    # First the turn: a sign-in that waits for one has not failed, whatever comes of it.
    with _turns.one():
        attempt = _begin_attempt(store, email, browser)
        address, found = _account(store, given, email)
        is_right = _password_is_right(password, found.password_hash if found else _NOBODY)
        if is_right and found:
            store.forget_failures(attempt)
            found = _renewed(store, found, address, password)
            if found:
                return found
    metrics.SIGN_INS.labels("refused").inc()
    who = {"account": found.account_id} if found else {"address": log.pseudonym(email)}
    _log.info("Password refused", extra={**who, "client": log.place(browser.client)})
    raise SignInRefused("Wrong e-mail address or password.")


def _account(store: Store, given: str, email: str) -> tuple[str, Credentials | None]:
    """Whose account is meant: older versions made two of one address written in two ways."""
    if given != email and (found := store.credentials(given)):
        return given, found
    return email, store.credentials(email)


def unlock_texts(store: Store, account: Account, old_password: str, browser: Browser = _UNKNOWN) -> bool:
    """Unlock what was written before a link was used, if this was the account's password then.

    It is the password again, and everybody is signed out. Counted as a sign-in is. Raises TooManyFailures
    or TooBusy.
    """
    with _turns.one():
        attempt = _begin_attempt(store, account.email, browser)
        hashes = store.old_passwords(account.id).items()
        found = next((id for id, each in hashes if _password_is_right(old_password, each)), None)
    if found is None:
        _log.info("Old password refused", extra={"account": account.id, "client": log.place(browser.client)})
        return False
    store.forget_failures(attempt)
    return store.unlock_texts(account.id, found)


def _begin_attempt(store: Store, email: str, browser: Browser) -> Attempt:
    try:
        return store.begin_attempt(email[:_EMAIL_COUNTED], browser.client, token_hash(browser.device))
    except TooManyFailures:
        metrics.SIGN_INS.labels("must_wait").inc()
        told = {"address": log.pseudonym(email), "client": log.place(browser.client)}
        _log.info("Sign-in has to wait", extra=told)
        raise


def _password_is_right(password: str, stored: str) -> bool:
    """Whether the password has this hash: one bcrypt, whatever the password is."""
    normalised = normal(password)
    if stored.startswith(PREHASHED):
        given, password_hash = normalised and prehashed(normalised), stored.removeprefix(PREHASHED)
    else:
        given, password_hash = password.strip(), stored
    if not given or len(given.encode()) > _MOST_BYTES or "\0" in given:
        given, password_hash = "too long, or nothing", _NOBODY
    # Nobody's name: the authenticator's notes in the session state are not used.
    credentials = {"usernames": {"somebody": {"email": "", "name": "", "password": password_hash}}}
    return bool(AuthenticationController(credentials, auto_hash=False).login("somebody", given))


def _renewed(store: Store, found: Credentials, email: str, password: str) -> Credentials | None:
    """The credentials with a hash of today's form, made when somebody with an older one signs in.

    Older ones were of the password without white space at its ends: typed with any, it stays as it was, as
    the next time it may be typed without. None when the password has changed meanwhile.
    """
    normalised = normal(password)
    if found.password_hash.startswith(PREHASHED) or normalised is None or password != password.strip():
        return found
    renewed = Credentials(found.account_id, _hashed(normalised))
    if store.renew_hash(found, renewed.password_hash):
        return renewed
    # Somebody else's new password, or the same one, renewed by a second click on the button.
    again = store.credentials(email)
    return again if again and _password_is_right(password, again.password_hash) else None


def issue_ticket(
    store: Store, account_id: int, browser: str, *, keep: bool = False, checked: str | None = None
) -> str:
    """A one-time ticket, good for a minute and only in the browser with this mark.

    With `keep` the session it leads to outlives the closing of the browser. `checked` is the hash that the
    password was held against: raises SignInRefused when that is no longer the account's, or the account
    is not active.
    """
    ticket = new_token()
    if not store.add_ticket(account_id, ticket_hash(ticket, browser), keep=keep, checked=checked):
        raise SignInRefused("The password has been changed meanwhile, or the account closed.")
    return ticket


def redeem(
    store: Store, ticket: str, browser: str, replaced: Replaced = _NOTHING, *, kind: str = ""
) -> Admission | None:
    """Exchange a ticket for a session, or None when it is used, too old or another browser's.

    `kind` says what the browser runs on, and what it has had until now is `replaced`.
    """
    token, new_device = new_token(), new_token()
    session = store.redeem_ticket(
        ticket_hash(ticket, browser),
        token_hash(token),
        token_hash(new_device),
        kind=kind,
        replaced=Replaced(token_hash(replaced.device), token_hash(replaced.session)),
    )
    return Admission(token, session.life, new_device) if session else None
