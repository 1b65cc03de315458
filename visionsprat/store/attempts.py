"""Failed sign-ins, remembered for a while."""

from __future__ import annotations

from datetime import timedelta

from visionsprat.store.connections import Connections, iso

FAILURES_REMEMBERED = timedelta(minutes=15)


class Attempts(Connections):
    def recent_failures(self, email: str) -> int:
        with self._read() as db:
            since = iso(self.clock() - FAILURES_REMEMBERED)
            found = db.execute(
                "SELECT count(*) FROM sign_in_failures WHERE email = ? AND at > ?", [email, since]
            )
            return int(found.fetchone()[0])

    def record_failure(self, email: str) -> None:
        with self._write() as db:
            old = iso(self.clock() - FAILURES_REMEMBERED)
            db.execute("DELETE FROM sign_in_failures WHERE at <= ?", [old])
            db.execute("INSERT INTO sign_in_failures (email, at) VALUES (?, ?)", [email, self._now()])

    def forget_failures(self, email: str) -> None:
        with self._write() as db:
            db.execute("DELETE FROM sign_in_failures WHERE email = ?", [email])
