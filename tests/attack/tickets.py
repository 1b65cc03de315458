"""Whoever keeps signing in with an old password while it is changed, and what a ticket can be used for."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from tests.attack._forms import FormTab, is_session, redeemed
from tests.attack.target import Target
from tests.support.streamlit_client import Refused

THIEVES = {False: 3, True: 6}
NEW_PASSWORD = "en helt annan mening"


async def attack(target: Target, hard: bool) -> None:
    await _a_ticket_is_nothing_else(target)
    await _the_old_password_ends_with_its_change(target, THIEVES[hard])


async def _a_ticket_is_nothing_else(target: Target) -> None:
    async with FormTab(target.url) as tab:
        await tab.visit("")
        await tab.submit("Logga in", sign_in_email=target.email(7), sign_in_password=target.password)
        assert tab.ticket, f"the right password was refused: {tab.told}"
        for cookie in (tab.ticket, f"ticket {tab.mark} {tab.ticket}", f'"ticket {tab.mark} {tab.ticket}"'):
            assert not await is_session(target.url, cookie), "an unredeemed ticket was a session"
        assert not await redeemed(target.url, tab.ticket, tab.mark, "HEAD")
        assert not await redeemed(target.url, tab.ticket, "another browser")
        token = await redeemed(target.url, tab.ticket, tab.mark)
        assert await is_session(target.url, token), "looking at a ticket has used it up"
        assert not await redeemed(target.url, tab.ticket, tab.mark), "a ticket was good twice"


async def _the_old_password_ends_with_its_change(target: Target, thieves: int) -> None:
    changed, taken = asyncio.Event(), list[str]()
    signed_in = asyncio.Semaphore(0)

    async def steal(number: int) -> None:
        while not changed.is_set():
            async with FormTab(target.url, client=f"203.0.113.{10 + number}") as tab:
                with suppress(Refused):
                    await tab.visit("")
                    await tab.submit(
                        "Logga in", sign_in_email=target.email(6), sign_in_password=target.password
                    )
                if not tab.ticket:
                    return
                signed_in.release()
                if token := await redeemed(target.url, tab.ticket, tab.mark):
                    taken.append(token)

    async def change() -> None:
        for _ in range(thieves):
            await signed_in.acquire()
        async with FormTab(target.url, target.learner(6), client="203.0.113.9") as tab:
            await tab.visit("mitt-konto")
            await tab.submit(
                "Byt lösenord", account_old_password=target.password, account_new_password=NEW_PASSWORD
            )
            assert tab.ticket, f"the password was not changed: {tab.told}"
        changed.set()

    await asyncio.gather(change(), *map(steal, range(thieves)))
    assert len(taken) >= thieves, "nobody was in before"
    alive = [token for token in taken if await is_session(target.url, token)]
    assert not alive, f"{len(alive)} of {len(taken)} sessions have outlived the old password"
