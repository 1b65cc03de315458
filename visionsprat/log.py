"""The log: one line an event in logfmt, from our own loggers and everybody else's.

What somebody has written never stands in it, nor who they are but by an account's number. So only known
fields are written, and of an error its kind and place, not its words: those may be a person's.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import secrets
import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import datetime, timezone

OURS = "visionsprat"
#: What a line may say beside when, how bad, by whom and what. Other fields are left out.
FIELDS = (
    *("request", "account", "address", "question", "outcome", "ms"),
    *("reason", "file", "sent", "failed", "version", "schema"),
)

_about: ContextVar[dict[str, object]] = ContextVar("about")
_key = secrets.token_bytes(16)
_PLAIN = re.compile(r'[^\s"=\\]+')
#: The id of a session of Streamlit's. It is no key to it any more (owners.py), but nobody's business either.
_SESSION = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE
)
#: Errors that speak of the code and the machine alone. sqlite3's are told by their module.
_TELLING = (AttributeError, ImportError, NameError, OSError, TypeError)
#: What Streamlit says of a script that has failed; ui/trouble.py tells of it, too.
_TOLD_BY_US = "Uncaught app execution"


def begin(request: str | None) -> None:
    """From now on the lines of this task or thread belong to this request, and to nobody yet."""
    _about.set({"request": request})


def about(**fields: object) -> None:
    """Let the lines of the same request that follow say this, too."""
    _about.get({}).update(fields)


def pseudonym(email: str) -> str:
    """What stands for an address without an account: the same until the process ends, and no way back."""
    return hashlib.blake2b(email.encode(), key=_key, digest_size=6).hexdigest()


class Logfmt(logging.Formatter):
    """Writes a record as `time=… level=… logger=… event=…`, its fields and where an error has happened."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds")
        pairs: dict[str, object] = {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _SESSION.sub("…", record.getMessage()),
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
        telling = isinstance(each, _TELLING) or type(each).__module__ == "sqlite3"
        yield f"{type(each).__qualname__}{f': {each}' if telling else ''}"


def write_log(level: str) -> None:
    """Let every logger write to the terminal in our form: ours from `level` on, others from warnings on.

    Below that Streamlit tells what people fill in.
    """
    from streamlit import logger as streamlits  # the store writes to the log, too, and does without it

    own, others = level.upper(), max(logging.WARNING, logging.getLevelName(level.upper()))
    handler = logging.StreamHandler()
    handler.setFormatter(Logfmt())
    handler.addFilter(
        lambda record: record.name == OURS or (record.levelno >= others and record.msg != _TOLD_BY_US)
    )
    logging.basicConfig(handlers=[handler], force=True)
    logging.getLogger(OURS).setLevel(own)
    logging.captureWarnings(True)
    # Streamlit gives each of its loggers a handler of its own, those to come included.
    setattr(streamlits, "setup_formatter", _hand_on)  # noqa: B010
    for name in list(logging.root.manager.loggerDict):
        # uvicorn has silenced its line for each request by taking its handlers away: it stays silent.
        if (logger := logging.getLogger(name)).handlers:
            _hand_on(logger)


def _hand_on(logger: logging.Logger) -> None:
    logger.handlers.clear()
    logger.propagate = True
