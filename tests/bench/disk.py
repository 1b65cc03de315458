"""d. Store.save_reflection against the same statements on raw sqlite3 at the same durability."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

from tests.bench.report import Figure, heading, median, show
from tests.support.walk import ANSWER, THEMES, WALK
from visionsprat.domain.records import Draft, NewAccount
from visionsprat.installation import DATABASE
from visionsprat.store import Store

QUESTION = THEMES[WALK[2]][0]


def compare(folder: Path, rounds: int) -> None:
    """Two databases with the same schema in the same folder, saved to by turns, each text a changed one."""
    heading("d", "Store.save_reflection, against the same statements on raw sqlite3")
    with closing(_store(folder / "store")) as store, closing(_raw(folder / "raw")) as connection:
        spent = {"store": [_save(store, 0)], "raw": [_save_raw(connection, 0)]}
        for number in range(1, rounds + 1):
            spent["store"].append(_save(store, number))
            spent["raw"].append(_save_raw(connection, number))
    whole, raw = (median([wall for wall, _ in spent[name]]) for name in ("store", "raw"))
    cpu, raw_cpu = (median([cpu for _, cpu in spent[name]]) for name in ("store", "raw"))
    show(
        Figure("a save, by the clock", whole / raw, "×", 1.5, f"{whole:.3f} ms, raw {raw:.3f} ms"),
        Figure(
            "a save, by CPU (no goal: the disk is not in it)",
            cpu / raw_cpu,
            "×",
            None,
            f"{cpu:.3f} ms, raw {raw_cpu:.3f} ms",
        ),
    )


def _store(folder: Path) -> Store:
    store = Store(folder / DATABASE)
    store.add_account(NewAccount("disk@bench.example", "Disk Testsson", None))
    return store


def _raw(folder: Path) -> sqlite3.Connection:
    _store(folder).close()
    connection = sqlite3.connect(folder / DATABASE, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _save(store: Store, number: int) -> tuple[float, float]:
    return _clocked(lambda: store.save_reflection(1, Draft(QUESTION, f"{ANSWER}{number}", number)))


def _save_raw(connection: sqlite3.Connection, number: int) -> tuple[float, float]:
    def save() -> None:
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "SELECT text, revision, updated_at FROM reflections WHERE account_id = ? AND question_id = ?",
            (1, QUESTION),
        ).fetchone()
        connection.execute(
            "SELECT coalesce(max(revision), 0) FROM reflection_revisions"
            " WHERE account_id = ? AND question_id = ?",
            (1, QUESTION),
        ).fetchone()
        connection.execute(
            "INSERT INTO reflections (account_id, question_id, text, revision, created_at, updated_at)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET text = excluded.text,"
            " revision = excluded.revision, updated_at = excluded.updated_at,"
            " created_at = CASE WHEN ? THEN excluded.created_at ELSE created_at END",
            (1, QUESTION, f"{ANSWER}{number}", number + 1, now, now, number == 0),
        )
        connection.execute("COMMIT")

    return _clocked(save)


def _clocked(action: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds by the clock and of CPU."""
    clock, cpu = time.perf_counter(), time.thread_time()
    action()
    return (time.perf_counter() - clock) * 1000, (time.thread_time() - cpu) * 1000
