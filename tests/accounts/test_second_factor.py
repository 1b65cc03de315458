"""The second step of signing in: which codes are right, who is waiting for one, and for how long."""

from __future__ import annotations

import logging
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import bcrypt
import pytest
from pyotp import TOTP

from tests.support.stored import known_as
from visionsprat.accounts.authentication import check, issue_ticket, redeem, sign_in
from visionsprat.accounts.passwords import PREHASHED, prehashed
from visionsprat.accounts.second_factor import (
    PATIENCE,
    CodeWanted,
    Outcome,
    Waiting,
    address_for_app,
    ask,
    finish,
    is_right,
    new_secret,
    step_of,
)
from visionsprat.domain.records import Browser
from visionsprat.domain.tokens import RECOVERY_CODES, new_recovery_codes, recovery_hash
from visionsprat.errors import TooManyFailures
from visionsprat.settings import ROOT
from visionsprat.store import Store
from visionsprat.store.attempts import FAILURES_BEFORE_WAIT
from visionsprat.wording.letters import second_factor_removed, second_factor_turned_off

if TYPE_CHECKING:
    from tests.support.clock import Clock
    from tests.support.stored import AddAccount

EMAIL, PASSWORD, BROWSER = "amina@test.example", "gul cykel i regnet", "this browser"
HASH = PREHASHED + bcrypt.hashpw(prehashed(PASSWORD).encode(), b"$2b$04$" + b"." * 22).decode()
SECRET = "G6UOMSI2FNADP2VVSU7DQYW35XMPGTLN"
RECOVERY = "k7wm-3rtq-x2hd-p4vn-8ezb-6yjc"
STEP = timedelta(seconds=30)


@pytest.fixture
def amina(add_account: AddAccount) -> int:
    return add_account(EMAIL, password_hash=HASH, is_admin=True)


@pytest.fixture
def secured(store: Store, amina: int, clock: Clock) -> int:
    """Amina, who has set up a second factor a minute ago."""
    step = TOTP(SECRET).timecode(clock.now)
    assert store.set_second_factor(amina, SECRET, step, [recovery_hash(RECOVERY, SECRET)], "token")
    clock.now += timedelta(minutes=1)
    return amina


def code(clock: Clock, steps: int = 0) -> str:
    """What the app shows, so many steps from now."""
    return TOTP(SECRET).at(clock.now, counter_offset=steps)


def wrong(clock: Clock) -> str:
    near = {code(clock, steps) for steps in range(-2, 3)}
    return next(f"{number:06}" for number in range(10) if f"{number:06}" not in near)


def wait(store: Store, *, keep: bool = False) -> Waiting:
    """Give the right password, and be asked for a code."""
    with pytest.raises(CodeWanted) as asked:
        sign_in(store, EMAIL, PASSWORD, Browser(BROWSER), keep=keep)
    return asked.value.waiting


def tickets(store: Store) -> int:
    own = store.own_data(1)
    assert own is not None
    return len(own.sessions)


# Codes


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_the_code_of_this_step_and_of_those_beside_it_is_right(clock: Clock, steps: int) -> None:
    now = TOTP(SECRET).timecode(clock.now)
    assert step_of(SECRET, code(clock, steps), clock.now) == now + steps


@pytest.mark.parametrize("steps", [-3, -2, 2, 3])
def test_codes_further_away_are_wrong(clock: Clock, steps: int) -> None:
    assert step_of(SECRET, code(clock, steps), clock.now) is None


def test_a_code_may_be_typed_as_the_app_shows_it(clock: Clock) -> None:
    digits = code(clock)
    for typed in (f"{digits[:3]} {digits[3:]}", f" {digits}\n", f"{digits[:3]}-{digits[3:]}"):
        assert step_of(SECRET, typed, clock.now) is not None


@pytest.mark.parametrize(
    "typed",
    ["", " ", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "+12345", "1e5", "0" * 10**6, "\0" * 6, "½" * 6],
)
def test_what_is_no_code_is_wrong_and_no_error(store: Store, secured: int, clock: Clock, typed: str) -> None:
    assert step_of(SECRET, typed, clock.now) is None
    assert not is_right(store, secured, EMAIL, typed)


def test_a_code_counts_once(store: Store, secured: int, clock: Clock) -> None:
    assert is_right(store, secured, EMAIL, code(clock))
    assert not is_right(store, secured, EMAIL, code(clock))
    clock.now += STEP  # it would still be right, were it not used
    assert not is_right(store, secured, EMAIL, code(clock, -1))
    assert is_right(store, secured, EMAIL, code(clock))


def test_the_code_of_another_secret_is_wrong(store: Store, secured: int, clock: Clock) -> None:
    assert not is_right(store, secured, EMAIL, TOTP(new_secret()).at(clock.now))


def test_recovery_codes_are_many_different_and_without_letters_that_look_alike() -> None:
    codes, hashes = new_recovery_codes(SECRET)
    assert hashes == [recovery_hash(each, SECRET) for each in codes]
    assert len(set(codes)) == RECOVERY_CODES == 10
    assert all(re.fullmatch(r"[2-9a-hjkmnp-z]{4}(-[2-9a-hjkmnp-z]{4}){5}", each) for each in codes)


@pytest.mark.parametrize(
    "typed", [RECOVERY, RECOVERY.upper(), RECOVERY.replace("-", " "), "k7wm3rtqx2hdp4vn8ezb6yjc "]
)
def test_a_recovery_code_is_right_once_however_it_is_typed(store: Store, secured: int, typed: str) -> None:
    assert is_right(store, secured, EMAIL, typed)
    assert not is_right(store, secured, EMAIL, typed)


def test_recovery_codes_are_not_in_the_database(store: Store, secured: int) -> None:
    store.close()
    whole = b"".join(each.read_bytes() for each in store.path.parent.iterdir())
    assert recovery_hash(RECOVERY, SECRET).encode() in whole
    assert RECOVERY.encode() not in whole and RECOVERY.replace("-", "").encode() not in whole


def test_a_recovery_codes_hash_is_another_for_each_account() -> None:
    assert recovery_hash(RECOVERY, SECRET) != recovery_hash(RECOVERY, new_secret())


def test_the_app_is_told_whose_code_it_is() -> None:
    address = address_for_app(SECRET, EMAIL)
    assert address == f"otpauth://totp/Visionsprat:amina%40test.example?secret={SECRET}&issuer=Visionsprat"


def test_secrets_are_of_160_bits() -> None:
    assert re.fullmatch(r"[A-Z2-7]{32}", new_secret())


# The two steps


def test_whoever_has_no_second_factor_gets_a_ticket_for_the_password(store: Store, amina: int) -> None:
    assert redeem(store, sign_in(store, EMAIL, PASSWORD, Browser(BROWSER)), BROWSER)


def test_the_password_alone_brings_no_ticket(store: Store, secured: int) -> None:
    waiting = wait(store)
    assert (waiting.account_id, waiting.password_hash, waiting.keep) == (secured, HASH, False)
    assert tickets(store) == 0


def test_what_is_printed_of_who_waits_has_no_hash_in_it(store: Store, secured: int) -> None:
    assert HASH not in repr(wait(store)) and BROWSER not in repr(wait(store))


@pytest.mark.parametrize("keep", [True, False])
def test_to_be_kept_signed_in_is_remembered(store: Store, secured: int, keep: bool) -> None:
    assert wait(store, keep=keep).keep is keep


def test_the_right_code_finishes(store: Store, secured: int, clock: Clock) -> None:
    assert finish(store, wait(store), code(clock), Browser(BROWSER)) is Outcome.RIGHT


def test_a_wrong_code_is_wrong_and_the_right_one_may_follow(store: Store, secured: int, clock: Clock) -> None:
    waiting = wait(store)
    assert finish(store, waiting, wrong(clock), Browser(BROWSER)) is Outcome.WRONG
    assert finish(store, waiting, "", Browser(BROWSER)) is Outcome.WRONG
    assert finish(store, waiting, code(clock), Browser(BROWSER)) is Outcome.RIGHT


def test_the_code_may_come_for_five_minutes(store: Store, secured: int, clock: Clock) -> None:
    waiting = wait(store)
    clock.now += PATIENCE
    assert finish(store, waiting, code(clock), Browser(BROWSER)) is Outcome.STALE
    clock.now -= timedelta(seconds=1)
    assert finish(store, waiting, code(clock), Browser(BROWSER)) is Outcome.RIGHT


def test_the_code_has_to_come_from_the_passwords_browser(store: Store, secured: int, clock: Clock) -> None:
    waiting = wait(store)
    assert finish(store, waiting, code(clock), Browser("another browser")) is Outcome.STALE
    assert finish(store, waiting, code(clock), Browser("")) is Outcome.STALE


def test_after_a_change_of_password_the_second_step_begins_anew(
    store: Store, secured: int, clock: Clock
) -> None:
    waiting = wait(store)
    store.set_password(secured, bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt()).decode())
    assert finish(store, waiting, code(clock), Browser(BROWSER)) is Outcome.STALE


def test_after_a_deactivation_the_second_step_begins_anew(
    store: Store, secured: int, clock: Clock, add_account: AddAccount
) -> None:
    waiting = wait(store)
    store.set_active(add_account("ragna@test.example", is_admin=True), secured, False)
    assert finish(store, waiting, code(clock), Browser(BROWSER)) is Outcome.STALE


def test_when_the_factor_is_taken_away_meanwhile_the_password_is_asked_for_anew(
    store: Store, secured: int, clock: Clock
) -> None:
    waiting = wait(store)
    store.remove_second_factor(None, secured)
    assert finish(store, waiting, code(clock), Browser(BROWSER)) is Outcome.STALE
    assert sign_in(store, EMAIL, PASSWORD, Browser(BROWSER))


def test_a_stale_step_uses_no_code_up(store: Store, secured: int, clock: Clock) -> None:
    waiting = wait(store)
    assert finish(store, waiting, code(clock), Browser("another browser")) is Outcome.STALE
    assert finish(store, waiting, code(clock), Browser(BROWSER)) is Outcome.RIGHT


def test_somebody_who_is_no_administrator_any_more_is_still_asked(
    store: Store, secured: int, add_account: AddAccount
) -> None:
    """Else whoever may give and take roles could take a safeguard away unseen, by doing both."""
    store.set_administrator(add_account("ragna@test.example", is_admin=True), secured, False)
    wait(store)


def test_every_way_to_a_ticket_is_known() -> None:
    """When this fails there is a new way in: it has to ask for the code, or to say here why not."""
    callers = {
        path.relative_to(ROOT).as_posix(): source.count("issue_ticket(")
        for path in [*(ROOT / "visionsprat").rglob("*.py"), *(ROOT / "pages").glob("*.py")]
        if "issue_ticket(" in (source := path.read_text(encoding="utf-8"))
    }
    assert callers == {
        "visionsprat/accounts/authentication.py": 2,  # itself, and at sign-in, after second_factor.ask
        "visionsprat/ui/second_step.py": 1,  # after the right code
        "visionsprat/ui/locked.py": 1,  # in place of the session that has brought the old password back
        "pages/account.py": 1,  # in place of the session that has changed its password
        "pages/claim.py": 1,  # the very first account, made just now
        "pages/invitation.py": 1,  # after ask_for_code
    }
    page = (ROOT / "pages" / "invitation.py").read_text(encoding="utf-8")
    assert page.index("ask_for_code(account_id") < page.index("issue_ticket(store")


def test_a_password_just_chosen_with_a_link_asks_for_the_code_too(
    store: Store, secured: int, clock: Clock
) -> None:
    known_as(store, "link", store.add_password_link(EMAIL))
    assert store.use_invitation("link", "another hash") == secured
    credentials = store.credentials(EMAIL)
    assert credentials is not None
    with pytest.raises(CodeWanted) as asked:
        ask(store, credentials, EMAIL, BROWSER)
    assert finish(store, asked.value.waiting, code(clock), Browser(BROWSER)) is Outcome.RIGHT


# Guessing


def test_wrong_codes_make_wait_even_with_the_right_one(store: Store, secured: int, clock: Clock) -> None:
    for _ in range(FAILURES_BEFORE_WAIT):
        assert finish(store, wait(store), wrong(clock), Browser(BROWSER)) is Outcome.WRONG
    with pytest.raises(TooManyFailures) as refused:
        finish(store, wait(store), code(clock), Browser(BROWSER))
    assert refused.value.until == clock.now + timedelta(seconds=30)
    clock.now = refused.value.until
    assert finish(store, wait(store), code(clock), Browser(BROWSER)) is Outcome.RIGHT


def test_wrong_recovery_codes_are_counted_alike(store: Store, secured: int) -> None:
    for _ in range(FAILURES_BEFORE_WAIT):
        assert not is_right(store, secured, EMAIL, "aaaa-aaaa-aaaa-aaaa-aaaa-aaaa")
    with pytest.raises(TooManyFailures):
        is_right(store, secured, EMAIL, RECOVERY)


def test_a_thousand_guesses_in_parallel_are_five(store: Store, secured: int) -> None:
    waiting = wait(store)

    def guess(number: int) -> Outcome | None:
        try:
            return finish(store, waiting, f"{number:06}", Browser(BROWSER))
        except TooManyFailures:
            return None

    with ThreadPoolExecutor(8) as pool:
        looked_at = [each for each in pool.map(guess, range(1000)) if each]
    assert len(looked_at) <= FAILURES_BEFORE_WAIT


def test_one_code_in_parallel_lets_in_once(store: Store, secured: int, clock: Clock) -> None:
    waiting, right = [wait(store) for _ in range(4)], code(clock)
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda each: finish(store, each, right, Browser(BROWSER)), waiting))
    assert outcomes.count(Outcome.RIGHT) == 1


def test_at_an_unlocked_computer_codes_can_not_be_guessed_between_right_passwords(
    store: Store, secured: int, clock: Clock
) -> None:
    for _ in range(FAILURES_BEFORE_WAIT):
        assert check(store, EMAIL, PASSWORD)
        assert not is_right(store, secured, EMAIL, wrong(clock))
    assert check(store, EMAIL, PASSWORD)
    with pytest.raises(TooManyFailures):
        is_right(store, secured, EMAIL, code(clock))


def test_a_strangers_wrong_codes_do_not_stop_a_known_browser(
    store: Store, secured: int, clock: Clock
) -> None:
    admitted = redeem(store, issue_ticket(store, secured, BROWSER), BROWSER)
    assert admitted is not None
    for _ in range(FAILURES_BEFORE_WAIT):
        finish(store, wait(store), wrong(clock), Browser(BROWSER))
    assert finish(store, wait(store), code(clock), Browser(BROWSER, device=admitted.device)) is Outcome.RIGHT


# The log


def test_the_log_tells_of_each_step_by_number_and_never_a_code_or_the_secret(
    store: Store, secured: int, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    waiting = wait(store)
    typed = (wrong(clock), RECOVERY, code(clock))
    for each in typed:
        finish(store, waiting, each, Browser(BROWSER))
    records = [record for record in caplog.records if record.name == "visionsprat"]
    events = [record.getMessage() for record in records]
    events.remove("Administered")  # what stands in the record, too: that a recovery code was used
    assert events == [
        "Password right, code asked for",
        "Code refused",
        *("Recovery code used", "Signed in"),
        "Signed in",
    ]
    assert {vars(record)["account"] for record in records} == {secured}
    said = repr([vars(record) for record in records])
    assert not any(each in said for each in (*typed, SECRET, EMAIL, HASH))


# The letter


def test_whoever_has_it_taken_away_gets_a_letter_that_says_what_to_do() -> None:
    letter = second_factor_removed("Amina Testsson", EMAIL)
    assert letter.email == EMAIL
    assert letter.text.startswith("Hej Amina Testsson!\n\nEn administratör har tagit bort")
    assert "Byt lösenord genast" in letter.text and "{" not in letter.text


def test_whoever_turns_it_off_gets_a_letter_that_says_what_to_do_if_it_was_another() -> None:
    letter = second_factor_turned_off("Amina Testsson", EMAIL)
    assert (letter.name, letter.email) == ("Amina Testsson", EMAIL)
    assert "Var det inte du? Byt lösenord genast" in letter.text and "{" not in letter.text
