"""Really started servers, with trouble under their feet: what is acknowledged is stored, the rest is told."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.support.measured_server import Learner
from tests.support.people import Person, add_person
from tests.support.server import Server, free_port, locked, poll
from tests.support.streamlit_client import Tab
from tests.support.trouble import moved_away, no_room
from visionsprat.backups.archive import made
from visionsprat.installation import BACKUPS
from visionsprat.settings import ROOT
from visionsprat.store import Store, files
from visionsprat.store.schema import connect, migrations
from visionsprat.web.cookies import SESSION_COOKIE

QUESTION = "skapande/innebar"
LONG_AGO = "2026-01-01T08:00:00.000+00:00"
#: Even root has to keep to the files' modes in a server that is started under it.
LIKE_ANYBODY = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trouble")


@pytest.fixture(scope="module")
def one(folder: Path) -> Iterator[Server]:
    """A server that does not stop for any test: what is put right again must do."""
    server = Server(folder, under=LIKE_ANYBODY)
    yield server
    assert "Traceback" not in server.output
    server.stop()


class Browser:
    """What a person's browser asks of a server."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self._learner = Learner(person.id, person.new_token())
        self._cookies = {SESSION_COOKIE: self._learner.token}

    def save(self, text: str, based_on: int = 0, *, on: Server | None = None) -> httpx.Response:
        url = (on or self.person.server).url
        sent = {"question": QUESTION, "text": text, "based_on": based_on}
        headers = {"Origin": url}
        return httpx.post(
            f"{url}/api/reflections", json=sent, headers=headers, cookies=self._cookies, timeout=60
        )

    def post(self, path: str, *, on: Server) -> int:
        headers = {"Origin": on.url}
        return httpx.post(on.url + path, headers=headers, cookies=self._cookies, timeout=60).status_code

    def get(self, path: str, *, on: Server | None = None) -> int:
        url = (on or self.person.server).url
        return httpx.get(url + path, cookies=self._cookies, timeout=60).status_code

    def page(self, address: str) -> str:
        """What is drawn there."""

        async def visit() -> str:
            async with Tab(self.person.server.url, self._learner) as tab:
                await tab.visit(address)
                return tab.html

        return asyncio.run(visit())


def new_browser(server: Server) -> Browser:
    return Browser(add_person(server))


def stored(browser: Browser) -> str:
    return browser.person.text(QUESTION)


def expect_told_then_saved(server: Server, trouble: AbstractContextManager[object]) -> None:
    """While there is trouble, what can't be saved is answered 503, and so is the health check."""
    browser = new_browser(server)
    assert browser.save("före").status_code == 200
    with trouble:
        refused = browser.save("under", 1)
        assert (refused.status_code, refused.json()["message"]) == (503, "Det går inte att spara just nu.")
        assert_health(browser, 503)
    assert stored(browser) == "före"
    assert browser.save("under", 1).json()["revision"] == 2
    assert_health(browser, 200)
    assert stored(browser) == "under"


def assert_health(browser: Browser, status: int) -> None:
    """Within the second for which an answer is kept."""
    poll(lambda: browser.get("/healthz") == status, f"/healthz to answer {status}")


# The disk is full


def test_when_nothing_can_be_written_that_is_told_and_saving_goes_on_afterwards(one: Server) -> None:
    expect_told_then_saved(one, no_room(one))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 3 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk], capture_output=True)
    if done.returncode:
        pytest.skip("only root may mount a small disk; a limit on the size of files stands in for it above")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue
    try:
        yield
    finally:
        filler.unlink()


def test_when_the_disk_is_full_that_is_told_and_saving_goes_on_afterwards(
    tmp_path: Path, small_disk: Path
) -> None:
    server = Server(tmp_path, data=small_disk)
    try:
        expect_told_then_saved(server, filled(small_disk))
    finally:
        server.stop()


# The files can't be reached


def test_a_folder_that_is_gone_is_told_and_saving_goes_on_when_it_is_back(one: Server) -> None:
    expect_told_then_saved(one, moved_away(one))


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    modes = {path: path.stat().st_mode for path in (folder, *folder.iterdir())}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    try:
        yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


def statuses(answers: Sequence[Future[httpx.Response]]) -> list[int]:
    return [answer.result().status_code for answer in answers]


def test_what_can_not_be_written_to_is_told_and_all_goes_on_when_it_can(one: Server) -> None:
    browsers = [new_browser(one) for _ in range(8)]
    with ThreadPoolExecutor(len(browsers)) as pool:
        with read_only(one.data), locked(one.database):
            answers = [pool.submit(browser.save, "ett") for browser in browsers]
            wait(answers, return_when=FIRST_COMPLETED)
        assert {503} <= set(statuses(answers)) <= {200, 503}
        for browser, status in zip(browsers, statuses(answers), strict=True):
            assert stored(browser) == ("ett" if status == 200 else "")
        for _ in range(3):
            assert set(statuses([pool.submit(browser.save, "ett") for browser in browsers])) == {200}


def test_while_another_has_the_database_for_long_all_wait_and_are_told(one: Server) -> None:
    browsers = [new_browser(one) for _ in range(20)]
    with ThreadPoolExecutor(len(browsers)) as pool:
        with locked(one.database):
            assert set(statuses([pool.submit(browser.save, "ett") for browser in browsers])) == {503}
            assert {browser.get("/") for browser in browsers[:2]} == {200}
        assert set(statuses([pool.submit(browser.save, "ett") for browser in browsers])) == {200}
    assert {stored(browser) for browser in browsers} == {"ett"}


def test_a_page_is_drawn_whole_while_it_can_be_read_alone(one: Server) -> None:
    browser = new_browser(one)
    assert browser.save("Ord som går att läsa.").status_code == 200
    with no_room(one):
        drawn = browser.page("mina-reflektioner")
    assert "Ord som går att läsa." in drawn
    assert "Något gick fel" not in drawn  # as the visit can't be noted


def test_a_page_that_can_not_be_read_says_so_and_what_to_do(one: Server) -> None:
    browser = new_browser(one)
    with moved_away(one):
        drawn = browser.page("mina-reflektioner")
    assert (
        "Det går inte att läsa det du har sparat just nu. Ingenting är borta. "
        "Vänta en stund och ladda om sidan." in drawn
    )


# Starting


@contextmanager
def out_of_reach(folder: Path) -> Iterator[None]:
    mode = folder.stat().st_mode
    folder.chmod(0)
    try:
        yield
    finally:
        folder.chmod(mode)


@contextmanager
def nothing(folder: Path) -> Iterator[None]:
    yield


@pytest.mark.parametrize(
    ("trouble", "under"),
    [
        (read_only, LIKE_ANYBODY),
        (out_of_reach, LIKE_ANYBODY),
        (nothing, ("prlimit", "--fsize=0")),
    ],
    ids=["read-only", "out of reach", "full"],
)
def test_a_start_that_can_not_be_says_why_and_changes_nothing(
    store: Store, trouble: Callable[[Path], AbstractContextManager[None]], under: Sequence[str]
) -> None:
    store.close()
    before = store.path.read_bytes()
    with trouble(store.path.parent):
        said = start_in_vain(store.path.parent, under)
    assert said.startswith("Visionsprat can't start. The ")
    assert str(store.path.parent) in said
    assert "damaged" not in said  # a backup in its place would cost what was written since
    assert store.path.read_bytes() == before


def start_in_vain(data: Path, under: Sequence[str] = ()) -> str:
    """The one line that a server says before it ends."""
    # A server that may write nothing can't write what has been measured of it either.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    ended = subprocess.run(
        [*under, sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(free_port())],
        cwd=ROOT,
        env={**environment, "VISIONSPRAT_DATA": str(data)},
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert ended.returncode == 1
    (said,) = [line for line in (ended.stdout + ended.stderr).splitlines() if line.strip()]
    return said


@pytest.fixture
def another(tmp_path: Path) -> Iterator[Server]:
    """A server that may be killed, and damaged."""
    server = Server(tmp_path)
    yield server
    server.stop()


def test_a_log_that_is_cut_off_is_told_and_costs_what_was_cut_off_alone(another: Server) -> None:
    browser = new_browser(another)
    for number in range(20):
        assert browser.save(f"text {number}", number).status_code == 200
    log = Path(f"{another.database}-wal")
    os.truncate(log, log.stat().st_size * 2 // 3)
    refused = browser.save("in i luckan", 20)
    assert (refused.status_code, refused.json()["message"]) == (503, "Det går inte att spara just nu.")
    another.kill()
    another.start()
    kept = int(stored(browser).removeprefix("text "))
    assert 0 < kept < 19
    assert files.faults(another.database) == []
    assert browser.save("och vidare", kept + 1).status_code == 200


@pytest.mark.parametrize("page", [2, 5, 9])
def test_a_damaged_page_stops_the_start_and_nothing_is_written_over(another: Server, page: int) -> None:
    poll(lambda: bool(made(another.data / BACKUPS)), "the first backup")
    another.stop()
    damaged = bytearray(another.database.read_bytes())
    damaged[page * 4096 : (page + 1) * 4096] = os.urandom(4096)
    another.database.write_bytes(damaged)
    said = start_in_vain(another.data)
    (backup,) = made(another.data / BACKUPS).values()
    assert said.startswith(f"Visionsprat can't start. The database {another.database} is damaged (")
    assert said.endswith(f"python -m visionsprat restore {backup}")
    assert another.database.read_bytes() == damaged


def test_a_page_damaged_under_a_running_server_is_told_and_not_written_over(another: Server) -> None:
    poll(lambda: bool(made(another.data / BACKUPS)), "the first backup")
    browser = new_browser(another)
    assert browser.save("före").status_code == 200
    page = damage(another.database, "reflections")
    refused = browser.save("efter", 1)
    assert (refused.status_code, refused.json()["message"]) == (503, "Det går inte att spara just nu.")
    assert browser.get("/mina-reflektioner") == 200
    another.stop()
    assert page in another.database.read_bytes()
    said = start_in_vain(another.data)
    assert said.startswith(f"Visionsprat can't start. The database {another.database} is damaged (")
    assert "Traceback" not in another.output


def damage(database: Path, table: str) -> bytes:
    """Fill the first page of a table with what is none, and let those who have the database look again."""
    page = os.urandom(4096)
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("PRAGMA wal_checkpoint")
        (number,) = other.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", [table]).fetchone()
        with database.open("r+b") as file:
            file.seek((number - 1) * len(page))
            file.write(page)
        other.execute("PRAGMA user_version = 0")
    return page


# The clock


def test_nothing_is_lost_and_nobody_sent_away_when_the_clock_is_set_back(tmp_path: Path) -> None:
    wrong_by = tmp_path / "wrong-by"
    wrong_by.write_text("0", encoding="ascii")
    environment = {"PYTHONPATH": str(ROOT), "WRONG_BY": str(wrong_by)}
    server = Server(tmp_path, environment=environment, script="tests/torture/wrong_clock.py")
    try:
        browser = new_browser(server)
        before = browser.save("före")
        wrong_by.write_text("-3600", encoding="ascii")
        after = browser.save("efter", 1)
        assert (before.status_code, after.status_code) == (200, 200)
        passed = at(after) - at(before)
        assert -timedelta(hours=1) <= passed < -timedelta(minutes=59)
        assert browser.save("en annan", 1).status_code == 409
        assert browser.get("/api/session") == 204
        server.kill()
        server.start()
        assert browser.save("och vidare", 2).json()["revision"] == 4  # the refused text is the third
        assert stored(browser) == "och vidare"
    finally:
        server.stop()
    assert "Traceback" not in server.output


def at(saved: httpx.Response) -> datetime:
    return datetime.fromisoformat(saved.json()["saved_at"])


# Several processes on one folder


def test_several_servers_on_one_folder_are_one(tmp_path: Path, another: Server) -> None:
    (tmp_path / "beside").mkdir()
    beside = Server(tmp_path / "beside", data=another.data)
    try:
        browser = new_browser(another)
        assert browser.save("ett", on=another).json()["revision"] == 1
        assert browser.save("två", 1, on=beside).json()["revision"] == 2
        conflict = browser.save("tre", 1, on=another)
        assert (conflict.status_code, conflict.json()["text"]) == (409, "två")
        another.kill()
        assert browser.save("fyra", 2, on=beside).status_code == 200
        another.start()
        assert browser.post("/api/sign-out", on=another) == 200
        assert browser.get("/api/session", on=beside) == 401
        assert browser.save("fem", 3, on=beside).status_code == 401
        assert stored(browser) == "fyra"
        poll(lambda: bool(made(another.data / BACKUPS)), "the backup")
        assert len(made(another.data / BACKUPS)) == 1
    finally:
        beside.stop()


# Kills


@pytest.mark.parametrize(("kills", "servers"), [(20, 1), (6, 2)])
def test_no_acknowledged_text_is_lost_however_often_a_server_is_killed(kills: int, servers: int) -> None:
    command = [sys.executable, "-m", "tests.torture", f"--kills={kills}", f"--servers={servers}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    last = done.stdout.replace("\r", "\n").splitlines()[-1]
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "lost: 0, failed integrity checks: 0 of" in last
    assert "acknowledged texts: 0," not in last


@pytest.fixture
def first_release(tmp_path: Path) -> Path:
    """A database of the first release, with texts of many people."""
    path = tmp_path / "old.db"
    people = range(1, 20_001)
    with closing(connect(path)) as db:
        migrations.apply(db, stop_before="m002_organisation")
        db.conn.execute("BEGIN")
        db.conn.executemany(
            "INSERT INTO accounts (id, email, name, created_at) VALUES (?, ?, 'Amina Testsson', ?)",
            [(number, f"{number}@test.example", LONG_AGO) for number in people],
        )
        db.conn.executemany(
            "INSERT INTO reflections VALUES (?, 'skapande/innebar', ?, 1, 0, ?, ?)",
            [(number, f"{number} " * 10, LONG_AGO, LONG_AGO) for number in people],
        )
        db.conn.commit()
    return path


@pytest.mark.parametrize("written", [0, 100_000, 4_000_000])
def test_a_server_killed_while_it_brings_the_schema_up_to_date_loses_nothing(
    tmp_path: Path, first_release: Path, written: int
) -> None:
    """It is killed when so many bytes are in the log of what is to be changed, or it has started."""
    server = Server(tmp_path, started=False)
    server.data.mkdir()
    shutil.copy(first_release, server.database)
    texts = all_texts(first_release)
    log = Path(f"{server.database}-wal")

    def in_the_middle() -> bool:
        return "is running" in server.output or (log.exists() and log.stat().st_size >= written)

    for moment in (in_the_middle, server.answers):
        server.begin()
        try:
            poll(moment, "the moment to kill", pause=lambda seconds: time.sleep(seconds / 50))
        finally:
            server.kill()
        assert files.faults(server.database) == []
        assert all_texts(server.database) == texts
    found = files.contents(server.database)
    assert found is not None
    assert found.pending == ()


def all_texts(database: Path) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(database)) as db:
        return db.execute("SELECT account_id, text FROM reflections ORDER BY 1").fetchall()
