"""What the audit log is told; see audit.py for what it tells."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from sqlite_utils import Database

from visionsprat.domain.records import Action
from visionsprat.store.times import iso, moment

_log = logging.getLogger("visionsprat")

AUDIT_KEPT = timedelta(days=730)


@dataclass(frozen=True)
class Event:
    """What somebody did (None: in the terminal), to an account or to `subject`."""

    at: str
    actor_id: int | None
    action: Action
    account_id: int | None = None
    subject: str = ""
    details: str = ""


def audit(db: Database, event: Event) -> None:
    """Note it in the audit log.

    Never a password, never anything that a person has written as a reflection. Forgets what is older
    than AUDIT_KEPT.
    """
    told = {"account": event.actor_id, "outcome": event.action.value, "whom": event.account_id}
    _log.info("Administered", extra=told)  # and from where, when it is a page that asks
    db.execute("DELETE FROM audit_log WHERE at < ?", [iso(moment(event.at) - AUDIT_KEPT)])
    db.execute(
        "INSERT INTO audit_log (at, actor_id, actor, action, subject_id, subject, details) VALUES"
        " (?, ?, coalesce((SELECT email FROM accounts WHERE id = ?), ''), ?,"
        " ?, coalesce((SELECT email FROM accounts WHERE id = ?), ?), ?)",
        [
            *(event.at, event.actor_id, event.actor_id, event.action.value),
            *(event.account_id, event.account_id, event.subject, event.details),
        ],
    )
