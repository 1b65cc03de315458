"""Backups: whole while people write, thinned with care, and restored without losing what was there."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.server import poll
from tests.support.stored import visit
from visionsprat.backups.archive import (
    BackupFailed,
    BackupRefused,
    BackupUnderWay,
    DatabaseDamaged,
    InUse,
    backup,
    look_at,
    made,
    newest,
    require_sound,
    restore,
    worth_keeping,
)
from visionsprat.backups.check import check
from visionsprat.content.module import Module
from visionsprat.domain.records import Contents, Draft, Level, NewAccount, Reflection
from visionsprat.errors import StoreUnavailable
from visionsprat.installation import open_installation
from visionsprat.settings import ROOT
from visionsprat.store import Store, files
from visionsprat.store.checkpoints import CHECKPOINT
from visionsprat.store.locks import IN_USE, Held, alone, share
from visionsprat.store.schema import connect, migrations

if TYPE_CHECKING:
    from tests.support.clock import Clock

QUESTION = "skapande/innebar"
NOW = datetime(2026, 11, 12, 8, 0, tzinfo=timezone.utc)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def save(store: Store, account_id: int, text: str, based_on: int = 0, question: str = QUESTION) -> Reflection:
    saved = store.save_reflection(account_id, Draft(question, text, based_on))
    assert isinstance(saved, Reflection)
    return saved


def back_up(store: Store, folder: Path, now: datetime = NOW) -> Path:
    path = backup(store.path, folder, now)
    assert path is not None
    return path


def rows(path: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(statement).fetchall()


def texts(path: Path) -> set[object]:
    return {text for (text,) in rows(path, "SELECT text FROM reflections")}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"backup.lock", IN_USE, CHECKPOINT}


def spoil_inside(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))


def spoil_whole(path: Path) -> None:
    path.write_bytes(b"this is no database. " * 1000)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


SPOILS = [spoil_inside, spoil_whole, truncate]


# Making one


def test_a_backup_is_one_plain_file_that_only_its_owner_can_read(
    store: Store, amina: int, folder: Path
) -> None:
    save(store, amina, "Hej")
    path = back_up(store, folder)
    assert names(folder) == {"visionsprat-2026-11-12T080000Z.db"}
    assert path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert texts(path) == {"Hej"}
    assert rows(path, "PRAGMA journal_mode") == [("delete",)]
    assert look_at(path) == Contents(1, 1, NOW, (), ())


def test_what_has_been_taken_out_of_the_database_is_not_in_the_file(
    store: Store, amina: int, folder: Path
) -> None:
    save(store, amina, "en hemlighet")
    with store._write() as db:
        db.execute("DELETE FROM reflections")
    assert b"en hemlighet" not in back_up(store, folder).read_bytes()


def test_what_was_saved_before_a_backup_began_is_in_it_while_people_go_on_writing(
    store: Store, amina: int, folder: Path
) -> None:
    saved: list[str] = []
    ended = threading.Event()

    def write() -> None:
        while not ended.is_set():
            text = f"text {len(saved)}"
            save(store, amina, text, question=f"skapande/{len(saved)}")
            saved.append(text)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            before = len(saved)
            poll(lambda before=before: len(saved) > before, "another text to be saved")  # type: ignore[misc]  # bound in its round
            expected = set(saved)
            path = back_up(store, folder, NOW + timedelta(seconds=number))
            assert expected <= texts(path)
            assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    finally:
        ended.set()
        writer.join()
    assert texts(store.path) == set(saved)


def test_a_backup_does_not_migrate_the_database(folder: Path, tmp_path: Path) -> None:
    """It is made before a new version is started, to be able to go back."""
    old = tmp_path / "old.db"
    make_old(old)
    path = backup(old, folder, NOW)
    assert path is not None
    for file in (old, path):
        assert rows(file, "SELECT name FROM _sqlite_migrations") == [("m001_initial",)]


def make_old(path: Path) -> None:
    """A database as the first version left it, with a text in it."""
    with closing(connect(path)) as db:
        migrations.apply(db, stop_before="m002_organisation")
        db.execute("INSERT INTO accounts (email, name, created_at) VALUES ('a@test.example', 'A', '')")
        db.execute(
            "INSERT INTO reflections VALUES (1, ?, 'gammal', 1, 0, ?, ?)", [QUESTION, *[NOW.isoformat()] * 2]
        )


def test_a_failed_backup_leaves_nothing_and_removes_nothing(store: Store, amina: int, folder: Path) -> None:
    store.close()
    # Two of one day: the next backup would thin the older one away.
    shutil.copy(back_up(store, folder), folder / "visionsprat-2026-11-12T070000Z.db")
    before = names(folder)
    spoil_inside(store.path)
    with pytest.raises(BackupFailed, match="No backup was made in"):
        backup(store.path, folder, NOW + timedelta(hours=1))
    assert names(folder) == before


def test_a_backup_whose_copy_is_damaged_fails(store: Store, amina: int, folder: Path) -> None:
    """A row that refers to nobody goes along in the copy, and is found in it."""
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("INSERT INTO visits VALUES (99, 'visionen', '')")
    with pytest.raises(BackupFailed, match="rows of visits that refer to missing accounts: 1"):
        backup(store.path, folder, NOW)
    assert names(folder) == set()


def test_a_database_that_is_not_there_is_told_and_not_made(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(BackupFailed, match=r"There is no database .*visionsprat.db\."):
        backup(tmp_path / "visionsprat.db", folder, NOW)
    assert not (tmp_path / "visionsprat.db").exists()


def test_a_folder_that_is_a_file_is_told(store: Store, folder: Path) -> None:
    folder.write_text("no folder", encoding="utf-8")
    with pytest.raises(BackupFailed, match="File exists"):
        backup(store.path, folder, NOW)


def test_two_backups_at_once_are_refused(store: Store, folder: Path) -> None:
    folder.mkdir()
    with alone(folder / "backup.lock"), pytest.raises(BackupUnderWay):
        backup(store.path, folder, NOW)
    assert names(folder) == set()


KILLED = """
import os, signal, sys
from datetime import datetime, timezone
from pathlib import Path
from visionsprat.backups import archive
# As a power cut would, between the copy and its name.
archive.put_in_place = lambda new, path: os.kill(os.getpid(), signal.SIGKILL)
archive.backup(Path(sys.argv[1]), Path(sys.argv[2]), datetime(2026, 11, 12, 7, tzinfo=timezone.utc))
"""


def test_a_backup_that_is_killed_leaves_no_half_file_under_its_name_and_the_next_one_clears_up(
    store: Store, amina: int, folder: Path
) -> None:
    command = [sys.executable, "-c", KILLED, str(store.path), str(folder)]
    assert subprocess.run(command, cwd=ROOT, timeout=60).returncode == -signal.SIGKILL
    assert made(folder) == {}
    assert names(folder) == {"visionsprat-2026-11-12T070000Z.db.unfinished"}
    path = back_up(store, folder)
    assert names(folder) == {path.name}


FOR_EVER = """
import itertools, sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from visionsprat.backups.archive import backup
for number in itertools.count():
    now = datetime(2026, 11, 12, tzinfo=timezone.utc) + timedelta(seconds=number)
    print(backup(Path(sys.argv[1]), Path(sys.argv[2]), now), flush=True)
"""


def test_whenever_a_backup_is_killed_what_has_a_name_is_whole(store: Store, amina: int, folder: Path) -> None:
    for number in range(200):
        save(store, amina, "x" * 10_000, question=f"skapande/{number}")
    for many in range(1, 4):
        command = [sys.executable, "-c", FOR_EVER, str(store.path), str(folder)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for _ in range(many):
                process.stdout.readline()
            poll(lambda: any(".unfinished" in name for name in names(folder)), "a backup to be under way")
            process.kill()
        assert made(folder)
        for path in made(folder).values():
            assert look_at(path).reflections == 200


# Thinning


def days(*ages: float) -> set[datetime]:
    return {NOW - timedelta(days=age) for age in ages}


@pytest.mark.parametrize(
    ("there", "kept"),
    [
        (days(), days()),
        (days(400), days(400)),
        (days(*range(7)), days(*range(7))),
        # Of one day the newest.
        (days(0, 0.1, 0.2, 1, 1.1), days(0, 1)),
        # NOW is a Thursday: the newest of the weeks before are Sundays, 4, 11 and 18 days ago.
        (days(*range(12)), days(*range(7), 11)),
        # The last days of October to June are 12, 43, 73, 104 and 135 days ago.
        (days(*range(365)), days(*range(7), 11, 18, 12, 43, 73, 104, 135)),
        # A long pause takes none away.
        (days(100, 101, 102, 150, 151), days(100, 101, 102, 150, 151)),
    ],
)
def test_the_newest_of_the_last_days_weeks_and_months_are_kept(
    there: set[datetime], kept: set[datetime]
) -> None:
    assert worth_keeping(there) == kept


moments = st.datetimes(
    min_value=datetime(2026, 1, 1), max_value=datetime(2027, 12, 31), timezones=st.just(timezone.utc)
)


@given(st.sets(moments, min_size=1, max_size=200))
def test_the_newest_is_never_thinned_away_and_no_more_than_17_stay(times: set[datetime]) -> None:
    kept = worth_keeping(times)
    assert max(times) in kept
    assert kept <= times
    assert min(len(times), 1) <= len(kept) <= 17
    assert worth_keeping(kept) == kept


@given(st.lists(moments, min_size=1, max_size=60, unique=True))
def test_backups_thinned_one_by_one_never_lose_the_newest_of_a_day_of_the_last_seven(
    times: list[datetime],
) -> None:
    there: set[datetime] = set()
    for at in sorted(times):
        there = worth_keeping(there | {at})
    for day in sorted({at.date() for at in times})[-7:]:
        assert max(at for at in times if at.date() == day) in there


def test_older_backups_are_thinned_and_no_other_file_is_touched(
    store: Store, amina: int, folder: Path
) -> None:
    others = {
        "visionsprat.db",
        "visionsprat-2026-02-31T080000Z.db",
        "visionsprat-2026-11-01T080000Z.db.gz",
        "Visionsprat-2026-11-01T080000Z.db",
        "my-visionsprat-2026-11-01T080000Z.db",
        "notes.txt",
    }
    folder.mkdir()
    for name in others:
        (folder / name).write_bytes(b"mine")
    for hours in range(0, 24 * 10, 12):
        back_up(store, folder, NOW + timedelta(hours=hours))
    kept = names(folder) - others
    assert others <= names(folder)
    assert len(kept) == 7  # the last of each day; the Sunday of the week before is among them
    assert made(folder).keys() == worth_keeping(made(folder))
    assert newest(folder, NOW + timedelta(days=20)) == NOW + timedelta(hours=228)


def test_a_copy_from_before_a_migration_goes_when_it_is_thirty_days_old(
    store: Store, amina: int, folder: Path
) -> None:
    copies = [store.path.with_name(f"visionsprat.db.before-m002_{age}") for age in ("old", "new")]
    other = store.path.with_name("visionsprat.db.before-restore-2026-01-01T080000Z")
    for path, days in zip([*copies, other], (31, 29, 300), strict=True):
        path.write_bytes(b"what people have written")
        os.utime(path, times=((NOW - timedelta(days=days)).timestamp(),) * 2)
    back_up(store, folder)
    assert [path.exists() for path in (*copies, other)] == [False, True, True]


def test_a_backup_with_a_clock_that_was_wrong_does_not_count_as_the_newest(
    store: Store, amina: int, folder: Path
) -> None:
    back_up(store, folder, NOW + timedelta(days=900))
    path = back_up(store, folder)
    assert newest(folder, NOW) == NOW
    assert path.exists()


def test_backups_that_a_clock_ahead_has_dated_take_no_places_from_later_ones(
    store: Store, amina: int, folder: Path
) -> None:
    """A year ahead for a week, then twenty days with the right time."""
    ahead = [back_up(store, folder, NOW + timedelta(days=365 + day)) for day in range(7)]
    for day in range(20):
        latest = back_up(store, folder, NOW + timedelta(days=day))
    there = made(folder)
    today = NOW + timedelta(days=19)
    assert {at for at in there if at <= today} == worth_keeping(
        [NOW + timedelta(days=day) for day in range(20)]
    )
    assert set(ahead) <= set(there.values())
    store.close()
    truncate(store.path)
    with pytest.raises(DatabaseDamaged, match=f"restore {latest}"):
        require_sound(store.path, folder, today)


# Restoring


def agreed(found: Contents) -> None:
    """Yes to whatever the file holds."""


def test_a_restored_database_holds_what_the_backup_does_and_what_was_there_is_kept(
    store: Store, amina: int, folder: Path, clock: Clock
) -> None:
    save(store, amina, "före")
    path = back_up(store, folder)
    save(store, amina, "efter", based_on=1)
    store.close()
    kept = restore(path, store.path, NOW, agreed)
    assert kept == store.path.with_name("visionsprat.db.before-restore-2026-11-12T080000Z")
    assert names(store.path.parent) == {"visionsprat.db", kept.name}
    assert texts(store.path) == {"före"}
    assert texts(kept) == {"efter"}
    assert store.path.stat().st_mode & 0o777 == 0o600
    with closing(Store(store.path, clock)) as again:
        newest = visit(again, amina).reflections[QUESTION].revision
        assert save(again, amina, "vidare", based_on=newest).revision == newest + 1


def test_a_restored_database_can_itself_be_taken_back(store: Store, amina: int, folder: Path) -> None:
    save(store, amina, "före")
    path = back_up(store, folder)
    save(store, amina, "efter", based_on=1)
    store.close()
    kept = restore(path, store.path, NOW, agreed)
    assert kept is not None
    restore(kept, store.path, NOW + timedelta(seconds=1), agreed)
    assert texts(store.path) == {"efter"}


def test_a_backup_is_restored_where_there_is_no_database_yet(
    store: Store, amina: int, folder: Path, tmp_path: Path
) -> None:
    save(store, amina, "Hej")
    path = back_up(store, folder)
    fresh = tmp_path / "other machine" / "data" / "visionsprat.db"
    assert restore(path, fresh, NOW, agreed) is None
    assert names(fresh.parent) == {"visionsprat.db"}
    assert texts(fresh) == {"Hej"}


def test_the_wal_of_the_replaced_database_is_never_applied_to_the_new_one(
    store: Store, amina: int, folder: Path
) -> None:
    """The server was killed, so its -wal is still there."""
    path = back_up(store, folder)
    save(store, amina, "efter")
    leave_wal_behind(store)
    kept = restore(path, store.path, NOW, agreed)
    assert kept is not None
    assert names(store.path.parent) == {"visionsprat.db", kept.name}
    assert texts(store.path) == set()
    assert texts(kept) == {"efter"}


def leave_wal_behind(store: Store) -> None:
    """End as a kill does: what SQLite clears away at a close stays."""
    files = [store.path, store.path.with_name("visionsprat.db-wal")]
    left = {file: file.read_bytes() for file in files}
    assert len(left[files[1]]) > 0
    store.close()
    for file, content in left.items():
        file.write_bytes(content)


@pytest.mark.parametrize("spoil", SPOILS)
def test_a_damaged_database_is_replaced_and_kept_with_its_wal(
    store: Store, amina: int, folder: Path, spoil: Callable[[Path], None]
) -> None:
    save(store, amina, "före")
    path = back_up(store, folder)
    save(store, amina, "efter", based_on=1)
    leave_wal_behind(store)
    wal = store.path.with_name("visionsprat.db-wal").read_bytes()
    # A whole -wal would mend what is spoilt here: its pages are the newer ones.
    spoilt = b"no wal " + wal[7:]
    store.path.with_name("visionsprat.db-wal").write_bytes(spoilt)
    spoil(store.path)
    damaged = store.path.read_bytes()
    kept = restore(path, store.path, NOW, agreed)
    assert kept is not None
    assert kept.read_bytes() == damaged
    assert kept.with_name(f"{kept.name}-wal").read_bytes() == spoilt
    assert not store.path.with_name("visionsprat.db-wal").exists()
    assert texts(store.path) == {"före"}


def test_a_copy_with_its_wal_is_restored_with_what_that_holds(
    store: Store, amina: int, tmp_path: Path
) -> None:
    save(store, amina, "i loggen")
    copied = tmp_path / "copied.db"
    for end in ("", "-wal"):
        shutil.copy(f"{store.path}{end}", f"{copied}{end}")
    store.close()
    restore(copied, store.path, NOW, agreed)
    assert texts(store.path) == {"i loggen"}


SINCE_M001 = tuple(each.name for each in migrations._migrations[1:])


def test_an_older_versions_backup_is_migrated(store: Store, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    make_old(old)
    assert look_at(old).pending == SINCE_M001
    store.close()
    restore(old, store.path, NOW, agreed)
    assert look_at(store.path).pending == ()
    assert texts(store.path) == {"gammal"}
    assert look_at(old).pending == SINCE_M001


def test_sessions_of_the_past_do_not_come_alive_and_the_audit_log_tells(
    store: Store, amina: int, folder: Path
) -> None:
    store.add_ticket(amina, "ticket")
    store.redeem_ticket("ticket", "token")
    path = back_up(store, folder)
    store.close()
    restore(path, store.path, NOW, agreed)
    with closing(Store(store.path, lambda: NOW)) as again:
        assert again.account_of_session("token") is None
        entry = again.audit_log().entries[0]
    assert (entry.action.value, entry.subject, entry.actor) == ("backup restored", path.name, "")


def refusals(store: Store, path: Path, tmp_path: Path) -> Iterator[tuple[Path, str]]:
    for number, spoil in enumerate(SPOILS):
        spoilt = tmp_path / f"spoilt-{number}.db"
        shutil.copy(path, spoilt)
        spoil(spoilt)
        yield spoilt, "can't be restored"
    broken = tmp_path / "broken.db"
    shutil.copy(path, broken)
    with closing(sqlite3.connect(broken)) as db, db:
        db.execute("INSERT INTO visits VALUES (99, 'visionen', '')")
    yield broken, "rows of visits that refer to missing accounts: 1"
    (tmp_path / "empty.db").touch()
    yield tmp_path / "empty.db", "no database of Visionsprat"
    with closing(sqlite3.connect(tmp_path / "other.db")) as db, db:
        db.execute("CREATE TABLE accounts (id)")
    yield tmp_path / "other.db", "no database of Visionsprat"
    newer = tmp_path / "newer.db"
    shutil.copy(path, newer)
    with closing(sqlite3.connect(newer)) as db, db:
        db.execute("UPDATE _sqlite_migrations SET name = 'm999_future' WHERE name = 'm002_organisation'")
    yield newer, r"newer version of Visionsprat \(m999_future\). Install that version"
    yield tmp_path / "nowhere.db", "There is no file"
    yield tmp_path, "There is no file"
    yield store.path, "is the database itself"


def test_a_file_that_is_not_fit_is_refused_and_the_database_stays(
    store: Store, amina: int, folder: Path, tmp_path: Path
) -> None:
    save(store, amina, "Hej")
    path = back_up(store, folder)
    store.close()
    before, there = store.path.read_bytes(), names(store.path.parent)
    for file, why in refusals(store, path, tmp_path):
        with pytest.raises(BackupRefused, match=why):
            restore(file, store.path, NOW, agreed)
        assert store.path.read_bytes() == before
        assert names(store.path.parent) == there


def test_nothing_is_done_that_is_not_agreed_to(store: Store, amina: int, folder: Path) -> None:
    path = back_up(store, folder)
    save(store, amina, "Hej")
    store.close()

    def disagree(found: Contents) -> None:
        assert found == Contents(1, 0, None, (), ())
        raise BackupRefused("No.")

    with pytest.raises(BackupRefused, match="No"):
        restore(path, store.path, NOW, disagree)
    assert texts(store.path) == {"Hej"}
    assert names(store.path.parent) == {"visionsprat.db"}


RESTORE_KILLED = """
import os, signal, sys
from datetime import datetime, timezone
from pathlib import Path
from visionsprat.backups import archive
archive.put_in_place = lambda new, path: os.kill(os.getpid(), signal.SIGKILL)
archive.restore(Path(sys.argv[1]), Path(sys.argv[2]), datetime.now(timezone.utc), lambda found: None)
"""


def test_a_restore_that_is_killed_leaves_the_database_as_it_was_and_can_be_done_again(
    store: Store, amina: int, folder: Path
) -> None:
    path = back_up(store, folder)
    save(store, amina, "efter")
    store.close()
    command = [sys.executable, "-c", RESTORE_KILLED, str(path), str(store.path)]
    assert subprocess.run(command, cwd=ROOT, timeout=60).returncode == -signal.SIGKILL
    assert texts(store.path) == {"efter"}
    restore(path, store.path, NOW, agreed)
    assert texts(store.path) == set()
    assert not list(store.path.parent.glob("*.restoring*"))


#: For each number it is told, restores and is killed as it is about to touch a file for the nth time.
KILLED_AT = """
import os, signal, sys
from datetime import datetime, timezone
from pathlib import Path
from visionsprat.backups import archive
left = 0
def count(event, arguments):
    global left
    if left and event in {"os.rename", "os.remove", "os.link", "sqlite3.connect"}:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[3] == "copies":
    def refuse(*arguments, **more):
        raise PermissionError(1, "Operation not permitted")
    os.link = refuse
sys.addaudithook(count)
for line in sys.stdin:
    if (child := os.fork()) == 0:
        left = int(line)
        now = datetime.now(timezone.utc)
        archive.restore(Path(sys.argv[1]), Path(sys.argv[2]), now, lambda found: None)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
@pytest.mark.parametrize(("is_damaged", "links"), [(False, "links"), (True, "links"), (True, "copies")])
def test_wherever_a_restore_is_killed_the_old_database_has_its_wal_or_the_new_one_is_there(
    store: Store, amina: int, folder: Path, is_damaged: bool, links: str
) -> None:
    save(store, amina, "före")
    path = back_up(store, folder)
    save(store, amina, "efter", based_on=1)
    leave_wal_behind(store)
    wal = Path(f"{store.path}-wal")
    if is_damaged:
        wal.write_bytes(b"no wal " + wal.read_bytes()[7:])
        spoil_inside(store.path)
    old = store.path.read_bytes(), wal.read_bytes()
    kills = 0
    command = [sys.executable, "-c", KILLED_AT, str(path), str(store.path), links]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as restoring:
        assert restoring.stdin and restoring.stdout
        ended = -signal.SIGKILL
        while ended == -signal.SIGKILL:
            kills += 1
            for each in store.path.parent.iterdir():
                each.unlink()
            store.path.write_bytes(old[0])
            wal.write_bytes(old[1])
            restoring.stdin.write(f"{kills}\n")
            ended = int(restoring.stdout.readline())
            with suppress(DatabaseDamaged):
                require_sound(store.path, folder)
            if is_damaged and store.path.read_bytes() == old[0]:
                assert wal.read_bytes() == old[1]
            else:
                assert texts(store.path) <= {"före", "efter"}
            kept = store.path.parent.glob("*.before-restore-*Z")
            assert not any(each.samefile(store.path) for each in kept)
        assert ended == 0
    assert kills > 15
    assert texts(store.path) == {"före"}


# File systems that can't do all (Samba, VirtualBox, FAT)


@pytest.fixture
def poor_file_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that syncs no folder, changes no mode and has no links. Refusals as such file systems make them."""
    sync = os.fsync

    def sync_files_alone(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        sync(descriptor)

    def refuse(*_: object, **more: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "fsync", sync_files_alone)
    for name in ("chmod", "fchmod", "link"):
        monkeypatch.setattr(os, name, refuse)


def test_what_has_been_done_is_not_denied_where_a_folder_can_not_be_synced(
    store: Store, amina: int, folder: Path, poor_file_system: None, caplog: pytest.LogCaptureFixture
) -> None:
    save(store, amina, "före")
    for hours in range(3):
        path = back_up(store, folder, NOW + timedelta(hours=hours))
    assert list(made(folder).values()) == [path]  # thinned as elsewhere
    save(store, amina, "efter", based_on=1)
    store.close()
    kept = restore(path, store.path, NOW, agreed)
    assert texts(store.path) == {"före"}
    assert kept is not None
    assert texts(kept) == {"efter"}
    assert kept.stat().st_mode & 0o777 == 0o600
    said = {record.getMessage() for record in caplog.records}
    why = "is written, but its folder can't be synced (Invalid argument)"
    assert all(why in each for each in said)
    assert {str(path), str(store.path)} <= {each.partition(" ")[0] for each in said}


# Who has the database open


def test_a_restore_is_refused_while_somebody_has_the_database_open(
    store: Store, amina: int, folder: Path
) -> None:
    path = back_up(store, folder)
    with (
        closing(Store(store.path)),
        pytest.raises(InUse, match="The server, or another command, is using"),
    ):
        restore(path, store.path, NOW, agreed)
    with pytest.raises(InUse):
        restore(path, store.path, NOW, agreed)
    store.close()
    assert restore(path, store.path, NOW, agreed)


def test_a_lock_is_shared_or_held_alone(tmp_path: Path) -> None:
    file = tmp_path / IN_USE
    with closing(share(file, 0)), closing(share(file, 0)), pytest.raises(Held), alone(file):
        pass
    with alone(file), pytest.raises(Held):
        share(file, 0)
    with alone(file):
        pass
    assert names(tmp_path) == set()


HOLD = "import sys; from pathlib import Path; from visionsprat.store.locks import *\n"
HOLD += "held = share(Path(sys.argv[1]), 0); print('held', flush=True); sys.stdin.read()"


def test_a_lock_goes_with_the_process_that_holds_it_however_it_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path / IN_USE)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(Held), alone(tmp_path / IN_USE):
            pass
        process.kill()
    with alone(tmp_path / IN_USE):
        pass


# What a server does not start with


def test_a_sound_database_and_none_yet_are_fit_to_start_with(
    store: Store, folder: Path, tmp_path: Path
) -> None:
    require_sound(store.path, folder)
    require_sound(tmp_path / "none.db", folder)


@pytest.mark.parametrize("spoil", SPOILS)
def test_a_damaged_database_stops_the_start_and_names_the_newest_good_backup(
    store: Store, amina: int, folder: Path, spoil: Callable[[Path], None]
) -> None:
    good = back_up(store, folder)
    spoil_inside(back_up(store, folder, NOW + timedelta(days=1)))
    store.close()
    spoil(store.path)
    damaged, there = store.path.read_bytes(), names(store.path.parent)
    with pytest.raises(DatabaseDamaged) as caught:
        require_sound(store.path, folder)
    said = str(caught.value)
    assert said.startswith(f"The database {store.path} is damaged (")
    assert said.endswith(f"python -m visionsprat restore {good}")
    assert "\n" not in said
    assert store.path.read_bytes() == damaged
    # Looking at it may leave SQLite's companions, empty ones.
    assert names(store.path.parent) - {f"visionsprat.db{end}" for end in ("-wal", "-shm")} == there


#: A flipped bit each: what stands in the schema, and what takes its place.
FLIPPED = {
    "a letter that is none any more": (b"CREATE TABLE visits", b"CREATE TABLE vi\xf3its"),
    "a word of SQL, beside a name with a word of SQLite's": (
        b"CREATE TABLE locked_reflections",
        b"CREATE TAJLE locked_reflections",
    ),
    "a sign that begins what never ends": (b"email TEXT NOT NULL UNIQUE", b'email TEXT NOT NULL "NIQUE'),
    "a column": (b"last_signed_in_at", b"lasu_signed_in_at"),
    "what an index is of": (b"CHECK (is_admin IN", b"CHECK (is_iemin IN"),
    "a table in its index": (b"ON sessions (account_id)", b"ON sessionr (account_id)"),
    "the list of migrations": (b'"migration_set" TEXT', b'"migration_sdt" TEXT'),
    "the list of migrations, a column": (b'"applied_at" TEXT', b'"applied_!t" TEXT'),
}


@pytest.mark.parametrize(("stood", "stands"), FLIPPED.values(), ids=FLIPPED)
def test_a_bit_that_flips_in_the_schema_is_told_wherever_the_file_is_looked_at(
    store: Store, amina: int, folder: Path, tmp_path: Path, module: Module, stood: bytes, stands: bytes
) -> None:
    good = back_up(store, folder)
    store.close()
    whole = store.path.read_bytes()
    assert stood in whole
    store.path.write_bytes(whole.replace(stood, stands))
    with pytest.raises(DatabaseDamaged) as caught:
        require_sound(store.path, folder)
    said = str(caught.value)
    assert said.startswith(f"The database {store.path} is damaged (")
    assert said.endswith(f"python -m visionsprat restore {good}")
    assert "\n" not in said
    with pytest.raises(BackupRefused, match="can't be restored"):
        restore(store.path, tmp_path / "elsewhere" / "visionsprat.db", NOW, agreed)
    with pytest.raises(BackupFailed):
        backup(store.path, folder, NOW + timedelta(days=1))
    assert any(each.level is Level.FAULT for each in check(store.path, folder, module, NOW))
    assert restore(good, store.path, NOW, agreed)


def test_a_schema_that_other_programs_have_added_to_is_sound(store: Store, amina: int, folder: Path) -> None:
    store.close()
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)")
        db.execute("ANALYZE")
    require_sound(store.path, folder)


def test_a_database_that_can_not_be_opened_is_not_said_to_be_damaged(
    store: Store, amina: int, folder: Path
) -> None:
    """A backup in its place would cost what was written since; opening it says what is in the way."""
    back_up(store, folder)
    store.close()
    Path(f"{store.path}-wal").mkdir()
    with pytest.raises(StoreUnavailable, match="unable to open"):
        files.faults(store.path)
    require_sound(store.path, folder)


def test_a_damaged_database_without_any_good_backup_is_told(store: Store, amina: int, folder: Path) -> None:
    store.close()
    truncate(store.path)
    with pytest.raises(DatabaseDamaged, match="There is no good backup in"):
        require_sound(store.path, folder)


@pytest.mark.parametrize("lose", [os.unlink, lambda path: path.write_bytes(b"")])
def test_a_database_that_is_gone_is_not_begun_anew_when_there_are_backups(
    store: Store, amina: int, folder: Path, lose: Callable[[Path], object]
) -> None:
    good = back_up(store, folder)
    store.close()
    lose(store.path)
    with pytest.raises(DatabaseDamaged, match=rf"is gone. Put .* restore {good}"):
        require_sound(store.path, folder)


def test_an_installation_asks_that_before_it_opens_the_database(data_folder: Path) -> None:
    with closing(Store(data_folder / "visionsprat.db")) as store:
        store.add_account(NewAccount("amina@test.example", "Amina", None))
    truncate(data_folder / "visionsprat.db")
    with pytest.raises(DatabaseDamaged):
        open_installation()
