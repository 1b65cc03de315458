"""A learner without a browser: Streamlit's websocket for the pages, HTTP for what they write."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Self

import httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.support.measured_server import Learner


class Refused(Exception):
    """The server answered with something else than a page, or than that the text is saved."""


class Tab:
    """One browser tab: visits pages and waits until each has been drawn.

    It says what the front end says: the first run asks for a page by its name, later ones by the hash
    that the navigation message gave for its address.
    """

    def __init__(self, url: str, learner: Learner | None) -> None:
        self.url = url
        self.headers = {"Cookie": learner.cookie} if learner else {}
        self.html = ""  # what the last run drew with st.html
        self.received: list[bytes] = []  # all that the server sent about the last run
        self._hashes: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        self._socket: ClientConnection = await connect(
            f"{self.url.replace('http', 'ws', 1)}/_stcore/stream",
            origin=Origin(self.url),
            additional_headers=self.headers,
            subprotocols=[Subprotocol("streamlit"), Subprotocol("no-token")],
            max_size=None,
            compression=None,
            ping_interval=None,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._socket.close()

    @property
    def addresses(self) -> set[str]:
        """The pages that this visitor has, as the navigation gave them."""
        return set(self._hashes)

    async def visit(self, address: str, query: str = "") -> None:
        """Ask for the page and wait until its script has run to the end."""
        message = BackMsg()
        rerun = message.rerun_script
        if address in self._hashes:
            rerun.page_script_hash = self._hashes[address]
            rerun.is_history_navigation = True
        else:
            rerun.page_name = address
        rerun.query_string = query
        rerun.context_info.timezone = "Europe/Stockholm"
        rerun.context_info.locale = "sv-SE"
        rerun.context_info.url = f"{self.url}/{address}"
        await self.send(message)
        await self.drawn(address)

    def hash_of(self, address: str) -> str:
        """What the navigation calls the page at that address."""
        return self._hashes[address]

    async def send(self, message: BackMsg) -> None:
        await self._socket.send(message.SerializeToString())

    async def drawn(self, address: str) -> None:
        """Wait until the page that was asked for has been drawn."""
        self.html, self.received = "", []
        while True:
            self.received.append(_binary(await self._socket.recv()))
            received = ForwardMsg()
            received.ParseFromString(self.received[-1])
            kind = received.WhichOneof("type")
            if kind == "navigation":
                self._hashes = {
                    page.url_pathname: page.page_script_hash for page in received.navigation.app_pages
                }
                self._hashes[""] = next(
                    page.page_script_hash for page in received.navigation.app_pages if page.is_default
                )
            elif kind == "delta" and received.delta.new_element.WhichOneof("type") == "html":
                self.html += received.delta.new_element.html.body
            elif kind == "page_not_found":
                raise Refused(f"/{address} was not found")
            elif kind == "script_finished":
                if received.script_finished != ForwardMsg.FINISHED_SUCCESSFULLY:
                    raise Refused(f"/{address} ended with {received.script_finished}")
                return


class Editor:
    """Saves what one learner writes, over one connection that is kept alive."""

    def __init__(
        self,
        url: str,
        learner: Learner,
        connection: httpx.AsyncClient,
        based_on: dict[str, int] | None = None,
    ) -> None:
        self._to = f"{url}/api/reflections"
        self._headers = {
            "Cookie": learner.cookie,
            "Origin": url,
            "X-Visionsprat-Account": str(learner.account_id),
        }
        self._connection = connection
        self.revisions: dict[str, int] = dict(based_on or {})

    async def save(self, question: str, text: str) -> int:
        """Save the text and return its revision, as the server has acknowledged it."""
        body: dict[str, Any] = {
            "question": question,
            "text": text,
            "based_on": self.revisions.get(question, 0),
        }
        body["unanswered"] = []
        while True:
            answer = await self._connection.post(self._to, json=body, headers=self._headers)
            if answer.status_code != 429:
                break
            await asyncio.sleep(float(answer.headers["Retry-After"]))
        if answer.status_code != 200:
            raise Refused(f"saving {question} was answered with {answer.status_code}")
        self.revisions[question] = answer.json()["revision"]
        return self.revisions[question]


def rerun(url: str, address: str) -> bytes:
    """The message that asks for the page at an address."""
    message = BackMsg()
    message.rerun_script.page_name = address[:100]
    message.rerun_script.context_info.url = f"{url}/{address}"
    return bytes(message.SerializeToString())


def other_kinds() -> list[bytes]:
    """A message of each kind that no page of ours sends."""
    flags = (
        *("clear_cache", "set_run_on_save", "stop_script", "load_git_info"),
        *("debug_disconnect_websocket", "debug_shutdown_runtime", "app_heartbeat"),
    )
    found = [BackMsg() for _ in flags]
    for message, flag in zip(found, flags, strict=True):
        setattr(message, flag, True)
    operation = BackMsg()
    operation.backend_operation_request.install_skills.SetInParent()
    fragment = BackMsg()
    fragment.rerun_script.fragment_id = "a"
    return [each.SerializeToString() for each in (*found, operation, fragment, BackMsg())]


def _binary(message: str | bytes) -> bytes:
    if isinstance(message, str):
        raise Refused("the server sent text where only protobuf is spoken")
    return message
