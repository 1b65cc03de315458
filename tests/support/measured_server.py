"""A really started server whose CPU time can be read, and people who are signed in to it. Linux only."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.server import free_port, poll
from visionsprat.accounts import authentication
from visionsprat.domain.records import NewAccount
from visionsprat.installation import DATABASE
from visionsprat.settings import PREFIX, ROOT
from visionsprat.store import Store
from visionsprat.web.cookies import SESSION_COOKIE

BENCH = Path(__file__).resolve().parents[1] / "bench"
OURS = ROOT / "app.py"
EMPTY = BENCH / "empty_app.py"
TIMED = BENCH / "timed_app.py"


@dataclass(frozen=True)
class Learner:
    """Somebody signed in: the account, and the session's cookie."""

    account_id: int
    token: str

    @property
    def cookie(self) -> str:
        return f"{SESSION_COOKIE}={self.token}"


@dataclass(frozen=True)
class Server:
    process: subprocess.Popen[bytes]
    port: int
    data: Path

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def database(self) -> Path:
        return self.data / DATABASE

    def cpu(self) -> float:
        """Milliseconds of CPU that the process has used in all its threads, those that have ended included.

        Read from its CPU clock, which counts nanoseconds where /proc counts hundredths of a second. The
        server starts no other processes.
        """
        clock = (~self.process.pid << 3) | 2  # clock_getcpuclockid(3)
        return time.clock_gettime(clock) * 1000


@contextmanager
def serve(folder: Path, script: Path = OURS) -> Iterator[Server]:
    """Start `script` with a data folder of its own, and end it afterwards."""
    port, log = free_port(), folder / f"{script.stem}.log"
    server = Server(_start(folder / script.stem, script, port, log), port, folder / script.stem)
    try:
        _wait_until_it_answers(server, log)
        _wait_until_it_rests(server)
        yield server
    finally:
        server.process.terminate()
        try:
            server.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.process.kill()
            server.process.wait()


def sign_in(server: Server, count: int, name: str = "learner") -> list[Learner]:
    """Make accounts with a session each, straight in the server's database."""
    learners = []
    with closing(Store(server.database)) as store:
        for number in range(count):
            address = f"{name}{number}@bench.example"
            account = store.add_account(
                NewAccount(address, f"Bänk Testsson {number}", None, member_of="Bänken")
            )
            ticket = authentication.issue_ticket(store, account, browser="bench")
            admitted = authentication.redeem(store, ticket, browser="bench")
            assert admitted is not None
            learners.append(Learner(account, admitted.token))
    return learners


def _start(data: Path, script: Path, port: int, log: Path) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    environment |= {"VISIONSPRAT_DATA": str(data), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    with log.open("wb") as output:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)


def _wait_until_it_answers(server: Server, log: Path) -> None:
    def answers() -> bool:
        if server.process.poll() is not None:
            raise RuntimeError(f"The server did not start:\n{log.read_text(errors='replace')}")
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=5):
                return True
        except OSError:
            return False

    poll(answers, "the server to answer")


def _wait_until_it_rests(server: Server) -> None:
    """At the start Front compresses, in a thread of its own, what will be asked for: part of no figure."""
    before = float("-inf")

    def rests() -> bool:
        nonlocal before
        used, before = server.cpu() - before, server.cpu()
        return used <= 20

    poll(rests, "the server to rest", lambda _: time.sleep(0.5))  # so long must it do next to nothing
