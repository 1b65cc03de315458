"""The routes' contract: every status, for every kind of request, and never a 500."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import sqlite3
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from httpx import Response
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response as Answer
from starlette.routing import Route
from starlette.types import Message

from tests.support.client import FOREIGN, OWN, Client, sign_in
from tests.support.stored import begin_session
from visionsprat.accounts import authentication
from visionsprat.domain.records import MOST_UNANSWERED, NewAccount
from visionsprat.domain.tokens import token_hash
from visionsprat.installation import DATABASE, Installation, open_installation
from visionsprat.runtime.rate_limits import MOST_RECEIVED
from visionsprat.telemetry import log, metrics
from visionsprat.web import health
from visionsprat.web.answers import ACCOUNT_HEADER, HANDLERS
from visionsprat.web.api import (
    EPOCH_HEADER,
    MAX_BODY_BYTES,
    MOST_LET_BY,
    VERSIONS_AT_A_TIME,
    routes,
)
from visionsprat.web.cookies import BROWSER_COOKIE, DEVICE_COOKIE, SESSION_COOKIE, HostCookies
from visionsprat.web.request_id import Traffic
from visionsprat.web.security import Guard, is_https

QUESTION = "skapande/innebar"


@pytest.fixture
def house(data_folder: object) -> Installation:
    return open_installation()


@pytest.fixture
def client(house: Installation) -> Client:
    return Client(
        Starlette(
            routes=[*routes(), *health.routes()],
            middleware=[Middleware(HostCookies, is_https=is_https), Middleware(Guard)],
            exception_handlers=HANDLERS,
        )
    )


def add_account(house: Installation, email: str = "amina@test.example") -> int:
    return house.store.add_account(NewAccount(email, "Amina Testsson", "no hash"))


@pytest.fixture
def amina(client: Client, house: Installation) -> int:
    """The id of the account that the client is signed in as."""
    account_id = add_account(house)
    sign_in(client, house, account_id)
    return account_id


def save(client: Client, headers: dict[str, str] | None = None, **body: Any) -> Response:
    asked = {"question": QUESTION, "text": "Hej.", "based_on": 0, **body}
    return client.post("/api/reflections", json=asked, headers={"Origin": OWN, **(headers or {})})


def post(client: Client, content: bytes, more: dict[str, str] | None = None) -> Response:
    headers = {"Origin": OWN, "Content-Type": "application/json", **(more or {})}
    return client.post("/api/reflections", content=content, headers=headers)


def stored(house: Installation) -> list[str]:
    with closing(sqlite3.connect(house.settings.data / DATABASE)) as database:
        return [text for (text,) in database.execute("SELECT text FROM reflections")]


def repr_short(value: object) -> str:
    return ascii(value)[:40]


# Saving


def test_a_save_answers_with_its_revision_and_time(client: Client, house: Installation, amina: int) -> None:
    first = save(client)
    assert (first.status_code, first.json()["revision"]) == (200, 1)
    assert first.json()["saved_at"].endswith("+00:00")
    assert first.headers["content-type"] == "application/json"
    second = save(client, text="Hej igen.", based_on=1)
    assert (second.status_code, second.json()["revision"]) == (200, 2)
    assert stored(house) == ["Hej igen."]


@pytest.mark.parametrize("text", ["Hej.", "", "Åå a\u030a 🥐\r\n", "å" * 19_999])
def test_an_answer_says_to_whom_and_about_which_text_it_is(
    client: Client, house: Installation, amina: int, text: str
) -> None:
    """By that an editor tells it from whatever else answers in the server's place."""
    ours = {ACCOUNT_HEADER: str(amina)}
    about = {"account": amina, "question": QUESTION, "crc32": zlib.crc32(text.encode("utf-16-le"))}
    saved = save(client, ours, text=text).json()
    assert saved.items() >= about.items()
    assert saved["epoch"] == house.store.epoch
    save(client, text="Något annat.", based_on=saved["revision"])
    conflict = save(client, ours, text=f"{text}.", based_on=0).json()
    assert (conflict["account"], conflict["epoch"]) == (amina, house.store.epoch)
    assert conflict["crc32"] == zlib.crc32(f"{text}.".encode("utf-16-le"))


def test_a_refusal_says_so_too(client: Client, amina: int) -> None:
    ours = {ACCOUNT_HEADER: str(amina)}
    refused = {"\x00": 422, "a" * 20_001: 413, "a" + "\u0301" * 31: 422}
    for text, status in refused.items():
        answer = post(client, json.dumps({"question": QUESTION, "text": text, "based_on": 0}).encode(), ours)
        assert answer.status_code == status
        checksum = zlib.crc32(text.encode("utf-16-le"))
        assert answer.json().items() >= {"account": amina, "question": QUESTION, "crc32": checksum}.items()
    unknown = save(client, ours, question="Något som någon skrev.").json()
    assert unknown.keys() == {"message", "account", "crc32"}
    client.cookies.clear()
    signed_out = save(client, ours)
    assert (signed_out.status_code, signed_out.json()["account"]) == (401, amina)


def test_the_same_text_again_changes_nothing(client: Client, amina: int) -> None:
    assert save(client).json() == save(client).json() == save(client, based_on=1).json()


def test_a_save_that_takes_much_away_says_which_text_it_was(client: Client, amina: int) -> None:
    assert "deleted" not in save(client, text="Ett långt svar.").json()
    taken = save(client, text="", based_on=1)
    assert (taken.status_code, taken.json()["deleted"]) == (200, "Ett långt svar.")
    assert save(client, text="", based_on=1, unanswered=[""]).json() == taken.json()


def test_a_newer_text_is_handed_back_in_a_conflict(client: Client, house: Installation, amina: int) -> None:
    save(client, text="Den första.")
    refused = save(client, text="Den andra.")
    assert refused.status_code == 409
    assert refused.json()["text"] == "Den första."
    assert refused.json()["revision"] == 1
    assert "saved_at" in refused.json()
    assert stored(house) == ["Den första."]


def test_a_text_of_ones_own_whose_answer_was_lost_is_no_conflict(
    client: Client, house: Installation, amina: int
) -> None:
    save(client, text="Ett.")
    saved = save(client, text="Ett. Två.", unanswered=["E", "Ett."])
    assert (saved.status_code, saved.json()["revision"]) == (200, 2)
    assert stored(house) == ["Ett. Två."]


@pytest.mark.parametrize("address", ["/api/reflections", "/api/upload"])
@pytest.mark.parametrize("sent", [b"", b'{"question": "'])
def test_a_browser_that_goes_away_before_all_has_come_is_no_error(
    amina: int, client: Client, address: str, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def upload(request: Request) -> Answer:
        await request.body()
        raise AssertionError("it was read")

    app = Starlette(
        routes=[*routes(), Route("/api/upload", upload, methods=["POST"])],
        middleware=[Middleware(Traffic), Middleware(Guard)],
    )
    before = saves("gone"), saves("failed")
    with caplog.at_level(logging.DEBUG, log.OURS):
        assert asyncio.run(send_and_go(app, address, sent)) == [499]
    is_save = address == "/api/reflections"
    assert (saves("gone"), saves("failed")) == (before[0] + is_save, before[1])
    assert [each.levelname for each in caplog.records] == ["DEBUG"] * is_save


def saves(outcome: str) -> float:
    return metrics.REGISTRY.get_sample_value("visionsprat_saves_total", {"outcome": outcome}) or 0


async def send_and_go(app: Starlette, address: str, sent: bytes) -> list[int]:
    """Post a part of a body, and go away; returns the statuses that nobody hears."""
    heard: list[int] = []
    messages: list[Message] = [
        {"type": "http.request", "body": sent, "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            heard.append(message["status"])

    headers = [(b"host", b"testserver"), (b"origin", OWN.encode())]
    scope = {"type": "http", "method": "POST", "path": address, "query_string": b"", "headers": headers}
    await app({**scope, "scheme": "http", "server": ("testserver", 80)}, receive, send)
    return heard


MALFORMED: dict[str, Any] = {
    "no text": {"text": None},
    "a number for a text": {"text": 1},
    "a list for a text": {"text": ["a"]},
    "an object for a text": {"text": {}},
    "a number for a question": {"question": 1},
    "a list for a question": {"question": [QUESTION]},
    "no question": {"question": None},
    "no revision": {"based_on": None},
    "words for a revision": {"based_on": "0"},
    "a fraction for a revision": {"based_on": 0.0},
    "yes for a revision": {"based_on": True},
    "a negative revision": {"based_on": -1},
    "a revision beyond the database": {"based_on": 2**63},
    "a revision beyond everything": {"based_on": 10**400},
    "NUL": {"text": "a\0b"},
    "half a surrogate pair": {"text": "a\ud800b"},
    "a number among the unanswered": {"unanswered": [1]},
    "a number for the unanswered": {"unanswered": 1},
    "null for the unanswered": {"unanswered": None},
    "a text for the unanswered": {"unanswered": "Hej."},
    "an object for the unanswered": {"unanswered": {"Hej.": 1}},
}
NOT_JSON = {
    "nothing": b"",
    "half an object": b'{"question": "skapande/innebar", ',
    "an object with nothing in it": b"{}",
    "a list": b"[]",
    "null": b"null",
    "a text": b'"Hej."',
    "not UTF-8": b'{"text": "\xff\xfe"}',
    "another encoding": '{"text": "Å"}'.encode("utf-16"),
    "a number of many digits": b'{"based_on": ' + b"9" * 10_000 + b"}",
    "deep nesting": b"[" * 200_000,
    "a form": b"question=skapande/innebar&text=Hej&based_on=0",
}


@pytest.mark.parametrize("wrong", MALFORMED.values(), ids=MALFORMED)
def test_what_is_malformed_is_refused(
    client: Client, house: Installation, amina: int, wrong: dict[str, Any]
) -> None:
    body = json.dumps({"question": QUESTION, "text": "Hej.", "based_on": 0, **wrong}).encode()
    assert_refused(post(client, body), 422)
    assert stored(house) == []


def test_a_character_that_cannot_be_stored_is_named_with_its_place(client: Client, amina: int) -> None:
    """For other programs and older pages: the editor takes it out."""
    said = {
        "Hej.\nMen här \0 är något.": "Ett tecken går inte att spara: tecken 9 på rad 2. "
        "Ta bort det, så sparas texten.",
        "Hej.\nMen här \ud83d är något.": "Texten innehåller tecken som inte går att spara.",
    }
    for text, sentence in said.items():
        answer = post(client, json.dumps({"question": QUESTION, "text": text, "based_on": 0}).encode())
        assert_refused(answer, 422)
        assert answer.json()["message"] == sentence


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_no_request_at_all_is_refused(
    client: Client, house: Installation, amina: int, body: bytes
) -> None:
    assert_refused(post(client, body), 422)
    assert stored(house) == []


def assert_refused(answer: Response, status: int) -> None:
    """Refused with a Swedish sentence, and nothing more than what was asked about."""
    assert answer.status_code == status
    assert set(answer.json()) - {"account", "question", "crc32"} == {"message"}
    assert answer.json()["message"].endswith(".")


@pytest.mark.parametrize(
    "question",
    ["", "skapande", "skapande/finns-inte", "SKAPANDE/INNEBAR", "å\0", "x" * 9999],
    ids=repr_short,
)
def test_an_unknown_question_is_not_found(
    client: Client, house: Installation, amina: int, question: str
) -> None:
    body = json.dumps({"question": question, "text": "Hej.", "based_on": 0}).encode()
    assert_refused(post(client, body), 404)
    assert stored(house) == []


def test_a_text_at_the_limit_is_kept_and_one_over_it_is_refused(
    client: Client, house: Installation, amina: int
) -> None:
    assert save(client, text="😀" * 20_000).status_code == 200
    assert_refused(save(client, text="å" * 20_001, based_on=1), 413)
    assert stored(house) == ["😀" * 20_000]


def test_a_long_run_of_marks_is_refused_with_a_reason_of_its_own(
    client: Client, house: Installation, amina: int
) -> None:
    answer = save(client, text="Hej" + "\u0301" * 31)
    assert answer.status_code == 422
    assert answer.json()["reason"] == "marks"
    said = "Någon bokstav har fler än 30 accenttecken. Ta bort några, så sparas texten."
    assert answer.json()["message"] == said
    assert stored(house) == []


def test_what_can_not_have_been_stored_is_no_unanswered_text(
    client: Client, house: Installation, amina: int
) -> None:
    """It is neither normalised nor compared, and the text is saved all the same."""
    unanswered = ["a" + "\u0301" * 79_999, "x" * 80_001, "\0", "A\u030a"]
    assert save(client, text="Å").status_code == 200
    assert save(client, text="Åå", based_on=0, unanswered=unanswered).status_code == 200
    assert stored(house) == ["Åå"]


def test_more_unanswered_texts_than_an_editor_remembers_are_refused(client: Client, amina: int) -> None:
    assert save(client, text="Å", unanswered=["a"] * MOST_UNANSWERED).status_code == 200
    assert_refused(save(client, text="Åå", based_on=1, unanswered=["a"] * (MOST_UNANSWERED + 1)), 422)


def test_a_body_of_any_size_is_refused_without_being_kept(client: Client, amina: int) -> None:
    assert_refused(post(client, b" " * (MAX_BODY_BYTES + 1)), 413)


# Too much


def test_more_saves_than_anybody_can_type_are_told_to_wait(
    client: Client, house: Installation, amina: int
) -> None:
    answers = [save(client, text=f"Text {number}", based_on=number) for number in range(140)]
    statuses = [answer.status_code for answer in answers]
    first = statuses.index(429)
    assert first >= 120 and set(statuses[:first]) == {200}
    assert_refused(answers[first], 429)
    assert answers[first].headers["retry-after"] == "1"
    assert stored(house) != [f"Text {first}"]
    bengt = add_account(house, "bengt@test.example")
    sign_in(client, house, bengt)
    assert save(client).status_code == 200


def test_strangers_are_told_to_wait_at_last_and_nobody_else(
    client: Client, house: Installation, amina: int
) -> None:
    cookies = dict(client.cookies)
    client.cookies.clear()
    statuses: list[int] = []
    while 429 not in statuses and len(statuses) < 3000:
        statuses.append(post(client, b"{}").status_code)
    assert set(statuses) == {401, 429}
    client.cookies.update(cookies)
    assert save(client).status_code == 200


class HalfSent:
    """A save of which a part has come, in the middle of its way in."""

    def __init__(self, client: Client, length: int, chunks: int, chunk: int = 10_000) -> None:
        self.client, self.length, self.chunks, self.chunk = client, length, chunks, chunk
        self.taken = 0
        self.gone = asyncio.Event()
        self.status = 0
        self.headers: dict[str, str] = {}

    async def receive(self) -> dict[str, Any]:
        if self.taken == self.chunks:
            await self.gone.wait()
            return {"type": "http.disconnect"}
        self.taken += 1
        return {"type": "http.request", "body": b" " * self.chunk, "more_body": True}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}

    async def ask(self) -> None:
        cookies = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
        headers = {"host": "testserver", "origin": OWN, "cookie": cookies, "content-length": str(self.length)}
        scope = {"type": "http", "method": "POST", "path": "/api/reflections", "query_string": b""}
        scope |= {"scheme": "http", "server": ("testserver", 80), "client": ("127.0.0.1", 1)}
        scope["headers"] = [(name.encode(), value.encode()) for name, value in headers.items()]
        await self.client.app(scope, self.receive, self.send)


@pytest.mark.parametrize(
    ("length", "taken"), [(1_290_000, 0), (10**30, 0), (MOST_LET_BY, MOST_LET_BY // 10_000 + 1)]
)
def test_of_a_strangers_save_no_more_is_taken_than_a_browser_needs_to_hear_the_answer(
    client: Client, house: Installation, length: int, taken: int
) -> None:
    """Not either when it sends more than it has said."""
    stranger = HalfSent(client, length, chunks=129)
    asyncio.run(stranger.ask())
    assert (stranger.status, stranger.headers["connection"], stranger.taken) == (401, "close", taken)


def test_a_small_save_of_a_strangers_is_answered_and_its_connection_goes_on(client: Client) -> None:
    answer = save(client)
    assert (answer.status_code, answer.headers.get("connection")) == (401, None)


def test_one_account_has_few_saves_on_their_way_in_and_nobody_else_waits_for_them(
    client: Client, house: Installation, amina: int
) -> None:
    """Not either when they come from several sessions."""

    async def come_and_go() -> tuple[list[int], dict[str, str]]:
        half = [HalfSent(client, 1_290_000, chunks=100) for _ in range(MOST_RECEIVED)]
        on_their_way = [asyncio.create_task(each.ask()) for each in half]
        while any(each.taken < 100 for each in half):
            await asyncio.sleep(0)
        another_session = HalfSent(client, 1_290_000, chunks=1)
        sign_in(client, house, amina)
        await another_session.ask()
        for each in half:
            each.gone.set()
        await asyncio.gather(*on_their_way)
        return [another_session.status, another_session.taken], another_session.headers

    found, headers = asyncio.run(come_and_go())
    assert (found, headers["retry-after"]) == ([429, 0], "1")
    assert save(client).status_code == 200


def test_earlier_versions_are_for_people_who_open_them(
    client: Client, house: Installation, amina: int
) -> None:
    save(client)
    statuses = [versions(client).status_code for _ in range(140)]
    first = statuses.index(429)
    assert first >= 120 and set(statuses[:first]) == {200}
    sign_in(client, house, add_account(house, "bengt@test.example"))
    assert versions(client).status_code == 200


def test_a_save_asks_for_its_session_once(
    client: Client, house: Installation, amina: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(client)
    monkeypatch.setattr(type(house.store), "account_of_session", lambda *_: pytest.fail("it was looked up"))
    assert save(client, text="Hej igen.", based_on=1).status_code == 200


@pytest.fixture
def full(client: Client, amina: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is room for one earlier text, and it is taken."""
    monkeypatch.setattr("visionsprat.store.quotas.MOST_OF_QUESTION", 1)
    save(client, text="Först")
    assert save(client, text="Annan").json()["nearly_full"]


def test_a_save_for_which_there_is_no_room_has_a_status_and_a_sentence_of_its_own(
    client: Client, house: Installation, full: None
) -> None:
    refused = save(client, text="En till")
    assert (refused.status_code, refused.json()["kept"]) == (409, False)
    answer = save(client, text="Nytt", based_on=1)
    assert answer.status_code == 423
    assert answer.json()["message"].startswith("Det finns inte plats för fler tidigare versioner.")
    assert stored(house) == ["Först"]
    assert versions(client).json()["nearly_full"]


def test_room_is_made_by_taking_ones_earlier_versions_away(
    client: Client, house: Installation, full: None
) -> None:
    address = f"/api/reflections/versions?question={QUESTION}"
    assert_refused(client.request("DELETE", address, headers={"Origin": "https://evil.example"}), 403)
    assert client.request("DELETE", address, headers={"Origin": OWN}).status_code == 204
    assert versions(client).json()["versions"] == []
    assert save(client, text="Nytt", based_on=1).status_code == 200


# Who may


@pytest.mark.parametrize("token", [None, "", "made-up", "å", "a" * 5000], ids=repr_short)
def test_without_a_session_nothing_is_saved(
    client: Client, house: Installation, amina: int, token: str | None
) -> None:
    client.cookies.clear()
    headers = {"Origin": OWN} if token is None else {"Origin": OWN, "Cookie": f"{SESSION_COOKIE}={token}"}
    sent = {name: value.encode() for name, value in headers.items()}
    body = {"question": QUESTION, "text": "Hej.", "based_on": 0}
    assert_refused(client.post("/api/reflections", json=body, headers=sent), 401)
    assert stored(house) == []


def test_a_ticket_is_no_session(client: Client, house: Installation) -> None:
    ticket = authentication.issue_ticket(house.store, add_account(house), "b")
    client.cookies.set(SESSION_COOKIE, ticket)
    assert_refused(save(client), 401)


def test_a_page_of_somebody_elses_saves_nothing(client: Client, house: Installation, amina: int) -> None:
    other = add_account(house, "bengt@test.example")
    for account in (str(other), "0", "", "x", f"{amina} "[:-1] + "0"):
        assert_refused(save(client, {"X-Visionsprat-Account": account}), 401)
    assert stored(house) == []
    assert save(client, {"X-Visionsprat-Account": str(amina)}).status_code == 200


@pytest.mark.parametrize("address", ["/api/reflections", "/api/sign-out"])
@pytest.mark.parametrize("origin", FOREIGN)
def test_another_sites_page_can_do_nothing_in_somebodys_name(
    client: Client, house: Installation, amina: int, address: str, origin: str | None
) -> None:
    headers = {} if origin is None else {"Origin": origin}
    body = {"question": QUESTION, "text": "Hej.", "based_on": 0}
    assert_refused(client.post(address, json=body, headers=headers), 403)
    assert stored(house) == []
    assert save(client).status_code == 200


def test_the_public_address_is_an_own_origin(
    client: Client, house: Installation, amina: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_refused(save(client, {"Origin": "https://testserver:444"}), 403)
    monkeypatch.setenv("VISIONSPRAT_URL", "https://testserver:444")
    house.store.close()
    open_installation.cache_clear()
    cookie = f"__Host-{SESSION_COOKIE}={client.cookies[SESSION_COOKIE]}"
    assert save(client, {"Origin": "https://testserver:444", "Cookie": cookie}).status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("address", ["/api/reflections", "/api/sign-out"])
def test_only_post_changes_anything(client: Client, amina: int, method: str, address: str) -> None:
    assert client.request(method, address, headers={"Origin": OWN}).status_code == 405
    assert save(client).status_code == 200


# Earlier versions


NAMED = ("revision", "saved_at", "device_kind")


def versions(client: Client, question: str = QUESTION, **headers: str) -> Response:
    return client.get("/api/reflections/versions", params={"question": question}, headers=headers)


def test_earlier_versions_are_handed_out(client: Client, amina: int) -> None:
    first = save(client, text="Ett första svar.").json()
    save(client, text="", based_on=1)
    answer = versions(client, **{"X-Visionsprat-Account": str(amina)})
    assert answer.status_code == 200
    assert answer.json()["versions"] == [{"text": "Ett första svar."} | {name: first[name] for name in NAMED}]
    assert answer.headers["cache-control"] == "no-store"
    assert versions(client, "skapande/gora").json()["versions"] == []


def test_earlier_versions_are_handed_out_so_many_at_a_time(client: Client, amina: int) -> None:
    for number in range(2 * VERSIONS_AT_A_TIME + 5):
        save(client, text=f"Svar {number}")  # each but the first is refused, and kept
    pages: list[list[str]] = []
    before: dict[str, int] = {}
    more = True
    while more:
        answer = client.get("/api/reflections/versions", params={"question": QUESTION, **before}).json()
        pages.append([each["text"] for each in answer["versions"]])
        before, more = {"before": answer["versions"][-1]["revision"]}, answer.get("more", False)
    assert [len(page) for page in pages] == [VERSIONS_AT_A_TIME, VERSIONS_AT_A_TIME, 4]
    assert [text for page in pages for text in page] == [
        f"Svar {number}" for number in range(2 * VERSIONS_AT_A_TIME + 4, 0, -1)
    ]


@pytest.mark.parametrize("before", ["", "-1", "x", "٣", "9" * 5000], ids=repr_short)
def test_what_is_no_revision_shows_the_newest(client: Client, amina: int, before: str) -> None:
    save(client, text="Ett")
    save(client, text="Två")
    answer = client.get("/api/reflections/versions", params={"question": QUESTION, "before": before})
    assert [each["text"] for each in answer.json()["versions"]] == ["Två"]


def test_earlier_versions_are_for_the_live_session_of_the_one_who_wrote_them(
    client: Client, house: Installation, amina: int
) -> None:
    save(client, text="Ett första svar.")
    save(client, text="", based_on=1)
    bengt = add_account(house, "bengt@test.example")
    assert_refused(versions(client, **{"X-Visionsprat-Account": str(bengt)}), 401)
    house.store.end_sessions(amina)
    assert_refused(versions(client), 401)
    sign_in(client, house, bengt)
    assert versions(client).json()["versions"] == []
    client.cookies.clear()
    assert_refused(versions(client), 401)


PHONE = {"User-Agent": "Mozilla/5.0 (Linux; Android 10; K) Mobile"}
PC = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"}


def test_a_conflict_and_the_versions_say_on_which_device_each_text_was_written(
    client: Client, house: Installation, amina: int
) -> None:
    assert save(client, PHONE, text="På mobilen.").json()["device_kind"] == "Mobil, Android"
    refused = save(client, PC, text="På datorn.")
    assert (refused.status_code, refused.json()["device_kind"]) == (409, "Mobil, Android")
    answer = versions(client, **PHONE).json()
    assert [each["device_kind"] for each in answer["versions"]] == ["Dator, Windows"]
    assert answer["device_kind"] == "Mobil, Android"


def test_nothing_more_of_what_a_browser_tells_of_itself_is_stored(
    client: Client, house: Installation, amina: int
) -> None:
    save(client, {"User-Agent": "Mozilla/5.0 (Linux; Android 10; Kantarell) Mobile"})
    assert b"Kantarell" not in b"".join(
        file.read_bytes() for file in house.settings.data.glob(f"{DATABASE}*")
    )


@pytest.mark.parametrize("question", ["", "skapande", "skapande/finns-inte"], ids=repr_short)
def test_an_unknown_question_has_no_versions(client: Client, amina: int, question: str) -> None:
    assert_refused(versions(client, question), 404)


# In and out


def ticket(house: Installation, browser: str = "this browser") -> str:
    return authentication.issue_ticket(house.store, add_account(house), browser)


def redeem(client: Client, ticket: str, to: str = "/", **headers: str) -> Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get("/api/ticket", params={"ticket": ticket, "to": to}, headers=sent)


def test_a_ticket_becomes_a_session_once(client: Client, house: Installation) -> None:
    client.cookies.set(BROWSER_COOKIE, "this browser")
    mine = ticket(house)
    answer = redeem(client, mine, "/globala")
    assert (answer.status_code, answer.headers["location"]) == (303, "/globala")
    cookie, device = answer.headers.get_list("set-cookie")
    assert cookie.startswith(f"{SESSION_COOKIE}=") and "HttpOnly" in cookie and "SameSite=lax" in cookie
    assert "Max-Age" not in cookie and "expires" not in cookie.lower() and "Secure" not in cookie
    assert device.startswith(f"{DEVICE_COOKIE}=") and "HttpOnly" in device and "SameSite=lax" in device
    assert f"Max-Age={180 * 24 * 3600}" in device
    assert save(client).status_code == 200
    assert "set-cookie" not in redeem(client, mine).headers


def test_a_session_that_is_kept_has_a_cookie_that_outlives_the_browser(
    client: Client, house: Installation
) -> None:
    client.cookies.set(BROWSER_COOKIE, "this browser")
    kept = authentication.issue_ticket(house.store, add_account(house), "this browser", keep=True)
    cookie, _ = redeem(client, kept).headers.get_list("set-cookie")
    assert cookie.startswith(f"{SESSION_COOKIE}=") and f"Max-Age={30 * 24 * 3600}" in cookie


def test_each_sign_in_gives_the_browser_a_new_name_and_the_old_one_goes(
    client: Client, house: Installation
) -> None:
    client.cookies.set(BROWSER_COOKIE, "this browser")
    account_id, names = add_account(house), set()
    for _ in range(2):
        redeem(client, authentication.issue_ticket(house.store, account_id, "this browser"))
        names.add(client.cookies[DEVICE_COOKIE])
    assert len(names) == 2
    with closing(sqlite3.connect(house.settings.data / DATABASE)) as database:
        known = database.execute("SELECT token_hash FROM devices").fetchall()
    assert known == [(token_hash(client.cookies[DEVICE_COOKIE]),)]


def test_a_ticket_does_nothing_in_another_browser(client: Client, house: Installation) -> None:
    mine = ticket(house)
    assert "set-cookie" not in redeem(client, mine).headers
    client.cookies.set(BROWSER_COOKIE, "another browser")
    assert "set-cookie" not in redeem(client, mine).headers
    assert_refused(save(client), 401)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_purpose": "prefetch"},
        {"sec_purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
        {"sec_fetch_mode": "no-cors"},
        {"sec_fetch_mode": "cors"},
    ],
    ids=str,
)
def test_a_ticket_is_used_by_going_there_alone(
    client: Client, house: Installation, headers: dict[str, str]
) -> None:
    client.cookies.set(BROWSER_COOKIE, "this browser")
    mine = ticket(house)
    assert redeem(client, mine, **headers).status_code == 405
    for method in ("HEAD", "OPTIONS", "POST"):
        answer = client.request(
            method, "/api/ticket", params={"ticket": mine, "to": "/"}, headers={"Origin": OWN}
        )
        assert answer.status_code == 405 and "set-cookie" not in answer.headers
    assert "set-cookie" in redeem(client, mine, sec_fetch_mode="navigate").headers


def test_a_ticket_without_a_browser_mark_is_none(client: Client, house: Installation) -> None:
    mine = ticket(house, browser="")
    assert "set-cookie" not in redeem(client, mine).headers


@pytest.mark.parametrize("cookie", ["{}", "ticket this browser {}", '"ticket this browser {}"'])
def test_a_ticket_is_no_cookie(client: Client, house: Installation, cookie: str) -> None:
    """What is hashed to find a ticket must not be found as a session's token."""
    mine = ticket(house)
    sent = {"Cookie": f"{SESSION_COOKIE}={cookie.format(mine)}"}
    assert client.get("/api/session", headers=sent).status_code == 401
    assert_refused(save(client, sent), 401)


def test_a_session_ends_when_another_begins_in_its_browser(client: Client, house: Installation) -> None:
    client.cookies.set(BROWSER_COOKIE, "this browser")
    bengt = add_account(house, "bengt@test.example")
    redeem(client, ticket(house))
    first = client.cookies[SESSION_COOKIE]
    redeem(client, authentication.issue_ticket(house.store, bengt, "this browser"))
    second = client.cookies[SESSION_COOKIE]
    assert first != second
    assert house.store.account_of_session(token_hash(first)) is None
    found = house.store.account_of_session(token_hash(second))
    assert found is not None and found.id == bengt


def test_a_ticket_that_is_none_ends_no_session(client: Client, house: Installation, amina: int) -> None:
    client.cookies.set(BROWSER_COOKIE, "this browser")
    redeem(client, "made-up")
    assert save(client).status_code == 200


def test_a_session_knows_what_kind_of_device_it_runs_on(client: Client, house: Installation) -> None:
    client.cookies.set(BROWSER_COOKIE, "this browser")
    redeem(client, ticket(house), user_agent="Mozilla/5.0 (Linux; Android 15; Pixel) Mobile Safari/537")
    (session,), this = house.store.own_sessions(token_hash(client.cookies[SESSION_COOKIE]))
    assert (session.device_kind, session.id) == ("Mobil, Android", this)


@pytest.fixture
def behind_tls(
    client: Client, data_folder: object, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    monkeypatch.setenv("VISIONSPRAT_URL", OWN.replace("http", "https"))
    open_installation().store.close()
    open_installation.cache_clear()
    yield open_installation()


def test_behind_tls_the_cookies_are_secure_and_the_hosts_own(
    client: Client, behind_tls: Installation
) -> None:
    answer = redeem_behind_tls(client, behind_tls)
    cookies = answer.headers.get_list("set-cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == [
        f"__Host-{name}" for name in (SESSION_COOKIE, DEVICE_COOKIE)
    ]
    assert all("Secure" in each and "Path=/" in each and "omain" not in each for each in cookies)


def redeem_behind_tls(client: Client, house: Installation) -> Response:
    return client.get(
        "/api/ticket",
        params={"ticket": ticket(house), "to": "/"},
        headers={"Cookie": f"__Host-{BROWSER_COOKIE}=this browser"},
    )


def test_behind_tls_a_neighbours_cookie_is_nobodys_session(client: Client, behind_tls: Installation) -> None:
    """A neighbour may set a cookie for the whole domain: with the token of a session of its own."""
    cookies = redeem_behind_tls(client, behind_tls).headers.get_list("set-cookie")
    own = cookies[0].partition(";")[0]
    planted = own.removeprefix("__Host-")
    for sent, status in ((own, 204), (planted, 401), (f"{own}; {SESSION_COOKIE}=x", 204)):
        assert client.get("/api/session", headers={"Cookie": sent}).status_code == status


def test_an_upgrade_signs_nobody_out(client: Client, behind_tls: Installation) -> None:
    begin_session(behind_tls.store, add_account(behind_tls), token_hash("a-token-of-before"))
    headers = {"Cookie": f"{SESSION_COOKIE}=a-token-of-before", "Origin": OWN.replace("http", "https")}
    assert client.get("/api/session", headers=headers).status_code == 204
    answer = client.post("/api/sign-out", headers=headers)
    taken_back = [each.partition("=")[0] for each in answer.headers.get_list("set-cookie")]
    assert taken_back == [f"__Host-{SESSION_COOKIE}", SESSION_COOKIE]
    assert client.get("/api/session", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/", "/"),
        ("/globala", "/globala"),
        ("/mina-reflektioner?a=b", "/mina-reflektioner?a=b"),
        ("", "/"),
        ("globala", "/"),
        ("//evil.example", "/"),
        ("///evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/\t/evil.example", "/"),
        ("/a\r\nSet-Cookie: a=b", "/"),
        ("/å\u202e", "/"),
    ],
)
def test_a_ticket_leads_to_our_own_pages_only(client: Client, asked: str, led: str) -> None:
    assert redeem(client, "made-up", asked).headers["location"] == led


def test_signing_out_ends_the_session_and_takes_the_cookie_back(
    client: Client, house: Installation, amina: int
) -> None:
    token = client.cookies[SESSION_COOKIE]
    answer = client.post("/api/sign-out", headers={"Origin": OWN})
    assert answer.status_code == 200
    assert (
        f'{SESSION_COOKIE}=""' in answer.headers["set-cookie"] and "Max-Age=0" in answer.headers["set-cookie"]
    )
    client.cookies.set(SESSION_COOKIE, token)
    assert_refused(save(client), 401)
    assert client.post("/api/sign-out", headers={"Origin": OWN}).status_code == 200


def test_a_page_can_ask_whether_its_session_is_alive(client: Client, house: Installation, amina: int) -> None:
    assert client.get("/api/session").status_code == 204
    house.store.end_sessions(amina)
    assert client.get("/api/session").status_code == 401
    client.cookies.clear()
    assert client.get("/api/session").status_code == 401


def test_a_page_is_told_that_the_session_is_another_persons(
    client: Client, house: Installation, amina: int
) -> None:
    other = add_account(house, "bengt@test.example")
    own = client.get("/api/session", headers={"X-Visionsprat-Account": str(amina)})
    assert (own.status_code, own.headers[EPOCH_HEADER]) == (204, house.store.epoch)
    for account in (str(other), "0", "x"):
        answer = client.get("/api/session", headers={"X-Visionsprat-Account": account})
        assert_refused(answer, 409)
        assert "amina" not in f"{answer.text} {answer.headers}".casefold()
    house.store.end_sessions(amina)
    assert_refused(client.get("/api/session", headers={"X-Visionsprat-Account": str(other)}), 401)


def test_a_page_of_somebody_elses_signs_nobody_out(client: Client, house: Installation, amina: int) -> None:
    other = add_account(house, "bengt@test.example")
    headers = {"Origin": OWN, "X-Visionsprat-Account": str(other)}
    assert_refused(client.post("/api/sign-out", headers=headers), 409)
    assert save(client).status_code == 200
    headers["X-Visionsprat-Account"] = str(amina)
    assert client.post("/api/sign-out", headers=headers).status_code == 200
    assert_refused(save(client), 401)


# The key of drafts


def draft_key(client: Client, **headers: str) -> Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/api/drafts/key", headers={"Origin": OWN, **sent})


def test_a_live_session_gets_its_persons_key_and_no_cache_keeps_it(
    client: Client, house: Installation, amina: int
) -> None:
    answer = draft_key(client, X_Visionsprat_Account=str(amina))
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert len(base64.b64decode(answer.json()["key"])) == 32
    assert draft_key(client).json()["key"] == answer.json()["key"]
    assert answer.json().items() >= {"account": amina, "epoch": house.store.epoch}.items()
    sign_in(client, house, add_account(house, "bengt@test.example"))
    assert draft_key(client).json()["key"] != answer.json()["key"]
    assert_refused(draft_key(client, X_Visionsprat_Account=str(amina)), 401)


def test_without_a_live_session_there_is_no_key(client: Client, house: Installation, amina: int) -> None:
    house.store.end_sessions(amina)
    assert_refused(draft_key(client), 401)
    client.cookies.clear()
    assert_refused(draft_key(client), 401)
    client.cookies.set(SESSION_COOKIE, authentication.issue_ticket(house.store, amina, "b"))
    assert_refused(draft_key(client), 401)


@pytest.mark.parametrize("origin", FOREIGN)
def test_another_sites_page_gets_no_key(client: Client, amina: int, origin: str | None) -> None:
    headers = {} if origin is None else {"Origin": origin}
    assert_refused(client.post("/api/drafts/key", headers=headers), 403)
    assert client.get("/api/drafts/key").status_code == 405


# The database


def test_a_locked_database_is_told_and_nothing_is_lost(
    client: Client, house: Installation, amina: int
) -> None:
    asked = [
        lambda: save(client),
        lambda: client.post("/api/sign-out", headers={"Origin": OWN}),
        lambda: client.get("/healthz"),
        lambda: redeem(client, "made-up", "/globala"),
    ]
    # All at once: each waits some seconds for the lock.
    with (
        closing(sqlite3.connect(house.settings.data / DATABASE, isolation_level=None)) as other,
        ThreadPoolExecutor(len(asked)) as pool,
    ):
        other.execute("BEGIN IMMEDIATE")
        saved, signed_out, looked, redeemed = pool.map(lambda ask: ask(), asked)
        other.execute("ROLLBACK")
    assert_refused(saved, 503)
    assert_refused(signed_out, 503)
    assert looked.status_code == 503
    assert (redeemed.status_code, redeemed.headers["location"]) == (303, "/globala")
    assert stored(house) == []
    assert save(client).status_code == 200


def test_a_damaged_database_is_told(client: Client, house: Installation, amina: int) -> None:
    house.store.close()
    for file in house.settings.data.glob(f"{DATABASE}*"):
        file.write_bytes(b"This is no database. " * 1000)
    assert_refused(save(client), 503)
    assert_refused(versions(client), 503)
    assert {client.get(path).status_code for path in ("/api/session", "/healthz")} == {503}
