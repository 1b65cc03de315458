"""Letters: what a real mail server gets, and what is said of those it does not take."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest

from tests.support.mailbox import CERTIFICATE, PASSWORD, USER, Mailbox, mail_server
from visionsprat.mail.smtp import Failure, Letter, Trouble, send


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


def letter(email: str, name: str = "Åsa, ”Ö” <b>") -> Letter:
    link = "https://visionsprat.example.se/inbjudan?kod=" + "aB3_-" * 9
    return Letter(name, email, "Välj lösenord till Visionsprat", f"Hej!\n\n{link}\n\nÅ, ä och ö.\n")


def letters(count: int) -> list[Letter]:
    return [letter(f"p{number}@test.example") for number in range(count)]


def test_a_letter_arrives_as_it_was_written(mailbox: Mailbox) -> None:
    assert send(mailbox.smtp(), [letter("asa@test.example")]) == ()
    (found,) = mailbox.letters
    assert mailbox.recipients == ["asa@test.example"]
    assert found["From"] == "Visionsprat på jobbet <visionsprat@test.example>"
    (to,) = found["To"].addresses
    assert (to.display_name, to.addr_spec) == ("Åsa, ”Ö” <b>", "asa@test.example")
    assert found["Subject"] == "Välj lösenord till Visionsprat"
    assert found.get_content_type() == "text/plain"
    assert mailbox.text() == letter("").text
    assert re.fullmatch(r"<\S+@test\.example>", found["Message-ID"])
    assert found["Date"] and found["Auto-Submitted"] == "auto-generated"


def test_many_letters_go_over_one_connection_and_each_is_told_of(mailbox: Mailbox) -> None:
    told: list[Failure | None] = []
    assert send(mailbox.smtp(), letters(30), told.append) == ()
    assert mailbox.recipients == [f"p{number}@test.example" for number in range(30)]
    assert mailbox.connections == 1
    assert told == [None] * 30


def test_a_connection_that_the_server_ends_is_opened_anew(mailbox: Mailbox) -> None:
    mailbox.most = 4
    assert send(mailbox.smtp(), letters(10)) == ()
    assert mailbox.recipients == [f"p{number}@test.example" for number in range(10)]
    assert mailbox.connections == 3


def test_an_address_that_is_refused_does_not_stop_the_others(mailbox: Mailbox) -> None:
    mailbox.refused = {
        "p1@test.example": "550 No such mailbox",
        "p2@test.example": "452 Mailbox full",
        "p3@test.example": "421 Closing",
    }
    told: list[Failure | None] = []
    failures = send(mailbox.smtp(), letters(5), told.append)
    assert failures == (
        Failure("p1@test.example", Trouble.ADDRESS),
        Failure("p2@test.example", Trouble.LATER),
        Failure("p3@test.example", Trouble.UNREACHABLE),
    )
    assert told == [None, *failures, None]
    assert mailbox.recipients == ["p0@test.example", "p4@test.example"]
    assert str(failures[0]) == "p1@test.example: the mail server refuses the address."


@pytest.mark.parametrize("email", ["åsa@test.example", "a..b@test.example", "a(b@test.example"])
def test_an_address_that_no_letter_can_carry_is_told(mailbox: Mailbox, email: str) -> None:
    assert send(mailbox.smtp(), [letter(email), letter("p@test.example")]) == (
        Failure(email, Trouble.CHARACTERS),
    )
    assert mailbox.recipients == ["p@test.example"]


def test_a_domain_of_any_letters_goes_to_a_server_that_knows_ascii_alone(mailbox: Mailbox) -> None:
    assert send(mailbox.smtp(), [letter("asa@räksmörgås.example")]) == ()
    assert mailbox.recipients == ["asa@xn--rksmrgs-5wao1o.example"]


def test_a_server_that_is_not_there_is_tried_once() -> None:
    with mail_server() as mailbox:
        smtp = mailbox.smtp()
    assert [failure.trouble for failure in send(smtp, letters(1000))] == [Trouble.UNREACHABLE] * 1000


def test_a_server_that_never_answers_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visionsprat.mail.smtp.PATIENCE", 0.2)
    with socket.create_server(("localhost", 0)) as silent:
        smtp = Mailbox().smtp(VISIONSPRAT_SMTP_PORT=str(silent.getsockname()[1]))
        assert [failure.trouble for failure in send(smtp, letters(3))] == [Trouble.UNREACHABLE] * 3


# Encryption and sign-in

STARTTLS = {"VISIONSPRAT_SMTP_SECURITY": "starttls"}
SIGNED_IN = {"VISIONSPRAT_SMTP_USER": USER, "VISIONSPRAT_SMTP_PASSWORD": PASSWORD}


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))


def test_a_trusted_server_gets_the_letter_and_the_password_encrypted(trusted: None) -> None:
    with mail_server(starttls=True, sign_in=True) as mailbox:
        assert send(mailbox.smtp(**STARTTLS, **SIGNED_IN), letters(2)) == ()
        assert len(mailbox.letters) == 2


def test_a_certificate_that_nobody_trusts_ends_it() -> None:
    with mail_server(starttls=True) as mailbox:
        (failure,) = send(mailbox.smtp(**STARTTLS), letters(1))
        assert failure.trouble is Trouble.ENCRYPTION


def test_nothing_is_sent_in_the_clear_where_encryption_was_asked_for(mailbox: Mailbox) -> None:
    failures = send(mailbox.smtp(**STARTTLS, **SIGNED_IN), letters(2))
    assert [failure.trouble for failure in failures] == [Trouble.ENCRYPTION] * 2
    assert mailbox.letters == []


def test_a_server_that_speaks_no_tls_ends_it(mailbox: Mailbox) -> None:
    (failure,) = send(mailbox.smtp(VISIONSPRAT_SMTP_SECURITY="tls"), letters(1))
    assert failure.trouble is Trouble.ENCRYPTION


@pytest.mark.parametrize("password", ["fel", ""])
def test_a_wrong_password_is_told_and_a_missing_one(trusted: None, password: str) -> None:
    given = {**SIGNED_IN, "VISIONSPRAT_SMTP_PASSWORD": password} if password else {}
    with mail_server(starttls=True, sign_in=True) as mailbox:
        (failure,) = send(mailbox.smtp(**STARTTLS, **given), letters(1))
        assert failure.trouble is (Trouble.CREDENTIALS if password else Trouble.REFUSED)
        assert mailbox.letters == []


def test_a_letter_shows_neither_its_link_nor_the_server_its_password_in_an_error(mailbox: Mailbox) -> None:
    assert "inbjudan" not in repr(letter("p@test.example"))
    assert PASSWORD not in repr(mailbox.smtp(**SIGNED_IN))
