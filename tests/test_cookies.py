"""Under TLS our cookies are the host's own, and none that a neighbour has set counts beside them."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.client import Client
from visionsprat.cookies import BROWSER_COOKIE, DEVICE_COOKIE, NEW, SESSION_COOKIE, HostCookies, counted

OLD, HOSTED = "a-token-of-before", f"{NEW}a-token"


def shown(request: Request) -> Response:
    return JSONResponse(request.cookies)


def given(request: Request) -> Response:
    response = Response()
    response.set_cookie(SESSION_COOKIE, HOSTED, httponly=True, samesite="lax", secure=True)
    response.set_cookie("another", "x")
    return response


def taken_back(request: Request) -> Response:
    response = Response()
    response.delete_cookie(SESSION_COOKIE)
    return response


def client(https: bool = True) -> Client:
    routes = [Route("/", shown), Route("/given", given), Route("/taken-back", taken_back)]
    return Client(Starlette(routes=routes, middleware=[Middleware(HostCookies, is_https=lambda _: https)]))


@pytest.mark.parametrize(
    ("sent", "counts"),
    [
        (f"__Host-{SESSION_COOKIE}={HOSTED}", f"{SESSION_COOKIE}={HOSTED}"),
        # a neighbour's, before and after ours
        (f"{SESSION_COOKIE}=x; __Host-{SESSION_COOKIE}={HOSTED}", f"{SESSION_COOKIE}={HOSTED}"),
        (f"__Host-{SESSION_COOKIE}={HOSTED}; {SESSION_COOKIE}=x", f"{SESSION_COOKIE}={HOSTED}"),
        # a neighbour's alone: a session that the neighbour has begun, to be written in by another
        (f"{SESSION_COOKIE}={HOSTED}", ""),
        (f'{SESSION_COOKIE}="{HOSTED}"', ""),
        # from before
        (f"{SESSION_COOKIE}={OLD}; a=b", f"{SESSION_COOKIE}={OLD}; a=b"),
        (f"{DEVICE_COOKIE}={OLD}", f"{DEVICE_COOKIE}={OLD}"),
        # the mark that binds a ticket could be anybody's
        (f"{BROWSER_COOKIE}=x", ""),
        (f"{BROWSER_COOKIE}=x; __Host-{BROWSER_COOKIE}=mine", f"{BROWSER_COOKIE}=mine"),
        ("a=b; __Host-other=c;d", "a=b; __Host-other=c; d="),
    ],
)
def test_only_what_no_other_host_can_set_counts(sent: str, counts: str) -> None:
    assert counted(sent) == counts


def test_within_the_cookies_have_their_plain_names() -> None:
    cookie = f"{SESSION_COOKIE}=x; __Host-{SESSION_COOKIE}={HOSTED}"
    assert client().get("/", headers={"Cookie": cookie}).json() == {SESSION_COOKIE: HOSTED}


def test_a_cookie_is_given_out_as_the_hosts_own_and_the_one_of_before_is_taken_back() -> None:
    answer = client().get("/given", headers={"Cookie": f"{SESSION_COOKIE}={OLD}"})
    mine, before, another = answer.headers.get_list("set-cookie")
    assert mine.startswith(f"__Host-{SESSION_COOKIE}={HOSTED};")
    assert "Secure" in mine and "Path=/" in mine and "domain" not in mine.lower()
    assert before.startswith(f"{SESSION_COOKIE}=;") and "Max-Age=0" in before
    assert another.startswith("another=")
    assert len(client().get("/given").headers.get_list("set-cookie")) == 2


def test_a_cookie_that_is_taken_back_is_secure_too() -> None:
    """Else the browser would keep it."""
    (cookie,) = client().get("/taken-back").headers.get_list("set-cookie")
    assert cookie.startswith(f"__Host-{SESSION_COOKIE}=") and "Max-Age=0" in cookie and "Secure" in cookie


def test_without_tls_the_names_stay_plain() -> None:
    plain = client(https=False)
    assert plain.get("/", headers={"Cookie": f"{SESSION_COOKIE}=x"}).json() == {SESSION_COOKIE: "x"}
    assert plain.get("/given").headers.get_list("set-cookie")[0].startswith(f"{SESSION_COOKIE}=")
