"""Texts that are costly to normalise: runs of combining marks, in all places of a save, of any length."""

from __future__ import annotations

import asyncio
import json

import httpx

from tests.attack.target import CLIENT_HEADER, Target

ADDRESS = "203.0.113.61"
QUESTION = "globala/gora"
ROUNDS = {False: 2, True: 10}
#: Marks that are to be sorted, below and above by turns; and Tibetan vowels, which are marks in disguise.
RUNS = ("\u0301\u0316", "\u0f73", "\U0001d165\u0301")


async def attack(target: Target, hard: bool) -> None:
    headers = {
        "Cookie": target.learner(1).cookie,
        "Origin": target.url,
        CLIENT_HEADER: ADDRESS,
        "Content-Type": "application/json",
    }
    async with httpx.AsyncClient(base_url=target.url, headers=headers, timeout=120) as client:
        for _ in range(ROUNDS[hard]):
            await asyncio.gather(
                *(_send(client, run, size) for run in RUNS for size in (9_000, 39_000, 120_000))
            )


async def _send(client: httpx.AsyncClient, run: str, size: int) -> None:
    long = "a" + run * (size // len(run))
    assert await _status(client, long, []) in {413, 422}
    # In vain among the texts that got no answer: the save itself is an honest one.
    assert await _status(client, "En egen text.", [long] * 3) in {200, 409, 413}
    assert await _status(client, "En egen text.", [long[:1_000]] * 300) in {413, 422}


async def _status(client: httpx.AsyncClient, text: str, unanswered: list[str]) -> int:
    body = {"question": QUESTION, "text": text, "based_on": 0, "unanswered": unanswered}
    content = json.dumps(body, ensure_ascii=False).encode()
    while True:
        try:
            answer = await client.post("/api/reflections", content=content)
        except httpx.TransportError:  # refused unread, while it was still being sent
            await asyncio.sleep(1)
            continue
        if answer.status_code != 429:
            return answer.status_code
        await asyncio.sleep(float(answer.headers["Retry-After"]))
