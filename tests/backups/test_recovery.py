"""A really started server: what its backups are worth when the database has to be put back."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.server import Server, poll
from visionsprat.backups.archive import made
from visionsprat.domain.records import Draft, NewAccount
from visionsprat.settings import ROOT
from visionsprat.store import Store

QUESTION = "skapande/innebar"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """One with an account and a text, and the backup that was made when it was started again."""
    data = tmp_path / "data"
    with closing(Store(data / "visionsprat.db")) as store:
        account_id = store.add_account(NewAccount("amina@test.example", "Amina Testsson", None))
        store.save_reflection(account_id, Draft(QUESTION, "före", 0))
    server = Server(tmp_path)
    poll(lambda: bool(made(data / "backups")), "the first backup")
    yield server
    server.stop()


def the_backup(server: Server) -> Path:
    (path,) = made(server.data / "backups").values()
    return path


def run(server: Server, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command beside the server, as somebody in a terminal runs it."""
    environment = {**os.environ, "VISIONSPRAT_DATA": str(server.data)}
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90)


def save(server: Server, text: str, based_on: int) -> None:
    with server.store() as store:
        store.save_reflection(1, Draft(QUESTION, text, based_on))


def text(server: Server) -> str:
    with server.store() as store:
        store.add_ticket(1, "ticket")
        store.redeem_ticket("ticket", "token")
        visitor = store.visitor("token")
    assert visitor is not None
    return visitor.reflections[QUESTION].text


def test_a_restore_is_refused_while_the_server_runs_and_works_when_it_is_stopped(server: Server) -> None:
    save(server, "efter", based_on=1)
    restore = ("visionsprat", "restore", str(the_backup(server)), "--yes")
    refused = run(server, *restore)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        f"The server, or another command, is using {server.database}. Stop it and restore again.\n"
    )
    assert text(server) == "efter"
    server.stop()
    done = run(server, *restore)
    assert (done.returncode, done.stderr) == (0, "")
    server.start()
    assert text(server) == "före"
    with urllib.request.urlopen(f"{server.url}/healthz", timeout=30) as answer:
        assert answer.read().decode() == "ok\nnewest backup: 0 hours old\n"
    assert "Traceback" not in server.output


def test_a_server_that_was_killed_does_not_stand_in_the_way(server: Server) -> None:
    save(server, "efter", based_on=1)
    server.kill()
    assert run(server, "visionsprat", "restore", str(the_backup(server)), "--yes").returncode == 0
    server.start()
    assert text(server) == "före"


def test_a_start_on_a_damaged_database_says_what_to_do_and_that_helps(server: Server) -> None:
    server.stop()
    server.database.write_bytes(server.database.read_bytes()[:10_000])
    damaged = server.database.read_bytes()
    ended = run(server, "streamlit", "run", "app.py", "--server.port", str(server.port))
    assert ended.returncode == 1
    (said,) = [line for line in (ended.stdout + ended.stderr).splitlines() if line.strip()]
    assert said.startswith(f"Visionsprat can't start. The database {server.database} is damaged (")
    assert "Traceback" not in said
    assert server.database.read_bytes() == damaged
    advised = said.rpartition("python -m ")[2].split()
    assert advised == ["visionsprat", "restore", str(the_backup(server))]
    assert run(server, *advised, "--yes").returncode == 0
    server.start()
    assert text(server) == "före"
