"""An administrator, or whoever has a terminal, tries each link and address to read another's words."""

from __future__ import annotations

import csv
import io
import os
import secrets
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx

from tests.attack.target import Target
from tests.support.measured_server import Learner
from tests.support.streamlit_client import Tab
from tests.support.walk import WALK
from visionsprat.accounts import authentication
from visionsprat.accounts.invitations import invite
from visionsprat.domain.records import NewAccount, Whom
from visionsprat.domain.tokens import token_hash
from visionsprat.errors import NotAllowed
from visionsprat.settings import ROOT
from visionsprat.store import Store

TIMES = {False: 1, True: 10}
QUESTION = "skapande/innebar"
#: Where what is written can be read.
PLACES = ("mina-reflektioner", "mitt-konto", *WALK)
ROUTES = (
    *(f"/api/reflections/versions?question={QUESTION}", "/api/mina-uppgifter.json"),
    *("/api/mina-uppgifter.txt", "/api/session"),
)


@dataclass(frozen=True)
class Victim:
    """Somebody who has written: a text, and an earlier one."""

    id: int
    email: str
    words: str
    before: str


async def attack(target: Target, hard: bool) -> None:
    for _ in range(TIMES[hard]):
        for way in WAYS:
            await _try(target, way)


async def _try(target: Target, way: Callable[[Target, Victim], Awaitable[str]]) -> None:
    victim = await _victim(target)
    link = await way(target, victim)
    if link:
        await _read_all(target, victim, _use(target, link), way.__name__)
        async with httpx.AsyncClient(base_url=target.url) as connection:
            table = await connection.get("/api/handelser.csv", headers=_cookie(target.administrator))
        assert victim.words not in table.text


async def _victim(target: Target) -> Victim:
    mark = secrets.token_hex(6)
    victim = Victim(0, f"{mark}@attack.example", f"Uttern {mark} badar.", f"Igelkotten {mark} sover.")
    with target.server.store() as store:
        hashed = authentication.hash_password(target.password)
        id = store.add_account(NewAccount(victim.email, "Vera Offer", hashed, member_of=f"Grupp {mark}"))
        learner = _signed_in(store, id)
        async with httpx.AsyncClient(base_url=target.url, headers=_cookie(learner)) as connection:
            await _save(target, connection, victim.before, 0)
            await connection.post("/api/sign-out", headers={"Origin": target.url})
        learner = _signed_in(store, id)
        async with httpx.AsyncClient(base_url=target.url, headers=_cookie(learner)) as connection:
            await _save(target, connection, victim.words, 1)
        async with Tab(target.url, learner) as tab:  # the words are there to be seen, by their author
            await tab.visit("mina-reflektioner")
            assert victim.words in b"".join(tab.received).decode(errors="replace")
    return Victim(id, victim.email, victim.words, victim.before)


async def _save(target: Target, connection: httpx.AsyncClient, text: str, based_on: int) -> None:
    body = {"question": QUESTION, "text": text, "based_on": based_on}
    answer = await connection.post("/api/reflections", json=body, headers={"Origin": target.url})
    assert answer.status_code == 200, answer.text


def _signed_in(store: Store, account_id: int) -> Learner:
    admitted = authentication.redeem(
        store, authentication.issue_ticket(store, account_id, "attack"), "attack"
    )
    assert admitted is not None
    return Learner(account_id, admitted.token)


def _cookie(learner: Learner) -> dict[str, str]:
    return {"Cookie": learner.cookie}


def _use(target: Target, link: str) -> Learner:
    """Choose a password with the link, as the page behind it does, and be signed in."""
    with target.server.store() as store:
        id = store.use_invitation(
            token_hash(link.partition("kod=")[2]), authentication.hash_password("annat lösen ord")
        )
        return _signed_in(store, id)


async def _read_all(target: Target, victim: Victim, learner: Learner, way: str) -> None:
    """Go to every page, ask every route and make a conflict: the words are nowhere."""
    found: dict[str, str] = {}
    async with Tab(target.url, learner) as tab:
        for place in PLACES:
            await tab.visit(place)
            found[f"/{place}"] = b"".join(tab.received).decode(errors="replace")
    async with httpx.AsyncClient(base_url=target.url, headers=_cookie(learner)) as connection:
        for route in ROUTES:
            found[route] = (await connection.get(route)).text
        body = {"question": QUESTION, "text": "Ett försök.", "based_on": 0}
        answer = await connection.post("/api/reflections", json=body, headers={"Origin": target.url})
        found["a conflict"] = answer.text
        found[ROUTES[0] + " again"] = (await connection.get(ROUTES[0])).text
    for where, text in found.items():
        assert victim.words not in text and victim.before not in text, f"{way}: the words came by {where}"


# The ways. Each gives back the link that it has got hold of, or nothing where none is to be had.


async def a_link_shown_on_the_page(target: Target, victim: Victim) -> str:
    return _made(target, Whom(emails=frozenset({victim.email})), actor=target.administrator.account_id)


async def a_link_in_the_file_of_links(target: Target, victim: Victim) -> str:
    with target.server.store() as store:
        person = store.person(victim.id)
        assert person is not None
        (group,) = person.groups
    headers = {**_cookie(target.administrator), "Origin": target.url}
    async with httpx.AsyncClient(base_url=target.url, headers=headers) as connection:
        for query in (f"grupp={group}", "aldrig=1", f"grupp={group}&aldrig=1"):
            table = (await connection.post(f"/api/inbjudningar.csv?{query}")).text
            assert victim.email not in table, "somebody who has written is in the file of links"
    return ""


async def a_corrected_address_and_a_letter(target: Target, victim: Victim) -> str:
    with target.server.store() as store:
        email = f"mine-{victim.email}"
        store.correct(target.administrator.account_id, victim.id, "Vera Offer", email)
        link = store.add_password_link(email)
        assert link is not None
    return f"/inbjudan?kod={link.code}"


async def a_corrected_address_and_an_invitation_by_letter(target: Target, victim: Victim) -> str:
    with target.server.store() as store:
        email = f"mine-{victim.email}"
        store.correct(target.administrator.account_id, victim.id, "Vera Offer", email)
    return _made(
        target, Whom(emails=frozenset({email})), actor=target.administrator.account_id, by_letter=True
    )


async def a_link_in_the_terminal(target: Target, victim: Victim) -> str:
    said = _terminal(target, "invite", victim.email)
    (row,) = csv.DictReader(io.StringIO(said), delimiter=";")
    return str(row["länk"])


async def the_links_of_a_group_in_the_terminal(target: Target, victim: Victim) -> str:
    group = f"Grupp {victim.email.partition('@')[0]}"
    assert victim.email not in _terminal(target, "invite", "--group", group)
    return ""


async def deactivated_and_activated_again(target: Target, victim: Victim) -> str:
    link = await a_link_shown_on_the_page(target, victim)
    with target.server.store() as store:
        store.set_active(target.administrator.account_id, victim.id, False)
        store.set_active(target.administrator.account_id, victim.id, True)
    return link


async def added_once_more_with_a_password(target: Target, victim: Victim) -> str:
    answer = _terminal(target, "add-account", victim.email, "--name", "Vera", ended=1)
    assert "already an account" in answer
    return ""


async def an_administrator_made_for_the_purpose(target: Target, victim: Victim) -> str:
    """Release the texts by another account of one's own."""
    link = await a_link_shown_on_the_page(target, victim)
    learner = _use(target, link)
    with target.server.store() as store:
        mark = victim.email.partition("@")[0]
        puppet = store.add_account(NewAccount(f"puppet-{mark}@attack.example", "Docka", None, is_admin=True))
        for actor in (puppet, target.administrator.account_id):
            try:
                store.release_texts(actor, victim.id)
            except NotAllowed:
                continue
            raise AssertionError("the texts were released by whoever locked them")
    await _read_all(target, victim, learner, "an administrator made for the purpose")
    return ""


async def a_guess_at_the_old_password(target: Target, victim: Victim) -> str:
    """Another's password unlocks nothing, and the one from before unlocks for whoever knows it alone."""
    learner = _use(target, await a_link_shown_on_the_page(target, victim))
    with target.server.store() as store:
        assert not store.unlock_texts(target.administrator.account_id, 1)
        (hashed,) = store.old_passwords(victim.id).values()
        assert hashed not in (await _own_copy(target, learner))
    return ""


WAYS = (
    a_link_shown_on_the_page,
    a_link_in_the_file_of_links,
    a_corrected_address_and_a_letter,
    a_corrected_address_and_an_invitation_by_letter,
    a_link_in_the_terminal,
    the_links_of_a_group_in_the_terminal,
    deactivated_and_activated_again,
    added_once_more_with_a_password,
    an_administrator_made_for_the_purpose,
    a_guess_at_the_old_password,
)


async def _own_copy(target: Target, learner: Learner) -> str:
    async with httpx.AsyncClient(base_url=target.url, headers=_cookie(learner)) as connection:
        return (await connection.get("/api/mina-uppgifter.json")).text


def _made(target: Target, whom: Whom, *, actor: int, by_letter: bool = False) -> str:
    with target.server.store() as store:
        (made,) = invite(store, actor, whom, target.url, by_letter=by_letter)
    return made.link


def _terminal(target: Target, *arguments: str, ended: int = 0) -> str:
    """What a command says, run beside the server."""
    done = subprocess.run(
        [sys.executable, "-m", "visionsprat", *arguments],
        cwd=ROOT,
        env={**os.environ, "VISIONSPRAT_DATA": str(target.server.data)},
        input="ett annat lösenord\n",
        capture_output=True,
        text=True,
        encoding="utf-8-sig" if ended == 0 else "utf-8",
        check=False,
    )
    assert done.returncode == ended, done.stderr
    return done.stdout if ended == 0 else done.stderr
