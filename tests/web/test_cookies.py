"""Under TLS our cookies are the host's own, and none that a neighbour has set counts beside them."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.client import Client
from visionsprat.domain.tokens import TOKEN_MARK
from visionsprat.web.cookies import (
    BROWSER_COOKIE,
    DEVICE_COOKIE,
    SESSION_COOKIE,
    HostCookies,
    Outside,
    counted,
)

OLD, HOSTED = "a-token-of-before", f"{TOKEN_MARK}a-token"


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


def client(https: bool = True, port: int | None = None) -> Client:
    routes = [Route("/", shown), Route("/given", given), Route("/taken-back", taken_back)]
    names = Middleware(HostCookies, is_https=lambda _: https, port=lambda _: port)
    return Client(Starlette(routes=routes, middleware=[names]))


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


# Two servers on one host


@pytest.mark.parametrize("https", [False, True])
def test_a_server_at_another_port_has_names_of_its_own(https: bool) -> None:
    rehearsal, prefix = client(https, port=8502), "__Host-" if https else ""
    (given_out, another) = rehearsal.get("/given").headers.get_list("set-cookie")
    assert given_out.startswith(f"{prefix}{SESSION_COOKIE}_8502={HOSTED};")
    assert another.startswith("another=")
    mine, theirs = f"{prefix}{SESSION_COOKIE}_8502=mine", f"{prefix}{SESSION_COOKIE}=theirs"
    for cookie in (f"{mine}; {theirs}", f"{theirs}; {mine}; {prefix}{SESSION_COOKIE}_8503=x"):
        assert rehearsal.get("/", headers={"Cookie": cookie}).json()[SESSION_COOKIE] == "mine"
        assert client(https).get("/", headers={"Cookie": cookie}).json()[SESSION_COOKIE] == "theirs"


@pytest.mark.parametrize("https", [False, True])
def test_it_takes_back_its_own_alone(https: bool) -> None:
    cookies = "; ".join(f"{prefix}{SESSION_COOKIE}=theirs" for prefix in ("", "__Host-"))
    answer = client(https, port=8502).get("/taken-back", headers={"Cookie": cookies})
    (taken,) = answer.headers.get_list("set-cookie")
    assert taken.startswith(f"{'__Host-' if https else ''}{SESSION_COOKIE}_8502=") and "Max-Age=0" in taken


@pytest.mark.parametrize(
    ("sent", "counts"),
    [
        (f"{SESSION_COOKIE}={OLD}", f"{SESSION_COOKIE}={OLD}"),
        (f"{BROWSER_COOKIE}={OLD}; a=b", f"{BROWSER_COOKIE}={OLD}; a=b"),
        (f"{SESSION_COOKIE}_8503=x", f"{SESSION_COOKIE}_8503=x"),
        (f"{SESSION_COOKIE}_8502=a; {DEVICE_COOKIE}=b", f"{SESSION_COOKIE}=a; {DEVICE_COOKIE}=b"),
    ],
)
def test_what_was_handed_out_before_the_ports_were_told_apart_counts(sent: str, counts: str) -> None:
    assert counted(sent, Outside(https=False, port=8502)) == counts
