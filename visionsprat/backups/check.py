"""What `check` looks at: the database, its words, whose the folder is, SQLite, and the newest backup."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from visionsprat.backups.archive import WORRYING, newest
from visionsprat.content.module import Module
from visionsprat.domain.records import Contents, Finding, Level
from visionsprat.settings import THIS_MACHINE, Settings
from visionsprat.store import files
from visionsprat.store.checkpoints import SQLITE, has_reset_fault
from visionsprat.store.files import of_another_account, open_to_others


def check(database: Path, backups: Path, module: Module, now: datetime) -> Iterator[Finding]:
    """Look at all of it, and change nothing. Raises StoreUnavailable."""
    yield from _file(database, module)
    yield from surroundings(database.parent)
    yield library()
    yield _backups(backups, now)


def _file(database: Path, module: Module) -> Iterator[Finding]:
    if not database.is_file():
        yield Finding(Level.FAULT, f"There is no database {database}. The first start makes one.")
        return
    if problems := files.faults(database):
        yield from (Finding(Level.FAULT, f"The database is damaged: {problem}.") for problem in problems)
        return
    found = files.contents(database)
    if found is None:
        yield Finding(Level.FAULT, f"{database} is no database of Visionsprat.")
        return
    yield Finding(Level.OK, f"The database is whole: {found.counted}.")
    yield _version(found)
    yield _questions(files.count_answers(database), module)
    yield from _written_twice(database)


def _written_twice(database: Path) -> Iterator[Finding]:
    """What older versions let in, and no migration may decide about."""
    accounts, groups = files.written_twice(database)
    for ids in accounts:
        pages = ", ".join(f"/administration?person={id}" for id in ids)
        text = f"{len(ids)} accounts have one address, written in different ways: {pages}."
        yield Finding(Level.NOTE, f"{text} Correct or deactivate those that are not used.")
    for ids in groups:
        pages = ", ".join(f"/administration?del=grupper&grupp={id}" for id in ids)
        text = f"{len(ids)} groups in one place have one name, written in different ways: {pages}."
        yield Finding(Level.NOTE, f"{text} Merge or rename them.")


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


def owners(folder: Path, own: int | None = None) -> Finding:
    """Whether all of the data folder belongs to the account that this runs as."""
    if not (found := of_another_account(folder, own)):
        return Finding(Level.OK, f"All in {folder} belongs to the account that this runs as.")
    first, rest = next(iter(found)), len(found) - 1
    named = f"{first.relative_to(folder.parent).as_posix()}{f' and {rest} more' if rest else ''}"
    return Finding(
        Level.NOTE,
        f"Another account ({_account(found[first])}) has {named}. What is written as this one it may not be"
        f" able to read: run all as that account, or give all of {folder} to one.",
    )


def _account(number: int) -> str:
    import pwd  # there is none on Windows

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def library() -> Finding:
    """Which SQLite there is, and whether it has a fault that may damage what it stores."""
    if not has_reset_fault():
        return Finding(Level.OK, f"SQLite is {SQLITE}.")
    return Finding(
        Level.NOTE,
        f"SQLite is {SQLITE}: before 3.51.3 it can damage a database that several connections bring the -wal"
        " into. Visionsprat lets one at a time; let no other program write in the database.",
    )


def surroundings(folder: Path) -> Iterator[Finding]:
    """What does not depend on what is in the database: whose the files are, and who can read them."""
    if os.name == "posix" and folder.is_dir():  # elsewhere rights are not in the mode
        yield rights(folder)
        yield owners(folder)


def left_open(settings: Settings) -> Iterator[Finding]:
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
