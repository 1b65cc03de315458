"""What `check` looks at: the database, its words, who can read the folder, and the newest backup."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from visionsprat.backups import WORRYING, newest
from visionsprat.content import Module
from visionsprat.records import Contents, Finding, Level
from visionsprat.settings import THIS_MACHINE, Settings
from visionsprat.store import copies
from visionsprat.store.files import open_to_others


def check(database: Path, backups: Path, module: Module, now: datetime) -> Iterator[Finding]:
    """Look at all of it, and change nothing. Raises StoreUnavailable."""
    yield from _file(database, module)
    if os.name == "posix" and database.parent.is_dir():  # elsewhere rights are not in the mode
        yield rights(database.parent)
    yield _backups(backups, now)


def _file(database: Path, module: Module) -> Iterator[Finding]:
    if not database.is_file():
        yield Finding(Level.FAULT, f"There is no database {database}. The first start makes one.")
        return
    if problems := copies.faults(database):
        yield from (Finding(Level.FAULT, f"The database is damaged: {problem}.") for problem in problems)
        return
    found = copies.contents(database)
    if found is None:
        yield Finding(Level.FAULT, f"{database} is no database of Visionsprat.")
        return
    yield Finding(Level.OK, f"The database is whole: {found.counted}.")
    yield _version(found)
    yield _questions(copies.count_answers(database), module)


def _version(found: Contents) -> Finding:
    if found.unknown:
        names = ", ".join(found.unknown)
        return Finding(Level.FAULT, f"The database was written by a newer version of Visionsprat ({names}).")
    if found.pending:
        return Finding(Level.NOTE, f"The next start will migrate the database: {', '.join(found.pending)}.")
    return Finding(Level.OK, "The database is of this version.")


def _questions(answers: dict[str, int], module: Module) -> Finding:
    asked = {question.id for question in module.questions}
    gone = [f"{question} ({count})" for question, count in answers.items() if question not in asked]
    if gone:
        return Finding(Level.NOTE, f"Kept reflections on questions no longer in content: {', '.join(gone)}.")
    return Finding(Level.OK, "Every reflection is on a question in content.")


def rights(folder: Path) -> Finding:
    """Whether the data folder and its files are for the account alone that runs the server."""
    if found := open_to_others(folder):
        named = ", ".join(each.relative_to(folder.parent).as_posix() for each in found[:3])
        rest = f" and {len(found) - 3} more" if len(found) > 3 else ""
        return Finding(
            Level.NOTE, f"Others on this machine may look into {named}{rest}. Run: chmod -R go= {folder}"
        )
    return Finding(Level.OK, f"Others on this machine can't open {folder}.")


def surroundings(settings: Settings) -> Iterator[Finding]:
    """What the settings leave open, which nobody would notice otherwise."""
    if settings.url and _is_public(settings.url) and settings.client_header is None:
        yield Finding(
            Level.NOTE,
            "Clients are not told apart: everybody comes from the proxy's address."
            " Set VISIONSPRAT_CLIENT_HEADER to the header in which it names them.",
        )


def _is_public(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and parts.hostname not in THIS_MACHINE


def _backups(folder: Path, now: datetime) -> Finding:
    last = newest(folder, now)
    if last is None:
        return Finding(Level.NOTE, f"There is no backup in {folder}.")
    level = Level.NOTE if now - last > WORRYING else Level.OK
    return Finding(level, f"The newest backup is {age(now - last)} old.")


def age(passed: timedelta) -> str:
    """As in "5 hours" or "3 days"."""
    hours = int(passed / timedelta(hours=1))
    count, unit = (hours, "hour") if hours < 48 else (hours // 24, "day")
    return f"{count} {unit}{'' if count == 1 else 's'}"
