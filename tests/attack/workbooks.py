"""Staff lists that ask for all memory or time there is, handed in by an administrator as a browser does."""

from __future__ import annotations

import html
import uuid
from collections.abc import Callable

import httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.attack.target import Target
from tests.support import hostile_lists as hostile
from tests.support.staff_lists import csv_file
from tests.support.streamlit_client import Refused, Tab
from visionsprat.staff.table import MAX_BYTES, Trouble
from visionsprat.wording.messages import TROUBLE

LAST = (hostile.LAST_ROW, hostile.LAST_COLUMN)
PAGE, PART = "administration", "del=personallista"
READ = "Det här ändras"
TOKEN = "2|00000000|00000000000000000000000000000000|1"

#: A file, and what the page says of it.
GENTLE: tuple[tuple[Callable[[], bytes], str], ...] = (
    (lambda: hostile.with_stray_cell(*LAST), READ),
    (lambda: hostile.with_stray_cell(*LAST, "x"), "Personal!XFD1048576"),
    (lambda: hostile.with_false_count(10**9), READ),
    (lambda: hostile.with_one_long_text(30_000, 100_000), TROUBLE[Trouble.TOO_MUCH]),
    (lambda: b'"' * MAX_BYTES, "Citattecknen stämmer inte"),
    (csv_file, READ),
)
HARD: tuple[tuple[Callable[[], bytes], str], ...] = (
    (lambda: hostile.with_stray_cell(hostile.LAST_ROW, 79), READ),
    (lambda: hostile.with_stray_cell(hostile.LAST_ROW, 4), READ),
    (lambda: hostile.with_rows("<row><c><v>1</v></c></row>", 5_000_000), TROUBLE[Trouble.TOO_MUCH]),
    (lambda: hostile.bomb(201_000_000), TROUBLE[Trouble.TOO_BIG]),
    (hostile.with_laughs, TROUBLE[Trouble.NOT_EXCEL]),
    (hostile.with_everything_merged, READ),
    (lambda: hostile.with_sheets(2_000), TROUBLE[Trouble.TOO_MUCH]),
    (lambda: hostile.with_sheets(900), "Filen ändrar ingenting"),
    (lambda: b";" * MAX_BYTES, TROUBLE[Trouble.TOO_MUCH]),
    (lambda: b"e-post;namn\n" + b"a\n" * 9_000_000, TROUBLE[Trouble.TOO_MANY_ROWS]),
    (lambda: b"e-post;namn\n" + b"a;b\n" * 100_000, "Filen har minst"),
    (lambda: b"e-post;namn\n" + b"".join(b"p%d@b.se;P\n" % each for each in range(50_000)), READ),
)


async def attack(target: Target, hard: bool) -> None:
    """See the module."""
    cases = (*GENTLE, *HARD) if hard else GENTLE
    async with Uploader(target) as tab:
        for number, (make, expected) in enumerate(cases):
            await tab.hand_in(make())
            said = html.unescape(tab.html)
            assert expected in said, f"file {number}: {expected!r} is not said"


class Uploader(Tab):
    """An administrator's tab on the staff list."""

    def __init__(self, target: Target) -> None:
        super().__init__(target.url, target.administrator)
        self._former = ""
        self.headers["Cookie"] += f"; visionsprat_browser=chief; _streamlit_xsrf={TOKEN}"

    async def hand_in(self, data: bytes) -> None:
        """Choose a file, and wait until the page says what it makes of it."""
        await self.visit(PAGE, PART)
        field = self._field()
        place = await self._place()
        former, self._former = self._former, place.delete_url
        headers = {**self.headers, "Origin": self.url, "X-Xsrftoken": TOKEN}
        async with httpx.AsyncClient(base_url=self.url, timeout=120, headers=headers) as client:
            if former:
                await client.delete(former)
            answer = await client.put(place.upload_url, files={"file": ("list.xlsx", data)})
        assert answer.status_code == 204, f"a file was answered with {answer.status_code}"
        message = self._rerun()
        widget = message.rerun_script.widget_states.widgets.add(id=field)
        chosen = widget.file_uploader_state_value.uploaded_file_info.add()
        chosen.name, chosen.size, chosen.file_id = "list.xlsx", len(data), place.file_id
        chosen.file_urls.CopyFrom(place)
        await self._socket.send(message.SerializeToString())
        await self.drawn(PAGE)

    def _rerun(self) -> BackMsg:
        message = BackMsg()
        message.rerun_script.page_script_hash = self._hashes[PAGE]
        message.rerun_script.query_string = PART
        message.rerun_script.context_info.url = f"{self.url}/{PAGE}"
        return message

    def _field(self) -> str:
        for data in self.received:
            message = ForwardMsg.FromString(data)
            if message.delta.new_element.WhichOneof("type") == "file_uploader":
                return str(message.delta.new_element.file_uploader.id)
        raise Refused("there is no field for a file")

    async def _place(self) -> FileURLs:
        message = BackMsg()
        message.file_urls_request.request_id = str(uuid.uuid4())
        message.file_urls_request.file_names.append("list.xlsx")
        await self._socket.send(message.SerializeToString())
        while True:
            data = await self._socket.recv()
            assert isinstance(data, bytes)
            received = ForwardMsg.FromString(data)
            if received.WhichOneof("type") == "file_urls_response":
                place: FileURLs = received.file_urls_response.file_urls[0]
                return place
