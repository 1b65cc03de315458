"""The web server's connections: bounded in number and in time, with a few kept for /healthz.

uvicorn waits for ever for a request that doesn't come to its end, and for a reader who doesn't read. Here
each connection that waits for its client is looked at once a second; time is counted in looks, so that a
server that stood still ends nobody's request. When there are as many as `bounds` allows, the one that has
waited longest gives way to a new one: half-sent requests keep nobody out. What is half here (heads and
websocket messages that wait for their rest) shares 32 MB, and a message's length is looked at when it is
told.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from visionsprat.installation import open_installation
from visionsprat.runtime.file_descriptors import FULL, SPARE, Bounds, bounds
from visionsprat.telemetry import log, metrics
from visionsprat.web.client_ip import client_of, is_this_machine
from visionsprat.web.security import HEADERS

#: For a request's head, from the connection's beginning or from the answer before. (uvicorn itself ends a
#: connection that has rested for 5 s after an answer.)
HEAD_SECONDS = 15
#: For a request's body, and as much longer as its bytes take at the slowest pace that is waited for.
BODY_SECONDS = 30
SLOWEST = 1000  # bytes a second: a fifth of what the oldest mobile nets carry
LONGEST_BODY_SECONDS = 600
#: Without a byte being taken of what is sent.
READER_SECONDS = 60
#: For whoever came when all connections were taken.
SPARE_SECONDS = 3
#: A browser's is 2 kB or so.
MAX_HEAD_BYTES = 64 * 1024
#: Of a message over the websocket. One of ours has 100 to 600; a page of 8 kB at most in each field has less.
MAX_MESSAGE_BYTES = 100_000
#: Browsers send messages of ours in one.
MAX_FRAGMENTS = 100
#: For the whole of such a message, from its first byte.
MESSAGE_SECONDS = 30
#: Of all heads and messages that are half here, held until the rest comes. Beyond it the oldest gives way.
MAX_PARTS_BYTES = 32_000_000

_SENTENCES = {
    400: "Begäran gick inte att förstå.",
    408: "Begäran kom inte fram i tid. Försök igen.",
    431: "Begäran är för stor.",
    503: FULL,
}
#: Seconds between two lines in the log about the same kind of refusal.
_A_WHILE = 60
_log = logging.getLogger(log.OURS)


class Watch:
    """Who is waited for.

    Time is counted in looks, one a second: that the server stood still is no client's fault.
    """

    def __init__(self, limits: Bounds) -> None:
        self.limits = limits
        self.now = 0
        #: Connections whose request is not here yet, those that have waited longest first (more or less).
        self.waiting: dict[Connection, None] = {}
        #: Those with something to send that their client doesn't take: since when, and how many bytes.
        self.stuck: dict[Connection | Tab, tuple[int, int]] = {}
        self.spare: dict[Connection, None] = {}
        #: Whose head or message is half here: since when, and how many bytes of it. The oldest first.
        self.parts: dict[Connection | Tab, tuple[int, int]] = {}
        self.held, self.most_held = 0, MAX_PARTS_BYTES
        self.of_client: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        #: All connections and websockets of the server.
        self.everybody: set[Any] = set()

    def arrive(self, connection: Connection) -> None:
        """Let a new connection in: in the place of one that waits, if need be, or as a spare one."""
        self.of_client[connection.peer] += 1
        if len(self.everybody) - len(self.spare) > self.limits.connections:
            reason = "full"
        elif self.of_client[connection.peer] > self.limits.connections_of_client and connection.is_apart:
            reason = "full_for_client"
        else:
            reason = ""
        if reason and not self._make_room(connection, reason):
            self._spare(connection, reason)
        connection.since = self.now
        self.waiting[connection] = None

    def _make_room(self, new: Connection, reason: str) -> bool:
        for each in self.waiting:
            if not each.is_spare and (reason == "full" or each.peer == new.peer):
                self.note(f"{reason}_gave_way")
                self.close(each)
                return True
        return False

    def _spare(self, connection: Connection, reason: str) -> None:
        self.note(reason)
        oldest = next((each for each in self.spare if each in self.waiting), None)
        if len(self.spare) >= SPARE:
            self.close(oldest or connection)
        self.spare[connection] = None
        connection.make_spare()

    def close(self, connection: Connection) -> None:
        self.waiting.pop(connection, None)
        connection.transport.close()

    def forget(self, connection: Connection) -> None:
        """It is something else now."""
        self.waiting.pop(connection, None)
        self.stuck.pop(connection, None)
        self.spare.pop(connection, None)
        self.hold_part(connection, 0)

    def leave(self, peer: str) -> None:
        self.of_client[peer] -= 1
        if not self.of_client[peer]:
            del self.of_client[peer]

    def note(self, reason: str) -> None:
        """Count a refusal; the log hears of it once in a while."""
        metrics.REFUSED.labels(reason).inc()
        self._refused[reason] += 1

    def hold(self, protocol: Connection | Tab) -> None:
        """There is more to be sent than the client takes."""
        self.stuck.setdefault(protocol, (self.now, protocol.transport.get_write_buffer_size()))

    def hold_part(self, protocol: Connection | Tab, size: int) -> None:
        """So many bytes of a head or a message are here, and not all; 0 for none."""
        since, before = self.parts.get(protocol, (self.now, 0))
        self.held += size - before
        if size:
            self.parts[protocol] = since, size
        elif before:
            del self.parts[protocol]
        while self.held > self.most_held:
            oldest = next(iter(self.parts))
            self.note("parts_gave_way")
            self.hold_part(oldest, 0)
            oldest.transport.abort()

    def look(self) -> None:
        """Once a second: end what has waited for its client for too long."""
        self.now += 1
        for connection in [*self.waiting]:
            if connection.flow.read_paused:
                connection.since = self.now  # it is we who don't read
            elif self.now - connection.since > connection.patience:
                connection.time_out()
        for protocol, (since, unsent) in [*self.stuck.items()]:
            left = protocol.transport.get_write_buffer_size()
            if left < unsent:
                self.stuck[protocol] = (self.now, left)
            elif self.now - since > READER_SECONDS:
                self.note("slow_reader")
                protocol.transport.abort()
        for protocol, (since, _) in [*self.parts.items()]:
            if isinstance(protocol, Tab) and self.now - since > MESSAGE_SECONDS:
                self.note("slow_message")
                protocol.transport.abort()
        if self.now % READER_SECONDS == 0:
            for each in self.everybody:
                if each.transport.is_closing():  # and waits until all is sent
                    self.hold(each)
        metrics.CONNECTIONS.set(len(self.everybody))
        if self.now % _A_WHILE == 0:
            self._tell()

    def _tell(self) -> None:
        for reason, count in self._refused.items():
            is_full = reason.startswith(("full", "tabs"))
            level = logging.WARNING if is_full else logging.INFO
            _log.log(level, "Connections were ended", extra={"outcome": reason, "count": count})
        self._refused.clear()


class Connection(HttpToolsProtocol):
    """One connection, as uvicorn has it, that tells `watch` when it waits for its client."""

    watch: Watch
    #: When it began to wait, and for how many seconds it may.
    since = 0
    patience = HEAD_SECONDS
    is_spare = False
    _in_head = True
    _received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.peer = client_of(self.client[0] if self.client else "")
        self.watch.arrive(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.watch.forget(self)
        self.watch.leave(self.peer)
        super().connection_lost(exc)

    @property
    def is_apart(self) -> bool:
        """Whether its address tells one client from another: no proxy's does."""
        return not is_this_machine(self.peer) and open_installation().settings.client_header is None

    def make_spare(self) -> None:
        self.is_spare, self.patience = True, SPARE_SECONDS
        self.app = _only_healthz(self.app)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._received += len(data)
        super().data_received(data)
        if self._in_head and self._received > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.watch.note("head_too_large")
            self.refuse(431)
        self.watch.hold_part(self, self._received if self._in_head else 0)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.since = self.watch.now
        if not self.is_spare:
            self.patience = HEAD_SECONDS

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._in_head, self._received = False, 0
        self.since = self.watch.now
        if not self.is_spare:
            self.patience = BODY_SECONDS
        elif self.cycle:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self._received += len(body)
        if not self.is_spare:
            self.patience = min(BODY_SECONDS + self._received // SLOWEST, LONGEST_BODY_SECONDS)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_head, self._received = True, 0  # the next one's
        self.watch.waiting.pop(self, None)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.timeout_keep_alive_task and self not in self.watch.waiting:  # it rests
            self.since, self.patience = self.watch.now, HEAD_SECONDS
            self.watch.waiting[self] = None

    def handle_websocket_upgrade(self) -> None:
        if self.is_spare:
            self.refuse(503)
            return
        self.watch.forget(self)
        super().handle_websocket_upgrade()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.watch.hold(self)

    def resume_writing(self) -> None:
        super().resume_writing()
        self.watch.stuck.pop(self, None)

    def send_400_response(self, msg: str) -> None:
        self.watch.note("malformed")
        self.refuse(400)

    def time_out(self) -> None:
        """The client has not sent what it began to."""
        if self._in_head and not self._received:  # browsers open connections that they may need
            self.watch.close(self)
            return
        self.watch.note("slow_head" if self._in_head else "slow_body")
        self.refuse(408)

    def refuse(self, status: int) -> None:
        """End the connection, with a sentence where an answer is still awaited."""
        if not self.transport.is_closing() and (self.cycle is None or not self.cycle.response_started):
            self.transport.write(_answer(status))
        self.watch.close(self)


class Tab(WebSocketsSansIOProtocol):
    """A websocket, as uvicorn has it, that tells `watch` when its client doesn't take what is sent."""

    watch: Watch

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.peer = client_of(self.client[0] if self.client else "")

    def connection_lost(self, exc: Exception | None) -> None:
        self.watch.stuck.pop(self, None)
        self.watch.hold_part(self, 0)
        self.watch.leave(self.peer)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if len(self.frames) > MAX_FRAGMENTS:
            self.watch.note("fragments")
            self.transport.abort()
        elif not self.transport.is_closing():
            self.watch.hold_part(self, len(self.conn.reader.buffer) + sum(map(len, self.frames)))

    def handle_text(self, event: Frame) -> None:
        """Texts are said to nobody here: the end of one will do, for websocket.py to close the connection."""
        super().handle_text(Frame(event.opcode, b"", event.fin))

    def handle_cont(self, event: Frame) -> None:
        is_text = self.curr_msg_data_type == "text"
        super().handle_cont(Frame(event.opcode, b"", event.fin) if is_text else event)

    async def send(self, message: Any) -> None:
        """What is still said when the protocol has closed the connection of itself is said to nobody.

        It does so at a malformed frame, and when no answer to its pings comes: a phone that is out of reach.
        uvicorn calls that a fault of the application until the connection is lost, too.
        """
        await self.writable.wait()
        if self.close_sent and message["type"] == "websocket.send":
            raise ClientDisconnected
        await super().send(message)

    def pause_writing(self) -> None:
        super().pause_writing()
        self.watch.hold(self)

    def resume_writing(self) -> None:
        super().resume_writing()
        self.watch.stuck.pop(self, None)


def _answer(status: int) -> bytes:
    metrics.RESPONSES.labels(str(status)).inc()
    body = f"{_SENTENCES[status]}\n".encode()
    headers = HEADERS | {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        "Connection": "close",
        "Retry-After": "10",
    }
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _only_healthz(app: Any) -> Any:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/healthz":
            await app(scope, receive, send)
            return
        body = f"{FULL}\n".encode()
        headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
        headers += [(b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"10")]
        headers += [(b"content-length", str(len(body)).encode()), (b"connection", b"close")]
        metrics.RESPONSES.labels("503").inc()
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return answer


def install() -> None:
    """Let the server that is being started speak through these classes.

    Streamlit makes uvicorn's server itself and takes no class for it. When the application is loaded, the
    server has not begun to listen.
    """
    watch = Connection.watch = Tab.watch = Watch(bounds())
    metrics.MOST_CONNECTIONS.set(watch.limits.connections)
    metrics.MOST_WEBSOCKETS.set(watch.limits.tabs)
    begin = uvicorn.Server.startup

    async def startup(server: uvicorn.Server, sockets: Any = None) -> None:
        server.config.http_protocol_class, server.config.ws_protocol_class = Connection, Tab
        server.config.backlog = watch.limits.backlog
        server.config.ws_max_size = MAX_MESSAGE_BYTES
        watch.everybody = server.server_state.connections
        await begin(server, sockets)

    setattr(uvicorn.Server, "startup", startup)  # noqa: B010


@asynccontextmanager
async def watched() -> AsyncIterator[None]:
    """Look after the connections until the end."""

    async def go_on() -> None:
        while True:
            await asyncio.sleep(1)
            Connection.watch.look()

    looking = asyncio.create_task(go_on())
    try:
        yield
    finally:
        looking.cancel()
