"""The bench's own client, so that the bench is not found broken when it is needed; what a walk loads."""

from __future__ import annotations

import asyncio
import re
from contextlib import closing
from pathlib import Path

import httpx

from tests.support.measured_server import Learner, Server, serve, sign_in
from tests.support.streamlit_client import Editor, Tab
from tests.support.walk import THEMES, WALK
from visionsprat.domain.tokens import token_hash
from visionsprat.store import Store

TEXT = "Möten i trapphuset."


def test_the_client_walks_and_saves_and_the_server_loads_nothing_for_tables(tmp_path: Path) -> None:
    with serve(tmp_path) as server:
        (learner,) = sign_in(server, 1)
        theme, questions = next(iter(THEMES.items()))
        drawn = asyncio.run(_walk(server, learner, theme, questions[0]))
        loaded = Path(f"/proc/{server.process.pid}/maps").read_text(encoding="utf-8")
        with closing(Store(server.database)) as store:
            visitor = store.visitor(token_hash(learner.token))
    assert visitor is not None
    assert visitor.reflections[questions[0]].text == TEXT
    assert 'id="innehall"' in drawn
    assert not re.search("pandas|pyarrow|altair", loaded)


async def _walk(server: Server, learner: Learner, theme: str, question: str) -> str:
    async with httpx.AsyncClient() as connection, Tab(server.url, learner) as tab:
        for address in (*WALK, theme):
            await tab.visit(address)
        assert await Editor(server.url, learner, connection).save(question, TEXT) == 1
        return tab.html
