"""The ASGI side: the routes that are not script runs. docs/api.md has their contract.

A save's session is looked up before its text is taken in, in memory for all but its first: 1,000 half-sent
ones held 1.4 GB. A refused small body is let by, or browsers would hear of a broken connection and not that
they are signed out.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import time
import zlib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import msgspec
import prometheus_client
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from visionsprat.accounts import authentication
from visionsprat.domain.records import Account, Conflict, Draft, Reflection, Replaced
from visionsprat.domain.tokens import token_hash
from visionsprat.errors import SignedOut, StoreUnavailable
from visionsprat.installation import Installation, open_installation
from visionsprat.runtime.rate_limits import Rate
from visionsprat.telemetry import log, metrics
from visionsprat.web import security, session_owners
from visionsprat.web.answers import (
    ANSWERED,
    NOT_STORABLE,
    SIGNED_OUT,
    TOO_LONG,
    Answer,
    TooOften,
    answer,
    author_id,
    of_page,
)
from visionsprat.web.cookies import BROWSER_COOKIE, DEVICE_COOKIE, SESSION_COOKIE, session_token
from visionsprat.web.security import is_https
from visionsprat.web.user_agent import device_kind

#: Which life of the database answers: see store/epochs.py.
EPOCH_HEADER = "x-visionsprat-epoch"
#: Room for a text of the greatest length and the editor's four unanswered ones, however they are written:
#: decomposed, or with all but ASCII escaped.
MAX_BODY_BYTES = 1_300_000
#: Of a request that is refused before it is read: more than most saves have. It is not kept.
MOST_LET_BY = 100_000
#: So many earlier versions come with one answer, the longest of them a megabyte and a half.
VERSIONS_AT_A_TIME = 20

#: The accounts of sessions that have saved something, by the hashes of their tokens.
_seen: dict[str, int] = {}
_MOST_SEEN = 20_000

#: Outcomes of saves that are told in the log, if seldom.
_REFUSED = {"signed_out", "no_such_question", "too_long", "malformed", "full", "too_often"}

_log = logging.getLogger(log.OURS)


@dataclass(frozen=True)
class Sender:
    """Who sends it: by their session, and by the page it was written on."""

    token_hash: str
    author_id: int | None
    device_kind: str


#: Stops at what is none of ours, and makes nothing of it: 1.3 MB of "{}," would be 30 MB of dictionaries.
_decoder = msgspec.json.Decoder(Draft)


async def save_reflection(request: Request) -> Response:
    """POST /api/reflections: keep what somebody writes. docs/api.md has the statuses."""
    begun, status = time.perf_counter(), 500
    try:
        response = await _answer_to_save(request)
        status = response.status_code
        return response
    except asyncio.CancelledError:  # the server stops
        status = security.GONE
        raise
    finally:
        _note_save(metrics.SAVE_OUTCOMES[status], time.perf_counter() - begun, request)


def _note_save(outcome: str, seconds: float, request: Request) -> None:
    _saves(outcome).inc()
    metrics.SAVE_SECONDS.observe(seconds)
    ms = round(seconds * 1000, 1)
    if outcome in _REFUSED:
        log.refusal("Save", outcome=outcome, ms=ms, client=log.place(_client(request)))
        return
    # Each of 10,000 people saves every other second while they write: all of it is for a search for a fault.
    level = logging.INFO if outcome == "conflict" else logging.DEBUG
    _log.log(level, "Save", extra={"outcome": outcome, "ms": ms})


@cache  # a label is looked up by its words
def _saves(outcome: str) -> prometheus_client.Counter:
    return metrics.SAVES.labels(outcome)


async def _answer_to_save(request: Request) -> Response:
    """Nothing of a body is kept before it is known whose it is, and of one account's only so many."""
    installation, about = open_installation(), dict[str, Any]()
    try:
        token_hash = _token_hash(request)
        account_id = _seen.get(token_hash)
        if account_id is None:
            account_id = await run_in_threadpool(_recognise, installation, token_hash, _client(request))
        log.about(account=account_id)
        with installation.limits.receiving.one(account_id) as has_room:
            if wait := installation.limits.saves.wait(account_id) if has_room else 1.0:
                raise TooOften(wait)
            body = await _body(request)
    except ANSWERED as error:
        return await _without_the_body(request, answer(request, error))
    except ClientDisconnect:
        return Response(status_code=security.GONE)
    try:
        sender = Sender(token_hash, author_id(request), device_kind(request.headers))
        saved = await run_in_threadpool(_save, installation, sender, body, about)
    except ANSWERED as error:
        return answer(request, error, **about)
    said = {**_described(saved), **about, **of_page(request), "epoch": installation.store.epoch}
    return JSONResponse(said)


def _save(installation: Installation, sender: Sender, body: bytes, about: dict[str, Any]) -> Reflection:
    """Raises one of ANSWERED unless the text is stored.

    What an answer says of the question, by which an editor knows it, comes into `about`.
    """
    if len(body) > MAX_BODY_BYTES:
        raise Answer(413, TOO_LONG)
    draft = _draft(body)
    about["crc32"] = _checksum(draft.text)
    _known_question(installation, draft.question)
    about["question"] = draft.question  # nothing else that somebody sends is said again
    log.about(question=draft.question)
    return _saved(installation, sender, draft)


def _checksum(text: str) -> int:
    """By which an editor knows that an answer is about its text: others may answer in our place.

    Of the text as it came, in UTF-16: that is how a browser has it.
    """
    return zlib.crc32(text.encode("utf-16-le"))


def _saved(installation: Installation, sender: Sender, draft: Draft) -> Reflection:
    try:
        saved = installation.store.save_in_session(
            sender.token_hash, sender.author_id, draft, device_kind=sender.device_kind
        )
    except SignedOut:
        _seen.pop(sender.token_hash, None)
        raise
    if isinstance(saved, Conflict):
        fate = {"erased": True} if saved.erased else {} if saved.is_kept else {"kept": False}
        raise Answer(
            409,
            "Det finns en nyare text.",
            **_described(saved.current),
            epoch=installation.store.epoch,
            text=saved.current.text,
            **fate,
        )
    return saved


def _recognise(installation: Installation, token_hash: str, client: str) -> int:
    """Whose live session it is. Raises Answer when it is nobody's, and TooOften when such come too often.

    A session is looked up before its first save only, and without making those who write wait: strangers
    get no further. Saving itself looks it up each time.
    """
    account = installation.store.account_of_session(token_hash)
    if account is None:
        wait = installation.limits.strangers.wait(client)
        raise TooOften(wait) if wait else Answer(401, SIGNED_OUT)
    if len(_seen) >= _MOST_SEEN:
        _seen.clear()
    _seen[token_hash] = account.id
    return account.id


def _client(request: Request) -> str:
    """Where a request comes from, as far as can be said."""
    return security.client_of_request(request.headers, request.client.host if request.client else None)


def versions(request: Request) -> Response:
    """GET /api/reflections/versions?question=&before=: the person's earlier texts there, the newest first.

    So many at a time, of revisions before the given one. With the kind of device that asks, so that a
    version from another can say so.
    """
    installation, question = open_installation(), request.query_params.get("question", "")
    _known_question(installation, question)
    account = _author(request)
    _require_pace(installation.limits.looks, account.id)
    before = _revision(request.query_params.get("before"))
    earlier = installation.store.earlier_texts(account.id, question, before, VERSIONS_AT_A_TIME + 1)
    full = installation.store.is_nearly_full(account.id, question)
    found = [{"text": each.text, **_described(each)} for each in earlier[:VERSIONS_AT_A_TIME]]
    asking = {"device_kind": device_kind(request.headers), **({"nearly_full": True} if full else {})}
    asking |= {"more": True} if len(earlier) > VERSIONS_AT_A_TIME else {}
    return JSONResponse({"versions": found, **asking}, headers={"Cache-Control": "no-store"})


def _revision(text: str | None) -> int:
    """The revision that a page of versions ends before; beyond any when none is named, or what is none."""
    named = text is not None and len(text) < 19 and text.isascii() and text.isdigit()
    return int(text) if named and text else 2**63 - 1


def erase_versions(request: Request) -> Response:
    """DELETE /api/reflections/versions?question=: take the person's earlier texts there away for good."""
    installation, question = open_installation(), request.query_params.get("question", "")
    _known_question(installation, question)
    account = _author(request)
    _require_pace(installation.limits.changes, account.id)
    installation.store.erase_earlier_texts(account.id, question)
    return Response(status_code=204)


def _require_pace(rate: Rate, account_id: int) -> None:
    """Raises TooOften."""
    if wait := rate.wait(account_id):
        log.refusal("Refused", outcome="too_often", account=account_id)
        raise TooOften(wait)


def _author(request: Request) -> Account:
    """Whose live session it is, if that is who wrote on the page. Raises Answer, StoreUnavailable."""
    author, account = author_id(request), session_owners.account(request)
    if account is None or author not in {None, account.id}:
        raise Answer(401, SIGNED_OUT)
    return account


def _described(reflection: Reflection) -> dict[str, Any]:
    return {
        "revision": reflection.revision,
        "saved_at": reflection.saved_at.isoformat(timespec="seconds"),
        "device_kind": reflection.device_kind,
        **({"nearly_full": True} if reflection.nearly_full else {}),
        **({"deleted": reflection.deleted} if reflection.deleted else {}),
    }


def _draft(body: bytes) -> Draft:
    """What a body says. Raises Answer."""
    try:
        return _decoder.decode(body)
    except msgspec.DecodeError as error:
        is_half = "surrogate" in str(error)
    except (UnicodeDecodeError, RecursionError):
        is_half = False
    raise Answer(422, NOT_STORABLE if is_half else "Begäran gick inte att förstå.")


def _known_question(installation: Installation, question_id: str) -> None:
    try:
        installation.module.question(question_id)
    except KeyError:
        raise Answer(404, "Frågan finns inte.") from None


async def _body(request: Request) -> bytes:
    """The body, or enough of it to see that it is too long."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            break
    return bytes(body)


async def _without_the_body(request: Request, response: Response) -> Response:
    """The answer to a request that is refused unread.

    What is left of a small body is let by, as a browser may hear nothing before it has sent it; a larger one
    ends with its connection.
    """
    length, passed = request.headers.get("content-length", "0"), 0
    if len(length) < 19 and int(length) <= MOST_LET_BY:
        try:
            async for chunk in request.stream():
                passed += len(chunk)
                if passed > MOST_LET_BY:
                    break
            else:
                return response
        except ClientDisconnect:
            return Response(status_code=security.GONE)
    response.headers["Connection"] = "close"
    return response


def draft_key(request: Request) -> Response:
    """POST /api/drafts/key: by what the person's browser encrypts what is not saved yet, in base64.

    For a live session alone, and none whose earlier texts are locked (403). A POST, which no other site's
    page may send.
    """
    key = open_installation().store.draft_key(_token_hash(request), author_id(request))
    if key is None:
        raise Answer(401, SIGNED_OUT)
    # With what tells it from another's answer, and a restored database from the one before.
    told = {**of_page(request), "epoch": open_installation().store.epoch}
    return JSONResponse(
        {"key": base64.b64encode(key).decode(), **told}, headers={"Cache-Control": "no-store"}
    )


async def sign_out(request: Request) -> Response:
    """POST /api/sign-out: end the session on the server and take the cookie back.

    A page of somebody else's, who was signed in before, ends nothing: 409.
    """
    await run_in_threadpool(_require_own_session, request)
    account = await run_in_threadpool(open_installation().store.end_session, _token_hash(request))
    if account is not None:
        _log.info("Signed out", extra={"account": account})
    response = JSONResponse({"message": SIGNED_OUT, "signed_out": True})
    response.delete_cookie(SESSION_COOKIE)
    return response


def _require_own_session(request: Request) -> None:
    """Raises Answer 409 when a page says whose it is, and the browser's session is another person's."""
    author = author_id(request)
    account = session_owners.account(request) if author is not None else None
    if account is not None and account.id != author:
        raise Answer(409, "Någon annan är inloggad här nu.")


def _token_hash(request: Request) -> str:
    return token_hash(session_token(request.cookies))


def session(request: Request) -> Response:
    """GET /api/session: 204 when the browser's session is alive, else 401; 409 when it is another person's.

    A page says whose it is, and is not told who is signed in: that is no affair of the one before.
    With a live session it is told the database's epoch.
    """
    if session_owners.account(request) is None:
        raise Answer(401, SIGNED_OUT)
    _require_own_session(request)
    return Response(status_code=204, headers={EPOCH_HEADER: open_installation().store.epoch})


async def redeem_ticket(request: Request) -> Response:
    """GET /api/ticket: set the cookie for a ticket that a script run has handed out, and go on."""
    if not _is_opened(request):
        raise Answer(405, "Adressen går bara att öppna i webbläsaren.")
    response = RedirectResponse(_own_path(request.query_params.get("to", "/")), 303)
    if not request.cookies.get(BROWSER_COOKIE):
        return response
    try:
        admitted = await run_in_threadpool(_redeem, request)
    except StoreUnavailable:
        admitted = None
    if admitted is not None:
        # Unless asked to stay, the cookie goes when the browser is closed: computers are shared.
        _set_cookie(request, response, SESSION_COOKIE, admitted.token, admitted.life)
        _set_cookie(request, response, DEVICE_COOKIE, admitted.device, admitted.device_life)
    return response


def _is_opened(request: Request) -> bool:
    """Whether a browser goes to the address: one that looks ahead, or for a picture, uses nothing up."""
    ahead = (request.headers.get("sec-purpose") or request.headers.get("purpose") or "").startswith("pre")
    return request.method == "GET" and not ahead and request.headers.get("sec-fetch-mode") in _NAVIGATES


#: A browser that doesn't say how it fetches is let through.
_NAVIGATES = {None, "navigate"}


def _redeem(request: Request) -> authentication.Admission | None:
    return authentication.redeem(
        open_installation().store,
        request.query_params.get("ticket", ""),
        request.cookies[BROWSER_COOKIE],
        Replaced(request.cookies.get(DEVICE_COOKIE, ""), session_token(request.cookies)),
        kind=device_kind(request.headers),
    )


def _set_cookie(request: Request, response: Response, name: str, token: str, life: timedelta | None) -> None:
    age = int(life.total_seconds()) if life else None
    response.set_cookie(name, token, max_age=age, httponly=True, samesite="lax", secure=is_https(request))


def _own_path(path: str) -> str:
    """The path if it stays on this site, else the start page."""
    safe = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if safe else "/"


def routes() -> list[BaseRoute]:
    return [
        Route("/api/reflections", save_reflection, methods=["POST"]),
        Route("/api/reflections/versions", versions, methods=["GET"]),
        Route("/api/drafts/key", draft_key, methods=["POST"]),
        Route("/api/reflections/versions", erase_versions, methods=["DELETE"]),
        Route("/api/session", session, methods=["GET"]),
        Route("/api/sign-out", sign_out, methods=["POST"]),
        Route("/api/ticket", redeem_ticket, methods=["GET"]),
    ]
