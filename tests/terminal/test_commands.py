"""The command line: what it says, what it leaves behind, and the number it ends with."""

from __future__ import annotations

import csv
import io
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import unicodedata
import urllib.error
import urllib.request
from contextlib import closing, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.support.mailbox import mail_server
from tests.support.server import free_port, poll
from tests.support.stored import QUESTION, begin_session, is_hash_of, known_as, save, texts
from visionsprat.backups.check import library
from visionsprat.content.module import Module
from visionsprat.domain.progress import MemberCompletion, member_completion
from visionsprat.domain.records import Action, Draft, NewAccount, Whom
from visionsprat.domain.tokens import token_hash
from visionsprat.installation import DATABASE
from visionsprat.settings import ROOT
from visionsprat.store import Store
from visionsprat.terminal import demo
from visionsprat.terminal.commands import main

PASSWORD = "gul cykel i regnet"
AMINA = ["add-account", "amina@test.example", "--name", "Amina Testsson"]
Printed = pytest.CaptureFixture[str]

NO_GROUP = "The group is empty, or one of its names is empty, longer than 100 characters or contains |."


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A good password on standard input."""
    type_in(monkeypatch, f"{PASSWORD}\n")


COMMON = "The password is among the common and breached ones, or too easy to guess."


def type_in(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def rows(data_folder: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(data_folder / "visionsprat.db")) as db:
        return db.execute(statement).fetchall()


# add-account


def test_an_account_is_added(typed: None, data_folder: Path, capsys: Printed) -> None:
    assert main(AMINA) == 0
    assert capsys.readouterr() == ("Added amina@test.example.\n", "")
    assert rows(data_folder, "SELECT email, name, is_admin FROM accounts") == [
        ("amina@test.example", "Amina Testsson", 0)
    ]
    assert rows(data_folder, "SELECT * FROM groups") == []


def test_what_a_mac_hands_over_in_parts_is_one_account_and_one_group(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    def add(email: str, name: str) -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
        return main(["add-account", email, "--name", name, "--group", unicodedata.normalize("NFD", "Vård")])

    assert add(unicodedata.normalize("NFD", "åsa@räksmörgås.example"), "A\u030asa") == 0
    assert add("åsa@xn--rksmrgs-5wao1o.example", "Åsa") == 1
    assert "already" in capsys.readouterr().err
    assert rows(data_folder, "SELECT name FROM groups") == [("Vård",)]
    assert rows(data_folder, "SELECT email, name FROM accounts") == [("åsa@räksmörgås.example", "Åsa")]


def test_an_account_has_the_groups_and_rights_it_is_given(typed: None, data_folder: Path) -> None:
    assert main([*AMINA, "--group", " Team  3 ", "--manages", "Norr", "--admin"]) == 0
    assert rows(data_folder, "SELECT is_admin FROM accounts") == [(1,)]
    member_of = "SELECT name FROM groups JOIN group_members ON group_id = id"
    assert rows(data_folder, member_of) == [("Team 3",)]
    assert rows(data_folder, member_of.replace("members", "managers")) == [("Norr",)]


@pytest.mark.parametrize("line", [f"{PASSWORD}\n", f"{PASSWORD}\r\n", PASSWORD, f"{PASSWORD}\nand more\n"])
def test_the_password_is_the_first_line_of_standard_input(
    monkeypatch: pytest.MonkeyPatch, data_folder: Path, line: str
) -> None:
    type_in(monkeypatch, line)
    assert main(AMINA) == 0
    ((hashed,),) = rows(data_folder, "SELECT password_hash FROM accounts")
    assert is_hash_of(PASSWORD, str(hashed))


def test_an_address_that_has_an_account_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, data_folder: Path, capsys: Printed
) -> None:
    for code in (0, 1):
        type_in(monkeypatch, PASSWORD)
        assert main(AMINA) == code
    assert (
        capsys.readouterr().err == "There is already an account with the e-mail address amina@test.example.\n"
    )
    assert rows(data_folder, "SELECT count(*) FROM accounts") == [(1,)]


@pytest.mark.parametrize(
    ("arguments", "password", "message"),
    [
        (AMINA, "", "The password is shorter than 12 characters."),
        (AMINA, "kort\n", "The password is shorter than 12 characters."),
        (
            AMINA,
            "password1234\n",
            COMMON,
        ),
        (AMINA, "\udce5" * 12 + "\n", "The password on standard input is not UTF-8."),
        ([*AMINA[:3], " "], PASSWORD, "The name is empty or longer than 100 characters."),
        ([AMINA[0], "amina", *AMINA[2:]], PASSWORD, "The e-mail address is not an e-mail address."),
        ([*AMINA, "--group", ""], PASSWORD, NO_GROUP),
        ([*AMINA, "--manages", "x" * 101], PASSWORD, NO_GROUP),
    ],
)
def test_input_at_fault_is_told_in_one_line_and_nothing_is_added(
    monkeypatch: pytest.MonkeyPatch,
    data_folder: Path,
    capsys: Printed,
    arguments: list[str],
    password: str,
    message: str,
) -> None:
    type_in(monkeypatch, password)
    assert main(arguments) == 1
    assert capsys.readouterr() == ("", f"{message}\n")
    assert not data_folder.exists()


def test_a_setting_at_fault_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, typed: None, capsys: Printed
) -> None:
    monkeypatch.setenv("VISIONSPRAT_DATE", "data")
    assert main(AMINA) == 1
    assert capsys.readouterr().err.startswith("VISIONSPRAT_DATE is not a setting.")


def test_a_data_folder_that_cannot_be_made_is_told_in_one_line(
    data_folder: Path, typed: None, capsys: Printed
) -> None:
    data_folder.write_text("a file", encoding="utf-8")
    assert main(AMINA) == 1
    error = capsys.readouterr().err
    assert error.startswith("The data folder can't be used:")
    assert error.count("\n") == 1


def run(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """The command as somebody in a terminal runs it."""
    command = [sys.executable, "-m", "visionsprat", *arguments]
    return subprocess.run(command, cwd=ROOT, input=typed, capture_output=True, text=True, timeout=60)


def test_the_command_says_nothing_but_what_it_did() -> None:
    done = run(*AMINA, typed=f"{PASSWORD}\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Added amina@test.example.\n", "")


# backup, restore and check

HEJ = "Hej, det här är hemligt."


@pytest.fixture
def database(data_folder: Path) -> Path:
    """A database with an account and a text in it."""
    path = data_folder / "visionsprat.db"
    with closing(Store(path)) as store:
        account_id = store.add_account(NewAccount("amina@test.example", "Amina Testsson", None))
        store.save_reflection(account_id, Draft("skapande/innebar", HEJ, 0))
    data_folder.chmod(0o700)
    return path


def test_a_backup_is_written_and_put_back(
    database: Path, data_folder: Path, tmp_path: Path, capsys: Printed
) -> None:
    assert main(["backup", str(tmp_path / "copies")]) == 0
    (path,) = (tmp_path / "copies").glob("*.db")
    assert capsys.readouterr() == (f"Wrote {path} and checked it.\n", "")
    with closing(Store(database)) as store:
        store.save_reflection(1, Draft("skapande/innebar", "efter", 1))
    assert main(["restore", str(path), "--yes"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    (kept,) = data_folder.glob("visionsprat.db.before-restore-*")
    whole, restored, aside = said.out.splitlines()
    assert whole.startswith(f"{path} is whole: accounts: 1, reflections: 1, newest saved: 20")
    assert restored == f"Restored to {database} and checked. Everybody has to sign in again."
    assert aside == f"What was there before is kept as {kept}."
    assert rows(data_folder, "SELECT text FROM reflections") == [(HEJ,)]


def test_a_restore_asks_first(database: Path, data_folder: Path, tmp_path: Path, capsys: Printed) -> None:
    main(["backup", str(tmp_path)])
    (path,) = tmp_path.glob("visionsprat-*.db")
    done = run("restore", str(path), typed="y\n")
    assert (done.returncode, done.stderr) == (1, "Nobody can be asked here: add --yes.\n")
    assert not list(data_folder.glob("*before-restore*"))


def test_a_file_or_database_that_is_not_there_is_told_in_one_line(
    data_folder: Path, tmp_path: Path, capsys: Printed
) -> None:
    assert main(["restore", str(tmp_path / "none.db"), "--yes"]) == 1
    assert main(["backup", str(tmp_path / "copies")]) == 1
    assert main(["check"]) == 1
    database = data_folder / "visionsprat.db"
    assert capsys.readouterr().err.splitlines() == [
        f"There is no file {tmp_path / 'none.db'}.",
        f"There is no database {database}.",
        f"There is no database {database}. The first start makes one.",
    ]
    assert not data_folder.exists()


def test_a_check_tells_what_is_well_and_never_what_anybody_wrote(
    database: Path, data_folder: Path, capsys: Printed
) -> None:
    main(["backup", str(data_folder / "backups")])
    capsys.readouterr()
    assert main(["check"]) == 0
    assert capsys.readouterr() == (
        "ok   The database is whole: accounts: 1, reflections: 1.\n"
        "ok   The database is of this version.\n"
        "ok   Every reflection is on a question in content.\n"
        f"ok   Others on this machine can't open {data_folder}.\n"
        f"ok   All in {data_folder} belongs to the account that this runs as.\n"
        f"{library().level.value:<4} {library().text}\n"
        "ok   The newest backup is 0 hours old.\n",
        "",
    )


def test_locked_texts_are_counted_like_the_others(database: Path, tmp_path: Path, capsys: Printed) -> None:
    """After an administrator's link was used as many texts are there as before."""
    with closing(Store(database)) as store:
        known_as(store, "link", store.invite(None, Whom()))
        store.use_invitation("link", "hash")
        assert texts(store, 1) == {}
    main(["check"])
    assert "whole: accounts: 1, reflections: 1 (locked: 1).\n" in capsys.readouterr().out
    main(["backup", str(tmp_path)])
    (path,) = tmp_path.glob("visionsprat-*.db")
    main(["restore", str(path), "--yes"])
    said = capsys.readouterr().out
    assert f"Wrote {path} and checked it.\n" in said
    assert "whole: accounts: 1, reflections: 1 (locked: 1), newest saved: 20" in said
    with closing(Store(database)) as store:
        visitor = store.visitor(begin_session(store, 1))
        assert visitor
        save(store, 1, "en ny", visitor.erased_revision)
    main(["check"])
    assert "reflections: 2 (locked: 1).\n" in capsys.readouterr().out


def test_a_check_that_finds_a_fault_ends_with_1_and_says_it_on_standard_error(
    database: Path, data_folder: Path, capsys: Printed
) -> None:
    database.write_bytes(database.read_bytes()[:20_000])
    damaged = database.read_bytes()
    assert main(["check"]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("The database is damaged: ")
    assert said.out.splitlines()[-1] == f"note There is no backup in {data_folder / 'backups'}."
    assert HEJ not in said.out + said.err
    assert database.read_bytes() == damaged


# invite

INVITED = ("namn", "e-post", "grupp", "länk", "giltig till")


@pytest.fixture
def staff(data_folder: Path) -> None:
    """Amina and Bengt in a group, and Cecilia, deactivated."""
    with closing(Store(data_folder / "visionsprat.db")) as store:
        for name, group in (("Amina", "Vård/Norr"), ("Bengt", "Vård"), ("Cecilia", "Vård")):
            store.add_account(NewAccount(f"{name.lower()}@test.example", name, None, member_of=group))
        store.set_active(None, 3, False)


def invited(table: bytes) -> list[dict[str, str]]:
    lines = list(csv.reader(io.StringIO(table.decode("utf-8-sig")), delimiter=";"))
    assert tuple(lines[0]) == INVITED
    return [dict(zip(INVITED, line, strict=True)) for line in lines[1:]]


@pytest.mark.parametrize(
    ("arguments", "who"),
    [
        (["bengt@test.example"], ["Bengt"]),
        (["BENGT@test.example ", "amina@test.example"], ["Amina", "Bengt"]),
        (["--group", "Vård/Norr"], ["Amina"]),
        (["--group", " Vård "], ["Amina", "Bengt"]),
        (["--never-signed-in"], ["Amina", "Bengt"]),
        (["--never-signed-in", "--group", "Vård/Norr"], ["Amina"]),
    ],
)
def test_links_are_written_for_a_mail_merge(
    staff: None,
    data_folder: Path,
    capfdbinary: pytest.CaptureFixture[bytes],
    arguments: list[str],
    who: list[str],
) -> None:
    assert main(["invite", *arguments]) == 0
    printed = capfdbinary.readouterr()
    found = invited(printed.out)
    assert printed.err == b"VISIONSPRAT_URL is not set: the links begin with http://localhost:8501.\n"
    assert [each["namn"] for each in found] == who
    with closing(Store(data_folder / "visionsprat.db")) as store:
        for each in found:
            code = each["länk"].removeprefix("http://localhost:8501/inbjudan?kod=")
            assert store.invited(token_hash(code)).email == each["e-post"]
            assert all(code.encode() not in file.read_bytes() for file in data_folder.iterdir())


def test_links_begin_with_the_public_address(
    staff: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Printed
) -> None:
    monkeypatch.setenv("VISIONSPRAT_URL", "https://visionsprat.example.se")
    file = tmp_path / "links.csv"
    file.write_text("what was there before, and longer than what is written now" * 20, encoding="utf-8")
    file.chmod(0o644)
    assert main(["invite", "amina@test.example", "--output", str(file)]) == 0
    assert capsys.readouterr() == ("", "")
    ((row),) = invited(file.read_bytes())
    assert row["länk"].startswith("https://visionsprat.example.se/inbjudan?kod=")
    assert row["grupp"] == "Vård/Norr"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("command", [["export"], ["invite", "amina@test.example", "--output"]])
def test_a_table_takes_the_place_of_no_database_and_of_nothing_behind_a_link(
    staff: None, data_folder: Path, tmp_path: Path, capsys: Printed, command: list[str]
) -> None:
    other, link, database = tmp_path / "other.txt", tmp_path / "link.csv", data_folder / "visionsprat.db"
    other.write_text("mitt", encoding="utf-8")
    link.symlink_to(other)
    for path, why in ((link, "is a link to another file"), (database, "is a database")):
        assert main([*command, str(path)]) == 1
        assert why in capsys.readouterr().err
    assert other.read_text(encoding="utf-8") == "mitt"
    assert database.read_bytes().startswith(b"SQLite format 3")


@pytest.mark.parametrize("command", [["export"], ["invite", "amina@test.example", "--output"]])
@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize("end", ["", "-wal", "-shm", "-journal"])
def test_a_table_takes_the_place_of_nothing_that_belongs_to_the_database(
    staff: None,
    data_folder: Path,
    tmp_path: Path,
    capsys: Printed,
    command: list[str],
    running: bool,
    end: str,
) -> None:
    file = data_folder / f"visionsprat.db{end}"
    again, folder = tmp_path / "again.csv", tmp_path / "folder"
    folder.symlink_to(data_folder)
    with closing(Store(data_folder / "visionsprat.db")) if running else nullcontext():
        if file.exists():
            again.hardlink_to(file)
        before = file.read_bytes() if file.exists() else None
        for path in (file, folder / file.name, *([again] if again.exists() else [])):
            assert main([*command, str(path)]) == 1
            said = capsys.readouterr().err
            assert f"{path} is a database" in said or f"{path} belongs to the database" in said
        assert (file.read_bytes() if file.exists() else None) == before
    with closing(Store(data_folder / "visionsprat.db")) as store:
        assert store.find_people("").count == 3


def test_nor_of_what_belongs_to_another_database(tmp_path: Path, staff: None, capsys: Printed) -> None:
    other = tmp_path / "other.db"
    with closing(Store(other)):
        for end in ("-wal", "-shm"):
            assert main(["export", f"{other}{end}"]) == 1
            assert "belongs to the database" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "faults"),
    [
        (
            ["amina@test.example", "ny@test.example", "cecilia@test.example"],
            [f"No active account has the address {who}@test.example." for who in ("cecilia", "ny")],
        ),
        (["--group", "Norr"], ["There is no group Norr."]),
        (["amina", "\udce5"], [f"No active account has the address {who}." for who in ("?", "amina")]),
        (
            ["amina@test.example", "--output", "/nowhere/links.csv"],
            ["/nowhere/links.csv can't be written: No"],
        ),
        (["amina@test.example", "--send"], ["No mail server is set: see VISIONSPRAT_SMTP_HOST"]),
    ],
)
def test_an_invitation_at_fault_is_told_a_line_a_fault_and_none_is_made(
    staff: None,
    data_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Printed,
    arguments: list[str],
    faults: list[str],
) -> None:
    monkeypatch.setenv("VISIONSPRAT_URL", "https://visionsprat.example.se")
    assert main(["invite", *arguments]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    told = printed.err.splitlines()
    assert len(told) == len(faults)
    assert all(line.startswith(fault) for line, fault in zip(told, faults, strict=True))
    assert rows(data_folder, "SELECT * FROM invitations") == []


def test_links_are_sent_and_what_could_not_be_is_told(
    staff: None, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    monkeypatch.setenv("VISIONSPRAT_URL", "https://visionsprat.example.se")
    with mail_server() as mailbox:
        for name, value in mailbox.environment.items():
            monkeypatch.setenv(name, value)
        assert main(["invite", "--never-signed-in", "--send"]) == 0
        assert capsys.readouterr() == ("Sent 2 of 2 letters.\n", "")
        assert mailbox.recipients == ["amina@test.example", "bengt@test.example"]
        assert mailbox.link().startswith("https://visionsprat.example.se/inbjudan?kod=")
        mailbox.refused = {"amina@test.example": "550 No such mailbox"}
        assert main(["invite", "--never-signed-in", "--send"]) == 1
        assert capsys.readouterr() == (
            "Sent 1 of 2 letters.\n",
            "amina@test.example: the mail server refuses the address.\n",
        )


# Links to people who have signed in before


@pytest.fixture
def amina_has_written(staff: None, data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISIONSPRAT_URL", "https://visionsprat.example.se")
    with closing(Store(data_folder / "visionsprat.db")) as store:
        save(store, 1, "Vi matar uttern.")


def used(data_folder: Path, table: bytes) -> dict[str, str]:
    """What Amina's account holds when the link in the file has been used."""
    (row,) = [each for each in invited(table) if each["namn"] == "Amina"]
    return used_link(data_folder, row["länk"])


def used_link(data_folder: Path, link: str) -> dict[str, str]:
    with closing(Store(data_folder / "visionsprat.db")) as store:
        store.use_invitation(token_hash(link.partition("kod=")[2]), "hash")
        return texts(store, 1)


def test_links_for_many_leave_out_whoever_has_begun_and_say_so(
    amina_has_written: None, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["invite", "--group", "Vård"]) == 0
    printed = capfdbinary.readouterr()
    assert [each["namn"] for each in invited(printed.out)] == ["Bengt"]
    left_out = b"Left out, as they have signed in before: 1. Use --send, or name their addresses.\n"
    assert printed.err == left_out


@pytest.mark.parametrize("also_sent", [False, True], ids=["a file", "a file and a letter"])
def test_a_link_in_a_file_locks_and_the_terminal_says_so(
    amina_has_written: None,
    data_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Printed,
    also_sent: bool,
) -> None:
    file = tmp_path / "links.csv"
    with mail_server() as mailbox:
        for name, value in mailbox.environment.items():
            monkeypatch.setenv(name, value)
        sending = ["--send"] if also_sent else []
        assert main(["invite", "amina@test.example", "--output", str(file), *sending]) == 0
    told = "Have signed in before: 1. What they have written is locked when they use the link.\n"
    assert capsys.readouterr().err == told
    assert used(data_folder, file.read_bytes()) == {}


def test_a_link_that_is_only_sent_locks_nothing(
    amina_has_written: None, data_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    with mail_server() as mailbox:
        for name, value in mailbox.environment.items():
            monkeypatch.setenv(name, value)
        assert main(["invite", "--group", "Vård/Norr", "--send"]) == 0
        assert capsys.readouterr() == ("Sent 1 of 1 letters.\n", "")
        assert mailbox.letters[-1]["Subject"] == "Nytt lösenord till Visionsprat"
        assert used_link(data_folder, mailbox.link()) == {QUESTION: "Vi matar uttern."}


def test_no_account_is_added_over_one_that_is_there(
    amina_has_written: None, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert main(["add-account", "AMINA@test.example", "--name", "Amina"]) == 1
    assert rows(data_folder, "SELECT password_hash FROM accounts WHERE id = 1") == [(None,)]


def test_whoever_runs_the_server_unlocks(
    amina_has_written: None, data_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    with closing(Store(data_folder / "visionsprat.db")) as store:
        known_as(store, "link", store.invite(None, Whom(emails=frozenset({"amina@test.example"}))))
        store.use_invitation("link", "hash")
        assert texts(store, 1) == {}
    with mail_server() as mailbox:
        for name, value in mailbox.environment.items():
            monkeypatch.setenv(name, value)
        assert main(["unlock-texts", "AMINA@test.example"]) == 0
        assert "Den som sköter servern har släppt de texter" in mailbox.text()
    assert capsys.readouterr().out == "Released the texts of amina@test.example.\nSent 1 of 1 letters.\n"
    with closing(Store(data_folder / "visionsprat.db")) as store:
        assert texts(store, 1) == {QUESTION: "Vi matar uttern."}
    for email, fault in [
        ("amina@test.example", "No texts of amina@test.example are locked.\n"),
        ("ingen@test.example", "No account has the address ingen@test.example.\n"),
        ("amina", "The e-mail address is not an e-mail address.\n"),
    ]:
        assert main(["unlock-texts", email]) == 1
        assert capsys.readouterr() == ("", fault)


# Use and help


def test_a_second_factor_is_reset(data_folder: Path, capsys: Printed) -> None:
    with closing(Store(data_folder / DATABASE)) as store:
        chief = store.add_account(NewAccount("chief@test.example", "Chief", None, is_admin=True))
        assert store.set_second_factor(chief, "SECRET", 0, ["hash"], "")
    assert main(["reset-second-factor", " Chief@test.example"]) == 0
    assert capsys.readouterr().out == "chief@test.example signs in with the password alone now.\n"
    with closing(Store(data_folder / DATABASE)) as store:
        assert store.second_factor(chief) is None
        newest = store.audit_log().entries[0]
        assert (newest.actor, newest.action) == ("", Action.SECOND_FACTOR_REMOVED)


def test_whose_second_factor_is_reset_gets_a_letter(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    with closing(Store(data_folder / DATABASE)) as store:
        chief = store.add_account(NewAccount("chief@test.example", "Chief", None, is_admin=True))
        assert store.set_second_factor(chief, "SECRET", 0, ["hash"], "")
    with mail_server() as mailbox:
        for name, value in mailbox.environment.items():
            monkeypatch.setenv(name, value)
        assert main(["reset-second-factor", "chief@test.example"]) == 0
        assert mailbox.recipients == ["chief@test.example"]
        assert "Den som sköter servern har tagit bort tvåstegsinloggningen" in mailbox.text()
    assert capsys.readouterr().out.endswith("Sent 1 of 1 letters.\n")


@pytest.mark.parametrize(
    ("email", "told"),
    [
        ("chief@test.example", "chief@test.example has no second factor: the password is enough already.\n"),
        ("nobody@test.example", "No account has the address nobody@test.example.\n"),
        ("no address", "The e-mail address is not an e-mail address.\n"),
    ],
)
def test_a_second_factor_that_is_not_there_is_told_in_one_line(
    data_folder: Path, capsys: Printed, email: str, told: str
) -> None:
    with closing(Store(data_folder / DATABASE)) as store:
        store.add_account(NewAccount("chief@test.example", "Chief", None, is_admin=True))
    assert main(["reset-second-factor", email]) == 1
    assert capsys.readouterr().err == told


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["add"],
        ["add-account"],
        ["add-account", "amina@test.example"],
        [*AMINA, "--password", PASSWORD],
        [*AMINA, "one more"],
        ["invite"],
        ["invite", "amina@test.example", "--group", "Team 3"],
        ["invite", "amina@test.example", "--never-signed-in"],
        ["demo", "--port", "http"],
        ["demo", "--port", "0"],
        ["demo", "--port", "65536"],
        ["demo", "--port", "²"],
        ["backup"],
        ["reset-second-factor"],
        ["restore", "--yes"],
        ["check", "one more"],
    ],
)
def test_wrong_use_ends_with_2(arguments: list[str], capsys: Printed) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: python -m visionsprat" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        *([], ["demo"], ["add-account"], ["invite"], ["reset-second-factor"]),
        *(["backup"], ["restore"], ["check"]),
    ],
)
def test_each_command_has_its_help(command: list[str], capsys: Printed) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(" ".join(["usage: python -m visionsprat", *command]))


def test_everybody_is_signed_out_in_the_terminal(
    data_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(Store(data_folder / "visionsprat.db")) as store:
        amina = store.add_account(NewAccount("amina@test.example", "Amina Testsson", None))
        begin_session(store, amina)
        assert main(["sign-out-everybody"]) == 0
        assert store.account_of_session("token") is None
    assert capsys.readouterr().out == "Ended 1 sessions. Everybody has to sign in again.\n"


# The demo's people

NOW = datetime(2026, 11, 23, 0, 30, tzinfo=timezone.utc)


def filled(path: Path, module: Module) -> list[MemberCompletion]:
    """The demo's group as its manager sees it, in a database filled just now."""
    demo.fill(path, module, NOW)
    with closing(Store(path, lambda: NOW)) as store:
        manager = store.credentials("bengt@demo.example")
        assert manager is not None
        asked = [question.id for question in module.questions]
        members = store.managed_members(manager.account_id, None, asked)
        return [member_completion(module, member) for member in members]


def test_the_demo_has_eight_people_at_different_points_of_the_walk(tmp_path: Path, module: Module) -> None:
    members = filled(tmp_path / "visionsprat.db", module)
    assert {member.groups for member in members} == {(demo.GROUP,)}
    assert [(member.name, member.complete) for member in members] == [
        ("Amina Testsson", 1),
        ("Bengt Provberg", 3),
        ("Cecilia Exempel", 5),
        ("David Påhittad", 0),
        ("Elin Modell", 5),
        ("Farid Prövare", 4),
        ("Greta Fiktiv", 0),
        ("Hugo Låtsas", 2),
    ]
    completed = [member.completed_at for member in members if member.completed_at]
    assert len(completed) == 2
    assert min(completed) < NOW - timedelta(days=7) < max(completed)


def test_the_demos_answers_lie_in_the_past_and_are_short_and_each_its_own(
    tmp_path: Path, module: Module
) -> None:
    filled(tmp_path / "visionsprat.db", module)
    answers = rows(tmp_path, "SELECT account_id, text, updated_at FROM reflections")
    assert all(10 < len(str(text)) < 200 for _, text, _ in answers)
    assert len({at for *_, at in answers}) == len(answers) == 45
    assert max(str(at) for *_, at in answers) < NOW.isoformat()
    assert len({(account_id, text) for account_id, text, _ in answers}) == len(answers)
    assert rows(tmp_path, "SELECT count(DISTINCT account_id) FROM reflections") == [(7,)]


def test_three_of_the_demos_people_can_sign_in(tmp_path: Path, module: Module) -> None:
    filled(tmp_path / "visionsprat.db", module)
    can = {person.email: person for person in demo.PEOPLE if person.password}
    assert [person.role for person in can.values()] == ["Learner", "Manager", "Administrator"]
    found = rows(tmp_path, "SELECT email, password_hash, is_admin FROM accounts")
    assert {email for email, hashed, _ in found if hashed} == set(can)
    assert [email for email, _, is_admin in found if is_admin] == ["hugo@demo.example"]
    said = demo.sign_ins(8501)
    assert "http://localhost:8501" in said
    for email, hashed, _ in found:
        if hashed:
            password = can[str(email)].password
            assert password is not None
            assert is_hash_of(password, str(hashed))
            assert str(email) in said
            assert password in said


def test_the_demo_knows_an_answer_to_every_question_of_the_deck(module: Module) -> None:
    assert set(demo._ANSWERS) == {question.id for question in module.questions}


def test_other_content_does_not_break_the_demo(tmp_path: Path, module: Module) -> None:
    """A theme less, and another whose questions have changed."""
    first, second, *_ = module.themes
    renamed = replace(second, questions=tuple(replace(q, id=f"{q.id}-ny") for q in second.questions))
    members = filled(tmp_path / "visionsprat.db", replace(module, themes=(first, renamed)))
    assert [member.complete for member in members] == [1, 2, 2, 0, 2, 2, 0, 2]


# The demo itself


@pytest.fixture
def port() -> int:
    return free_port()


def health(port: int) -> int | None:
    """The status of /healthz, or None while nobody answers."""
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/healthz", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return None


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT], ids=lambda ending: ending.name)
def test_the_demo_serves_until_it_is_stopped_and_leaves_nothing_behind(
    tmp_path: Path, port: int, ending: signal.Signals
) -> None:
    temporary, printed = tmp_path / "tmp", tmp_path / "printed"
    temporary.mkdir()
    # Its own address must not be that of an installation beside it.
    environment = {
        **os.environ,
        "TMPDIR": str(temporary),
        "VISIONSPRAT_URL": "https://visionsprat.example.se",
    }
    command = [sys.executable, "-m", "visionsprat", "demo", "--port", str(port)]
    with printed.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
    try:

        def serves() -> bool:
            assert process.poll() is None, printed.read_text(encoding="utf-8")
            return health(port) == 200

        poll(serves, "the demo to serve")
        (folder,) = temporary.glob("visionsprat-demo-*")
        assert (folder / "visionsprat.db").exists()
        process.send_signal(ending)
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.wait()
    assert list(temporary.iterdir()) == []
    assert health(port) is None
    said = printed.read_text(encoding="utf-8")
    for person in demo.PEOPLE:
        assert (person.email in said) is (person.password is not None)
    assert "Traceback" not in said


def test_a_port_in_use_is_told_in_one_sentence(tmp_path: Path, port: int) -> None:
    with socket.socket() as other:
        other.bind(("", port))
        other.listen()
        done = run("demo", "--port", str(port))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"The demo can't listen on port {port}: Address already in use. Choose another with --port N.\n"
    )


def test_content_at_fault_is_told_before_the_demo_starts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Printed
) -> None:
    monkeypatch.setenv("VISIONSPRAT_CONTENT", str(tmp_path / "nowhere"))
    assert main(["demo"]) == 1
    assert "nowhere: no such folder." in capsys.readouterr().err
