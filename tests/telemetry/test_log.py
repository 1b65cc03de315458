"""The log: its form, who is heard in it, and that nobody's words or addresses are."""

from __future__ import annotations

import ast
import asyncio
import io
import json
import logging
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from websockets.asyncio.client import connect

from tests.support.client import OWN, Client
from tests.support.failing import WAYS, WORDS
from tests.support.mailbox import Mailbox, mail_server
from tests.support.modules import EVERYTHING
from tests.support.server import Server
from visionsprat.accounts import authentication
from visionsprat.accounts.authentication import SignInRefused, sign_in
from visionsprat.accounts.invitations import ask_for_new_password
from visionsprat.domain.records import Browser, Draft, NewAccount, Reflection
from visionsprat.domain.text_rules import MAX_CHARACTERS
from visionsprat.errors import EmailTaken, StoreUnavailable, TooManyFailures
from visionsprat.installation import DATABASE, Installation, open_installation
from visionsprat.mail.queue import Dispatch, errands
from visionsprat.mail.smtp import Letter
from visionsprat.settings import ROOT
from visionsprat.telemetry import log, metrics
from visionsprat.telemetry.log import FIELDS, Logfmt, Seldom, pseudonym
from visionsprat.ui.error_page import show_trouble
from visionsprat.ui.script_runs import watched
from visionsprat.web.answers import HANDLERS
from visionsprat.web.cookies import SESSION_COOKIE
from visionsprat.web.request_id import Traffic
from visionsprat.web.routes import routes

SECRET = "Vi matar uttern bakom reningsverket."
EMAIL, STRANGER, PASSWORD = "leja@hemlig.example", "okand@hemlig.example", "gul cykel i regnet"
QUESTION = "skapande/innebar"


def line(message: str = "Hej", level: int = logging.INFO, **fields: Any) -> str:
    record = logging.makeLogRecord(
        {"name": "visionsprat", "levelno": level, "levelname": logging.getLevelName(level), "msg": message}
        | fields
    )
    return Logfmt().format(record)


def raised(error: BaseException, cause: BaseException | None = None) -> dict[str, Any]:
    """What a record says of an error that has been raised."""
    try:
        raise error from cause
    except BaseException as caught:
        return {"exc_info": (type(caught), caught, caught.__traceback__)}


# Its form


def test_a_line_says_when_how_bad_by_whom_and_what() -> None:
    at = datetime(2026, 11, 12, 8, 3, 11, 402_000, tzinfo=timezone.utc)
    written = line("Signed in", created=at.timestamp(), account=17, ms=2.1, request="ab")
    assert written == (
        'time=2026-11-12T08:03:11.402Z level=info logger=visionsprat event="Signed in"'
        " request=ab account=17 ms=2.1"
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain", "plain"),
        ("åäö/x-1", "åäö/x-1"),
        ("", '""'),
        ("a b", '"a b"'),
        ("a=b", '"a=b"'),
        ('a"b', r'"a\"b"'),
        ("a\\b", r'"a\\b"'),
        ("a\nb", r'"a\nb"'),
        ("å\rb", r'"\u00e5\rb"'),
        ("a\u2028\x85b\x1b[31m", r'"a\u2028\u0085b\u001b[31m"'),
        ("\ud800", r'"\ud800"'),
    ],
)
def test_a_value_never_ends_its_line_nor_looks_like_another_field(value: str, written: str) -> None:
    assert line(file=value).partition(" event=Hej ")[2] == f"file={written}"
    assert written[0] != '"' or json.loads(written) == value


def test_a_field_that_nobody_has_thought_about_is_left_out() -> None:
    assert SECRET not in line(text=SECRET, email=EMAIL, color_message=SECRET)


def test_the_code_gives_no_field_that_would_be_left_out() -> None:
    given = set()
    for path in EVERYTHING:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "extra" and isinstance(node.value, ast.Dict):
                given |= {key.value for key in node.value.keys if isinstance(key, ast.Constant)}
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"log.about", "log.refusal"}:
                given |= {keyword.arg for keyword in node.keywords}
    assert {"account", "outcome", "reason", "question"} <= given <= {*FIELDS}


# Refusals


def test_a_flood_of_refusals_is_a_line_a_second_that_says_how_many() -> None:
    now = [5.0]
    seldom = Seldom(lambda: now[0])
    assert [seldom.count("host") for _ in range(1000)] == [1, *[0] * 999]
    assert seldom.count("foreign") == 1
    now[0] += 1
    assert [seldom.count("host") for _ in range(3)] == [1000, 0, 0]
    now[0] += 60
    assert [seldom.count("host"), seldom.count("foreign")] == [3, 1]


def test_a_refusal_that_is_left_out_is_for_those_who_look_closer(written: io.StringIO) -> None:
    for _ in range(3):
        log.refusal("Refused", outcome="host", client="0123")
    levels = [re.findall(r"level=(\w+)", each)[0] for each in lines(written, "Refused")]
    assert levels == ["info", "debug", "debug"]


def test_a_save_that_is_refused_is_told_by_account_and_a_mark(
    house: Installation, leja: int, client: Client, written: io.StringIO
) -> None:
    client = from_elsewhere(client)
    assert [save(client, text=1), save(client, question="a/b")] == [422, 404]
    malformed, unknown = lines(written, "Save")
    about = f" request=the-request account={leja} client={pseudonym('192.0.2.7')} outcome="
    assert " level=info " in malformed and f"{about}malformed" in malformed
    assert " level=info " in unknown and f"{about}no_such_question" in unknown


def test_whoever_asks_too_often_is_told(
    house: Installation, leja: int, client: Client, written: io.StringIO
) -> None:
    address = f"/api/reflections/versions?question={QUESTION}"
    while client.get(address).status_code == 200:
        pass
    assert f" account={leja} outcome=too_often" in lines(written, "Refused")[0]


def from_elsewhere(client: Client) -> Client:
    there = Client(client.app, "192.0.2.7")
    there.cookies.update(client.cookies)
    return there


# Errors


@pytest.mark.parametrize(
    "error",
    [ValueError(SECRET), KeyError(SECRET), RuntimeError(SECRET), EmailTaken(EMAIL), Exception(SECRET)],
)
def test_an_error_is_told_by_its_kind_and_place(error: Exception) -> None:
    written = line(**raised(error))
    assert re.search(rf' error="Traceback .*test_log\.py.*{type(error).__qualname__}"$', written)
    assert "uttern" not in written and "hemlig" not in written
    assert len(written.splitlines()) == 1


@pytest.mark.parametrize(
    "error",
    [
        AttributeError("'str' object has no attribute 'x'"),
        FileNotFoundError(2, "No such file", "/srv/x"),
        sqlite3.OperationalError("no such column: x"),
    ],
)
def test_an_error_that_speaks_of_code_or_machine_is_told_in_full(error: Exception) -> None:
    assert f"{type(error).__qualname__}: {error}" in json.loads(line(**raised(error)).partition(" error=")[2])


def test_why_the_database_can_not_be_used_is_told_in_our_own_words() -> None:
    assert "event=Locked." in line("%s", args=(StoreUnavailable("Locked."),))
    assert "event=StoreUnavailable" in line("%s", name="another", args=(StoreUnavailable("Locked."),))


def test_no_session_of_streamlits_is_named() -> None:
    session = "3509B019-74f7-479d-a30a-2ed2361c26eb"
    written = line(f"Session with id {session} is connected!", **raised(OSError(f"/upload_file/{session}")))
    assert session not in written
    assert 'event="Session with id … is connected!"' in written


def test_what_led_to_an_error_is_told_likewise() -> None:
    causes = raised(StoreUnavailable("later"), ValueError(SECRET))
    trace = json.loads(line(**causes).partition(" error=")[2])
    assert trace.index("ValueError\nwhich led to:\nTraceback") < trace.index("StoreUnavailable")
    assert SECRET not in trace


def test_errors_that_led_to_one_another_come_to_an_end() -> None:
    one, other = ValueError(), KeyError()
    one.__cause__, other.__cause__ = other, one
    assert line(exc_info=(ValueError, one, None)).count("Traceback") == 2


# Who is heard

STARTED = """
import logging, sys, warnings
from streamlit.logger import get_logger
import uvicorn
uvicorn.Config("app")
early = get_logger("streamlit.early")
from visionsprat.telemetry.log import write_log
write_log(sys.argv[1])
logging.getLogger("visionsprat").debug("debugged")
for name in ("visionsprat", "uvicorn.error", "streamlit.early", "streamlit.late", "another"):
    logger = get_logger(name) if name.startswith("streamlit") else logging.getLogger(name)
    for level in ("info", "warning", "error"):
        getattr(logger, level)("%s %s", name, level)
warnings.warn("look out", ResourceWarning)
warnings.warn("with somebody's words")
"""


@pytest.mark.parametrize(
    ("level", "ours", "others"),
    [
        ("debug", ["info", "warning", "error"], ["warning", "error"]),
        ("info", ["info", "warning", "error"], ["warning", "error"]),
        ("warning", ["warning", "error"], ["warning", "error"]),
        ("error", ["error"], ["error"]),
    ],
)
def test_everybody_writes_alike_and_others_from_warnings_on(
    level: str, ours: list[str], others: list[str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", STARTED, level],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    told = re.findall(r'^time=\S+Z level=\w+ logger=\S+ event="(.*?) (\w+)"$', done.stderr, re.M)
    wanted = [("visionsprat", each) for each in ours]
    for name in ("uvicorn.error", "streamlit.early", "streamlit.late", "another"):
        wanted += [(name, each) for each in others]
    assert [each for each in told if "<string>" not in each[0]] == wanted
    assert "words" not in done.stderr
    assert ("event=debugged" in done.stderr) is (level == "debug")
    assert ("look out" in done.stderr) is (level != "error")
    assert all(each.startswith("time=") for each in done.stderr.splitlines())


async def go_wrong(server: Server) -> None:
    """Let the application go wrong in each way that it knows."""
    async with httpx.AsyncClient(base_url=server.url, timeout=60, headers={"Connection": "close"}) as client:
        for way in WAYS:
            await client.get(f"/wrong/{way}")
    async with connect(f"{server.url.replace('http', 'ws', 1)}/wrong") as websocket:
        await websocket.send(WORDS)
        await websocket.wait_closed()


def test_whatever_goes_wrong_in_a_started_server_is_told_without_its_words(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(ROOT)}
    server = Server(tmp_path, environment=environment, under=["env"], script="tests/support/failing_app.py")
    try:
        asyncio.run(go_wrong(server))
    finally:
        server.stop()
    # After what is said to whoever has started it.
    told = server.output[server.output.index("time=") :].splitlines()
    assert [each for each in told if not each.startswith(("time=", "level=error "))] == []
    assert "uttern" not in server.output
    events = Counter(re.findall(r' event=(?:"([^"]*)"|(\S+))', "\n".join(told)))
    counted = {quoted or bare: count for (quoted, bare), count in events.items()}
    assert counted | WANTED == counted


WANTED = {
    "An error ended a thread": 1,
    "An error where none can be raised": 1,
    "An error in an event loop": 2,
    "An error": 1,
    "It said ValueError": 3,
    "ValueError": 3,
    "A line could not be written": 1,
    "Exception in ASGI application\\n": 2,
}


# What is told of whom


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the log gets when it tells as much as it can: all of ours, and others from warnings on."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Logfmt())
    root, ours = logging.getLogger(), logging.getLogger(log.OURS)
    levels = root.level, ours.level
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    ours.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


@pytest.fixture
def house(data_folder: object) -> Installation:
    return open_installation()


@pytest.fixture
def leja(house: Installation) -> int:
    hashed = authentication.hash_password(PASSWORD)
    return house.store.add_account(NewAccount(EMAIL, "Leja Hemligsson", hashed))


@pytest.fixture
def client(house: Installation, leja: int) -> Client:
    client = Client(Starlette(routes=routes(), middleware=[Middleware(Traffic)], exception_handlers=HANDLERS))
    admitted = authentication.redeem(house.store, authentication.issue_ticket(house.store, leja, "b"), "b")
    assert admitted is not None
    client.cookies.set(SESSION_COOKIE, admitted.token)
    return client


def save(client: Client, **body: Any) -> int:
    asked = {"question": QUESTION, "text": SECRET, "based_on": 0, **body}
    headers = {"Origin": OWN, "X-Request-ID": "the-request"}
    return client.post("/api/reflections", json=asked, headers=headers).status_code


def lines(written: io.StringIO, event: str) -> list[str]:
    return [each for each in written.getvalue().splitlines() if f"event={event}" in each]


def test_a_save_tells_its_request_account_question_and_how_it_went(
    client: Client, leja: int, written: io.StringIO
) -> None:
    headers = {"X-Request-ID": "the-request", "X-Visionsprat-Account": str(leja)}
    asked = {"question": QUESTION, "text": SECRET, "based_on": 0}
    client.post("/api/reflections", json=asked, headers=headers)
    (told,) = lines(written, "Save")
    assert re.search(
        rf"level=debug .* request=the-request account={leja} question={QUESTION} outcome=saved ms=[\d.]+$",
        told,
    )


def test_a_conflict_is_told_to_everybody_who_does_not_look_closer(
    client: Client, written: io.StringIO
) -> None:
    assert save(client) == 200
    assert save(client, text=f"{SECRET} Och igelkotten.") == 409
    assert [" level=info " in each for each in lines(written, "Save")] == [False, True]


def test_a_save_that_the_database_hinders_is_told_once_with_the_reason(
    client: Client, house: Installation, written: io.StringIO
) -> None:
    with closing(sqlite3.connect(house.settings.data / DATABASE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert save(client) == 503
    (told,) = [each for each in written.getvalue().splitlines() if " level=warning " in each]
    assert 'event="Answered with an error" request=the-request' in told
    assert told.endswith('outcome=503 reason="database is locked"')


def test_a_sign_out_tells_whose(client: Client, leja: int, written: io.StringIO) -> None:
    for _ in range(2):
        client.post("/api/sign-out")
    (told,) = lines(written, '"Signed out"')
    assert f" account={leja}" in told


def test_sign_ins_are_told_by_account_or_by_a_mark(
    house: Installation, leja: int, written: io.StringIO
) -> None:
    before = {outcome: sign_ins(outcome) for outcome in ("ok", "refused", "must_wait")}
    sign_in(house.store, EMAIL, PASSWORD, Browser("b"))
    with pytest.raises(SignInRefused):
        sign_in(house.store, EMAIL, "a wrong one", Browser("b"))
    for _ in range(5):
        with pytest.raises(SignInRefused):
            sign_in(house.store, STRANGER, PASSWORD, Browser("b"))
    with pytest.raises(TooManyFailures):
        sign_in(house.store, STRANGER, PASSWORD, Browser("b"))
    mark = pseudonym(STRANGER)
    assert [told.partition(" event=")[2] for told in written.getvalue().splitlines()] == [
        f'"Signed in" account={leja}',
        f'"Password refused" account={leja}',
        *[f'"Password refused" address={mark}'] * 5,
        f'"Sign-in has to wait" address={mark}',
    ]
    grown = {outcome: sign_ins(outcome) - before[outcome] for outcome in before}
    assert grown == {"ok": 1, "refused": 6, "must_wait": 1}


def sign_ins(outcome: str) -> float:
    return metrics.REGISTRY.get_sample_value("visionsprat_sign_ins_total", {"outcome": outcome}) or 0


def test_a_mark_is_another_in_another_process() -> None:
    code = f"from visionsprat.telemetry.log import pseudonym; print(pseudonym({STRANGER!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert pseudonym(STRANGER) == pseudonym(STRANGER) != pseudonym(EMAIL)
    assert done.stdout.strip() != pseudonym(STRANGER)


def fail() -> None:
    raise ZeroDivisionError


ENDS: dict[str, Callable[[], None]] = {
    "drawn": lambda: None,
    "interrupted": lambda: (_ for _ in ()).throw(KeyboardInterrupt),
    "unavailable": lambda: (_ for _ in ()).throw(StoreUnavailable()),
    "failed": fail,
}


@pytest.mark.parametrize("outcome", ENDS)
def test_script_runs_are_counted_by_how_they_end(outcome: str) -> None:
    def count() -> tuple[float, float]:
        value = metrics.REGISTRY.get_sample_value
        return (
            value("visionsprat_script_runs_total", {"outcome": outcome}) or 0,
            value("visionsprat_script_run_seconds_count") or 0,
        )

    runs, timed = count()
    with suppress(BaseException), watched():
        ENDS[outcome]()
    assert count() == (runs + 1, timed + 1)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


def test_nothing_that_happens_tells_a_text_or_an_address(
    client: Client, house: Installation, leja: int, mailbox: Mailbox, written: io.StringIO
) -> None:
    statuses = [
        save(client),
        save(client, text=f"{SECRET} Och igelkotten."),
        save(client, question=SECRET),
        save(client, text=f"{SECRET}\0"),
        save(client, based_on=SECRET),
        save(client, text=SECRET * (1 + MAX_CHARACTERS // len(SECRET))),
    ]
    assert statuses == [200, 409, 404, 422, 422, 413]
    with closing(sqlite3.connect(house.settings.data / DATABASE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert save(client, based_on=1) == 503
    client.get("/api/reflections/versions", params={"question": SECRET})
    for email, password in ((EMAIL, PASSWORD), (EMAIL, SECRET), *[(STRANGER, SECRET)] * 6):
        with suppress(SignInRefused, TooManyFailures):
            sign_in(house.store, email, password, Browser("b"))
    for error in (ValueError(SECRET), KeyError(EMAIL), EmailTaken(EMAIL), StoreUnavailable("Not now.")):
        show_trouble(error)
    logging.getLogger("uvicorn.error").error("Exception in ASGI application\n", **raised(ValueError(SECRET)))
    mailbox.refused = {EMAIL: f"550 {EMAIL} does not live here"}
    ask_for_new_password(house.store, mailbox.smtp(), OWN, EMAIL)
    errands.add(lambda: (_ for _ in ()).throw(ValueError(SECRET)))
    letters = [Letter("Leja", EMAIL, "Hej", SECRET)]
    assert Dispatch(mailbox.smtp(), letters, house.store.clock()).wait(30)
    errands._waiting.join()
    client.post("/api/sign-out")
    assert save(client) == 401
    told = written.getvalue()
    assert {"Save", "Signed", "Sign-in", "Password", "Letters", "Answered"} <= {
        *re.findall(r' event="?([\w-]+)', told)
    }
    for needle in ("uttern", "igelkott", "hemlig", "leja@", "okand@", PASSWORD):
        assert needle not in told.lower(), needle
    assert isinstance(house.store.save_reflection(leja, Draft(QUESTION, SECRET, 1)), Reflection)
