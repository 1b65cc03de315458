"""With the id of somebody's Streamlit session, and another's cookie: nothing of theirs can be had."""

from __future__ import annotations

import asyncio

import httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.attack.target import Target
from tests.support.measured_server import Learner
from tests.support.streamlit_client import Editor

#: Without letters that a message may hold in another form.
WORDS = "Bara Anna ser det"


async def attack(target: Target, hard: bool) -> None:
    """Take over during her run, after it, and when she has gone; as another, as nobody, elsewhere."""
    anna = target.learner(0)
    async with httpx.AsyncClient() as connection:
        await Editor(target.url, anna, connection).save("skapande/innebar", WORDS)
    others = [target.learner(1), target.administrator, None]
    for number in range(40 if hard else 6):
        await take_over(target, anna, others[number % 3], late=number % 2 == 0)
    await come_back(target, anna)
    known = {session for session in seen if session in target.server.output}
    assert not known, "ids of Streamlit's sessions stand in the log"


#: Ids of all sessions, to be looked for in the log.
seen: set[str] = set()


async def take_over(target: Target, anna: Learner, other: Learner | None, *, late: bool) -> None:
    async with opened(target, anna, mark="annas") as hers:
        await hers.send(rerun(target.url))
        session = await session_of(hers)
        if late:
            await everything(hers)
        async with opened(target, other, mark="others", session=session) as theirs:
            if late:
                await theirs.send(rerun(target.url))
            read = await everything(theirs)
            assert WORDS.encode() not in read, "another's words were read"
            assert session.encode() not in read, "another's session was taken over"
            # She goes on undisturbed.
            await hers.send(rerun(target.url))
            assert WORDS.encode() in await everything(hers), "she was thrown out"
    async with opened(target, other, mark="others", session=session) as theirs:
        await theirs.send(rerun(target.url))
        assert WORDS.encode() not in await everything(theirs), "words were left behind"
    # The session is hers and this browser's: nor does her own cookie elsewhere take it along.
    async with opened(target, anna, mark="elsewhere", session=session) as elsewhere:
        await elsewhere.send(rerun(target.url))
        assert await session_of(elsewhere) != session, "the session went along into another browser"


async def come_back(target: Target, anna: Learner) -> None:
    """She herself, in the same browser, goes on where she was when the connection was lost."""
    async with opened(target, anna, mark="annas") as hers:
        await hers.send(rerun(target.url))
        session = await session_of(hers)
        await everything(hers)
    async with opened(target, anna, mark="annas", session=session) as again:
        await again.send(rerun(target.url))
        assert await session_of(again) == session, "she could not come back"


async def session_of(socket: ClientConnection) -> str:
    """The id of the session that a run belongs to."""
    while True:
        said = ForwardMsg()
        said.ParseFromString(await socket.recv(decode=False))
        if said.WhichOneof("type") == "new_session":
            seen.add(said.new_session.initialize.session_id)
            return said.new_session.initialize.session_id


async def everything(socket: ClientConnection) -> bytes:
    """All that is said until a run has ended, or for a while."""
    read = b""
    try:
        while True:
            said = await asyncio.wait_for(socket.recv(), 1)
            assert isinstance(said, bytes)
            read += said
            message = ForwardMsg()
            message.ParseFromString(said)
            if message.WhichOneof("type") == "script_finished":
                return read
    except TimeoutError:
        return read


def rerun(url: str) -> bytes:
    message = BackMsg()
    message.rerun_script.page_name = "skapande"
    message.rerun_script.context_info.url = f"{url}/skapande"
    return bytes(message.SerializeToString())


def opened(target: Target, learner: Learner | None, *, mark: str, session: str = "") -> connect:
    cookies = [f"visionsprat_browser={mark}", *([learner.cookie] if learner else [])]
    return connect(
        f"{target.url.replace('http', 'ws', 1)}/_stcore/stream",
        origin=Origin(target.url),
        additional_headers={"Cookie": "; ".join(cookies)},
        subprotocols=[Subprotocol(each) for each in ("streamlit", "no-token", session) if each],
        max_size=None,
        compression=None,
        ping_interval=None,
    )
