"""What is attacked: a really started server, with people who have accounts on it. Linux only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.measured_server import Learner
from tests.support.server import Server
from visionsprat.accounts import authentication
from visionsprat.domain.records import NewAccount
from visionsprat.store import Store

#: In which the target's proxy, if there were one, would name the client: attackers choose theirs.
CLIENT_HEADER = "X-Forwarded-For"
PASSWORD = "häst batteri klammer"
LEARNERS = 8
MIB = 2**20


@dataclass(frozen=True)
class Target:
    server: Server
    learners: tuple[Learner, ...]
    administrator: Learner
    #: Everybody's.
    password: str = PASSWORD

    @property
    def url(self) -> str:
        return self.server.url

    def learner(self, number: int) -> Learner:
        """One of LEARNERS ordinary people, signed in."""
        return self.learners[number]

    def email(self, number: int) -> str:
        return _email(number)

    @property
    def memory(self) -> int:
        """Bytes of memory of the server's process and of those it has started."""
        return sum(_resident(pid) for pid in _family(self.server.pid))

    @property
    def complaints(self) -> list[str]:
        """Lines of the log that tell of an error, tracebacks included."""
        telling = re.compile(r"level=(error|critical)|Traceback|^\s+File \"")
        return [line for line in self.server.output.splitlines() if telling.search(line)]


@contextmanager
def started(folder: Path, *, by_command: bool) -> Iterator[Target]:
    """Start a target with a data folder of its own, and end it afterwards.

    By the real command, or, in a tenth of the time, from a process that has loaded everything.
    """
    environment = {"VISIONSPRAT_CLIENT_HEADER": CLIENT_HEADER}
    server = Server(folder, environment=environment, under=["env"] if by_command else ())
    try:
        with server.store() as store:
            hashed = authentication.hash_password(PASSWORD)
            people = [
                NewAccount(_email(number), f"Anna Nummer {number}", hashed) for number in range(LEARNERS)
            ]
            chief = NewAccount("chef@attack.example", "Alva Administratör", hashed, is_admin=True)
            ids = [store.add_account(each) for each in (*people, chief)]
            *learners, administrator = (Learner(id, _token(store, id)) for id in ids)
        yield Target(server, tuple(learners), administrator)
    finally:
        server.stop()


def _token(store: Store, account_id: int) -> str:
    admitted = authentication.redeem(
        store, authentication.issue_ticket(store, account_id, browser="attack"), "attack"
    )
    assert admitted is not None
    return admitted.token


def _email(number: int) -> str:
    return f"anna{number}@attack.example"


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in _read(task).split():
            yield from _family(int(child))


def _resident(pid: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", _read(Path(f"/proc/{pid}/status")))
    return int(found[1]) * 1024 if found else 0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # ended meanwhile
        return ""
