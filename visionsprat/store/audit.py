"""What administrators have done, for 24 months."""

from __future__ import annotations

from datetime import datetime

from visionsprat.domain.email_addresses import sought
from visionsprat.domain.records import Action, AuditEntry, AuditPage
from visionsprat.store.base import Connections
from visionsprat.store.times import iso, moment


class AuditLog(Connections):
    def audit_log(
        self,
        *,
        action: Action | None = None,
        about: str = "",
        between: tuple[datetime | None, datetime | None] = (None, None),
        offset: int = 0,
        limit: int = -1,
    ) -> AuditPage:
        """The newest entries first, of those from the one time on until the other.

        `about` is looked for in the addresses of those who did and whom.
        """
        where = (
            "(?1 IS NULL OR action = ?1) AND (?2 = '' OR instr(search_text(actor, subject), ?2))"
            " AND (?3 IS NULL OR at >= ?3) AND (?4 IS NULL OR at < ?4)"
        )
        values = [
            action.value if action else None,
            " ".join(sought(about)),
            *(iso(each) if each else None for each in between),
        ]
        with self._read() as db:
            count = db.execute(f"SELECT count(*) FROM audit_log WHERE {where}", values).fetchone()[0]
            rows = db.execute(
                f"SELECT at, actor, action, subject, details FROM audit_log WHERE {where}"
                " ORDER BY at DESC, rowid DESC LIMIT ?5 OFFSET ?6",
                [*values, limit, offset],
            ).fetchall()
        return AuditPage(
            count,
            tuple(
                AuditEntry(moment(at), actor, Action(code), subject, details)
                for at, actor, code, subject, details in rows
            ),
        )
