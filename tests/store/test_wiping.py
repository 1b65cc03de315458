"""When what was erased is wiped from the database's files by the running application."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime, timedelta, timezone

import pytest

from tests.support.clock import Clock
from tests.support.stored import save, sql
from visionsprat.settings import ROOT
from visionsprat.store import Store, wiping
from visionsprat.store.wiping import LONGEST, REST, RETRY, SMALL, Wiper, is_due

DAY = datetime(2026, 11, 12, 8, 0, tzinfo=timezone.utc)
NIGHT = datetime(2026, 11, 13, 2, 30, tzinfo=timezone.utc)  # half past three in Stockholm


@pytest.fixture
def wiper(store: Store) -> Wiper:
    return Wiper(store)


def erase(store: Store, account_id: int, text: str) -> None:
    ((revision,),) = sql(store, "SELECT max(erased_revision) FROM accounts")
    assert isinstance(revision, int)
    save(store, account_id, text, revision)
    store.erase_reflections(account_id)


def test_a_small_file_is_wiped_soon_and_a_large_one_at_night() -> None:
    assert is_due(DAY, SMALL, DAY)
    assert not is_due(DAY, SMALL + 1, DAY)
    assert is_due(DAY, SMALL + 1, NIGHT)


@pytest.mark.parametrize("waited", [LONGEST, -LONGEST], ids=["waited", "the clock was set back"])
def test_nothing_waits_longer_than_a_day(waited: timedelta) -> None:
    assert is_due(DAY - waited, SMALL + 1, DAY)


def test_where_nothing_is_erased_nothing_is_wiped(wiper: Wiper, store: Store, amina: int) -> None:
    save(store, amina, "Kvar")
    assert not wiper.look()


def test_erasures_are_wiped_together_and_rarely(wiper: Wiper, store: Store, amina: int, clock: Clock) -> None:
    erase(store, amina, "Ett")
    erase(store, amina, "Två")
    assert wiper.look()
    erase(store, amina, "Tre")
    assert not wiper.look()
    clock.now += REST
    assert wiper.look()
    assert store.wanted_wipings() == 0


def test_a_clock_set_back_stops_no_wiping(wiper: Wiper, store: Store, amina: int, clock: Clock) -> None:
    erase(store, amina, "Ett")
    assert wiper.look()
    clock.now -= timedelta(days=1)
    erase(store, amina, "Två")
    assert wiper.look()


def test_a_large_file_waits_for_the_night(
    wiper: Wiper, store: Store, amina: int, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiping, "SMALL", 0)
    erase(store, amina, "Ett")
    assert not wiper.look()
    clock.now = NIGHT
    assert wiper.look()
    assert b"Ett" not in store.path.read_bytes()


def test_one_that_was_kept_from_it_tries_again_in_an_hour(
    wiper: Wiper, store: Store, amina: int, clock: Clock
) -> None:
    erase(store, amina, "Ett")
    with closing(sqlite3.connect(store.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM accounts").fetchall()
        assert not wiper.look()
    assert not wiper.look()
    clock.now += RETRY
    assert wiper.look()


FILL_TEMP_AND_WIPE = """
import sys
from contextlib import closing
from pathlib import Path
from visionsprat.domain.records import Draft, NewAccount
from visionsprat.store import Store
with closing(Store(Path(sys.argv[1]))) as store:
    amina, bengt = (store.add_account(NewAccount(f"{n}@test.example", "Amina", None)) for n in "ab")
    for number in range(500):
        store.save_reflection(bengt, Draft(f"skapande/{number}", "kvar " * 3000, 0))
    store.save_reflection(amina, Draft("skapande/innebar", "hemligt", 0))
    store.erase_reflections(amina)
    for temp in ("/tmp", "/var/tmp"):
        try:
            Path(temp, "full").write_bytes(bytes(2**20))
        except OSError:
            pass
    print(store.wipe(), store.wanted_wipings())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="file systems are mounted")
def test_a_full_folder_for_temporary_files_keeps_nothing_from_being_wiped() -> None:
    """It is what most programs fill. What is written on the way lies beside the database, too."""
    if any(f"{each}".startswith(("/tmp/", "/var/tmp/")) for each in (ROOT, sys.executable)):
        pytest.skip("what is to be run lies in /tmp itself")
    mounts = "mount -t tmpfs -o size=64k none /tmp && mount -t tmpfs -o size=64k none /var/tmp"
    if subprocess.run(["unshare", "--mount", "sh", "-c", mounts], capture_output=True).returncode:
        pytest.skip("folders of this machine's own can't be put in the place of /tmp")
    elsewhere = "folder=$(mktemp -d /dev/shm/visionsprat-XXXXXX) && trap 'rm -rf \"$folder\"' EXIT"
    command = f'{mounts} && {elsewhere} && "$0" -c "$1" "$folder/visionsprat.db"'
    ended = subprocess.run(
        ["unshare", "--mount", "sh", "-c", command, sys.executable, FILL_TEMP_AND_WIPE],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if "TMP" not in name},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ended.stdout, ended.stderr) == ("True 0\n", "")


def test_two_processes_wipe_once(store: Store, amina: int, clock: Clock) -> None:
    erase(store, amina, "Ett")
    with closing(Store(store.path, clock)) as other:  # its start wipes
        assert other.wanted_wipings() == 0
        assert not Wiper(store).look()
        save(store, amina, "Två", 2)
