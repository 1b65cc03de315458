"""Sign-in, passwords and tickets."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import bcrypt
import pytest

from visionsprat.accounts import (
    SignInRefused,
    hash_password,
    issue_ticket,
    password_is_right,
    redeem,
    sign_in,
    token_hash,
)
from visionsprat.errors import TooManyFailures, VisionspratError
from visionsprat.fields import Fault, Refused
from visionsprat.store import Store
from visionsprat.store.attempts import FAILURES_BEFORE_WAIT

if TYPE_CHECKING:
    from tests.conftest import AddAccount, Clock

EMAIL, PASSWORD, BROWSER = "amina@test.example", "gul cykel i regnet", "this browser"
#: A hash of PASSWORD at bcrypt's lowest cost: what is tested here is not bcrypt. Its salt is fixed, as tests
#: that run side by side must have the same names.
HASH = bcrypt.hashpw(PASSWORD.encode(), b"$2b$04$" + b"." * 22).decode()


@pytest.fixture
def amina(add_account: AddAccount) -> int:
    return add_account(EMAIL, password_hash=HASH)


# Passwords


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "gulcykelregn",
        "Ärligt-talat-öppet",
        "å" * 8 + "kTq9xZw2Lm",
        f"  {PASSWORD}\n",
        "gul 🚲 i regn 🌧",
    ],
)
def test_a_good_password_is_hashed(password: str) -> None:
    hashed = hash_password(password)
    assert bcrypt.checkpw(password.strip().encode(), hashed.encode())


@pytest.fixture
def real_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap: Any = bcrypt.gensalt
    monkeypatch.setattr(bcrypt, "gensalt", cheap.func)


def test_a_hash_costs_a_guesser_much(real_hashes: None) -> None:
    assert hash_password(PASSWORD).startswith("$2b$12$")


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("", Fault.PASSWORD_SHORT),
        ("kTq9xZw2Lm7", Fault.PASSWORD_SHORT),
        ("   kTq9xZw2Lm7   ", Fault.PASSWORD_SHORT),
        ("gul cykel " * 7 + "xyz", Fault.PASSWORD_LONG),
        ("å" * 37, Fault.PASSWORD_LONG),
        ("gul cykel\0 i regnet", Fault.PASSWORD_LONG),
        ("password1234", Fault.PASSWORD_COMMON),
        ("qwertyuiopasdfgh", Fault.PASSWORD_COMMON),
        ("aaaaaaaaaaaaaaaa", Fault.PASSWORD_COMMON),
        ("123456789012", Fault.PASSWORD_COMMON),
        ("Helsingborg2035", Fault.PASSWORD_COMMON),
        ("visionsprat2035", Fault.PASSWORD_COMMON),
    ],
)
def test_a_bad_password_is_refused(password: str, fault: Fault) -> None:
    with pytest.raises(Refused) as caught:
        hash_password(password)
    assert caught.value.fault is fault


def test_ones_own_name_and_address_make_no_password() -> None:
    hash_password("farfarsnamnsdag")
    with pytest.raises(Refused) as caught:
        hash_password("farfarsnamnsdag", known=("farfarsnamnsdag",))
    assert caught.value.fault is Fault.PASSWORD_COMMON


def test_a_password_of_72_bytes_is_the_longest() -> None:
    hash_password("gul cykel i regnet på väg " * 2 + "hem till farmor")
    assert len(("gul cykel i regnet på väg " * 2 + "hem till farmor").encode()) == 71
    hash_password("kTq9xZw2" * 9)
    with pytest.raises(Refused):
        hash_password("kTq9xZw2" * 9 + "!")


def test_a_refusal_is_a_sentence_and_one_of_visionsprats_own() -> None:
    assert issubclass(Refused, VisionspratError)
    assert str(Refused(Fault.PASSWORD_SHORT)) == "The password is shorter than 12 characters."
    assert str(Refused(Fault.NAME)) == "The name is empty or longer than 100 characters."


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
    assert signed_in_as(store, sign_in(store, email, password, BROWSER)) == amina


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
        sign_in(store, email, password, BROWSER)
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
            sign_in(store, email, PASSWORD, BROWSER)


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
        sign_in(store, email, password, BROWSER)


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
            sign_in(store, f" {email.upper()}", PASSWORD, BROWSER)
    assert refused.value.until == clock.now + timedelta(seconds=30)
    clock.now = refused.value.until
    if email == EMAIL:
        assert sign_in(store, email, PASSWORD, BROWSER)
    else:
        refuse(store, email, PASSWORD)


def test_signing_in_forgets_earlier_failures(store: Store, amina: int) -> None:
    refuse(store, EMAIL, "gul cykel i solsken")
    sign_in(store, EMAIL, PASSWORD, BROWSER)
    assert counted(store) == []


def test_a_browser_that_has_signed_in_is_not_stopped_by_strangers(store: Store, amina: int) -> None:
    first = redeem(store, sign_in(store, EMAIL, PASSWORD, BROWSER), BROWSER)
    assert first is not None
    for _ in range(FAILURES_BEFORE_WAIT):
        refuse(store, EMAIL, "gul cykel i solsken")
    with pytest.raises(TooManyFailures):
        sign_in(store, EMAIL, PASSWORD, BROWSER)
    ticket = sign_in(store, EMAIL, PASSWORD, BROWSER, device=first.device)
    second = redeem(store, ticket, BROWSER, first.device)
    assert second is not None
    with pytest.raises(TooManyFailures):
        sign_in(store, EMAIL, PASSWORD, BROWSER, device=first.device)
    assert sign_in(store, EMAIL, PASSWORD, BROWSER, device=second.device)


def test_addresses_of_any_length_are_counted(store: Store) -> None:
    for number in range(FAILURES_BEFORE_WAIT):
        refuse(store, "x" * 100_000 + str(number), "")
    with pytest.raises(TooManyFailures):
        sign_in(store, "x" * 100_000, "", BROWSER)
    assert {len(email) for email in counted(store)} == {254}


@pytest.mark.parametrize(("keep", "life"), [(False, None), (True, timedelta(days=30))])
def test_a_session_is_kept_when_asked_for(
    store: Store, amina: int, keep: bool, life: timedelta | None
) -> None:
    admitted = redeem(store, sign_in(store, EMAIL, PASSWORD, BROWSER, keep=keep), BROWSER)
    assert admitted is not None and admitted.life == life


def test_a_sign_in_is_forgotten_by_the_next_one(store: Store, amina: int) -> None:
    """The authenticator keeps notes of who signed in; they must not let anybody else in."""
    sign_in(store, EMAIL, PASSWORD, BROWSER)
    with pytest.raises(SignInRefused):
        sign_in(store, EMAIL, "gul cykel i solsken", BROWSER)


def test_the_own_password_is_asked_before_it_is_changed(store: Store, amina: int) -> None:
    assert password_is_right(store, EMAIL, PASSWORD)
    assert not password_is_right(store, EMAIL, "gul cykel i solsken")
    assert not password_is_right(store, "nobody@test.example", PASSWORD)


def test_the_own_password_can_not_be_guessed_at_an_unlocked_computer(store: Store, amina: int) -> None:
    for number in range(5):
        assert not password_is_right(store, EMAIL, f"gul cykel i solsken {number}")
    with pytest.raises(TooManyFailures):
        password_is_right(store, EMAIL, PASSWORD)


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
    assert store.account_of_session(token_hash(ticket)) is None


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
