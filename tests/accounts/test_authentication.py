"""Sign-in, passwords and tickets."""

from __future__ import annotations

import sqlite3
import threading
import time
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import bcrypt
import pytest

from tests.support.server import poll
from tests.support.stored import begin_session, is_hash_of, known_as, sql
from visionsprat.accounts import authentication
from visionsprat.accounts.authentication import (
    SignInRefused,
    check,
    hash_password,
    issue_ticket,
    redeem,
    sign_in,
)
from visionsprat.accounts.passwords import PREHASHED, prehashed
from visionsprat.domain.fields import Fault, FieldRefused
from visionsprat.domain.records import Browser, Replaced, Whom
from visionsprat.domain.tokens import token_hash
from visionsprat.errors import SignedOut, TooManyFailures, VisionspratError
from visionsprat.runtime.turns import TooBusy, Turns
from visionsprat.store import Store
from visionsprat.store.attempts import FAILURES_BEFORE_WAIT

if TYPE_CHECKING:
    from tests.support.clock import Clock
    from tests.support.stored import AddAccount

EMAIL, PASSWORD, BROWSER = "amina@test.example", "gul cykel i regnet", "this browser"
#: A hash of PASSWORD at bcrypt's lowest cost: what is tested here is not bcrypt. Its salt is fixed, as tests
#: that run side by side must have the same names.
HASH = bcrypt.hashpw(PASSWORD.encode(), b"$2b$04$" + b"." * 22).decode()


@pytest.fixture
def amina(add_account: AddAccount) -> int:
    return add_account(EMAIL, password_hash=HASH)


# Passwords


@pytest.mark.parametrize("password", [PASSWORD, f"  {PASSWORD}\n", "gul 🚲 i regn 🌧", "gul cykel\0i regnet"])
def test_a_good_password_is_hashed_as_it_was_typed(password: str) -> None:
    assert is_hash_of(password, hash_password(password))


@pytest.fixture
def real_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap: Any = bcrypt.gensalt
    monkeypatch.setattr(bcrypt, "gensalt", cheap.func)


def test_a_hash_costs_a_guesser_much(real_hashes: None) -> None:
    assert hash_password(PASSWORD).startswith(f"{PREHASHED}$2b$12$")


def test_a_refusal_is_a_sentence_and_one_of_visionsprats_own() -> None:
    assert issubclass(FieldRefused, VisionspratError)
    assert str(FieldRefused(Fault.PASSWORD_SHORT)) == "The password is shorter than 12 characters."
    assert str(FieldRefused(Fault.NAME)) == "The name is empty or longer than 100 characters."


# Signing in


def counted(store: Store) -> list[str]:
    """The addresses of the failures that are remembered."""
    with closing(sqlite3.connect(store.path)) as db:
        return [email for (email,) in db.execute("SELECT email FROM sign_in_failures")]


def signed_in_as(store: Store, ticket: str, browser: str = BROWSER) -> int | None:
    """Whose session the ticket brings, fetched with this browser."""
    admitted = redeem(store, ticket, browser)
    account = store.account_of_session(token_hash(admitted.token if admitted else ""))
    return account.id if account else None


@pytest.mark.parametrize("email", [EMAIL, " Amina@TEST.example "])
@pytest.mark.parametrize("password", [PASSWORD, f" {PASSWORD}\n"])
def test_the_right_password_brings_a_ticket_to_a_session(
    store: Store, amina: int, email: str, password: str
) -> None:
    assert signed_in_as(store, sign_in(store, email, password, Browser(BROWSER))) == amina


@pytest.mark.parametrize(
    "email",
    [
        "åsa@räksmörgås.example",
        unicodedata.normalize("NFD", "Åsa@räksmörgås.example"),
        "åsa@xn--rksmrgs-5wao1o.example",
        "a\u030asa@XN--RKSMRGS-5WAO1O.example\u200b",
    ],
    ids=["as it is stored", "in parts", "as a password manager keeps it", "both, and something unseen"],
)
def test_an_address_signs_in_in_every_way_of_writing(
    store: Store, add_account: AddAccount, email: str
) -> None:
    asa = add_account("åsa@räksmörgås.example", password_hash=HASH)
    assert signed_in_as(store, sign_in(store, email, PASSWORD, Browser(BROWSER))) == asa


def test_two_accounts_of_one_address_from_before_are_both_signed_in_to(
    store: Store, add_account: AddAccount
) -> None:
    in_parts = unicodedata.normalize("NFD", "pär@test.example")
    both = {each: add_account(each, password_hash=HASH) for each in ("pär@test.example", in_parts)}
    for email, account_id in both.items():
        assert signed_in_as(store, sign_in(store, email, PASSWORD, Browser(BROWSER))) == account_id


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (EMAIL, "gul cykel i solsken"),
        (EMAIL, PASSWORD.upper()),
        (EMAIL, ""),
        (EMAIL, "   "),
        (EMAIL, "å" * 100),
        (EMAIL, PASSWORD + "\0"),
        (EMAIL, HASH),
        ("nobody@test.example", PASSWORD),
        ("nobody@test.example", ""),
        ("nobody@test.example", "å" * 100),
        ("", PASSWORD),
        ("amina", PASSWORD),
        ("amina@test.example\0", PASSWORD),
        ("%", PASSWORD),
    ],
)
def test_a_wrong_password_and_an_unknown_address_are_refused_alike(
    store: Store, amina: int, email: str, password: str
) -> None:
    with pytest.raises(SignInRefused) as caught:
        sign_in(store, email, password, Browser(BROWSER))
    assert str(caught.value) == "Wrong e-mail address or password."
    assert counted(store) == [email.strip().lower()]


def test_an_account_without_a_password_or_deactivated_is_refused_alike(
    store: Store, add_account: AddAccount
) -> None:
    add_account("invited@test.example", password_hash=None)
    add_account("left@test.example", password_hash=HASH)
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("UPDATE accounts SET is_active = 0 WHERE email = 'left@test.example'")
    for email in ("invited@test.example", "left@test.example"):
        with pytest.raises(SignInRefused, match=r"^Wrong e-mail address or password\.$"):
            sign_in(store, email, PASSWORD, Browser(BROWSER))


@pytest.fixture
def kinds(store: Store, add_account: AddAccount, real_hashes: None) -> dict[str, tuple[str, str]]:
    """Every kind of sign-in that is refused, against passwords at the cost that all have."""
    hashed = hash_password(PASSWORD)
    add_account("known@test.example", password_hash=hashed)
    add_account("left@test.example", password_hash=hashed)
    add_account("invited@test.example", password_hash=None)
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("UPDATE accounts SET is_active = 0 WHERE email = 'left@test.example'")
    wrong = "gul cykel i solsken"
    return {
        "a wrong password": ("known@test.example", wrong),
        "an unknown address": ("nobody@test.example", wrong),
        "deactivated": ("left@test.example", PASSWORD),
        "without a password": ("invited@test.example", wrong),
        "an empty password": ("known@test.example", "  "),
        "an empty password of nobody's": ("nobody@test.example", "  "),
        "too long a password": ("known@test.example", "å" * 100),
        "too long a password of nobody's": ("nobody@test.example", "å" * 100),
        "no address at all": ("", wrong),
    }


def refuse(store: Store, email: str, password: str) -> None:
    with pytest.raises(SignInRefused):
        sign_in(store, email, password, Browser(BROWSER))


def test_each_refusal_costs_one_bcrypt_of_the_same_cost(
    store: Store, kinds: dict[str, tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    costs: list[bytes] = []
    real = bcrypt.checkpw

    def counted(password: bytes, hashed: bytes) -> bool:
        costs.append(hashed[:7])
        return real(password, hashed)

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    for kind, tried in kinds.items():
        costs.clear()
        refuse(store, *tried)
        assert costs == [b"$2b$12$"], kind


def test_no_refusal_can_be_told_from_another_by_its_time(
    store: Store, clock: Clock, kinds: dict[str, tuple[str, str]]
) -> None:
    """In time of the processor, which a busy machine disturbs less than that on the wall."""
    took: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(2):
        for kind, tried in kinds.items():
            begun = time.thread_time()
            refuse(store, *tried)
            took[kind].append(time.thread_time() - begun)
            clock.now += timedelta(hours=1)
    fastest = {kind: min(times) for kind, times in took.items()}
    assert max(fastest.values()) < 1.15 * min(fastest.values()), fastest


@pytest.mark.parametrize("email", [EMAIL, "nobody@test.example"])
def test_after_five_failures_even_the_right_password_waits_and_is_not_looked_at(
    store: Store, amina: int, clock: Clock, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(FAILURES_BEFORE_WAIT):
        refuse(store, email, "gul cykel i solsken")
    with monkeypatch.context() as meanwhile:
        meanwhile.delattr(bcrypt, "checkpw")
        with pytest.raises(TooManyFailures) as refused:
            sign_in(store, f" {email.upper()}", PASSWORD, Browser(BROWSER))
    assert refused.value.until == clock.now + timedelta(seconds=30)
    clock.now = refused.value.until
    if email == EMAIL:
        assert sign_in(store, email, PASSWORD, Browser(BROWSER))
    else:
        refuse(store, email, PASSWORD)


def test_signing_in_forgets_earlier_failures(store: Store, amina: int) -> None:
    refuse(store, EMAIL, "gul cykel i solsken")
    sign_in(store, EMAIL, PASSWORD, Browser(BROWSER))
    assert counted(store) == []


def test_a_browser_that_has_signed_in_is_not_stopped_by_strangers(store: Store, amina: int) -> None:
    first = redeem(store, sign_in(store, EMAIL, PASSWORD, Browser(BROWSER)), BROWSER)
    assert first is not None
    for _ in range(FAILURES_BEFORE_WAIT):
        refuse(store, EMAIL, "gul cykel i solsken")
    with pytest.raises(TooManyFailures):
        sign_in(store, EMAIL, PASSWORD, Browser(BROWSER))
    ticket = sign_in(store, EMAIL, PASSWORD, Browser(BROWSER, device=first.device))
    second = redeem(store, ticket, BROWSER, Replaced(first.device))
    assert second is not None
    with pytest.raises(TooManyFailures):
        sign_in(store, EMAIL, PASSWORD, Browser(BROWSER, device=first.device))
    assert sign_in(store, EMAIL, PASSWORD, Browser(BROWSER, device=second.device))


def test_addresses_of_any_length_are_counted(store: Store) -> None:
    for number in range(FAILURES_BEFORE_WAIT):
        refuse(store, "x" * 100_000 + str(number), "")
    with pytest.raises(TooManyFailures):
        sign_in(store, "x" * 100_000, "", Browser(BROWSER))
    assert {len(email) for email in counted(store)} == {254}


@pytest.mark.parametrize(("keep", "life"), [(False, None), (True, timedelta(days=30))])
def test_a_session_is_kept_when_asked_for(
    store: Store, amina: int, keep: bool, life: timedelta | None
) -> None:
    admitted = redeem(store, sign_in(store, EMAIL, PASSWORD, Browser(BROWSER), keep=keep), BROWSER)
    assert admitted is not None and admitted.life == life


def test_a_sign_in_is_forgotten_by_the_next_one(store: Store, amina: int) -> None:
    """The authenticator keeps notes of who signed in; they must not let anybody else in."""
    sign_in(store, EMAIL, PASSWORD, Browser(BROWSER))
    with pytest.raises(SignInRefused):
        sign_in(store, EMAIL, "gul cykel i solsken", Browser(BROWSER))


def test_the_own_password_is_asked_before_it_is_changed(store: Store, amina: int) -> None:
    assert check(store, EMAIL, PASSWORD).account_id == amina
    for email, password in ((EMAIL, "gul cykel i solsken"), ("nobody@test.example", PASSWORD)):
        with pytest.raises(SignInRefused):
            check(store, email, password)


def test_the_own_password_can_not_be_guessed_at_an_unlocked_computer(store: Store, amina: int) -> None:
    for number in range(5):
        with pytest.raises(SignInRefused):
            check(store, EMAIL, f"gul cykel i solsken {number}")
    with pytest.raises(TooManyFailures):
        check(store, EMAIL, PASSWORD)


# Hashes of today's form and of earlier ones


def hash_of(store: Store, email: str = EMAIL) -> str:
    found = store.credentials(email)
    assert found is not None
    return found.password_hash


def test_an_older_hash_is_renewed_at_the_next_sign_in(store: Store, amina: int) -> None:
    refuse(store, EMAIL, "gul cykel i solsken")
    assert hash_of(store) == HASH
    assert signed_in_as(store, sign_in(store, EMAIL, PASSWORD, Browser(BROWSER))) == amina
    renewed = hash_of(store)
    assert is_hash_of(PASSWORD, renewed)
    assert signed_in_as(store, sign_in(store, EMAIL, PASSWORD, Browser(BROWSER))) == amina
    assert hash_of(store) == renewed


def test_renewing_a_hash_ends_no_session(store: Store, amina: int) -> None:
    begin_session(store, amina)
    sign_in(store, EMAIL, PASSWORD, Browser(BROWSER))
    assert store.account_of_session("token") is not None


def test_whoever_types_blanks_about_an_older_password_gets_in_with_and_without(
    store: Store, amina: int
) -> None:
    assert signed_in_as(store, sign_in(store, EMAIL, f" {PASSWORD}\n", Browser(BROWSER))) == amina
    assert hash_of(store) == HASH
    assert signed_in_as(store, sign_in(store, EMAIL, PASSWORD, Browser(BROWSER))) == amina


def test_two_first_sign_ins_at_once_both_succeed(store: Store, amina: int) -> None:
    with ThreadPoolExecutor(2) as pool:
        tickets = list(pool.map(lambda _: sign_in(store, EMAIL, PASSWORD, Browser(BROWSER)), range(2)))
    assert [signed_in_as(store, ticket) for ticket in tickets] == [amina, amina]


@pytest.mark.parametrize(
    ("chosen", "typed", "is_right"),
    [
        ("Ärligt talat öppet", unicodedata.normalize("NFD", "Ärligt talat öppet"), True),
        (f"{PASSWORD} ", f"{PASSWORD} ", True),
        (f"{PASSWORD} ", PASSWORD, False),
        (PASSWORD, f"{PASSWORD} ", False),
        (PASSWORD, PASSWORD.title(), False),
        ("å" * 90 + PASSWORD + "a", "å" * 90 + PASSWORD + "b", False),
        ("gul cykel\0i regnet", "gul cykel\0i solsken", False),
        ("gul cykel\0i regnet", "gul cykel", False),
    ],
)
def test_a_password_is_compared_whole_and_unstripped(
    store: Store, add_account: AddAccount, chosen: str, typed: str, is_right: bool
) -> None:
    add_account(EMAIL, password_hash=hash_password(chosen))
    if is_right:
        assert sign_in(store, EMAIL, typed, Browser(BROWSER))
    else:
        refuse(store, EMAIL, typed)


def test_a_hash_of_today_is_not_taken_for_an_older_one(store: Store, add_account: AddAccount) -> None:
    """What bcrypt was given opens nothing by itself."""
    add_account(EMAIL, password_hash=hash_password(PASSWORD))
    refuse(store, EMAIL, prehashed(PASSWORD))


# Costly work


def test_no_more_passwords_are_checked_at_once_than_there_are_turns(
    store: Store, amina: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns, at_once, most, lock = Turns(2), 0, 0, threading.Lock()
    monkeypatch.setattr(authentication, "_turns", turns)
    real = bcrypt.checkpw

    def watched(password: bytes, hashed: bytes) -> bool:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        try:
            return real(password, hashed)
        finally:
            with lock:
                at_once -= 1

    monkeypatch.setattr(bcrypt, "checkpw", watched)
    with ThreadPoolExecutor(12) as pool:
        assert (
            len(set(pool.map(lambda _: sign_in(store, EMAIL, PASSWORD, Browser(BROWSER)), range(24)))) == 24
        )
    assert 1 <= most <= 2


def test_a_sign_in_that_gets_no_turn_is_told_and_not_counted(
    store: Store, amina: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = Turns(1, patience=0)
    monkeypatch.setattr(authentication, "_turns", turns)
    with turns.one():
        with pytest.raises(TooBusy):
            sign_in(store, EMAIL, PASSWORD, Browser(BROWSER))
        with pytest.raises(TooBusy):
            hash_password(PASSWORD)
    assert counted(store) == []
    assert sign_in(store, EMAIL, PASSWORD, Browser(BROWSER))


# A right that ends while it is being used


@pytest.mark.parametrize("end", ["a new password", "an invitation", "deactivated", "erased"])
def test_whoever_has_shown_a_password_that_is_changed_meanwhile_gets_no_ticket(
    store: Store, amina: int, add_account: AddAccount, end: str
) -> None:
    found = check(store, EMAIL, PASSWORD)
    add_account("chief@test.example", is_admin=True)
    ENDS[end](store, amina)
    with pytest.raises(SignInRefused):
        issue_ticket(store, amina, BROWSER, checked=found.password_hash)
    assert sql(store, "SELECT * FROM sessions") == []


@pytest.mark.parametrize("end", ["a new password", "an invitation", "deactivated", "erased", "everywhere"])
def test_a_ticket_that_waits_ends_with_the_right_to_it(
    store: Store, amina: int, add_account: AddAccount, end: str
) -> None:
    ticket = sign_in(store, EMAIL, PASSWORD, Browser(BROWSER))
    add_account("chief@test.example", is_admin=True)
    ENDS[end](store, amina)
    if end == "deactivated":
        store.set_active(None, amina, True)
    assert redeem(store, ticket, BROWSER) is None


def use_invitation(store: Store, account_id: int) -> None:
    known_as(store, "link", store.invite(None, Whom(emails=frozenset({EMAIL}))))
    store.use_invitation("link", "another hash")


ENDS: dict[str, Callable[[Store, int], object]] = {
    "a new password": lambda store, id: store.set_password(id, "another hash"),
    "an invitation": use_invitation,
    "deactivated": lambda store, id: store.set_active(None, id, False),
    "erased": lambda store, id: store.erase_account(id),
    "everywhere": lambda store, id: store.end_sessions(id),
}


def test_whoever_keeps_signing_in_with_the_old_password_is_out_after_its_change(
    store: Store, amina: int
) -> None:
    stop, admitted = threading.Event(), []

    def keep_signing_in(number: int) -> None:
        while not stop.is_set():
            with suppress(SignInRefused, TooManyFailures):
                ticket = sign_in(store, EMAIL, PASSWORD, Browser(f"browser {number}"))
                if found := redeem(store, ticket, f"browser {number}"):
                    admitted.append(found.token)

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(keep_signing_in, number) for number in range(3)]
        try:
            poll(lambda: len(admitted) > 5, "sign-ins with the old password")
            assert store.set_password(amina, hash_password("en helt annan mening"))
        finally:
            stop.set()
        for each in running:
            each.result()
    assert sql(store, "SELECT * FROM sessions") == []
    assert [token for token in admitted if store.account_of_session(token_hash(token))] == []


def test_of_two_changes_with_the_same_old_password_one_is_done(store: Store, amina: int) -> None:
    checked = check(store, EMAIL, PASSWORD).password_hash
    assert store.set_password(amina, "mine", checked)
    assert not store.set_password(amina, "the thief's", checked)
    assert hash_of(store) == "mine"


def test_nothing_is_erased_with_a_password_that_has_changed_meanwhile(store: Store, amina: int) -> None:
    checked = check(store, EMAIL, PASSWORD).password_hash
    store.set_password(amina, "another hash")
    for erase in (store.erase_reflections, store.erase_account):
        with pytest.raises(SignedOut):
            erase(amina, checked)
    assert hash_of(store) == "another hash"


# Tickets


def test_a_ticket_is_good_once(store: Store, amina: int) -> None:
    ticket = issue_ticket(store, amina, BROWSER)
    assert signed_in_as(store, ticket) == amina
    assert signed_in_as(store, ticket) is None


def test_a_ticket_is_good_in_its_own_browser_only(store: Store, amina: int) -> None:
    ticket = issue_ticket(store, amina, BROWSER)
    assert signed_in_as(store, ticket, "another browser") is None
    assert signed_in_as(store, ticket, "") is None
    assert signed_in_as(store, ticket) == amina


def test_a_ticket_is_good_for_a_minute(store: Store, amina: int, clock: Clock) -> None:
    ticket = issue_ticket(store, amina, BROWSER)
    clock.now += timedelta(seconds=60)
    assert signed_in_as(store, ticket) is None


def test_a_ticket_is_no_session(store: Store, amina: int) -> None:
    ticket = issue_ticket(store, amina, BROWSER)
    for cookie in (ticket, f"ticket {BROWSER} {ticket}", f" {BROWSER} {ticket}"):
        for hashed in (token_hash(cookie), cookie):
            assert store.account_of_session(hashed) is None
            assert store.visitor(hashed) is None
            assert store.end_session(hashed) is None
    assert signed_in_as(store, ticket) == amina


def test_tickets_and_tokens_are_not_in_the_database(store: Store, amina: int) -> None:
    ticket = issue_ticket(store, amina, BROWSER)
    admitted = redeem(store, ticket, BROWSER)
    store.close()
    assert admitted is not None
    token, device = admitted.token, admitted.device
    whole = b"".join(file.read_bytes() for file in store.path.parent.iterdir())
    assert token_hash(token).encode() in whole
    assert token_hash(device).encode() in whole
    assert token.encode() not in whole
    assert device.encode() not in whole
    assert ticket.encode() not in whole
