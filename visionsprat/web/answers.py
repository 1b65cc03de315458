"""What errors are answered with: one table for all routes, which Starlette's ExceptionMiddleware goes by.

A page's script is told in JSON, somebody whose browser asked for a file in plain text.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from visionsprat.domain.text_rules import (
    MAX_CHARACTERS,
    MOST_MARKS,
    TextTooLong,
    TooManyMarks,
    UnstorableCharacter,
)
from visionsprat.errors import NotAllowed, SignedOut, StoreUnavailable, TextsLocked, VersionsFull
from visionsprat.web.index_page import not_found

#: Whose page a text was written on; optional, and sent by the editor.
ACCOUNT_HEADER = "x-visionsprat-account"

TOO_LONG = f"Texten är för lång. Den får ha högst {MAX_CHARACTERS:,} tecken.".replace(",", " ")
TOO_MANY_MARKS = f"Någon bokstav har fler än {MOST_MARKS} accenttecken. Ta bort några, så sparas texten."
NOT_STORABLE = "Texten innehåller tecken som inte går att spara."
UNSTORABLE = "Ett tecken går inte att spara: tecken {character} på rad {line}. Ta bort det, så sparas texten."
SIGNED_OUT = "Du är utloggad."
LOCKED = "Dina tidigare texter är låsta."
FULL = "Det finns inte plats för fler tidigare versioner. Ta bort dem du inte behöver, så sparas texten."
NOT_READ = "Det går inte att läsa just nu."
NOT_SAVED = "Det går inte att spara just nu."
NOT_SIGNED_OUT = "Det går inte att logga ut just nu. Försök igen om en stund."
#: What can't be done while the database is unavailable; at all other addresses nothing can be read.
_MEANWHILE = {
    ("POST", "/api/reflections"): NOT_SAVED,
    ("DELETE", "/api/reflections/versions"): NOT_SAVED,
    ("POST", "/api/sign-out"): NOT_SIGNED_OUT,
}


class Answer(Exception):
    """A request that ends here, with this status and a sentence for the person."""

    def __init__(self, status: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.more = more
        self.headers: dict[str, str] = {}


class TooOften(Answer):
    """A request that is to be made again after some seconds."""

    def __init__(self, wait: float, message: str = "Det kommer för mycket på en gång. Vänta lite.") -> None:
        super().__init__(429, message)
        self.headers["Retry-After"] = str(math.ceil(wait))


def answer(request: Request, error: Exception, **about: Any) -> Response:
    """The answer to an error of the table; `about` is what else is said of what was asked."""
    given = next(_ANSWERS[each] for each in type(error).__mro__ if each in _ANSWERS)(request, error)
    if isinstance(given, Response):
        return given
    if _is_for_a_file(request):
        return PlainTextResponse(f"{given.message}\n", given.status, given.headers)
    said = {"message": given.message, **given.more, **of_page(request), **about}
    return JSONResponse(said, given.status, given.headers)


def author_id(request: Request) -> int | None:
    """Whose page a request comes from; 0, nobody's account, when the header says nothing sensible."""
    header = request.headers.get(ACCOUNT_HEADER)
    if header is None:
        return None
    return int(header) if header.isascii() and header.isdecimal() and len(header) < 19 else 0


def of_page(request: Request) -> dict[str, Any]:
    """Whose page an answer is for, as the page has said it: by which it knows that the answer is ours."""
    author = author_id(request)
    return {} if author is None else {"account": author}


def _is_for_a_file(request: Request) -> bool:
    return "." in request.url.path or not request.url.path.startswith("/api/")


def _unavailable(request: Request, _: StoreUnavailable) -> Answer:
    if _is_for_a_file(request):
        return Answer(503, f"{NOT_READ} Försök igen om en stund.")
    return Answer(503, _MEANWHILE.get((request.method, request.url.path), NOT_READ))


def _unstorable(_: Request, error: UnstorableCharacter) -> Answer:
    return Answer(422, UNSTORABLE.format(line=error.line, character=error.character))


_ANSWERS: dict[type[Exception], Callable[[Request, Any], Answer | Response]] = {
    Answer: lambda _, error: error,
    SignedOut: lambda *_: Answer(401, SIGNED_OUT),
    TextsLocked: lambda *_: Answer(403, LOCKED),
    NotAllowed: lambda *_: not_found(),
    TextTooLong: lambda *_: Answer(413, TOO_LONG),
    TooManyMarks: lambda *_: Answer(422, TOO_MANY_MARKS, reason="marks"),
    UnstorableCharacter: _unstorable,
    VersionsFull: lambda *_: Answer(423, FULL, nearly_full=True),
    StoreUnavailable: _unavailable,
}
ANSWERED = tuple(_ANSWERS)


async def _handle(request: Request, error: Exception) -> Response:
    return answer(request, error)


#: For Starlette.
HANDLERS: dict[Any, Any] = dict.fromkeys(ANSWERED, _handle)
