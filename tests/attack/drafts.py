"""The key of drafts: asked for by everybody who is not its person's live session, and never given."""

from __future__ import annotations

import asyncio
import secrets

import httpx

from tests.attack.target import Target
from tests.support.measured_server import Learner
from visionsprat.accounts import authentication
from visionsprat.domain.records import Draft
from visionsprat.domain.tokens import token_hash
from visionsprat.store import Store
from visionsprat.web.answers import ACCOUNT_HEADER
from visionsprat.web.cookies import SESSION_COOKIE

ROUTE = "/api/drafts/key"
MADE_UP = {False: 50, True: 2_000}


async def attack(target: Target, hard: bool) -> None:
    async with httpx.AsyncClient(base_url=target.url, timeout=60) as client:
        anna, mallory = target.learner(0), target.learner(1)
        key = (await _ask(client, target, anna.cookie)).json()["key"]
        strangers = await asyncio.to_thread(_strangers, target)
        cookies = [
            *strangers,
            *(f"{SESSION_COOKIE}={secrets.token_urlsafe(32)}" for _ in range(MADE_UP[hard])),
        ]
        for cookie in ("", *cookies):
            answer = await _ask(client, target, cookie)
            assert answer.status_code == 401, f"{cookie.partition('=')[0]} got {answer.status_code}"
            assert "key" not in answer.json()
        await _ask_for_anothers(client, target, anna, mallory, key)
        await _ask_from_elsewhere(client, target, anna)
        await _erase(client, target)


async def _ask(client: httpx.AsyncClient, target: Target, cookie: str, **headers: str) -> httpx.Response:
    return await client.post(ROUTE, headers={"Origin": target.url, "Cookie": cookie, **headers})


def _strangers(target: Target) -> list[str]:
    """Cookies of sessions that have ended or not begun: signed out, deactivated, a ticket not redeemed."""
    with target.server.store() as store:
        ended, deactivated = _session(store, target.learner(2)), _session(store, target.learner(3))
        store.end_session(token_hash(ended))
        store.set_active(None, target.learner(3).account_id, False)
        ticket = authentication.issue_ticket(store, target.learner(0).account_id, browser="attack")
        tokens = [ended, deactivated, ticket]
        store.set_active(None, target.learner(3).account_id, True)
    return [f"{SESSION_COOKIE}={token}" for token in tokens]


def _session(store: Store, learner: Learner) -> str:
    admitted = authentication.redeem(
        store, authentication.issue_ticket(store, learner.account_id, "attack"), "attack"
    )
    assert admitted is not None
    return admitted.token


async def _ask_for_anothers(
    client: httpx.AsyncClient, target: Target, anna: Learner, other: Learner, key: str
) -> None:
    for asker in (other, target.administrator):
        pretended = await _ask(client, target, asker.cookie, **{ACCOUNT_HEADER: str(anna.account_id)})
        assert pretended.status_code == 401
        own = await _ask(client, target, asker.cookie)
        assert own.json()["key"] != key
        query = await client.post(
            f"{ROUTE}?account={anna.account_id}", headers={"Origin": target.url, "Cookie": asker.cookie}
        )
        assert query.json()["key"] == own.json()["key"]


async def _ask_from_elsewhere(client: httpx.AsyncClient, target: Target, anna: Learner) -> None:
    for origin in ("http://evil.example", "null", f"{target.url}.evil.example", target.url + "1"):
        answer = await _ask(client, target, anna.cookie, Origin=origin)
        assert answer.status_code == 403 and "key" not in answer.json()
    for method in ("GET", "HEAD", "OPTIONS"):
        answer = await client.request(method, ROUTE, headers={"Cookie": anna.cookie})
        assert (
            answer.status_code in {404, 405}
            and "key" not in answer.text
            and "access-control-allow-origin" not in answer.headers
        )
    answer = await _ask(client, target, anna.cookie)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


async def _erase(client: httpx.AsyncClient, target: Target) -> None:
    """What is erased can be read no more, in any browser."""
    dora = target.learner(4)
    before = (await _ask(client, target, dora.cookie)).json()["key"]

    def erase() -> None:
        with target.server.store() as store:
            saved = store.save_reflection(dora.account_id, Draft("skapande/innebar", "Hej.", 0))
            store.erase_reflections(dora.account_id)
            assert saved

    await asyncio.to_thread(erase)
    assert (await _ask(client, target, dora.cookie)).json()["key"] != before
