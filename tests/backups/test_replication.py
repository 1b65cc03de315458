"""Continuous replication, by docs/operations.md: a server and Litestream killed under load, restored."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.support.server import Server, poll
from visionsprat.accounts import authentication
from visionsprat.content.module import Module
from visionsprat.domain.records import Draft, NewAccount
from visionsprat.installation import DATABASE
from visionsprat.settings import ROOT
from visionsprat.store import Store
from visionsprat.web.cookies import SESSION_COOKIE

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no Litestream for Windows")

DEPLOY = ROOT / "deploy"
#: What was acknowledged longer ago than this, in seconds, is in the replica whatever happens.
LOST_AT_MOST = 2.0
ERASED = "detta skulle raderas"


class Writer(threading.Thread):
    """Somebody who writes until the server is gone, and notes when each text was acknowledged."""

    def __init__(self, server: Server, account_id: int, questions: tuple[str, ...]) -> None:
        super().__init__()
        self.account_id = account_id
        self._browser, self._questions = client(server, account_id), questions
        self._acknowledged: list[tuple[float, str, int]] = []

    def run(self) -> None:
        with self._browser as browser, suppress(httpx.TransportError):
            for number in itertools.count(1):
                for question in self._questions:
                    body = {"question": question, "text": text(number), "based_on": number - 1}
                    while (answer := browser.post("/api/reflections", json=body)).status_code in {429, 503}:
                        # Too many at once, or the others have had the database for long: as a browser does.
                        time.sleep(float(answer.headers.get("Retry-After", 0)))
                    answer.raise_for_status()
                    self._acknowledged.append((time.monotonic(), question, number))

    def safe(self, killed_at: float) -> dict[str, int]:
        """The newest text to each question that may not be lost by then."""
        return {
            question: number
            for at, question, number in list(self._acknowledged)
            if at < killed_at - LOST_AT_MOST
        }


def text(number: int) -> str:
    """A new one each time, with what is easily spoilt on the way."""
    return f"{number} å ä ö 👩‍🚒\n{'och så vidare ' * (number % 50)}"


def client(server: Server, account_id: int) -> httpx.Client:
    """A browser that is signed in, without the pages."""
    with server.store() as store:
        admitted = authentication.redeem(
            store, authentication.issue_ticket(store, account_id, "test"), "test"
        )
    assert admitted is not None
    return httpx.Client(
        base_url=server.url,
        headers={"Origin": server.url, "Cookie": f"{SESSION_COOKIE}={admitted.token}"},
        timeout=30,
    )


def commands(*programs: str) -> list[str]:
    """The commands in the paper's section that begin with one of these."""
    (_, section) = (ROOT / "docs" / "operations.md").read_text("utf-8").split("## Continuous replication\n")
    blocks = re.findall(r"```sh\n(.*?)```", section.split("\n## ")[0], re.DOTALL)
    found = [line for block in blocks for line in block.splitlines() if line.startswith(programs)]
    return [_with_our_python(line) for line in found]


def _with_our_python(command: str) -> str:
    return command.replace(".venv/bin", str(Path(sys.executable).parent))


@dataclass(frozen=True)
class Replication:
    """Litestream beside a data folder, with the paper's commands and deploy/'s configuration."""

    data: Path
    replica: Path

    @property
    def database(self) -> Path:
        return self.data / DATABASE

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "VISIONSPRAT_DATA": str(self.data),
            "LITESTREAM_FOLDER": str(self.replica),
        }

    @contextmanager
    def store(self) -> Iterator[Store]:
        with closing(Store(self.database)) as store:
            yield store

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """From when something is copied into the replica."""
        (command,) = commands(".venv/bin/litestream replicate")
        process = subprocess.Popen(
            shlex.split(command), cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL
        )
        before = self.copied()
        try:
            poll(lambda: self.copied() > before, "Litestream to copy something")
            yield process
        finally:
            process.terminate()  # it copies what is left
            process.wait()

    def copied(self) -> set[Path]:
        return set(self.replica.rglob("*.ltx"))

    def wipe(self) -> None:
        """What the unit does each time before it starts Litestream."""
        unit = (DEPLOY / "litestream.service").read_text(encoding="utf-8")
        (command,) = re.findall(r"^ExecStartPre=-(.+)$", unit, re.MULTILINE)
        subprocess.run(shlex.split(_with_our_python(command)), cwd=ROOT, env=self.environment, check=True)

    def holds(self, text: str) -> bool:
        """Whether a text is somewhere in the database's own files.

        Not for a process that has it open: closing a file takes away SQLite's locks on it, too.
        """
        return any(text.encode() in file.read_bytes() for file in self.data.glob("visionsprat.db*"))

    def lose_the_disk(self) -> None:
        shutil.rmtree(self.data)
        self.data.mkdir(mode=0o700)

    def restore(self) -> None:
        """The paper's commands, one after another."""
        for command in commands(".venv/bin/litestream restore", ".venv/bin/python", "rm"):
            yes = " --yes" if "visionsprat restore" in command else ""
            subprocess.run(["sh", "-ec", command + yes], cwd=ROOT, env=self.environment, check=True)


@pytest.fixture
def replication(tmp_path: Path) -> Replication:
    """Of a database with three people."""
    replication = Replication(tmp_path / "data", tmp_path / "replica")
    with replication.store() as store:
        for name in ("amina", "bo", "cleo"):
            store.add_account(NewAccount(f"{name}@test.example", name.title(), None))
    return replication


@pytest.fixture
def server(replication: Replication, tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    server.stop()


def test_what_was_acknowledged_two_seconds_before_a_crash_is_restored_from_the_replica(
    server: Server, replication: Replication, module: Module
) -> None:
    questions = tuple(question.id for question in module.questions)
    writers = [Writer(server, account_id, questions) for account_id in (1, 2)]
    with replication.running() as litestream:
        for writer in writers:
            writer.start()
        with server.store() as store:
            store.save_reflection(3, Draft(questions[0], ERASED, 0))
            store.erase_reflections(3)
            store.wipe()  # in vain, as Litestream reads
        erased_at = time.monotonic()
        poll(
            lambda: (
                (now := time.monotonic()) > erased_at + LOST_AT_MOST
                and all(writer.safe(now).keys() == set(questions) for writer in writers)
            ),
            "everybody to have answered every question some time ago",
        )
        killed_at = time.monotonic()
        server.kill()
        litestream.kill()
        for writer in writers:
            writer.join()
    replication.lose_the_disk()
    replication.restore()
    assert ERASED.encode() not in server.database.read_bytes()
    server.start()
    for writer in writers:
        safe, restored = writer.safe(killed_at), own_texts(server, writer.account_id)
        assert safe.keys() == restored.keys() == set(questions)
        for question, number in safe.items():
            newest = int(restored[question].split()[0])
            assert newest >= number
            assert restored[question] == text(newest)
    assert own_texts(server, 3) == {}
    assert "Traceback" not in server.output


def own_texts(server: Server, account_id: int) -> dict[str, str]:
    """What the server hands out to somebody as their own answers."""
    with client(server, account_id) as browser:
        answer = browser.get("/api/mina-uppgifter.json").raise_for_status()
    return {each["id"]: each["svar"] for each in answer.json()["reflektioner"]}


def test_what_was_erased_beside_litestream_is_wiped_when_it_stops_and_the_replica_goes_on(
    replication: Replication, module: Module
) -> None:
    question = module.questions[0].id
    with replication.running(), replication.store() as store:
        store.save_reflection(3, Draft(question, ERASED, 0))
        store.erase_reflections(3)
    assert replication.holds(ERASED)
    replication.wipe()
    assert not replication.holds(ERASED)
    with replication.running(), replication.store() as store:
        store.save_reflection(1, Draft(question, "efteråt", 0))
    replication.lose_the_disk()
    replication.restore()
    with replication.store() as store:
        own = store.own_data(1)
    assert own is not None
    assert [each.text for each in own.reflections] == ["efteråt"]


def test_the_wiping_makes_no_database_where_it_is_gone(replication: Replication) -> None:
    replication.lose_the_disk()
    replication.wipe()
    assert list(replication.data.iterdir()) == []


@pytest.mark.parametrize("configuration", sorted(DEPLOY.glob("litestream-*.yml")), ids=lambda path: path.stem)
def test_litestream_reads_each_configuration_with_the_variables_that_it_names(
    configuration: Path, replication: Replication
) -> None:
    named = set(re.findall(r"\$\{(\w+)\}", configuration.read_text(encoding="utf-8")))
    head = configuration.read_text(encoding="utf-8").split("\nsnapshot:")[0]
    assert named <= set(re.findall(r"[A-Z0-9_]{5,}", head))
    command = [str(Path(sys.executable).with_name("litestream")), "databases", "-config", str(configuration)]
    environment = {**dict.fromkeys(named, "something"), **replication.environment}
    listed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert f"{replication.database} " in listed
