"""Invitations as people meet them: links, tables and letters, and asking for a new password."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import NoReturn

import pytest

from tests.support.clock import Clock
from tests.support.mailbox import Mailbox, mail_server
from tests.support.stored import AddAccount, begin_session
from visionsprat.accounts.invitations import (
    Invitation,
    as_letters,
    as_rows,
    ask_for_new_password,
    invite,
    send_new_password,
    tell_of_corrected_address,
    tell_of_release,
)
from visionsprat.domain.records import Whom
from visionsprat.domain.tokens import token_hash
from visionsprat.errors import InvitationVoid
from visionsprat.mail.queue import Dispatch, Errands, errands
from visionsprat.mail.smtp import Failure, Letter, Trouble
from visionsprat.store import Store
from visionsprat.store.invitations import MAX_REQUESTS

SITE = "https://visionsprat.example.se"


@pytest.fixture
def amina(add_account: AddAccount) -> int:
    add_account("bengt@test.example", "Bengt", member_of="Vård")
    return add_account(member_of="Vård/Norr", password_hash=None)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


def one(store: Store) -> Invitation:
    (made,) = invite(store, None, Whom(emails=frozenset({"amina@test.example"})), SITE)
    return made


def code(link: str) -> str:
    found = re.fullmatch(re.escape(SITE) + r"/inbjudan\?kod=([\w-]{43})", link)
    assert found
    return found[1]


def all_done(errands: Errands) -> None:
    errands._waiting.join()


def test_a_link_carries_256_bits_of_which_only_a_hash_is_kept(store: Store, amina: int) -> None:
    made = one(store)
    assert store.invited(token_hash(code(made.link))).account_id == amina
    assert code(made.link) not in repr(made)
    assert code(made.link).encode() not in store.path.read_bytes()
    with pytest.raises(InvitationVoid):
        store.invited(code(made.link))


def test_every_link_is_another(store: Store, amina: int) -> None:
    links = {each.link for _ in range(3) for each in invite(store, None, Whom(), SITE)}
    assert len(links) == 6


def test_the_rows_of_a_mail_merge(store: Store, amina: int, clock: Clock) -> None:
    made = one(store)
    assert as_rows([made]) == [
        ("Amina Testsson", "amina@test.example", "Vård/Norr", made.link, "2026-11-26 09:00")
    ]


def test_a_letter_has_the_link_on_a_line_of_its_own_and_says_how_long_it_lives(
    store: Store, amina: int
) -> None:
    made = one(store)
    (letter,) = as_letters([made])
    assert (letter.name, letter.email) == ("Amina Testsson", "amina@test.example")
    assert letter.subject == "Välkommen till Visionsprat"
    assert made.link in letter.text.splitlines()
    assert "gäller till 26 november 2026, 09:00" in letter.text


def test_a_name_with_braces_is_only_a_name(store: Store, amina: int) -> None:
    store.rename(amina, "{link} {0} %s")
    assert "Hej {link} {0} %s!" in as_letters([one(store)])[0].text


def test_whoever_has_signed_in_before_gets_a_letter_about_a_password(store: Store, amina: int) -> None:
    begin_session(store, amina)
    made = one(store)
    (letter,) = as_letters([made])
    assert letter.subject == "Nytt lösenord till Visionsprat"
    assert made.link in letter.text.splitlines() and "amina@test.example" in letter.text
    assert "låses det du har skrivit tidigare" in letter.text
    (made,) = invite(store, None, Whom(emails=frozenset({"amina@test.example"})), SITE, by_letter=True)
    assert "låses" not in as_letters([made])[0].text


def test_the_old_address_hears_of_a_new_one_and_a_person_of_a_release(
    store: Store, amina: int, mailbox: Mailbox
) -> None:
    person = store.person(amina)
    assert person
    tell_of_corrected_address(mailbox.smtp(), person, "a2@test.example")
    tell_of_release(mailbox.smtp(), person, "Bengt")
    all_done(errands)
    assert mailbox.recipients == ["amina@test.example"] * 2
    assert "från amina@test.example till a2@test.example" in mailbox.text(0)
    assert mailbox.text(1).startswith("Hej Amina Testsson!\n\nBengt har släppt")


# Forgotten passwords


def test_a_new_password_is_sent_for_and_chosen(
    store: Store, amina: int, mailbox: Mailbox, clock: Clock
) -> None:
    ask_for_new_password(store, mailbox.smtp(), SITE, "amina@test.example")
    all_done(errands)
    assert mailbox.letters[0]["Subject"] == "Nytt lösenord till Visionsprat"
    found = store.invited(token_hash(code(mailbox.link())))
    assert (found.account_id, found.expires_at) == (amina, clock.now + timedelta(hours=24))


def test_nobody_gets_a_letter_at_an_unknown_address_nor_more_than_a_few(
    store: Store, amina: int, mailbox: Mailbox
) -> None:
    for email in ["ny@test.example", *["amina@test.example"] * (MAX_REQUESTS + 2)]:
        ask_for_new_password(store, mailbox.smtp(), SITE, email)
    all_done(errands)
    assert mailbox.recipients == ["amina@test.example"] * MAX_REQUESTS


def test_asking_does_not_wait_for_the_mail_server(store: Store, amina: int, mailbox: Mailbox) -> None:
    """The same is done at once for known and unknown addresses; the rest waits for its turn."""
    smtp, jobs = mailbox.smtp(), Errands(most=2)
    jobs._thread = threading.Thread()  # never started: nobody does them
    for _ in range(3):
        jobs.add(lambda: send_new_password(store, smtp, SITE, "amina@test.example"))
    assert jobs._waiting.qsize() == 2
    assert mailbox.letters == []


def fail() -> NoReturn:
    raise ZeroDivisionError


def test_a_letter_that_fails_is_logged_without_its_address_and_the_next_is_sent(
    store: Store, amina: int, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "visionsprat")
    mailbox.refused = {"amina@test.example": "550 No such mailbox"}
    jobs = Errands()
    jobs.add(lambda: send_new_password(store, mailbox.smtp(), SITE, "amina@test.example"))
    jobs.add(fail)
    jobs.add(lambda: send_new_password(store, mailbox.smtp(), SITE, "bengt@test.example"))
    all_done(jobs)
    assert mailbox.recipients == ["bengt@test.example"]
    told = "A letter about an account was not sent: the mail server refuses the address."
    assert caplog.messages == [told, "A letter was not sent."]
    assert "amina" not in caplog.text and "kod=" not in caplog.text


# Many letters


def test_many_letters_are_sent_while_nobody_looks(mailbox: Mailbox, clock: Clock) -> None:
    mailbox.refused = {"p3@test.example": "550 No such mailbox"}
    letters = [Letter("P", f"p{number}@test.example", "Hej", "Hej") for number in range(20)]
    dispatch = Dispatch(mailbox.smtp(), letters, clock.now)
    assert dispatch.wait(30)
    assert (dispatch.done, dispatch.total, dispatch.is_finished) == (20, 20, True)
    assert dispatch.failures == (Failure("p3@test.example", Trouble.ADDRESS),)
    assert len(mailbox.letters) == 19
