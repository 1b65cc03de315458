"""What a password may be: long enough, no word that everybody thinks of, nothing that was in a breach."""

from __future__ import annotations

import unicodedata

import pytest
import zxcvbn.matching

from visionsprat.accounts.passwords import PREHASHED, _spared, prehashed, require_good
from visionsprat.domain.fields import Fault, FieldRefused

GOOD = "gul cykel i regnet"


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        f"  {GOOD}\n",
        "gulcykelregn",
        "Ärligt-talat-öppet",
        "gul 🚲 i regn 🌧",
        "å" * 8 + "kTq9xZw2Lm",
        "gul cykel\0 i regnet",
        "kTq9xZw2Lm7!",
        "9#4$7@2!8%6^",
        "sommarkaffe på bryggan 2026",
        "Amina cyklar ofta i regn",
        "kTq9xZw2" * 9 + "!",
        "å" * 100 + GOOD,
        "gul cykel i regnet på väg hem till farmor " * 3,
    ],
)
def test_a_good_password_is_taken_as_it_was_typed(password: str) -> None:
    assert require_good(password, ("Amina", "Testsson", "amina.testsson@helsingborg.example")) == password


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("", Fault.PASSWORD_SHORT),
        ("kTq9xZw2Lm7", Fault.PASSWORD_SHORT),
        (unicodedata.normalize("NFD", "äöåäöåäöåäö"), Fault.PASSWORD_SHORT),
        ("   kTq9xZw2Lm7   ", Fault.PASSWORD_COMMON),
        ("a" + "gul cykel " * 12 + "i regnet", Fault.PASSWORD_LONG),
        ("å" * 129, Fault.PASSWORD_LONG),
        ("e" + "\u0301" * 2_000_000, Fault.PASSWORD_LONG),
    ],
)
def test_it_is_counted_in_characters(password: str, fault: Fault) -> None:
    with pytest.raises(FieldRefused) as caught:
        require_good(password)
    assert caught.value.fault is fault


def test_128_characters_of_any_kind_are_the_longest() -> None:
    longest = "gul cykel å " * 10 + "i regnet"
    assert len(longest) == 128
    assert require_good(unicodedata.normalize("NFD", longest)) == longest


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "qwertyuiopasdfgh",
        "aaaaaaaaaaaaaaaa",
        "123456789012",
        "197805174411",
        "0701234567890",
        # in the world's lists of breached ones, in any capitals
        "1q2w3e4r5t6y",
        "Iloveyou1234",
        "QAZWSXEDCRFV",
        # one word that everybody here thinks of, and a year or some signs
        "Helsingborg2035",
        "helsingborg2035!",
        "2035helsingborg",
        "H3ls1ngborg!!2026",
        "visionsprat2035",
        "Sommaren2026!",
        "vinter-2026-vinter",
        "lösenord123456",
        "L0s3n0rd123456",
        "Välkommen2026",
        "SommarVinterHöst1",
        "skapandestaden1",
        # one's own name and address
        "AminaTestsson1",
        "testsson-amina-99",
        "åsa.öbergsson77",
        "amina.testsson@helsingborg.example",
    ],
)
def test_what_is_easy_to_guess_is_refused(password: str) -> None:
    known = ("Amina", "Testsson", "amina.testsson@helsingborg.example", "Åsa", "Öbergsson")
    with pytest.raises(FieldRefused) as caught:
        require_good(password, known)
    assert caught.value.fault is Fault.PASSWORD_COMMON


def test_ones_own_words_are_easy_for_oneself_only() -> None:
    require_good("farfarsnamnsdag")
    with pytest.raises(FieldRefused):
        require_good("farfarsnamnsdag", ("farfarsnamnsdag",))


LEET = "4@8({[<3691!|0$57+%2"


@pytest.mark.parametrize("password", [LEET * 6, "p4$$w0rd(h3!l|1+79@{[<%26" * 5, GOOD])
def test_the_work_of_gauging_is_bounded(password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """72 leet characters had zxcvbn look for words in thousands of readings, each as long as the password."""
    looked: list[int] = []
    real = zxcvbn.matching.dictionary_match

    def counted(text: str, *more: object, **named: object) -> object:
        looked.append(len(text))
        return real(text, *more, **named)

    monkeypatch.setattr(zxcvbn.matching, "dictionary_match", counted)
    require_good(password)
    assert max(looked) <= 40
    assert len(looked) < 200


def test_leet_beyond_a_few_kinds_is_as_any_other_sign() -> None:
    assert _spared("p4ssw0rd!") == "p4ssw0rd!"
    assert _spared(LEET) == "4@8({[" + "~" * 14


def test_what_bcrypt_gets_is_short_without_blanks_and_ones_own() -> None:
    given = {prehashed(each) for each in (GOOD, f"{GOOD} ", GOOD + "\0", GOOD + "\0a", "å" * 128, "")}
    assert len(given) == 6
    assert {len(each.encode()) for each in given} == {64}
    assert all(each == each.strip() and "\0" not in each for each in given)
    assert not PREHASHED.startswith("$")
