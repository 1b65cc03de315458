"""A really started server on a data folder of its own, which a test may kill and start again."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from tests.support.forking import ForkedServer
from visionsprat.installation import DATABASE
from visionsprat.settings import PREFIX, ROOT
from visionsprat.store import Store

DEADLINE = 90.0  # s; machines that test are slow and busy


class Server:
    """Starts at once, if not told otherwise. `url` and the data folder stay the same at the next start."""

    def __init__(
        self,
        folder: Path,
        content: Path | None = None,
        environment: Mapping[str, str] | None = None,
        *,
        data: Path | None = None,
        port: int | None = None,
        under: Sequence[str] = (),
        script: str = "app.py",
        started: bool = True,
    ) -> None:
        """`under` is a command that starts the server in turn, with less rights than this process has."""
        self.data = data or folder / "data"
        self.database = self.data / DATABASE
        self.log = folder / "server.log"
        self.port = port or free_port()
        self.url = f"http://localhost:{self.port}"
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        self._environment["VISIONSPRAT_DATA"] = str(self.data)
        if content is not None:
            self._environment["VISIONSPRAT_CONTENT"] = str(content)
        self._environment |= environment or {}
        self._under = under
        self._arguments = [script, "--server.port", str(self.port)]
        self._process: subprocess.Popen[bytes] | ForkedServer | None = None
        if started:
            self.start()

    @property
    def output(self) -> str:
        """All that the server has written in the terminal."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def claim_link(self) -> str:
        """The newest link to the first account."""
        return str(re.findall(r"http://\S+/kom-igang\S+", self.output)[-1])

    @property
    def is_running(self) -> bool:
        if self._process is not None and (ended := self._process.poll()) is not None:
            raise AssertionError(f"The server ended with {ended}:\n{self.output}")
        return self._process is not None

    def begin(self) -> None:
        """Start it, and don't wait for it to answer."""
        if not self._under:
            self._process = ForkedServer(self._arguments, self._environment, self.log)
            return
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._under, sys.executable, "-m", "streamlit", "run", *self._arguments],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start(self) -> None:
        self.begin()
        poll(self.answers, "the server to answer")

    def start_if_down(self) -> None:
        if self._process is None:
            self.start()

    def answers(self) -> bool:
        assert self.is_running
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The server's database, opened beside it."""
        store = Store(self.database)
        try:
            yield store
        finally:
            store.close()

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        os.kill(self._process.pid, how)
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None


def poll(
    met: Callable[[], bool],
    what: str,
    pause: Callable[[float], None] = time.sleep,
    deadline: float = DEADLINE,
) -> None:
    """Wait until a condition is met; fail with what was waited for."""
    end = time.monotonic() + deadline
    while not met():
        if time.monotonic() > end:
            raise AssertionError(f"Waited {deadline:.0f} s in vain for {what}.")
        pause(0.05)


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another process writes to the database for a long while."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")


def free_port() -> int:
    """A port that is free, and stays so while its server is down: systems lend others from 32768 on."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
