"""Passwords that cost much to look at, and many of them at once."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from tests.attack._forms import FormTab
from tests.attack.target import Target

LEET = "4@8({[<3691!|0$57+%2" * 6
CHANGES = {False: 4, True: 12}
SIGN_INS = {False: 30, True: 200}


async def attack(target: Target, hard: bool) -> None:
    await _a_costly_new_password_is_not_looked_at_before_the_old_one(target, CHANGES[hard])
    await _many_sign_in_at_once(target, SIGN_INS[hard])


async def _a_costly_new_password_is_not_looked_at_before_the_old_one(target: Target, count: int) -> None:
    told = []
    async with FormTab(target.url, target.learner(5)) as tab:
        await tab.visit("mitt-konto")
        for _ in range(count):
            await tab.submit(
                "Byt lösenord", account_old_password="inte mitt lösenord", account_new_password=LEET
            )
            told.append(tab.told)
            assert not tab.ticket
    assert all("stämmer inte" in each or "för många försök" in each for each in told), told
    if count > 5:
        assert "för många försök" in told[-1], "the old password may be guessed at without an end"


async def _many_sign_in_at_once(target: Target, count: int) -> None:
    """Each from an address of its own, with a wrong password for somebody else."""
    async with AsyncExitStack() as stack:
        tabs = [FormTab(target.url, client=f"198.51.100.{number}") for number in range(count)]
        for tab in tabs:
            await stack.enter_async_context(tab)
            await tab.visit("")
        await asyncio.gather(
            *(
                tab.submit("Logga in", sign_in_email=f"{number}@attack.example", sign_in_password=LEET)
                for number, tab in enumerate(tabs)
            )
        )
        told = [tab.told for tab in tabs]
    assert all("stämmer inte" in each or "Många loggar in just nu" in each for each in told), set(told)
