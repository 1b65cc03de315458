"""Backups: made while people write, thinned as they grow old, and put back in the database's place.

A backup is `VACUUM INTO`, not a copy page by page: one state, nobody hindered, no deleted text in its free
pages, and one plain file. It gets its name only when it is checked and on the disk.

A restore migrates and checks the new file before it takes the old one's place, and links the old one aside
instead of moving it: at no moment is there no database, which a start would make anew. What a killed
restore has taken from the old database is given back by the next start or restore, as two names can't
change at once, and a damaged database without its -wal would be poorer. It signs everybody out, lest ended
sessions come alive; so a replica is restored by it, too, and not by Litestream alone.
"""

from __future__ import annotations

import filecmp
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

from visionsprat.domain.records import Contents
from visionsprat.errors import CannotStart, Refused, StoreUnavailable, Unavailable
from visionsprat.store import files
from visionsprat.store.files import BEFORE, make_private, make_private_folder, put_in_place, sync
from visionsprat.store.locks import IN_USE, Held, alone

#: Of the last days, weeks and months that have backups, this many keep their newest.
DAYS, WEEKS, MONTHS = 7, 4, 6
#: A newest backup older than this is something to look into: it should be made every night.
WORRYING = timedelta(days=2)
#: How long a copy stays that was made before a migration: it holds what people erase meanwhile.
KEPT_BEFORE_MIGRATION = timedelta(days=30)

_TIME = "%Y-%m-%dT%H%M%SZ"
_NAME = re.compile(r"visionsprat-(\d{4}-\d\d-\d\dT\d{6}Z)\.db")
_UNFINISHED = re.compile(rf"{_NAME.pattern}\.unfinished(-journal)?")
_LOCK = "backup.lock"
_BEFORE_RESTORE = ".before-restore-"


class BackupFailed(Unavailable):
    """No backup was made, and none was removed."""


class BackupUnderWay(BackupFailed):
    """Somebody else is making a backup in the same folder."""


class BackupRefused(Refused):
    """The file is not fit to be restored, or can't be."""


class InUse(Unavailable):
    """A server or a command has the database open."""


class DatabaseDamaged(CannotStart):
    """The database can't be started with; the message says which backup can take its place."""


def made(folder: Path) -> dict[datetime, Path]:
    """The backups in a folder by when they were made, the oldest first; none in one that can't be read."""
    found = {}
    with suppress(OSError):
        for path in folder.iterdir():
            if name := _NAME.fullmatch(path.name):
                with suppress(ValueError):  # such as a 31st of February: not a name of ours
                    found[datetime.strptime(name[1], _TIME).replace(tzinfo=timezone.utc)] = path
    return dict(sorted(found.items()))


def newest(folder: Path, now: datetime) -> datetime | None:
    """When the newest backup was made. One from the future, made by a wrong clock, does not count."""
    return max((at for at in made(folder) if at <= now), default=None)


def worth_keeping(times: Collection[datetime]) -> set[datetime]:
    """Those among the times of backups that are not thinned away."""
    kept: set[datetime] = set()
    for count, period in ((DAYS, "%Y-%m-%d"), (WEEKS, "%G-%V"), (MONTHS, "%Y-%m")):
        newest_of = {at.strftime(period): at for at in sorted(times)}
        kept |= {newest_of[each] for each in sorted(newest_of)[-count:]}
    return kept


def backup(
    database: Path, folder: Path, now: datetime, is_due: Callable[[datetime | None], bool] = lambda last: True
) -> Path | None:
    """Copy the database into the folder, check the copy and thin out the older ones.

    Its name is there only once the whole file is on the disk. Makes none, and returns None, when the
    newest that is there (None: there is none) is not `is_due`. Raises BackupFailed.
    """
    if not database.exists():
        raise BackupFailed(f"There is no database {database}.")
    try:
        make_private_folder(folder)
        make_private(folder / _LOCK)
        with alone(folder / _LOCK):
            return _backup(database, folder, now) if is_due(newest(folder, now)) else None
    except Held as error:
        raise BackupUnderWay(f"Another backup is being made in {folder}.") from error
    except (StoreUnavailable, OSError) as error:
        raise BackupFailed(f"No backup was made in {folder}. {_sentence(error)}") from error


def _backup(database: Path, folder: Path, now: datetime) -> Path:
    _clear(folder)
    finished = folder / f"visionsprat-{_stamp(now)}.db"
    unfinished = finished.with_name(f"{finished.name}.unfinished")
    try:
        files.copy(database, unfinished)
        if problems := files.faults(unfinished):
            raise BackupFailed(f"No backup was made in {folder}: the copy is damaged ({problems[0]}).")
        put_in_place(unfinished, finished)
    finally:
        _clear(folder)
    _thin(folder, finished, now)
    _forget_migrated(database, now)
    return finished


def _clear(folder: Path) -> None:
    """Remove what a backup has left that failed, or was killed at another time."""
    for path in folder.iterdir():
        if _UNFINISHED.fullmatch(path.name):
            path.unlink(missing_ok=True)


def _thin(folder: Path, latest: Path, now: datetime) -> None:
    there = made(folder)
    # Those that a clock ahead has dated must not take the places of those of today.
    ahead = {at for at in there if at > now}
    kept = worth_keeping(there.keys() - ahead) | worth_keeping(ahead)
    for at, path in there.items():
        if at not in kept and path != latest:
            path.unlink(missing_ok=True)


def _forget_migrated(database: Path, now: datetime) -> None:
    for path in database.parent.glob(f"{database.name}{BEFORE}m[0-9]*"):
        if path.stat().st_mtime < (now - KEPT_BEFORE_MIGRATION).timestamp():
            path.unlink(missing_ok=True)


def look_at(file: Path) -> Contents:
    """What a file to be restored holds. Raises BackupRefused when it is not fit for it."""
    if not file.is_file():
        raise BackupRefused(f"There is no file {file}.")
    if problems := files.faults(file):
        raise BackupRefused(f"{file} can't be restored: {problems[0]}. Choose another backup.")
    found = files.contents(file)
    if found is None:
        raise BackupRefused(f"{file} can't be restored: it is no database of Visionsprat.")
    if found.unknown:
        raise BackupRefused(
            f"{file} was written by a newer version of Visionsprat ({', '.join(found.unknown)}). "
            "Install that version and restore it with that."
        )
    return found


def restore(file: Path, database: Path, now: datetime, agree: Callable[[Contents], object]) -> Path | None:
    """Put a backup in the database's place, and return where the one that was there is kept.

    `agree` is asked first, told what the file holds, and raises when it should not be done. Until the
    new database is whole, migrated and on the disk the old one stays as it is.
    Raises BackupRefused, and InUse while a server runs.
    """
    if database.exists() and file.exists() and file.samefile(database):
        raise BackupRefused(f"{file} is the database itself.")
    try:
        found = look_at(file)
        make_private_folder(database.parent)
        make_private(database.with_name(IN_USE))
        with alone(database.with_name(IN_USE)):
            agree(found)
            return _restore(file, database, now)
    except Held as error:
        raise InUse(
            f"The server, or another command, is using {database}. Stop it and restore again."
        ) from error
    except (StoreUnavailable, OSError) as error:
        raise BackupRefused(f"{file} was not restored. {_sentence(error)}") from error


def _restore(file: Path, database: Path, now: datetime) -> Path | None:
    new = database.with_name(f"{database.name}.restoring")
    with _removed(new):
        _take_back(database)
        files.copy(file, new)
        files.renew(new, now, file.name)
        if problems := files.faults(new):
            raise BackupRefused(f"{file} was not restored: what came of it is damaged ({problems[0]}).")
        kept = _keep_aside(database, database.with_name(f"{database.name}{_BEFORE_RESTORE}{_stamp(now)}"))
        put_in_place(new, database)
    return kept


@contextmanager
def _removed(path: Path) -> Iterator[None]:
    """See that a file and its companions are gone, before and after."""
    files = [path.with_name(f"{path.name}{end}") for end in ("", "-wal", "-shm", "-journal")]
    try:
        for each in files:
            each.unlink(missing_ok=True)
        yield
    finally:
        for each in files:
            each.unlink(missing_ok=True)


def _keep_aside(database: Path, kept: Path) -> Path | None:
    """Give the database a second name, under which it stays when another is put in its place.

    Moving it away would leave a moment with no database, in which a power cut would let the next start
    begin with an empty one.
    """
    there = database.exists()
    if there:
        if not files.faults(database, quick=True):
            files.fold(database)
        _link(database, kept)
    # Those of a damaged database are still there, and must not be applied to the new one.
    for end in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            os.replace(f"{database}{end}", f"{kept}{end}")
    return kept if there else None


def mend_killed_restore(database: Path) -> None:
    """Make a database whole again whose restore was killed in between, if there is one. Raises OSError."""
    if database.exists() and any(_asides(database)):
        with suppress(Held), alone(database.with_name(IN_USE)):  # whoever has it open has found it whole
            _take_back(database)


def _asides(database: Path) -> list[Path]:
    """What was kept at a restore, and is the very file that has the database's name still."""
    found = database.parent.glob(f"{database.name}{_BEFORE_RESTORE}*Z")
    return [each for each in found if _is_same(each, database)]


def _is_same(kept: Path, database: Path) -> bool:
    """Where there are no links it may be a copy, which tells by the -wal that has gone with it."""
    taken = Path(f"{kept}-wal").exists() and not Path(f"{database}-wal").exists()
    return kept.samefile(database) or (taken and filecmp.cmp(kept, database, shallow=False))


def _take_back(database: Path) -> None:
    """Give a database the -wal back that a restore has taken from it, which was killed before its end."""
    for kept in _asides(database) if database.exists() else ():
        for end in ("-wal", "-shm"):
            if not Path(f"{database}{end}").exists():
                with suppress(FileNotFoundError):
                    os.replace(f"{kept}{end}", f"{database}{end}")
        kept.unlink()


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        make_private(target)
        shutil.copyfile(source, target)
        sync(target)


def require_sound(database: Path, folder: Path, now: datetime | None = None) -> None:
    """Raises DatabaseDamaged when a server must not start with the database: damaged, or gone.

    It is gone when there are backups of one in the folder. Nothing is written, but what a killed restore
    has taken from it is given back.
    """
    with suppress(StoreUnavailable, OSError):  # opening it will meet the same, and says what to do
        mend_killed_restore(database)
        if not database.exists() or database.stat().st_size == 0:
            if made(folder):
                raise DatabaseDamaged(f"The database {database} is gone. {_advice(folder, now)}")
            return
        if problems := files.faults(database, quick=True):
            raise DatabaseDamaged(
                f"The database {database} is damaged ({problems[0]}). {_advice(folder, now)}"
            )


def _advice(folder: Path, now: datetime | None) -> str:
    there, now = made(folder), now or datetime.now(timezone.utc)
    # One from the future tells nothing of how old it is: it comes last.
    for path in [there[at] for at in sorted(there, key=lambda at: (at <= now, at), reverse=True)]:
        with suppress(StoreUnavailable, BackupRefused):
            look_at(path)
            return f"Put the newest good backup in its place: python -m visionsprat restore {path}"
    return f"There is no good backup in {folder}."


def _stamp(now: datetime) -> str:
    return now.astimezone(timezone.utc).strftime(_TIME)


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.filename or 'The disk'}: {error.strerror}."
    return str(error)
