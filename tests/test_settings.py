"""The settings come from the environment; a wrong one is told by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from visionsprat.errors import VisionspratError
from visionsprat.settings import ROOT, SettingError, Settings, load_settings


def test_every_setting_has_a_default() -> None:
    assert load_settings({}) == Settings(data=ROOT / "data", content=ROOT / "content", url=None)


def test_other_programs_variables_are_none_of_ours() -> None:
    assert load_settings({"PATH": "", "STREAMLIT_SERVER_PORT": "1", "visionsprat": "x"}) == load_settings({})


def test_the_folders_are_absolute_whatever_was_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    found = load_settings({"VISIONSPRAT_DATA": "här/data", "VISIONSPRAT_CONTENT": "~/content"})
    assert found.data == tmp_path.resolve() / "här" / "data"
    assert found.content == tmp_path.resolve() / "home" / "content"


def test_the_environment_is_read_when_nothing_else_is_given(data_folder: Path) -> None:
    assert load_settings().data == data_folder.resolve()


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://visionsprat.example.se", "https://visionsprat.example.se"),
        ("https://visionsprat.example.se/", "https://visionsprat.example.se"),
        ("http://localhost:8501", "http://localhost:8501"),
        ("http://192.0.2.2:80/", "http://192.0.2.2:80"),
        ("http://[::1]:8501", "http://[::1]:8501"),
        ("HTTPS://visionsprat.example.se", "https://visionsprat.example.se"),
        # Browsers send the origin of a request in lower case.
        ("https://Visionsprat.Example.se", "https://visionsprat.example.se"),
    ],
)
def test_an_address_is_kept_without_its_last_slash(given: str, url: str) -> None:
    assert load_settings({"VISIONSPRAT_URL": given}).url == url


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        " ",
        "visionsprat.example.se",
        "localhost:8501",
        "//visionsprat.example.se",
        "ftp://visionsprat.example.se",
        "https://",
        "https://:8501",
        "https://visionsprat.example.se/vision",
        "https://visionsprat.example.se?a=b",
        "https://visionsprat.example.se#a",
        "https://me@visionsprat.example.se",
        "https://visionsprat.example.se:http",
        "https://visionsprat.example.se:99999",
        "https://[::1",
        "javascript:alert(1)",
    ],
)
def test_a_wrong_address_is_told_by_the_settings_name(wrong: str) -> None:
    with pytest.raises(SettingError) as caught:
        load_settings({"VISIONSPRAT_URL": wrong})
    assert caught.value.name == "VISIONSPRAT_URL"
    assert str(caught.value).startswith(f"VISIONSPRAT_URL is {wrong!r}. Give an address such as https://")


@pytest.mark.parametrize("name", ["VISIONSPRAT_DATA", "VISIONSPRAT_CONTENT"])
@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_folder_is_told_by_the_settings_name(name: str, empty: str) -> None:
    with pytest.raises(SettingError) as caught:
        load_settings({name: empty})
    assert str(caught.value) == f"{name} is empty. Give the path of a folder, or unset it."


def test_the_proxys_header_is_named() -> None:
    assert load_settings({}).client_header is None
    assert load_settings({"VISIONSPRAT_CLIENT_HEADER": "X-Real-IP"}).client_header == "X-Real-IP"


@pytest.mark.parametrize("wrong", ["", " ", "X-Forwarded-For:", "X Real IP", "å", "a\nb"])
def test_a_header_of_no_name_is_told_by_the_settings_name(wrong: str) -> None:
    with pytest.raises(SettingError) as caught:
        load_settings({"VISIONSPRAT_CLIENT_HEADER": wrong})
    assert str(caught.value).startswith(f"VISIONSPRAT_CLIENT_HEADER is {wrong!r}. Give the name of a header")


@pytest.mark.parametrize("name", ["VISIONSPRAT_DATE", "VISIONSPRAT_", "VISIONSPRAT_data"])
def test_an_unknown_setting_is_told_with_those_that_there_are(name: str) -> None:
    with pytest.raises(SettingError) as caught:
        load_settings({name: "x"})
    assert caught.value.name == name
    assert str(caught.value) == (
        f"{name} is not a setting. Known settings: VISIONSPRAT_CLIENT_HEADER, VISIONSPRAT_CONTENT, "
        "VISIONSPRAT_DATA, VISIONSPRAT_URL."
    )


def test_a_setting_error_is_one_of_visionsprats_own() -> None:
    assert issubclass(SettingError, VisionspratError)
