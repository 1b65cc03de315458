"""What Streamlit's protocol would never say: messages of every kind, filled in by lot, whole or damaged."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Sequence
from contextlib import suppress

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Origin, Subprotocol

from tests.attack.target import CLIENT_HEADER, Target
from tests.support.measured_server import Learner
from tests.support.streamlit_client import Tab

SEED = 20261128
COUNT = {False: 300, True: 5_000}
#: Sent over one connection, unless it is closed before.
IN_A_ROW = 5
AT_ONCE = 6
PAGES = ("", "skapande", "mina-reflektioner", "mitt-konto", "glomt-losenord", "administration")
TEXTS = (
    "",
    "a",
    "/" * 50,
    "\0",
    "../..",
    "skapande",
    "%00",
    "\u202e",
    "9" * 400,
    "{",
    "[]",
    '{"a": 1}',
    "null",
)


async def attack(target: Target, hard: bool) -> None:
    draw, limit = random.Random(SEED), asyncio.Semaphore(AT_ONCE)
    people = [None, target.learner(0), target.administrator]
    widgets = [await _widgets(target, each) for each in people]
    assert all(widgets), "no widgets were found"

    async def send(frames: Sequence[bytes | str], learner: Learner | None) -> None:
        async with limit:
            await _send(target, list(frames), learner, f"203.0.113.{draw.randint(1, 254)}")

    rows = []
    for _ in range(COUNT[hard] // IN_A_ROW):
        number = draw.randrange(len(people))
        frames = [_frame(draw, target.url, widgets[number]) for _ in range(IN_A_ROW)]
        rows.append(send(frames, people[number]))
    await asyncio.gather(*rows)


async def _widgets(target: Target, learner: Learner | None) -> list[str]:
    """The names of all widgets that this person's pages have: a message about others is not looked at."""
    found: set[str] = set()
    async with Tab(target.url, learner) as tab:
        for page in PAGES:
            await tab.visit(page)
            drawn = b"".join(tab.received)
            found |= {each.decode() for each in re.findall(rb"\$\$ID-[0-9a-f]{32}-[\w:.-]+", drawn)}
    return sorted(found)


async def _send(target: Target, frames: list[bytes | str], learner: Learner | None, client: str) -> None:
    """Send them over one connection after the other, as each is closed."""
    headers = {CLIENT_HEADER: client, **({"Cookie": learner.cookie} if learner else {})}
    while frames:
        try:
            async with connect(
                f"{target.url.replace('http', 'ws', 1)}/_stcore/stream",
                origin=Origin(target.url),
                additional_headers=headers,
                subprotocols=[Subprotocol("streamlit"), Subprotocol("no-token")],
                max_size=None,
            ) as socket:
                while frames:
                    await socket.send(frames.pop())
                    await _hear(socket)
        except ConnectionClosed:
            continue  # with the next
        except (OSError, WebSocketException):
            frames.pop()  # turned away


async def _hear(socket: ClientConnection) -> None:
    """Wait until the server has begun to answer, if what it was sent asks for anything."""
    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(socket.recv(), 0.2)


def _frame(draw: random.Random, url: str, widgets: Sequence[str]) -> bytes | str:
    kind = draw.randrange(8)
    if kind == 0:
        return draw.randbytes(draw.randrange(200))
    if kind == 1:
        return draw.choice(["", "{}", "rerun", "å" * draw.randrange(2000)])
    if kind > 4:
        return _run(draw, url, widgets)
    whole = _run(draw, url, widgets) if draw.random() < 0.5 else _other(draw)
    if kind == 2:
        return whole[: draw.randrange(len(whole) + 1)]
    spoilt = bytearray(whole)
    for _ in range(draw.randint(1, 8)):
        if spoilt:
            spoilt[draw.randrange(len(spoilt))] = draw.randrange(256)
    return bytes(spoilt)


def _text(draw: random.Random) -> str:
    return draw.choice([*TEXTS, "x" * draw.randrange(100_000)])


def _run(draw: random.Random, url: str, widgets: Sequence[str]) -> bytes:
    """A run of a page asked for with what its widgets can't hold."""
    message = BackMsg()
    rerun, page = message.rerun_script, draw.choice(PAGES)
    rerun.page_name = draw.choice([page, page, _text(draw)])
    rerun.query_string = draw.choice(["", _text(draw)])
    rerun.page_script_hash = draw.choice(["", "", _text(draw)])
    rerun.context_info.url = draw.choice([f"{url}/{page}"] * 6 + [f"{url}/{_text(draw)}", "http://[", ""])
    rerun.context_info.timezone = draw.choice(["Europe/Stockholm", _text(draw)])
    rerun.context_info.locale = draw.choice(["sv-SE", _text(draw)])
    rerun.cached_message_hashes.extend([_text(draw)[:50]] * draw.randrange(30))
    for _ in range(draw.randrange(6)):
        state = rerun.widget_states.widgets.add()
        state.id = draw.choice(widgets) if draw.random() < 0.9 else _text(draw)
        _fill(draw, state)
    return bytes(message.SerializeToString())


def _fill(draw: random.Random, state: WidgetState) -> None:
    """Most often as one of the kinds that come through."""
    usual = ("string_value", "bool_value", "trigger_value", "json_trigger_value", "file_uploader_state_value")
    every = tuple(field.name for field in WidgetState.DESCRIPTOR.oneofs_by_name["value"].fields)
    _set(draw, state, draw.choice(usual if draw.random() < 0.9 else every))
    if state.HasField("file_uploader_state_value"):
        for _ in range(draw.randrange(3)):
            chosen = state.file_uploader_state_value.uploaded_file_info.add()
            chosen.file_id, chosen.name, chosen.size = (
                _text(draw),
                _text(draw)[:300],
                draw.choice([0, 2**60]),
            )


def _set(draw: random.Random, message: Message, name: str) -> None:
    (field,) = (each for each in message.DESCRIPTOR.fields if each.name == name)
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        getattr(message, name).SetInParent()
    elif field.type == FieldDescriptor.TYPE_STRING:
        setattr(message, name, _text(draw))
    elif field.type == FieldDescriptor.TYPE_BYTES:
        setattr(message, name, draw.randbytes(20))
    else:
        setattr(message, name, draw.choice([0, 1]))


def _other(draw: random.Random) -> bytes:
    """A message of any kind, with nothing but its name."""
    message = BackMsg()
    _set(draw, message, draw.choice([each.name for each in BackMsg.DESCRIPTOR.oneofs_by_name["type"].fields]))
    return bytes(message.SerializeToString())
