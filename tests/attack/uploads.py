"""Files sent to the upload address by those who may not, too large ones, too many; and what we don't use."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import product

import httpx

from tests.attack.bearer import opened, rerun, session_of
from tests.attack.target import MIB, Target
from tests.support.measured_server import Learner

#: What the administration page takes, in bytes, in whole blocks.
LIMIT = 305 * 65536
TOKEN = "2|00000000|00000000000000000000000000000000|1"
UNUSED = (
    *("/_stcore/metrics", "/_stcore/script-health-check", "/_stcore/agent/interact", "/_stcore/agent/mcp"),
    *("/_stcore/agent/openapi.json", "/_stcore/agent/made-up", "/_stcore/message", "/_stcore/made-up"),
    *("/_stcore/bidi-components/made-up/a.js", "/_stcore/upload_file", "/_stcore/upload_file/a"),
    *("/component/made-up/index.html", "/media/made-up.png", "/app/static/made-up", "/auth/logout"),
    *("/auth/login", "/static/made-up.js", "/favicon.png", "/manifest.json", "/index.html"),
)
METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST", "PATCH")
USED = {("GET", "/_stcore/health"): 200, ("GET", "/_stcore/host-config"): 200}


async def attack(target: Target, hard: bool) -> None:
    """See the module."""
    size = 100 * MIB if hard else 8 * MIB
    await upload_without_right(target, 8 if hard else 3, size)
    await upload_too_much(target, 6 if hard else 4)
    await upload_in_many_tabs(target, 12 if hard else 5)
    await ask_for_what_is_not_used(target)


async def upload_without_right(target: Target, count: int, size: int) -> None:
    chief, learner = target.administrator, target.learner(0)
    async with (
        opened(target, None, mark="visitor") as visitor,
        opened(target, learner, mark="learner") as learners,
        opened(target, chief, mark="chief") as chiefs,
        httpx.AsyncClient(base_url=target.url, timeout=120) as client,
    ):
        sessions = []
        for socket in (visitor, learners, chiefs):
            await socket.send(rerun(target.url))
            sessions.append(await session_of(socket))
        own, hers, his = sessions
        # Each with a session of their own; the administrator's with another's cookie; hers with another's.
        for who, mark, session in (
            *((None, "visitor", own), (learner, "learner", hers), (learner, "learner", his)),
            *((None, "visitor", his), (chief, "chief", hers), (chief, "elsewhere", his)),
            *((chief, "chief", str(uuid.uuid4())), (Learner(0, "made-up"), "chief", his)),
        ):
            for _ in range(count):
                status = await put(client, target, who, mark, session, size)
                assert status == 404, f"a file was answered with {status}"


async def upload_too_much(target: Target, count: int) -> None:
    chief = target.administrator
    async with (
        httpx.AsyncClient(base_url=target.url, timeout=120) as client,
        opened(target, chief, mark="chief") as socket,
    ):
        await socket.send(rerun(target.url))
        session = await session_of(socket)
        for said in (True, False):
            status = await put(client, target, chief, "chief", session, LIMIT + 2 * MIB, said=said)
            assert status == 413, f"too large a file was answered with {status}"
        # One after the other: only the last is kept, so there is room for each.
        for _ in range(count):
            assert await put(client, target, chief, "chief", session, LIMIT) == 204
        at_once = await asyncio.gather(
            *(put(client, target, chief, "chief", session, LIMIT) for _ in range(count))
        )
        assert {*at_once} == {204, 429}, f"files at once were answered with {at_once}"


async def upload_in_many_tabs(target: Target, count: int) -> None:
    """Of all tabs together only so many files are held, and none when they are closed."""
    chief = target.administrator
    async with AsyncExitStack() as tabs:
        client = await tabs.enter_async_context(httpx.AsyncClient(base_url=target.url, timeout=120))
        answers = []
        for _ in range(count):
            socket = await tabs.enter_async_context(opened(target, chief, mark="chief"))
            await socket.send(rerun(target.url))
            answers.append(await put(client, target, chief, "chief", await session_of(socket), LIMIT))
        assert {*answers} == {204, 429}, f"files in many tabs were answered with {answers}"
        assert answers.count(204) <= 3, f"{answers.count(204)} files are held"
    async with (
        httpx.AsyncClient(base_url=target.url, timeout=120) as client,
        opened(target, chief, mark="chief") as socket,
    ):
        await socket.send(rerun(target.url))
        session = await session_of(socket)
        for _ in range(60):
            if await put(client, target, chief, "chief", session, LIMIT) == 204:
                return
            await asyncio.sleep(0.5)
        raise AssertionError("files of closed tabs are held")


async def put(
    client: httpx.AsyncClient,
    target: Target,
    who: Learner | None,
    mark: str,
    session: str,
    size: int,
    *,
    said: bool = True,
) -> int:
    """Send a file of that size, its length told beforehand or not, and return the answer's status."""
    boundary = secrets.token_hex(8)
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="personal.csv"\r\n'
        "Content-Type: text/csv\r\n\r\n"
    ).encode()
    tail = f"\r\n--{boundary}--\r\n".encode()

    async def body() -> AsyncIterator[bytes]:
        yield head
        for _ in range(size // 65536):
            yield b"a" * 65536
        yield tail

    length = len(head) + size // 65536 * 65536 + len(tail)
    cookies = [f"visionsprat_browser={mark}", f"_streamlit_xsrf={TOKEN}", *([who.cookie] if who else [])]
    headers = {
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "Cookie": "; ".join(cookies),
        "Origin": target.url,
        "X-Xsrftoken": TOKEN,
        **({"Content-Length": str(length)} if said else {}),
    }
    address = f"/_stcore/upload_file/{session}/{uuid.uuid4()}"
    try:
        answer = await client.put(address, content=body(), headers=headers)
    except httpx.TransportError:
        return 413  # closed before all of it was sent
    return answer.status_code


async def ask_for_what_is_not_used(target: Target) -> None:
    async with httpx.AsyncClient(base_url=target.url) as client:
        for address, method in product((*UNUSED, *(path for _, path in USED)), METHODS):
            headers = {"Cookie": target.administrator.cookie, "Origin": target.url}
            answer = await client.request(method, address, headers=headers)
            expected = USED.get((method, address), 404)
            assert answer.status_code == expected, f"{method} {address} was answered {answer.status_code}"
            if method != "HEAD" and expected == 404:
                assert "Sidan finns inte" in answer.text, f"{method} {address} is answered by Streamlit"
