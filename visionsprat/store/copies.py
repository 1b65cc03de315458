"""Database files as wholes: copied, examined and counted, whether or not a server has them open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from visionsprat.domain.email_addresses import one_form
from visionsprat.domain.records import Action, Contents
from visionsprat.domain.text_rules import composed
from visionsprat.store import files
from visionsprat.store.base import Event, audit, iso, moment, translated
from visionsprat.store.epochs import begin_epoch
from visionsprat.store.files import look
from visionsprat.store.schema import connect, migrate, migrations, unknown


def copy(source: Path, target: Path) -> None:
    """Write a copy of a database as one plain file. Raises StoreUnavailable, also when the target exists."""
    with translated():
        files.copy(source, target)


def faults(path: Path, *, quick: bool = False) -> list[str]:
    """What is wrong with a database file, as files.faults says. Raises StoreUnavailable."""
    with translated():
        return files.faults(path, quick=quick)


def contents(path: Path) -> Contents | None:
    """How much a database holds, and of which version it is; None for one that is not ours."""
    with translated(), look(path) as db:
        applied = {each.name for each in migrations.applied(db)}
        if not applied:
            return None
        accounts = db.execute("SELECT count(*) FROM accounts").fetchone()[0]
        counts = [
            db.execute(f"SELECT count(*), max(updated_at) FROM {each}").fetchone() for each in _texts(db)
        ]
        last = max((at for _, at in counts if at), default=None)
        pending = tuple(each.name for each in migrations.pending(db))
        return Contents(
            accounts,
            sum(count for count, _ in counts),
            moment(last) if last else None,
            tuple(unknown(db)),
            pending,
            locked=sum(count for count, _ in counts[1:]),
        )


def _texts(db: Database) -> list[str]:
    """The tables of people's current texts; there are no locked ones in an old database."""
    found = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return [each for each in ("reflections", "locked_reflections") if each in found]


def count_answers(path: Path) -> dict[str, int]:
    """How many reflections there are to each question, by its id; locked ones, too."""
    with translated(), look(path) as db:
        all_of = " UNION ALL ".join(f"SELECT question_id FROM {each}" for each in _texts(db))
        rows = db.execute(f"SELECT question_id, count(*) FROM ({all_of}) GROUP BY question_id ORDER BY 1")
        return dict(rows.fetchall())


def written_twice(path: Path) -> tuple[list[list[int]], list[list[int]]]:
    """The ids of accounts, and of groups in one place, that are the same but for how they are written."""
    with translated(), look(path) as db:
        accounts = db.execute("SELECT email, id FROM accounts ORDER BY id").fetchall()
        groups = db.execute("SELECT name, parent_id, id FROM groups ORDER BY id").fetchall()
    return (
        _together((one_form(email), id) for email, id in accounts),
        _together(((parent_id, composed(name)), id) for name, parent_id, id in groups),
    )


def _together(forms: Iterable[tuple[object, int]]) -> list[list[int]]:
    found: defaultdict[object, list[int]] = defaultdict(list)
    for form, id in forms:
        found[form].append(id)
    return [ids for ids in found.values() if len(ids) > 1]


def renew(path: Path, now: datetime, source: str) -> None:
    """Make a copy fit to go on with: migrate it, sign everybody out, and note where it comes from.

    A session that was ended after the copy was made must not be alive again, and nothing may have a number
    that it had in the time that is lost.
    """
    with translated(), closing(connect(path, create=False)) as db:
        migrate(db)
        with db.atomic():
            db.execute("DELETE FROM sessions")
            begin_epoch(db)
            audit(db, Event(iso(now), None, Action.RESTORED, subject=source))


def fold(path: Path) -> None:
    """Bring a database's companion -wal into the file itself. Nobody may have it open."""
    with translated(), closing(connect(path, create=False)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
