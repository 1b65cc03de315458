"""Somebody has an administrator's password, and tries to come in without their code."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, closing
from urllib.parse import unquote

import httpx
from pyotp import TOTP
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed

from tests.attack.target import Target
from tests.support.streamlit_client import Refused, Tab
from visionsprat.accounts.authentication import hash_password, issue_ticket
from visionsprat.accounts.second_factor import new_secret
from visionsprat.domain.tokens import token_hash
from visionsprat.store.attempts import FAILURES_BEFORE_WAIT
from visionsprat.web.cookies import BROWSER_COOKIE, SESSION_COOKIE

MARK = "attack"
CODE_FORM, WAIT = "Skriv koden", "för många försök"
TABS = 4


class Form(Tab):
    """A tab without a session that fills in forms, as the front end would."""

    def __init__(self, url: str) -> None:
        super().__init__(url, None)
        self.headers = {"Cookie": f"{BROWSER_COOKIE}={MARK}"}
        self._widgets: dict[str, str] = {}

    @property
    def ticket(self) -> str:
        """The ticket in what the last run has sent; empty when there is none."""
        found = re.search(rb"/api/ticket\?ticket=([\w.%-]+)", b"".join(self.received))
        return unquote(found[1].decode()) if found else ""

    async def come(self, address: str = "") -> None:
        await self.visit(address)
        self._learn()

    async def press(self, button: str, **fields: str) -> None:
        """Fill in fields, by their labels, and press a button; wait until the answer is drawn."""
        message = BackMsg()
        rerun = message.rerun_script
        rerun.page_script_hash = self._hashes[""]
        rerun.context_info.url = f"{self.url}/"
        for label, value in fields.items():
            if label in self._widgets:
                rerun.widget_states.widgets.add(id=self._widgets[label], string_value=value)
        if button in self._widgets:
            rerun.widget_states.widgets.add(id=self._widgets[button], trigger_value=True)
        await self._socket.send(message.SerializeToString())
        await self.drawn("")
        self._learn()

    async def drawn(self, address: str) -> None:
        """Wait for the end of a run that was begun anew, as the step to the code is."""
        while True:
            try:
                return await super().drawn(address)
            except Refused as refused:
                if not str(refused).endswith(f"ended with {ForwardMsg.FINISHED_EARLY_FOR_RERUN}"):
                    raise

    def _learn(self) -> None:
        for each in self.received:
            message = ForwardMsg()
            message.ParseFromString(each)
            element = message.delta.new_element
            kind = element.WhichOneof("type")
            if kind in {"text_input", "button"}:
                widget = getattr(element, kind)
                self._widgets[widget.label] = widget.id


async def attack(target: Target, hard: bool) -> None:
    """Nobody is let in without a code that has not been used, and guesses have to wait."""
    old_ticket = _ticket_from_before(target)
    secret = _set_up(target)
    await _jump_over(target, old_ticket)
    await _come_too_late(target, secret)
    await _guess(target, secret, 1000 if hard else 40)
    await _replay(target, secret)
    assert await _let_in(target, await _signed_in_properly(target, secret)), "the right code lets nobody in"


def _email(target: Target) -> str:
    with target.server.store() as store:
        person = store.person(target.administrator.account_id)
    assert person is not None
    return person.email


def _ticket_from_before(target: Target) -> str:
    with target.server.store() as store:
        return issue_ticket(store, target.administrator.account_id, MARK)


def _set_up(target: Target) -> str:
    """Give the administrator a second factor, as their page does."""
    secret, chief = new_secret(), target.administrator
    with target.server.store() as store:
        assert store.set_second_factor(chief.account_id, secret, 0, [], token_hash(chief.token))
    return secret


def _forget(target: Target) -> None:
    """As if a quarter of an hour had passed: no failure is remembered, and the app's code is unused."""
    with closing(sqlite3.connect(target.server.database)) as database, database:
        database.execute("DELETE FROM sign_in_failures")
        database.execute("UPDATE second_factors SET last_step = 0")


async def _at_the_second_step(target: Target, stack: AsyncExitStack) -> Form:
    """A tab in which the password has been given."""
    tab = await stack.enter_async_context(Form(target.url))
    await tab.come()
    await tab.press("Logga in", **{"E-post": _email(target), "Lösenord": target.password})
    assert CODE_FORM in tab.html, "no code is asked for after the password"
    assert not tab.ticket, "there is a ticket for the password alone"
    return tab


async def _let_in(target: Target, ticket: str) -> bool:
    """Whether a ticket brings a session."""
    async with httpx.AsyncClient(base_url=target.url, cookies={BROWSER_COOKIE: MARK}) as browser:
        answer = await browser.get("/api/ticket", params={"ticket": ticket, "to": "/"})
        has_come = any(name.startswith(SESSION_COOKIE) for name in answer.cookies)
        return has_come and (await browser.get("/api/session")).is_success


async def _jump_over(target: Target, old_ticket: str) -> None:
    assert not await _let_in(target, old_ticket), "a ticket from before the factor was set up still works"
    async with AsyncExitStack() as stack:
        tab = await _at_the_second_step(target, stack)
        for address in ("administration", "mitt-konto", "skapande", ""):
            await tab.come(address)
            assert CODE_FORM in tab.html and not tab.ticket, f"/{address} is shown without the code"
        for code in ("", " ", "0" * 6, "None", "1" * 20_000):
            await tab.press("Logga in", Kod=code)
            assert not tab.ticket, f"let in with {code[:10]!r}"
        async with Form(target.url) as other:
            await other.come()
            other._widgets |= (
                tab._widgets
            )  # the form of the second step, in a tab that has not taken the first
            await other.press("Logga in", Kod=TOTP(new_secret()).now())
            assert not other.ticket and CODE_FORM not in other.html
    _forget(target)


async def _come_too_late(target: Target, secret: str) -> None:
    """The password is changed while its thief is at the second step, with the right code in hand."""
    async with AsyncExitStack() as stack:
        tab = await _at_the_second_step(target, stack)
        with target.server.store() as store:
            before = store.credentials(_email(target))
            assert before is not None
            store.set_password(target.administrator.account_id, hash_password("en helt annan mening"))
        await tab.press("Logga in", Kod=TOTP(secret).now())
        assert not tab.ticket, "let in after the password was changed"
        with target.server.store() as store:
            store.set_password(target.administrator.account_id, before.password_hash)
    _forget(target)


async def _guess(target: Target, secret: str, times: int) -> None:
    """Many codes at once, in several tabs: as many are looked at as one after another."""
    near = {TOTP(secret).at(time.time(), counter_offset=step) for step in range(-3, 8)}
    codes = [code for code in (f"{number:06}" for number in range(times + 20)) if code not in near][:times]
    async with AsyncExitStack() as stack:
        tabs = [await _at_the_second_step(target, stack) for _ in range(TABS)]
        answers = await asyncio.gather(
            *(_guess_in(tab, codes[number::TABS]) for number, tab in enumerate(tabs))
        )
        said = [each for answer in answers for each in answer]
        looked_at = sum("stämmer inte" in each for each in said)
        assert looked_at <= FAILURES_BEFORE_WAIT, f"{looked_at} of {times} guesses were looked at"
    async with AsyncExitStack() as stack:
        tab = await _at_the_second_step(target, stack)  # the right password forgets nothing of it
        await tab.press("Logga in", Kod=TOTP(secret).now())
        assert not tab.ticket and WAIT in tab.html, "after the guesses the next one does not wait"
    _forget(target)


async def _guess_in(tab: Form, codes: Sequence[str]) -> list[str]:
    said = []
    try:
        for code in codes:
            await tab.press("Logga in", Kod=code)
            assert not tab.ticket, "a guess was right"
            said.append(tab.html)
    except ConnectionClosed:
        pass  # too many at once, which is an answer as well
    return said


async def _replay(target: Target, secret: str) -> None:
    """One right code, seen over a shoulder, in several tabs at the same moment."""
    async with AsyncExitStack() as stack:
        tabs = [await _at_the_second_step(target, stack) for _ in range(TABS)]
        code = TOTP(secret).now()
        await asyncio.gather(*(tab.press("Logga in", Kod=code) for tab in tabs))
        tickets = [tab.ticket for tab in tabs if tab.ticket]
        assert len(tickets) == 1, f"one code let in {len(tickets)} times"
        assert await _let_in(target, tickets[0]), "the one who was first is not let in"
        assert not await _let_in(target, tickets[0]), "a ticket works twice"
    _forget(target)


async def _signed_in_properly(target: Target, secret: str) -> str:
    async with AsyncExitStack() as stack:
        tab = await _at_the_second_step(target, stack)
        await tab.press("Logga in", Kod=TOTP(secret).now())
        return tab.ticket
