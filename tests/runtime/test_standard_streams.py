"""A command reads and writes UTF-8, whatever the locale says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from visionsprat.accounts.authentication import sign_in
from visionsprat.domain.records import Browser
from visionsprat.runtime.standard_streams import have_a_home
from visionsprat.settings import ROOT
from visionsprat.store import Store

pytestmark = pytest.mark.skipif(os.name != "posix", reason="elsewhere arguments are not bytes")

PASSWORD = "blåbärssoppa på överljusa ängar"
#: Python would make the plain locale a UTF-8 one by itself.
PLAIN = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


@pytest.fixture(params=["plain", "latin-1", "streams"])
def locale(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """What the environment says of a locale that is not UTF-8."""
    if request.param == "plain":
        return PLAIN
    if request.param == "streams":
        return {"PYTHONIOENCODING": "latin-1"}
    made = tmp_path / "locales" / "sv_SE"
    made.parent.mkdir()
    if shutil.which("localedef") is None:
        pytest.skip("no locale can be made here")
    subprocess.run(["localedef", "-i", "sv_SE", "-f", "ISO-8859-1", str(made)], capture_output=True)
    if not made.is_dir():
        pytest.skip("no Swedish locale can be made here")
    return {"LOCPATH": str(made.parent), "LC_ALL": "sv_SE"}


def run(locale: dict[str, str], *arguments: str, typed: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))
    }
    command = [os.fsencode(each) for each in (sys.executable, "-m", "visionsprat")]
    return subprocess.run(
        [*command, *(each.encode() for each in arguments)],
        cwd=ROOT,
        env=kept | locale,
        input=typed,
        capture_output=True,
        timeout=60,
    )


def test_an_account_has_the_password_the_name_and_the_group_that_were_given(
    locale: dict[str, str], data_folder: Path
) -> None:
    done = run(
        locale,
        *("add-account", "asa@test.example", "--name", "Åsa Öberg", "--group", "Vård/Hemtjänst"),
        typed=f"{PASSWORD}\n".encode(),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"Added asa@test.example.\n", b"")
    with closing(Store(data_folder / "visionsprat.db")) as store:
        assert list(store.group_paths().values()) == ["Vård", "Vård/Hemtjänst"]
        (person,) = store.find_people("asa").people
        assert person.name == "Åsa Öberg"
        assert sign_in(store, "asa@test.example", PASSWORD, Browser("mark", client="test"))
    told = run(locale, "export")
    assert "Åsa Öberg" in told.stdout.decode("utf-8-sig")


def test_an_account_without_a_home_gets_one_for_streamlit(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(number: int) -> None:
        raise KeyError(number)

    monkeypatch.setattr("pwd.getpwuid", nobody)
    monkeypatch.delenv("HOME", raising=False)
    with pytest.raises(RuntimeError):
        Path.home()
    have_a_home()
    assert Path.home() == Path("/")


def test_what_is_not_utf8_is_refused_by_name(locale: dict[str, str], data_folder: Path) -> None:
    done = run(locale, "add-account", "asa@test.example", "--name", "Asa", typed=PASSWORD.encode("latin-1"))
    said = b"The password on standard input is not UTF-8.\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", said)


def test_a_file_with_a_name_in_another_language_is_found_and_named(
    locale: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "förteckning.csv"
    path.write_text("e-post;namn;grupp;fält\nasa@test.example;Åsa;Vård;å\n", encoding="utf-8")
    done = run(locale, "import-staff", str(path), "--yes")
    assert (done.returncode, done.stderr) == (0, b"")
    assert "Columns not used: fält.\n" in done.stdout.decode()
    missing = run(locale, "import-staff", str(tmp_path / "borttågen.csv"), "--yes")
    assert (
        missing.stderr.decode() == f"{tmp_path / 'borttågen.csv'} can't be read: No such file or directory.\n"
    )
