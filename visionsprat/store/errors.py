"""SQLite's and the file system's errors, as what they mean to others."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from visionsprat.errors import StoreUnavailable
from visionsprat.telemetry import log

_TROUBLE = (
    *("locked", "locking protocol", "readonly", "permission", "full", "unable to open", "disk i/o"),
    *("malformed", "not a database"),
)


@contextmanager
def translated() -> Iterator[None]:
    """Turn the environment's failures into StoreUnavailable; what looks like a bug of ours surfaces."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if "could not decode" in str(error).lower():  # and says what it could not: what somebody wrote
            raise StoreUnavailable("The database is damaged: a text in it is none.") from None
        if any(word in str(error).lower() for word in _TROUBLE):
            log.about(reason=error)
            said = " ".join(str(error).split())
            raise StoreUnavailable(f"The database can't be used now: {said}.") from error
        raise
    except UnicodeDecodeError:  # in one of SQLite's own messages, which quotes a damaged schema
        raise StoreUnavailable("The database is damaged: a name in it is no text.") from None
    except OSError as error:
        log.about(reason=error)
        raise StoreUnavailable(f"The data folder can't be used: {error}.") from error
