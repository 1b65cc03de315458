"""Who may read what is written: the account that runs the server alone, whatever its umask says."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clock import Clock
from tests.support.server import Server
from visionsprat.backups.archive import backup, restore
from visionsprat.domain.records import NewAccount
from visionsprat.store import Store
from visionsprat.store.files import keep_before
from visionsprat.terminal.commands import main

pytestmark = pytest.mark.skipif(os.name != "posix", reason="elsewhere rights are not in the mode")


@pytest.fixture(autouse=True)
def careless() -> Iterator[None]:
    """An umask that takes nothing away."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """The folder and all below it that others could get at."""
    found = {path: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}
    return {path.name: mode for path, mode in found.items() if mode & 0o077}


def test_the_database_and_all_beside_it_is_private_from_the_beginning(tmp_path: Path, clock: Clock) -> None:
    folder = tmp_path / "data"
    store = Store(folder / "visionsprat.db", clock)
    store.add_account(NewAccount("amina@test.example", "Amina Testsson", "no hash"))
    saved = backup(store.path, folder / "backups", clock.now)
    keep_before(store.path, "m999_made_up")
    assert {path.name for path in folder.iterdir()} >= {
        "visionsprat.db",
        "visionsprat.db-wal",
        "visionsprat.db-shm",
        "in-use.lock",
        "visionsprat.db.before-m999_made_up",
    }
    assert modes(folder) == {}
    store.close()
    assert saved is not None
    restore(saved, store.path, clock.now, lambda found: None)
    assert restore(saved, tmp_path / "elsewhere" / "visionsprat.db", clock.now, lambda found: None) is None
    assert modes(folder) == modes(tmp_path / "elsewhere") == {}


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize(
    "command", [["export"], ["invite", "--never-signed-in", "--output"]], ids=["export", "invite"]
)
def test_a_file_about_people_is_private_even_when_it_was_there(
    tmp_path: Path, data_folder: Path, command: list[str], there: bool
) -> None:
    file = tmp_path / "people.csv"
    if there:
        file.touch(0o666)
    assert main([*command, str(file)]) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_where_no_mode_can_be_changed_the_file_is_written_and_that_is_said(
    tmp_path: Path, data_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **more: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chmod", refuse)
    file = tmp_path / "people.csv"
    assert main(["invite", "--never-signed-in", "--output", str(file)]) == 0
    assert "e-post" in file.read_text(encoding="utf-8-sig")
    assert f"{file} can't be made readable by you alone (Operation not permitted)" in capsys.readouterr().err


def test_a_server_says_at_its_start_that_others_can_read_along(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(0o755)
    server = Server(tmp_path, under=["env"])
    server.stop()
    said = f"Others on this machine may look into data. Run: chmod -R go= {data}"
    assert f"  {said}\n" in server.output
    assert f"What needs care: {said}" in server.output
    before = len(server.output)
    data.chmod(0o700)
    server.start()
    server.stop()
    assert "Others on this machine" not in server.output[before:]
    assert modes(data) == {}
