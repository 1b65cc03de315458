"""Whose a route is, declared above it and asked for at each request.

Somebody without the right gets what a made-up address gives.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from starlette.requests import Request
from starlette.responses import Response

from visionsprat.domain.records import Account
from visionsprat.domain.rights import Right, administrators, everybody, managers
from visionsprat.errors import NotAllowed
from visionsprat.installation import open_installation
from visionsprat.runtime.rate_limits import Limits, Rate
from visionsprat.telemetry import log
from visionsprat.web import session_owners
from visionsprat.web.answers import TooOften
from visionsprat.web.security import client_of_request

_TOO_OFTEN = "Du har laddat ner många filer på kort tid. Vänta en stund och försök igen."

Endpoint = Callable[[Request], Response]
#: What answers a request of this account's.
AccountEndpoint = Callable[[Request, Account], Response]


def for_everybody(endpoint: AccountEndpoint) -> Endpoint:
    """For whoever is signed in."""
    return _for(everybody, endpoint)


def for_managers(endpoint: AccountEndpoint) -> Endpoint:
    return _for(managers, endpoint)


def for_administrators(endpoint: AccountEndpoint) -> Endpoint:
    return _for(administrators, endpoint)


def at_the_rate_of(rate: Callable[[Limits], Rate]) -> Callable[[AccountEndpoint], AccountEndpoint]:
    """For nobody more often than that. Goes below the right."""

    def limited(endpoint: AccountEndpoint) -> AccountEndpoint:
        @wraps(endpoint)
        def asked(request: Request, account: Account) -> Response:
            if wait := rate(open_installation().limits).wait(account.id):
                _note("too_often", request, account)
                raise TooOften(wait, _TOO_OFTEN)
            return endpoint(request, account)

        return asked

    return limited


def _for(right: Right, endpoint: AccountEndpoint) -> Endpoint:
    @wraps(endpoint)
    def asked(request: Request) -> Response:
        account = session_owners.account(request)
        if account is None or not right(account):
            _note("right", request, account)
            raise NotAllowed("There is no such file for whoever asks.")
        return endpoint(request, account)

    return asked


def _note(outcome: str, request: Request, account: Account | None) -> None:
    client = client_of_request(request.headers, request.client.host if request.client else None)
    log.refusal(
        "Refused",
        outcome=outcome,
        account=account.id if account else None,
        client=log.place(client),
        file=request.url.path.rpartition("/")[2],
    )
