"""What stands before Streamlit's websocket: which messages a browser may send, how large and how often.

Streamlit takes messages of kinds that no page of ours sends, of any size and number, and does what they ask
on the event loop, which everybody shares. Whatever else than ours comes closes the connection with a word.
They are handed on one by one, and others are served between: 200 that came at once held up a save by 0.6 s;
now by 0.04 s.

The rates (token buckets) are of a tab, of a signed-in session, and of all strangers of one address, which
without VISIONSPRAT_CLIENT_HEADER is everybody's; so signed-in people never share one. A message that comes
too early waits (throttling), and only one that goes on so closes the tab: a key held down on a link is no
attack.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from google.protobuf.message import DecodeError
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnected
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.state.common import GENERATED_ELEMENT_ID_PREFIX as WIDGET
from streamlit.runtime.state.session_state import STREAMLIT_INTERNAL_KEY_PREFIX as INTERNAL

from visionsprat.errors import StoreUnavailable
from visionsprat.telemetry import log, metrics
from visionsprat.web import session_owners, uploads
from visionsprat.web.connections import MAX_MESSAGE_BYTES
from visionsprat.web.security import client_of_request

STREAM = "/_stcore/stream"
#: Bytes of a message. 20,000 characters in one field make 80,000 at most; input_limit.js lets no field hold
#: more than a tenth of that.
LARGEST = MAX_MESSAGE_BYTES
LARGEST_NAME = 1_000
#: What our widgets say: text fields and lists, check boxes, buttons, the editor, the staff list's file.
VALUES = {
    *("string_value", "bool_value", "trigger_value", "json_trigger_value", "file_uploader_state_value"),
    None,  # a field that has been emptied
}
#: How the names of widgets, and of what the editor says, begin. Streamlit looks for any other among the
#: things that a page remembers, and stumbles.
NAMES = (f"{WIDGET}-", f"{INTERNAL}_{WIDGET}-")
#: Messages in a row that may come too early, each being kept waiting, before the connection is closed.
PATIENCE = 50
#: Seconds that a message waits at most because others of the same client have come.
LONGEST_WAIT = 10.0
#: Tabs of one client whose pages are drawn at a time. Streamlit sends to one tab after the other what it has
#: drawn, and what waits to be sent to two hundred keeps everybody waiting.
DRAWING = 4
#: Seconds after which a page counts as drawn: it waits for something else, such as a turn to sign in.
DRAWN_AFTER = 1.0
#: Bytes of a message that says that a page is drawn, at most.
_SHORT = 100


class Refusal(Exception):
    """A message that is not taken: the code that the connection is closed with, and why in a word."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@dataclass(frozen=True)
class Rate:
    """Messages: so many at once, and so many a second in the long run."""

    burst: float
    per_second: float


#: Of one tab. Nobody clicks as fast; a key held down on a link comes 30 times a second.
OF_A_TAB = Rate(40, 20)
#: Of one account, with all its tabs and sessions: a browser that opens twenty again asks for two runs each.
#: A run costs some 4 ms, so one account takes an eighth of a processor at most.
OF_A_PERSON = Rate(120, 30)
#: Of all who are not signed in and come from one address. Without VISIONSPRAT_CLIENT_HEADER that is the
#: proxy's, and the whole city's: 5,000 people who sign in within five minutes ask for three runs each, 50 a
#: second.
OF_STRANGERS = Rate(100, 50)


@dataclass
class Bucket:
    """Counts what comes at a rate (a token bucket)."""

    rate: Rate
    clock: Callable[[], float] = time.monotonic
    level: float = field(init=False)
    at: float = field(init=False)
    #: For the tabs whose pages are being drawn.
    drawing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(DRAWING))

    def __post_init__(self) -> None:
        self.level, self.at = self.rate.burst, self.clock()

    def take(self) -> float:
        """Take one, and return how many seconds too early it is."""
        self._fill()
        self.level -= 1
        return max(0.0, -self.level / self.rate.per_second)

    def give_back(self) -> None:
        self.level += 1

    @property
    def is_full(self) -> bool:
        self._fill()
        return self.level >= self.rate.burst

    def _fill(self) -> None:
        now = self.clock()
        self.level = min(self.rate.burst, self.level + (now - self.at) * self.rate.per_second)
        self.at = now


class Buckets:
    """A bucket for each client. Full ones say nothing and are forgotten when there are many."""

    def __init__(self, many: int = 10_000) -> None:
        self.many = many
        self.found: dict[tuple[str, str], Bucket] = {}

    def of(self, client: tuple[str, str], rate: Rate) -> Bucket:
        if client not in self.found and len(self.found) >= self.many:
            self.found = {key: bucket for key, bucket in self.found.items() if not bucket.is_full}
        return self.found.setdefault(client, Bucket(rate))


class Frames:
    """ASGI middleware, the last before Streamlit; see the module."""

    def __init__(self, app: ASGIApp) -> None:
        session_owners.check_trust()
        self.app = app
        self.buckets = Buckets()
        #: One message after the other is handed on, and whatever else waits comes between: Streamlit starts a
        #: thread for each on the event loop, and 200 that came at once held up a save by 0.6 s.
        self.turn = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
        elif scope["path"] != STREAM:
            await send({"type": "websocket.close", "code": 1008})
        else:
            asked = HTTPConnection(scope)
            session_owners.mark(asked)
            bucket = await self._bucket(asked)
            try:
                await Connection(asked, bucket, self.turn, receive, send).run(self.app)
            finally:
                uploads.forget_lost()

    async def _bucket(self, asked: HTTPConnection) -> Bucket:
        """Of whoever's live session it comes with, else of the address."""
        try:
            account = await run_in_threadpool(session_owners.account, asked)
        except StoreUnavailable:
            account = None
        if account is not None:
            return self.buckets.of(("account", str(account.id)), OF_A_PERSON)
        return self.buckets.of(("address", _client(asked)), OF_STRANGERS)


class Connection:
    """One websocket: lets its messages through one by one."""

    def __init__(
        self, asked: HTTPConnection, client: Bucket, turn: asyncio.Lock, receive: Receive, send: Send
    ) -> None:
        self.asked, self.client, self.turn = asked, client, turn
        self.receive, self.send = receive, send
        self.own = Bucket(OF_A_TAB)
        self.early = 0
        self.closed = False
        self.drawing: asyncio.TimerHandle | None = None

    async def run(self, app: ASGIApp) -> None:
        try:
            await self._run(app)
        finally:
            self._has_drawn()

    async def _run(self, app: ASGIApp) -> None:
        with suppress(WebSocketDisconnected):  # Streamlit closes what was lost while it was speaking
            await app(self.asked.scope, self._receive, self._send)

    async def _receive(self) -> Message:
        message = await self.receive()
        if message["type"] != "websocket.receive":
            return message
        try:
            await self._look_at(message)
        except Refusal as refusal:
            metrics.REFUSED_MESSAGES.labels(refusal.reason).inc()
            client = log.place(_client(self.asked))
            log.refusal("Closed a websocket", reason=refusal.reason, client=client)
            self.closed = True
            await self.send({"type": "websocket.close", "code": refusal.code, "reason": refusal.reason})
            return {"type": "websocket.disconnect", "code": refusal.code}
        await self._begin_to_draw()
        async with self.turn:
            await asyncio.sleep(0)
        return message

    async def _send(self, message: Message) -> None:
        if is_end_of_drawing(message.get("bytes") or b""):
            self._has_drawn()
        # What Streamlit has still to say to a connection that is closed is said to nobody.
        if not self.closed:
            await self.send(message)

    async def _begin_to_draw(self) -> None:
        """Wait until few pages of the same client are being drawn. One that is will be drawn once more."""
        if self.drawing is None:
            await self.client.drawing.acquire()
            self.drawing = asyncio.get_running_loop().call_later(DRAWN_AFTER, self._has_drawn)

    def _has_drawn(self) -> None:
        if self.drawing is not None:
            self.drawing.cancel()
            self.drawing = None
            self.client.drawing.release()

    async def _look_at(self, message: Message) -> None:
        """Wait until the message may be handed on. Raises Refusal."""
        data = message.get("bytes")
        if data is None:
            raise Refusal(1003, "text")
        if len(data) > LARGEST:
            raise Refusal(1009, "size")
        asks_for_a_file = kind_of(data) == "file_urls_request"
        await self._take_turns()
        if asks_for_a_file and not await self._is_administrators():
            raise Refusal(1008, "kind")

    async def _is_administrators(self) -> bool:
        try:
            return await run_in_threadpool(session_owners.is_administrator, self.asked)
        except StoreUnavailable:
            raise Refusal(1013, "unavailable") from None

    async def _take_turns(self) -> None:
        wait = max(self.own.take(), self.client.take())
        self.early = self.early + 1 if wait else 0
        if self.early > PATIENCE or wait > LONGEST_WAIT:
            self.client.give_back()
            raise Refusal(1008, "rate")
        if wait:
            await asyncio.sleep(wait)


def is_end_of_drawing(data: bytes) -> bool:
    """Whether this, from Streamlit, says that a page is drawn."""
    return 0 < len(data) < _SHORT and ForwardMsg.FromString(data).WhichOneof("type") == "script_finished"


def kind_of(data: bytes) -> str:
    """Which of the kinds that we use a message is. Raises Refusal for every other."""
    message = BackMsg()
    try:
        message.ParseFromString(data)
    except DecodeError:
        raise Refusal(1007, "malformed") from None
    kind = message.WhichOneof("type")
    if kind == "rerun_script" and _is_ours(message.rerun_script):
        return "rerun_script"
    names = message.file_urls_request.file_names
    if kind == "file_urls_request" and len(names) == 1 and len(data) <= LARGEST_NAME:
        return "file_urls_request"
    raise Refusal(1008, "kind")


def _is_ours(asked: ClientState) -> bool:
    """Whether a run is asked for as our pages do: they have no fragments, and widgets of few kinds."""
    if asked.fragment_id or asked.is_auto_rerun:
        return False
    return all(
        each.id.startswith(NAMES) and each.WhichOneof("value") in VALUES
        for each in asked.widget_states.widgets
    )


def _client(asked: HTTPConnection) -> str:
    """Where a browser comes from; empty on this machine itself, or behind a proxy that says nothing."""
    return client_of_request(asked.headers, asked.client.host if asked.client else None)
