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
        # ... and hosts in Punycode, however å, ä and ö are written.
        ("https://vårdköp.example.se", "https://xn--vrdkp-mra6j.example.se"),
        ("https://VÅRDKÖP.example.se:8443/", "https://xn--vrdkp-mra6j.example.se:8443"),
        ("https://va\u030ardko\u0308p.example.se", "https://xn--vrdkp-mra6j.example.se"),
        ("https://xn--vrdkp-mra6j.example.se", "https://xn--vrdkp-mra6j.example.se"),
        ("https://straße.example", "https://xn--strae-oqa.example"),
        ("http://[2001:DB8:0::1]:8501", "http://[2001:db8::1]:8501"),
        ("http://my_machine:8501", "http://my_machine:8501"),
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
        "https://visions prat.example.se",
        "https://visionsprat%2eexample.se",
        "https://-å.example.se",
        "https://å\u200b☃️.example.se",
        "https://å..example.se",
        f"https://{'å' * 64}.example.se",
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
        "VISIONSPRAT_DATA, VISIONSPRAT_LOG_LEVEL, VISIONSPRAT_MAIL_FROM, VISIONSPRAT_METRICS_TOKEN, "
        "VISIONSPRAT_SMTP_HOST, VISIONSPRAT_SMTP_PASSWORD, "
        "VISIONSPRAT_SMTP_PORT, VISIONSPRAT_SMTP_SECURITY, VISIONSPRAT_SMTP_USER, VISIONSPRAT_URL."
    )


def test_a_setting_error_is_one_of_visionsprats_own() -> None:
    assert issubclass(SettingError, VisionspratError)


def test_links_begin_with_the_public_address_or_one_on_this_machine() -> None:
    assert load_settings({"VISIONSPRAT_URL": "https://v.example.se"}).public_url(80) == "https://v.example.se"
    assert load_settings({}).public_url(8502) == "http://localhost:8502"


def test_the_log_tells_as_much_as_is_asked_for() -> None:
    assert load_settings({}).log_level == "info"
    assert load_settings({"VISIONSPRAT_LOG_LEVEL": "DEBUG"}).log_level == "debug"


@pytest.mark.parametrize("wrong", ["", " ", "trace", "10", "info "])
def test_a_level_that_there_is_not_is_told_with_those_that_there_are(wrong: str) -> None:
    with pytest.raises(SettingError) as caught:
        load_settings({"VISIONSPRAT_LOG_LEVEL": wrong})
    assert str(caught.value) == (
        f"VISIONSPRAT_LOG_LEVEL is {wrong!r}. Give one of debug, info, warning, error."
    )


def test_the_figures_have_a_token_that_shows_nowhere() -> None:
    assert load_settings({}).metrics_token is None
    settings = load_settings({"VISIONSPRAT_METRICS_TOKEN": "a-secret-of-16-or-more"})
    assert settings.metrics_token == "a-secret-of-16-or-more"
    assert "a-secret" not in repr(settings)


@pytest.mark.parametrize(
    "wrong", ["", " ", "fifteen-letters", "sixteen letters-", "sixteen-letters\n", "å" * 16]
)
def test_a_token_easy_to_guess_or_hard_to_send_is_refused_without_showing_it(wrong: str) -> None:
    with pytest.raises(SettingError) as caught:
        load_settings({"VISIONSPRAT_METRICS_TOKEN": wrong})
    assert str(caught.value) == (
        "VISIONSPRAT_METRICS_TOKEN is too short, or not plain. Give 16 ASCII characters or more, no spaces."
    )


# Mail

MAIL = {"VISIONSPRAT_SMTP_HOST": "mail.example.se", "VISIONSPRAT_MAIL_FROM": "v@example.se"}
USER = {"VISIONSPRAT_SMTP_USER": "v", "VISIONSPRAT_SMTP_PASSWORD": "very secret"}
WRONG = {
    "VISIONSPRAT_SMTP_HOST": ["", " ", "smtp://mail.example.se", "v@example.se", "å.se", "a b"],
    "VISIONSPRAT_SMTP_PORT": ["", "0", "65536", "smtp", "-1", "25.0", "²"],
    "VISIONSPRAT_SMTP_SECURITY": ["", "ssl", "STARTTLS"],
    "VISIONSPRAT_SMTP_USER": ["", "å", "a\nb"],
    "VISIONSPRAT_SMTP_PASSWORD": ["", "å"],
    "VISIONSPRAT_MAIL_FROM": ["", "v", "v@", "@example.se", "v@localhost", "a\nb@example.se"],
}


def test_without_a_mail_server_there_is_none() -> None:
    assert load_settings({}).smtp is None


@pytest.mark.parametrize(
    ("given", "security", "port"),
    [
        ({}, "starttls", 587),
        ({"VISIONSPRAT_SMTP_SECURITY": "tls"}, "tls", 465),
        ({"VISIONSPRAT_SMTP_SECURITY": "none"}, "none", 25),
        ({"VISIONSPRAT_SMTP_SECURITY": "none", "VISIONSPRAT_SMTP_PORT": "2525"}, "none", 2525),
    ],
)
def test_a_mail_server_is_spoken_to_encrypted_unless_told_otherwise(
    given: dict[str, str], security: str, port: int
) -> None:
    smtp = load_settings({**MAIL, **given}).smtp
    assert smtp is not None
    assert (smtp.host, smtp.security, smtp.port) == ("mail.example.se", security, port)
    assert (smtp.user, smtp.password) == (None, None)


def test_letters_come_from_somebody_with_or_without_a_name() -> None:
    smtp = load_settings({**MAIL, "VISIONSPRAT_MAIL_FROM": "Visionsprat på jobbet <v@example.se>"}).smtp
    assert smtp is not None
    assert (smtp.sender.display_name, smtp.sender.addr_spec) == ("Visionsprat på jobbet", "v@example.se")


def test_the_password_shows_nowhere() -> None:
    settings = load_settings({**MAIL, **USER})
    assert settings.smtp is not None and settings.smtp.password == "very secret"
    assert "very secret" not in repr(settings)
    with pytest.raises(SettingError) as caught:
        load_settings({**MAIL, **USER, "VISIONSPRAT_SMTP_PASSWORD": "very secret å"})
    assert "very secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"VISIONSPRAT_SMTP_PORT": "25"}, "VISIONSPRAT_SMTP_HOST"),
        ({"VISIONSPRAT_MAIL_FROM": "v@example.se"}, "VISIONSPRAT_SMTP_HOST"),
        (USER, "VISIONSPRAT_SMTP_HOST"),
        ({"VISIONSPRAT_SMTP_HOST": "mail.example.se"}, "VISIONSPRAT_MAIL_FROM"),
        ({**MAIL, "VISIONSPRAT_SMTP_USER": "v"}, "VISIONSPRAT_SMTP_PASSWORD"),
        ({**MAIL, "VISIONSPRAT_SMTP_PASSWORD": "v"}, "VISIONSPRAT_SMTP_USER"),
        *(({**MAIL, **USER, name: wrong}, name) for name, wrongs in WRONG.items() for wrong in wrongs),
    ],
)
def test_a_mail_server_half_given_or_wrong_is_told_by_the_settings_name(
    given: dict[str, str], name: str
) -> None:
    with pytest.raises(SettingError) as caught:
        load_settings(given)
    assert caught.value.name == name
    assert str(caught.value).startswith(f"{name} is ")
