"""Account lockout: failed sign-ins, and how long the next try has to wait.

A sign-in counts as failed before its password is looked at, in one IMMEDIATE transaction, and the failures
are forgotten when it succeeds: parallel guesses are no more than those one after another. While one waits
no bcrypt runs, for anybody. They are counted by e-mail address, whether or not it has an account, and by
client address; a client's are a sliding window, not a growing wait, as a whole office may share one.

A browser that has signed in to the account before has a count of its own (OWASP's device cookies):
strangers' guesses don't lock the rightful person out. Its token changes at each sign-in and is kept, as its
SHA-256, for the account's newest browsers; it opens nothing by itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlite_utils import Database

from visionsprat.domain.records import Attempt, Factor
from visionsprat.errors import TooManyFailures
from visionsprat.store.base import Connections
from visionsprat.store.sessions import DEVICE_LIFE
from visionsprat.store.times import iso, moment

FAILURES_REMEMBERED = timedelta(minutes=15)
#: From this failure on one has to wait, twice as long after each further one.
FAILURES_BEFORE_WAIT = 5
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
#: Failures so far ahead are from before the clock was set back, and would make wait until it is there again.
CLOCK_SET_BACK = timedelta(minutes=1)
#: A whole office may share one client address.
FAILURES_OF_CLIENT = 50


class Attempts(Connections):
    def begin_attempt(
        self, email: str, client: str = "", device: str = "", factor: Factor = Factor.PASSWORD
    ) -> Attempt:
        """Count a sign-in as failed before its password is looked at, so that none slips by in parallel.

        `client` is where it comes from (empty: not counted), `device` the hash of its browser's token. Codes
        are counted apart: the right password must not forget those that were wrong. Raises TooManyFailures.
        """
        now = self.clock()
        since = iso(now - FAILURES_REMEMBERED)
        with self._write() as db:
            db.execute(
                "DELETE FROM sign_in_failures WHERE at <= ?1 AND until <= ?1 OR at > ?2",
                [since, iso(now + CLOCK_SET_BACK)],
            )
            if _is_known(db, email, device, iso(now - DEVICE_LIFE)):
                client = ""
            else:
                device = ""
            failures = [
                (moment(at), moment(until))
                for at, until in db.execute(
                    "SELECT at, until FROM sign_in_failures WHERE email = ? AND device = ? AND factor = ?"
                    " ORDER BY at DESC, until DESC",
                    [email, device, factor.value],
                )
            ]
            waits = [*(until for _, until in failures[:1]), *_client_waits(db, client, since)]
            if waits and max(waits) > now:
                raise TooManyFailures(max(waits))
            db.execute(
                "INSERT INTO sign_in_failures (email, at, client, device, until, factor)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [email, iso(now), client, device, iso(now + _wait(failures, now)), factor.value],
            )
        return Attempt(email, device, factor)

    def forget_failures(self, attempt: Attempt) -> None:
        """The attempt has succeeded: it and those that failed before it are forgotten."""
        with self._write() as db:
            db.execute(
                "DELETE FROM sign_in_failures WHERE email = ? AND device = ? AND factor = ?",
                [attempt.email, attempt.device, attempt.factor.value],
            )


def _is_known(db: Database, email: str, device: str, since: str) -> bool:
    """Whether somebody has signed in to this address's account with this browser."""
    found = db.execute(
        "SELECT 1 FROM devices d JOIN accounts a ON a.id = d.account_id"
        " WHERE d.token_hash = ? AND a.email = ? AND d.signed_in_at > ?",
        [device, email, since],
    )
    return found.fetchone() is not None


def _client_waits(db: Database, client: str, since: str) -> list[datetime]:
    """When a client with too many failures may try again: as soon as the first of them is forgotten."""
    if not client:
        return []
    rows = db.execute(
        "SELECT at FROM sign_in_failures WHERE client = ? AND at > ? ORDER BY at DESC LIMIT 1 OFFSET ?",
        [client, since, FAILURES_OF_CLIENT - 1],
    )
    return [moment(at) + FAILURES_REMEMBERED for (at,) in rows]


def _wait(failures: list[tuple[datetime, datetime]], now: datetime) -> timedelta:
    """How long one more failure makes wait. `failures`, the newest first, tell when and until when."""
    if failures:
        at, until = failures[0]
        if until > at and now - until < FAILURES_REMEMBERED:
            return min(2 * (until - at), LONGEST_WAIT)
    recent = sum(now - at < FAILURES_REMEMBERED for at, _ in failures)
    return FIRST_WAIT if recent + 1 >= FAILURES_BEFORE_WAIT else timedelta(0)
