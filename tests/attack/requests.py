"""Malformed requests to every address of ours: none is answered with an error of ours."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

from tests.attack.target import CLIENT_HEADER, Target

SEED = 20261128
COUNT = {False: 600, True: 12_000}
AT_ONCE = 8
#: Longer than any time limit of the server's.
PATIENCE = 60.0

METHODS = (
    b"GET",
    b"GET",
    b"POST",
    b"PUT",
    b"HEAD",
    b"DELETE",
    b"OPTIONS",
    b"PATCH",
    b"TRACE",
    b"BREW",
    b"get",
)
PATHS = (
    *("/", "/visionen", "/skapande", "/mina-reflektioner", "/min-grupp", "/administration", "/mitt-konto"),
    *(
        "/kom-igang",
        "/inbjudan",
        "/glomt-losenord",
        "/finns-inte",
        "/healthz",
        "/metrics",
        "/assets/style.css",
    ),
    *("/api/reflections", "/api/reflections/versions", "/api/session", "/api/sign-out", "/api/ticket"),
    *("/api/personallista.csv", "/api/handelser.csv", "/api/inbjudningar.csv", "/api/min-grupp.xlsx"),
    *(
        "/api/mina-uppgifter.json",
        "/_stcore/stream",
        "/_stcore/health",
        "/_stcore/host-config",
        "/static/x.js",
    ),
    *("/_stcore/upload_file/a/b", "/_stcore/agent/x", "/media/x", "/component/x/y", "/api/drafts/key"),
)
KEYS = (
    "question",
    "ticket",
    "to",
    "kod",
    "grupp",
    "visa",
    "aldrig",
    "vad",
    "om",
    "fran",
    "till",
    "del",
    "person",
)
VALUES = (
    *("", "0", "-1", "9" * 40, "1e999", "0001-01-01", "9999-12-31", "2026-02-30", "skapande/gora", "klara"),
    *(
        "%00",
        "%FF%FE",
        "%ED%A0%80",
        "%",
        "%zz",
        "..%2f..%2f",
        "//evil.example",
        "a" * 3000,
        "%F0%9F%98%80",
        "'--",
    ),
)
HEADERS = (
    *(
        "Host",
        "Origin",
        "Cookie",
        "Content-Type",
        "Content-Length",
        "Accept-Encoding",
        "X-Request-ID",
        "Range",
    ),
    *(
        "X-Visionsprat-Account",
        "Transfer-Encoding",
        "Connection",
        "Upgrade",
        "Sec-WebSocket-Key",
        "If-None-Match",
    ),
    *("Expect", "X-Forwarded-Proto", "Authorization", "Sec-WebSocket-Protocol", "Accept-Language", "TE"),
)
ODD = (
    b"",
    b"\xff\xfe",
    b"\xe5\xe4\xf6",
    b"0",
    b"-1",
    b"9" * 400,
    b"chunked",
    b"null",
    b"http://[",
    b"gzip;q=x",
    b"*",
)
BODIES = (
    *(
        b"",
        b"{",
        b"null",
        b"[]",
        b"[" * 5000,
        b"\xff" * 50,
        b"\0",
        b'{"question": 1, "text": 2, "based_on": "x"}',
    ),
    b'{"question": "skapande/gora", "text": "\\ud800", "based_on": 0}',
    b'{"question": "skapande/gora", "text": "hej", "based_on": 1e999}',
    b'{"question": "skapande/gora", "text": "hej", "based_on": -9223372036854775809}',
    b'{"question": "skapande/gora", "text": "hej", "based_on": 0, "unanswered": {"a": 1}}',
    b'{"question": "' + b"a" * 9000 + b'", "text": "", "based_on": 0}',
)


@dataclass(frozen=True)
class Answer:
    #: 0 where the server closed the connection without a word.
    status: int
    asked: bytes


async def attack(target: Target, hard: bool) -> None:
    draw, limit = random.Random(SEED), asyncio.Semaphore(AT_ONCE)
    cookies = ("", target.learner(0).cookie, target.administrator.cookie)
    asked = [_request(draw, draw.choice(cookies), target.server.port) for _ in range(COUNT[hard])]

    async def ask(request: bytes) -> Answer:
        async with limit:
            return Answer(await _status(target.server.port, request), request)

    answers = await asyncio.gather(*map(ask, asked))
    failed = [answer for answer in answers if answer.status >= 500]
    assert not failed, f"{len(failed)} answers from 500 on, such as {failed[0]}"
    assert sum(answer.status > 0 for answer in answers) > len(answers) / 3, "hardly anything was answered"


def _request(draw: random.Random, cookie: str, port: int) -> bytes:
    """Mostly well-formed, with something odd in one or two places."""
    path = draw.choice(PATHS)
    if draw.random() < 0.5:
        path += "?" + "&".join(
            f"{draw.choice(KEYS)}={draw.choice(VALUES)}" for _ in range(draw.randint(1, 4))
        )
    if draw.random() < 0.1:
        path = draw.choice(VALUES) or "*"
    headers = {
        "Host": f"localhost:{port}".encode(),
        "Origin": f"http://localhost:{port}".encode(),
        "Cookie": cookie.encode(),
        CLIENT_HEADER: f"203.0.113.{draw.randint(1, 254)}".encode(),
        "Connection": b"close",
    }
    body = draw.choice(BODIES)
    if body or draw.random() < 0.5:
        headers["Content-Length"] = str(len(body)).encode()
    for _ in range(draw.randint(0, 2)):
        headers[draw.choice(HEADERS)] = draw.choice(ODD)
    lines = [draw.choice(METHODS) + b" " + path.encode() + b" HTTP/1.1"]
    lines += [name.encode() + b": " + value for name, value in headers.items()]
    request = b"\r\n".join(lines) + b"\r\n\r\n" + body
    return _spoilt(draw, request) if draw.random() < 0.2 else request


def _spoilt(draw: random.Random, request: bytes) -> bytes:
    place = draw.randrange(len(request))
    byte = bytes([draw.randrange(256)])
    return draw.choice(
        [
            request[:place],
            request[:place] + byte + request[place + 1 :],
            request[:place] + byte + request[place:],
        ]
    )


async def _status(port: int, request: bytes) -> int:
    reader, writer = await asyncio.open_connection("localhost", port)
    try:
        writer.write(request)
        writer.write_eof()  # nothing more comes: half a request is not waited for
        line = await asyncio.wait_for(reader.readline(), PATIENCE)
        await asyncio.wait_for(reader.read(), PATIENCE)
    except OSError:
        return 0
    finally:
        writer.close()
    parts = line.split()
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0
