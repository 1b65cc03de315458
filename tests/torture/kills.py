"""People write over HTTP while their servers are killed; every acknowledged text must be found again."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.support.server import Server
from visionsprat.accounts import authentication
from visionsprat.backups.archive import made
from visionsprat.content.module import load_module
from visionsprat.domain.records import NewAccount
from visionsprat.installation import BACKUPS, DATABASE
from visionsprat.settings import ROOT
from visionsprat.store import Store
from visionsprat.web.answers import ACCOUNT_HEADER
from visionsprat.web.cookies import SESSION_COOKIE

WRITERS = 6
UNANSWERED = 4  # as in saving/saver.js
#: A kill comes when up to so many texts have been acknowledged since the start, and a moment later.
MOST_BEFORE_KILL, LONGEST_MOMENT = 60, 0.02
#: So many of the kills, more or less, meet a server that is still starting.
WHILE_STARTING = 1 / 3
START_WITHIN = 60.0
#: Now and then a text of many pages of the database.
LONG_ONE_IN = 200


@dataclass
class Tally:
    kills: int = 0
    #: How many of them met a server before it answered.
    while_starting: int = 0
    acknowledged: int = 0
    lost: int = 0
    failed_checks: int = 0
    checks: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"kills: {self.kills} ({self.while_starting} while starting), acknowledged texts:"
            f" {self.acknowledged}, lost: {self.lost}, failed integrity checks: {self.failed_checks}"
            f" of {self.checks}, seconds: {self.seconds:.0f}"
        )


@dataclass
class Answer:
    """What a client knows of its text to one question, as saving/saver.js does."""

    text: str = ""
    revision: int = 0
    #: Texts sent since, without an answer: the server may have stored one of them.
    unanswered: list[str] = field(default_factory=list)


class Writer:
    """Somebody signed in, who writes on one question after the other. Nobody else writes on theirs."""

    def __init__(self, account_id: int, token: str, questions: list[str], chance: random.Random) -> None:
        self.account_id = account_id
        self.answers = {question: Answer() for question in questions}
        self.acknowledged = 0
        self._headers = {"Cookie": f"{SESSION_COOKIE}={token}", ACCOUNT_HEADER: str(account_id)}
        self._chance = chance
        self._number = 0

    async def write(
        self, connection: httpx.AsyncClient, urls: Callable[[], list[str]], ended: asyncio.Event
    ) -> None:
        while not ended.is_set() and (there := urls()):
            question = self._chance.choice(list(self.answers))
            await self._save(connection, self._chance.choice(there), question)

    async def _save(self, connection: httpx.AsyncClient, url: str, question: str) -> None:
        answer, text = self.answers[question], self._new_text()
        sent = {
            "question": question,
            "text": text,
            "based_on": answer.revision,
            "unanswered": list(answer.unanswered),
        }
        first, *others = [*answer.unanswered, text]
        answer.unanswered = [first, *others[1 - UNANSWERED :]]
        try:
            got = await connection.post(
                f"{url}/api/reflections", json=sent, headers={**self._headers, "Origin": url}
            )
        except httpx.TransportError:
            return
        if got.status_code in {429, 503}:
            await asyncio.sleep(float(got.headers.get("Retry-After", 0)))
            return
        assert got.status_code == 200, f"a save was answered with {got.status_code}: {got.text}"
        answer.text, answer.revision = text, got.json()["revision"]
        answer.unanswered.clear()
        self.acknowledged += 1

    def _new_text(self) -> str:
        self._number += 1
        length = 3000 if self._chance.random() < 1 / LONG_ONE_IN else self._chance.randrange(60)
        return f"{self._number} " + "ordet " * length


class Torture:
    """Servers on one data folder, killed and started again."""

    def __init__(self, folder: Path, servers: int, seed: int) -> None:
        self.tally = Tally()
        self._chance = random.Random(seed)
        self._database = folder / DATABASE
        self._servers = [_server(folder, number) for number in range(servers)]
        self._answering: set[str] = set()
        self._start_takes = 1.0
        self._writers = _writers(self._database, self._chance)

    async def go_on(self, kills: int, report: Callable[[Tally], object]) -> None:
        began = time.monotonic()
        limits = httpx.Limits(max_keepalive_connections=0)  # a killed server's connections are no use
        try:
            async with httpx.AsyncClient(limits=limits, timeout=30) as self._connection:
                while self.tally.kills < kills:
                    await self._round()
                    self.tally.seconds = time.monotonic() - began
                    report(self.tally)
                await self._start()
                self._look()
        finally:
            for server in self._servers:
                server.kill()
            self.tally.seconds = time.monotonic() - began

    async def _round(self) -> None:
        for path in made(self._database.parent / BACKUPS).values():
            path.unlink()  # so that each start makes one, and may be killed in the middle of it
        begun = self.tally.acknowledged > 0  # only then is there something to lose
        if begun and self._chance.random() < WHILE_STARTING and (down := self._down()):
            for server in down:
                server.begin()
            await self._write_until_killed(down, self._chance.uniform(0, self._start_takes))
            self.tally.while_starting += len(down)
        else:
            await self._start()
            self._look()
            count = self._chance.randint(1, len(self._servers))
            victims = self._chance.sample(self._servers, count)
            await self._write_until_killed(
                victims,
                self._chance.uniform(0, LONGEST_MOMENT),
                self._count() + self._chance.randrange(MOST_BEFORE_KILL),
            )

    def _down(self) -> list[Server]:
        return [server for server in self._servers if not server.is_running]

    async def _start(self) -> None:
        """Start those that are down, and wait until they answer."""
        began = time.monotonic()
        down = self._down()
        for server in down:
            server.begin()
        for server in down:
            while not await self._answers(server):
                assert time.monotonic() < began + START_WITHIN, "A server did not start."
                await asyncio.sleep(0.01)
            self._answering.add(server.url)
        if down:
            self._start_takes = time.monotonic() - began

    async def _answers(self, server: Server) -> bool:
        assert server.is_running
        try:
            return (await self._connection.get(f"{server.url}/healthz")).status_code == 200
        except httpx.TransportError:
            return False

    async def _write_until_killed(self, victims: list[Server], seconds: float, count: int = 0) -> None:
        """All write to the servers that answer; some are killed a while after the count is reached."""
        ended = asyncio.Event()
        writing = [
            asyncio.create_task(writer.write(self._connection, lambda: list(self._answering), ended))
            for writer in self._writers
        ]
        while self._count() < count and not any(task.done() for task in writing):
            await asyncio.sleep(0.001)
        await asyncio.sleep(seconds)
        for server in victims:
            server.kill()
            self._answering.discard(server.url)
            self.tally.kills += 1
        ended.set()
        await asyncio.gather(*writing)
        self.tally.acknowledged = self._count()

    def _count(self) -> int:
        return sum(writer.acknowledged for writer in self._writers)

    def _look(self) -> None:
        """Compare what is stored with what was acknowledged, read past the servers and the store."""
        self.tally.checks += 1
        with closing(sqlite3.connect(f"{self._database.as_uri()}?mode=ro", uri=True)) as db:
            if (found := db.execute("PRAGMA integrity_check").fetchall()) != [("ok",)]:
                self.tally.failed_checks += 1
                self.tally.faults.append(f"integrity_check: {found[0][0]}")
            stored = {
                (account_id, question): text
                for account_id, question, text in db.execute(
                    "SELECT account_id, question_id, text FROM reflections"
                )
            }
        for writer in self._writers:
            for question, answer in writer.answers.items():
                if stored.get((writer.account_id, question), "") not in {answer.text, *answer.unanswered}:
                    fault = f"revision {answer.revision} of {question} by account {writer.account_id} is lost"
                    if fault not in self.tally.faults:  # it is not there the next time either
                        self.tally.lost += 1
                        self.tally.faults.append(fault)


def _server(data: Path, number: int) -> Server:
    folder = data / f"server-{number}"
    folder.mkdir()
    return Server(folder, data=data, started=False)


def _writers(database: Path, chance: random.Random) -> list[Writer]:
    """People with accounts and sessions, made before the first server starts."""
    questions = [question.id for question in load_module(ROOT / "content").questions]
    with closing(Store(database)) as store:
        return [
            Writer(account_id, token, questions, random.Random(chance.random()))
            for account_id, token in _sign_in(store)
        ]


def _sign_in(store: Store) -> Iterator[tuple[int, str]]:
    for number in range(WRITERS):
        account_id = store.add_account(NewAccount(f"{number}@test.example", "Amina Testsson", None))
        admitted = authentication.redeem(
            store, authentication.issue_ticket(store, account_id, "test"), "test"
        )
        assert admitted is not None
        yield account_id, admitted.token
