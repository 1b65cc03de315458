"""What people fill in about themselves and others: addresses, names, groups. Cleaned, or refused with why."""

from __future__ import annotations

import re
from enum import Enum

from visionsprat.domain.email_addresses import MOST_GIVEN, one_form
from visionsprat.domain.invisible import bare, tidied
from visionsprat.domain.text_rules import MOST_MARKS, NFC_CHARACTERS, has_too_many_marks, nfc
from visionsprat.errors import Refused

#: Of the form in which they are counted and hashed, NFC: å is one, however it was typed.
MIN_PASSWORD_CHARACTERS = 12
MAX_PASSWORD_CHARACTERS = 128
MAX_NAME_CHARACTERS = 100
#: What is longer before it is looked at is refused unseen: the path of a group with white space around it. A
#: city's deepest path has some six names.
_PATH_GIVEN = 5_000
#: In a name white space may be in excess, and each letter be in several parts.
_NAME_GIVEN = 2 * NFC_CHARACTERS * MAX_NAME_CHARACTERS
_EMAIL = re.compile(r"[^@\s\x00-\x1f,;<>\"]+@[^@\s\x00-\x1f,;<>\"]+\.[^@\s\x00-\x1f,;<>\".]{2,}")


class Fault(Enum):
    """What is wrong with something a person filled in."""

    EMAIL = "e-mail address is not an e-mail address"
    NAME = "name is empty or longer than 100 characters"
    GROUP = "group is empty, or one of its names is empty, longer than 100 characters or contains |"
    NAME_MARKS = f"name has more than {MOST_MARKS} accents or other marks in a row"
    GROUP_MARKS = f"group has more than {MOST_MARKS} accents or other marks in a row"
    GROUP_CIRCLE = "group lies below one with its own name"
    PASSWORD_SHORT = f"password is shorter than {MIN_PASSWORD_CHARACTERS} characters"
    PASSWORD_LONG = f"password is longer than {MAX_PASSWORD_CHARACTERS} characters"
    PASSWORD_COMMON = "password is among the common and breached ones, or too easy to guess"

    @property
    def field(self) -> str:
        """What it concerns: "email", "name", "group" or "password"."""
        return self.name.partition("_")[0].lower()


class FieldRefused(Refused):
    """Something a person filled in can't be used. `fault` says which thing and why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"The {fault.value}.")
        self.fault = fault


def clean_email(email: str) -> str:
    """The address in the form in which it is stored and compared. Raises FieldRefused."""
    if len(email) > MOST_GIVEN or has_too_many_marks(email):
        raise FieldRefused(Fault.EMAIL)
    email = one_form(email)
    if len(email) > 254 or not email.isprintable() or not _EMAIL.fullmatch(email):
        raise FieldRefused(Fault.EMAIL)
    return email


def clean_name(name: str, fault: Fault = Fault.NAME) -> str:
    """A person's or a group's name: composed, white space tidied, nothing unseen. Raises FieldRefused."""
    if len(name) > _NAME_GIVEN:
        raise FieldRefused(fault)
    if has_too_many_marks(name):
        raise FieldRefused(Fault.GROUP_MARKS if fault is Fault.GROUP else Fault.NAME_MARKS)
    name = nfc(" ".join(tidied(name).split()))
    if not 0 < len(name) <= MAX_NAME_CHARACTERS or not (name.isprintable() or bare(name).isprintable()):
        raise FieldRefused(fault)
    return name


def clean_group(path: str) -> str:
    """The path of a group, "Vård/Hemtjänst Norr/Team 3", with each name tidied. Raises FieldRefused.

    A staff list separates groups by "|", and a group below one with its own name is taken for a circle.
    """
    if len(path) > _PATH_GIVEN:
        raise FieldRefused(Fault.GROUP)
    names = [clean_name(name, Fault.GROUP) for name in path.split("/")]
    if "|" in path:
        raise FieldRefused(Fault.GROUP)
    if len({name.casefold() for name in names}) < len(names):
        raise FieldRefused(Fault.GROUP_CIRCLE)
    return "/".join(names)
