"""The log: one line an event in logfmt, from our own loggers and everybody else's.

What somebody has written never stands in it, nor who they are but by an account's number. So only known
fields are written, and of an error its kind and place, not its words, unless its kind speaks of code or the
machine: a `ValueError` quotes what it was given. logfmt can be read in a terminal, which JSON can't, and is
20 lines on the standard library's logging, so that every library's lines come the same way.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import secrets
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from datetime import datetime, timezone

OURS = "visionsprat"
#: Seconds between two lines about the same kind of refusal.
A_WHILE = 1.0
#: What a line may say beside when, how bad, by whom and what. Other fields are left out.
FIELDS = (
    *("request", "account", "whom", "address", "client", "question", "outcome", "ms", "count"),
    *("reason", "file", "sent", "failed", "version", "schema", "sqlite"),
)

_about: ContextVar[dict[str, object]] = ContextVar("about")
_key = secrets.token_bytes(16)
_PLAIN = re.compile(r'[^\s"=\\]+')
#: The id of a session of Streamlit's. It is no key to it any more (see web/session_owners.py), but
#: nobody's business either.
_SESSION = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE
)
#: Errors that speak of the code and the machine alone. sqlite3's are told by their module.
_TELLING = (
    *(AttributeError, ImportError, NameError, OSError, TypeError),
    *(DeprecationWarning, FutureWarning, ImportWarning, PendingDeprecationWarning, ResourceWarning),
)
#: What Streamlit says of a script that has failed, and uvicorn of a request that is none and of a
#: websocket that is answered with a sentence: ui/error_page.py, web/connections.py and web/request_id.py
#: tell of them.
_TOLD_BY_US = {
    "Uncaught app execution",
    "Invalid HTTP request received.",
    "ASGI callable returned without completing handshake.",
}


def begin(request: str | None) -> None:
    """From now on the lines of this task or thread belong to this request, and to nobody yet."""
    _about.set({"request": request})


def about(**fields: object) -> None:
    """Let the lines of the same request that follow say this, too."""
    _about.get({}).update(fields)


def pseudonym(address: str) -> str:
    """What stands for an e-mail address without an account, or for where somebody comes from.

    The same until the process ends, and no way back.
    """
    return hashlib.blake2b(address.encode(errors="replace"), key=_key, digest_size=6).hexdigest()


def place(client: str) -> str | None:
    """What stands for where somebody comes from; None for this machine itself."""
    return pseudonym(client) if client else None


class Seldom:
    """When lines are told whose number others decide: of each kind one a second, and how many it stands for.

    There are as few kinds as are written in the code.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._due: dict[str, float] = {}
        self._untold: dict[str, int] = {}
        self._lock = threading.Lock()

    def count(self, kind: str) -> int:
        """Count one more, and return how many a line stands for that is told now; 0: none is."""
        with self._lock:
            now, untold = self._now(), self._untold.get(kind, 0) + 1
            is_due = now >= self._due.get(kind, now)
            if is_due:
                self._due[kind] = now + A_WHILE
            self._untold[kind] = 0 if is_due else untold
            return untold if is_due else 0


_refusals = Seldom()


def refusal(event: str, **about: object) -> None:
    """Tell of a refusal, of which there may be a flood: each at "debug", one a second of a kind at "info".

    The kind is the event and its outcome or reason; `count` says how many there were, if more than one.
    """
    count = _refusals.count(f"{event} {about.get('outcome', about.get('reason'))}")
    extra = {**about, "count": count if count > 1 else None}
    logging.getLogger(OURS).log(logging.INFO if count else logging.DEBUG, event, extra=extra)


class Logfmt(logging.Formatter):
    """Writes a record as `time=… level=… logger=… event=…`, its fields and where an error has happened."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds")
        pairs: dict[str, object] = {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _SESSION.sub("…", _event(record)),
        }
        said = _about.get({}) | vars(record)
        pairs |= {name: said[name] for name in FIELDS if said.get(name) is not None}
        if record.exc_info and record.exc_info[1]:
            pairs["error"] = _SESSION.sub("…", "".join(_trace(record.exc_info[1])))
        return " ".join(f"{name}={_quoted(str(value))}" for name, value in pairs.items())


def _quoted(value: str) -> str:
    if not value.isprintable():
        return json.dumps(value)  # on one line, whatever a terminal takes for a line's end
    return value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)


def _trace(error: BaseException) -> Iterator[str]:
    """A traceback without the words of an error that may have a person's in them."""
    chain: list[BaseException] = []
    next_one: BaseException | None = error
    while next_one is not None and next_one not in chain:
        chain.insert(0, next_one)
        next_one = next_one.__cause__ or (None if next_one.__suppress_context__ else next_one.__context__)
    for each in chain:
        if each is not chain[0]:
            yield "\nwhich led to:\n"
        yield "Traceback (most recent call last):\n"
        yield from traceback.format_tb(each.__traceback__)
        yield _words(each)


def _words(error: BaseException) -> str:
    """What kind of error it is; and what it says, where that can't be a person's words."""
    telling = isinstance(error, _TELLING) or type(error).__module__ == "sqlite3"
    return f"{type(error).__qualname__}{f': {error}' if telling else ''}"


def _event(record: logging.LogRecord) -> str:
    """What a record says. Errors come in others' messages, too: they are told like all errors."""
    if record.name == "asyncio":
        return "An error in an event loop"  # its own words show what functions were called with
    if record.name == OURS:
        return record.getMessage()  # written with care, here
    if isinstance(record.msg, BaseException):
        return _words(record.msg)
    if isinstance(record.args, tuple) and any(isinstance(each, BaseException) for each in record.args):
        said = (_words(each) if isinstance(each, BaseException) else each for each in record.args)
        return str(record.msg) % tuple(said)
    return record.getMessage()


class Terminal(logging.Handler):
    """Writes to standard error. A record that can't be written is not shown as it is."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:
            where = _quoted(record.pathname)
            line = f'level=error logger={OURS} event="A line could not be written" file={where}'
        with suppress(OSError, ValueError):  # the disk is full, or nobody hears: work goes on
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()


def write_log(level: str) -> None:
    """Let every logger write to the terminal in our form: ours from `level` on, others from warnings on.

    Below that Streamlit tells what people fill in. Whatever else would print an error comes here as well:
    threads, what is thrown away, warnings.
    """
    own, others = level.upper(), max(logging.WARNING, logging.getLevelName(level.upper()))
    handler = Terminal()
    handler.setFormatter(Logfmt())
    handler.addFilter(
        lambda record: (
            record.name == OURS or (record.levelno >= others and str(record.msg) not in _TOLD_BY_US)
        )
    )
    logging.basicConfig(handlers=[], force=True)
    logging.getLogger(OURS).setLevel(own)
    # Streamlit and uvicorn give their loggers handlers of their own, or none and no way to the root; both do
    # so again later. So no logger is asked where its records go.
    setattr(logging.Logger, "callHandlers", lambda logger, record: handler.handle(record))  # noqa: B010
    _hear_everything()


def _hear_everything() -> None:
    """Let Python's own ways of telling that something went wrong go to the log."""
    sys.excepthook = lambda kind, error, trace: _log_error("An error ended the process", error)
    sys.unraisablehook = lambda told: _log_error("An error where none can be raised", told.exc_value)
    threading.excepthook = lambda told: _log_error("An error ended a thread", told.exc_value)
    setattr(traceback, "print_exc", lambda *_, **__: _log_error("An error", sys.exc_info()[1]))  # noqa: B010
    warnings.showwarning = _show_warning


def _log_error(event: str, error: BaseException | None) -> None:
    if not isinstance(error, SystemExit):
        logging.getLogger(OURS).error(event, exc_info=error)


def _show_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: object, **__: object
) -> None:
    said = message if isinstance(message, Warning) else category(message)
    logging.getLogger("py.warnings").warning("%s:%d: %s", filename, lineno, said)
