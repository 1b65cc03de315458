"""A tab in which forms are filled in, as a program would: with whatever, as often as it likes."""

from __future__ import annotations

import re
import secrets
from urllib.parse import unquote

import httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.attack.target import CLIENT_HEADER
from tests.support.measured_server import Learner
from tests.support.streamlit_client import Tab
from visionsprat.web.cookies import BROWSER_COOKIE, SESSION_COOKIE


class FormTab(Tab):
    """A browser's tab, with a mark and a client address of its own."""

    def __init__(self, url: str, learner: Learner | None = None, client: str = "203.0.113.1") -> None:
        super().__init__(url, learner)
        self.mark = secrets.token_urlsafe(16)
        cookies = [f"{BROWSER_COOKIE}={self.mark}", *([learner.cookie] if learner else [])]
        self.headers = {"Cookie": "; ".join(cookies), CLIENT_HEADER: client}
        self._at = ""

    async def visit(self, address: str, query: str = "") -> None:
        self._at = address
        await super().visit(address, query)

    async def submit(self, button: str, **fields: str) -> None:
        """Fill in the fields, by their keys, and press the button with this label."""
        widgets = self._widgets()
        message = BackMsg()
        rerun = message.rerun_script
        rerun.page_script_hash = self._hashes[self._at]
        rerun.context_info.url = f"{self.url}/{self._at}"
        for key, value in fields.items():
            state = rerun.widget_states.widgets.add()
            state.id = next(id for id in widgets if id.endswith(f"-{key}"))
            state.string_value = value
        pressed = rerun.widget_states.widgets.add()
        pressed.id = next(id for id, label in widgets.items() if label == button)
        pressed.trigger_value = True
        await self._socket.send(message.SerializeToString())
        await self.drawn(self._at)

    def _widgets(self) -> dict[str, str]:
        """The ids of fields and buttons, with the buttons' labels."""
        found: dict[str, str] = {}
        for raw in self.received:
            element = ForwardMsg.FromString(raw).delta.new_element
            kind = element.WhichOneof("type")
            if kind in {"text_input", "button"}:
                widget = getattr(element, kind)
                found[widget.id] = widget.label
        return found

    @property
    def ticket(self) -> str:
        """The ticket that the last run has handed out; empty when there was none."""
        found = re.search(rb"/api/ticket\?ticket=([\w.%-]+)", b"".join(self.received))
        return unquote(found[1].decode()) if found else ""

    @property
    def told(self) -> str:
        """What a notice of the last run says."""
        found = re.search(r'role="alert"[^>]*>(.*?)</', self.html, re.S)
        return found[1] if found else ""


async def redeemed(url: str, ticket: str, mark: str, method: str = "GET") -> str:
    """The token of the session that a ticket brings in the browser with this mark; empty for none."""
    async with httpx.AsyncClient() as connection:
        answer = await connection.request(
            method,
            f"{url}/api/ticket",
            params={"ticket": ticket},
            headers={"Cookie": f"{BROWSER_COOKIE}={mark}"},
        )
    # Its name ends with the port.
    return next((token for name, token in answer.cookies.items() if name.startswith(SESSION_COOKIE)), "")


async def is_session(url: str, cookie: str) -> bool:
    async with httpx.AsyncClient() as connection:
        headers = {"Cookie": f"{SESSION_COOKIE}={cookie}"}
        return (await connection.get(f"{url}/api/session", headers=headers)).status_code == 204
