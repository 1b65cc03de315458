"""The second factor: a code from an app, or a recovery code, asked for after the right password.

Between the two steps the server keeps who is waiting; the browser gets nothing that could let it in.
Account and password are looked at again before a code is used up; only then there is a ticket. Recovery
codes have 118 bits and a quick hash, keyed by the factor's secret: one hash finds which of ten it is, where
59 bits would have asked for scrypt with 128 MiB for each try.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from pyotp import TOTP, random_base32
from pyotp.exceptions import OTPVerificationError

from visionsprat.domain.records import Browser, Credentials, Factor
from visionsprat.domain.tokens import RECOVERY_CODE, recovery_hash, tidied, token_hash
from visionsprat.errors import TooManyFailures, VisionspratError
from visionsprat.store import Store
from visionsprat.telemetry import log, metrics

#: How long after the password the code may come.
PATIENCE = timedelta(minutes=5)
#: A phone's clock may be as many steps of 30 s before or behind ours.
STEPS_APART = 1
_APP_CODE = re.compile(r"[0-9]{6}")

_log = logging.getLogger(log.OURS)
_UNKNOWN = Browser()


@dataclass(frozen=True)
class Waiting:
    """Somebody whose password was right, and whose code is still to come."""

    account_id: int
    email: str
    #: The hash that the password was checked against: it must still hold when the code comes.
    password_hash: str = field(repr=False)
    #: The mark of the browser that the password came from.
    browser: str = field(repr=False)
    keep: bool
    until: datetime


class CodeWanted(VisionspratError):
    """The password was right, and a code is asked for before anybody is let in."""

    def __init__(self, waiting: Waiting) -> None:
        super().__init__("The account has a second factor: a code is wanted.")
        self.waiting = waiting


class Outcome(Enum):
    """What came of a code that somebody waiting has given."""

    RIGHT = "right"
    WRONG = "wrong"
    #: It came too late, or something about the account has changed: the password is asked for anew.
    STALE = "stale"


def ask(store: Store, found: Credentials, email: str, browser: str, *, keep: bool = False) -> None:
    """Raise CodeWanted when the account whose password was right has a second factor."""
    if store.second_factor(found.account_id) is None:
        return
    _log.info("Password right, code asked for", extra={"account": found.account_id})
    until = store.clock() + PATIENCE
    raise CodeWanted(Waiting(found.account_id, email, found.password_hash, browser, keep, until))


def finish(store: Store, waiting: Waiting, code: str, browser: Browser) -> Outcome:
    """Check the code of somebody waiting, and use it up. Raises TooManyFailures."""
    if (
        store.clock() >= waiting.until
        or browser.mark != waiting.browser
        or not store.password_holds(waiting.account_id, waiting.password_hash)
        or store.second_factor(waiting.account_id) is None
    ):
        return Outcome.STALE
    if not is_right(store, waiting.account_id, waiting.email, code, browser):
        return Outcome.WRONG
    metrics.SIGN_INS.labels("ok").inc()
    _log.info("Signed in", extra={"account": waiting.account_id, "client": log.place(browser.client)})
    return Outcome.RIGHT


def is_right(store: Store, account_id: int, email: str, code: str, browser: Browser = _UNKNOWN) -> bool:
    """Whether this is a code of the account's that has not been used; from now on it has.

    Counted as a sign-in is, apart from passwords. Raises TooManyFailures.
    """
    about = {"account": account_id, "client": log.place(browser.client)}
    try:
        attempt = store.begin_attempt(email, browser.client, token_hash(browser.device), Factor.CODE)
    except TooManyFailures:
        metrics.SIGN_INS.labels("must_wait").inc()
        _log.info("Code has to wait", extra=about)
        raise
    if not _use(store, account_id, code):
        metrics.SIGN_INS.labels("refused").inc()
        _log.info("Code refused", extra=about)
        return False
    store.forget_failures(attempt)
    return True


def _use(store: Store, account_id: int, typed: str) -> bool:
    factor, code = store.second_factor(account_id), tidied(typed)
    if factor is None:
        return False
    if RECOVERY_CODE.fullmatch(code):
        used = store.use_recovery_code(account_id, recovery_hash(code, factor.secret))
        if used:
            _log.info("Recovery code used", extra={"account": account_id})
        return used
    step = step_of(factor.secret, code, store.clock())
    return step is not None and store.use_step(
        account_id, factor.secret, step, TOTP(factor.secret).timecode(store.clock())
    )


def new_secret() -> str:
    """160 random bits in base32, as RFC 4226 recommends."""
    return random_base32()


def step_of(secret: str, typed: str, now: datetime) -> int | None:
    """The number of the 30-second step whose code this is, of those that may come now; else None."""
    code = tidied(typed)
    if not _APP_CODE.fullmatch(code):
        return None
    try:
        return TOTP(secret).verify_and_get_timecode(code, for_time=now, valid_window=STEPS_APART)
    except OTPVerificationError:
        return None


def address_for_app(secret: str, email: str) -> str:
    """What an app reads out of a QR code: otpauth://totp/…"""
    return TOTP(secret).provisioning_uri(name=email, issuer_name="Visionsprat")
