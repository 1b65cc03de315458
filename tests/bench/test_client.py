"""A smoke test of the bench's own client, so that the bench is not found broken when it is needed."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import httpx

from tests.bench.client import Editor, Tab
from tests.bench.server import Learner, Server, serve, sign_in
from tests.bench.walk import THEMES
from visionsprat.accounts import token_hash
from visionsprat.store import Store

TEXT = "Möten i trapphuset."


def test_the_client_walks_a_page_and_saves(tmp_path: Path) -> None:
    with serve(tmp_path) as server:
        (learner,) = sign_in(server, 1)
        theme, questions = next(iter(THEMES.items()))
        drawn = asyncio.run(_walk(server, learner, theme, questions[0]))
        with closing(Store(server.database)) as store:
            visitor = store.visitor(token_hash(learner.token))
    assert visitor is not None
    assert visitor.reflections[questions[0]].text == TEXT
    assert 'id="innehall"' in drawn


async def _walk(server: Server, learner: Learner, theme: str, question: str) -> str:
    async with httpx.AsyncClient() as connection, Tab(server.url, learner) as tab:
        await tab.visit("")
        await tab.visit(theme)
        assert await Editor(server.url, learner, connection).save(question, TEXT) == 1
        return tab.html
