"""What people fill in about themselves and others: addresses, names, groups. Cleaned, or refused with why."""

from __future__ import annotations

import re
from enum import Enum

from visionsprat.errors import VisionspratError
from visionsprat.writing import nfc

#: Of the form in which they are counted and hashed, NFC: å is one, however it was typed.
MIN_PASSWORD_CHARACTERS = 12
MAX_PASSWORD_CHARACTERS = 128
_EMAIL = re.compile(r"[^@\s\x00-\x1f,;<>\"]+@[^@\s\x00-\x1f,;<>\"]+\.[^@\s\x00-\x1f,;<>\".]{2,}")


class Fault(Enum):
    """What is wrong with something a person filled in."""

    EMAIL = "e-mail address is not an e-mail address"
    NAME = "name is empty or longer than 100 characters"
    GROUP = "group is empty, or one of its names is empty, longer than 100 characters or contains |"
    GROUP_CIRCLE = "group lies below one with its own name"
    PASSWORD_SHORT = f"password is shorter than {MIN_PASSWORD_CHARACTERS} characters"
    PASSWORD_LONG = f"password is longer than {MAX_PASSWORD_CHARACTERS} characters"
    PASSWORD_COMMON = "password is among the common and breached ones, or too easy to guess"

    @property
    def field(self) -> str:
        """What it concerns: "email", "name", "group" or "password"."""
        return self.name.partition("_")[0].lower()


class Refused(VisionspratError):
    """Something a person filled in can't be used. `fault` says which thing and why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"The {fault.value}.")
        self.fault = fault


def clean_email(email: str) -> str:
    """The address as it is stored: trimmed and in lower case. Raises Refused."""
    email = email.strip().lower()
    if len(email) > 254 or not email.isprintable() or not _EMAIL.fullmatch(email):
        raise Refused(Fault.EMAIL)
    return email


def clean_name(name: str, fault: Fault = Fault.NAME) -> str:
    """A person's or a group's name with its white space tidied. Raises Refused."""
    name = nfc(" ".join(name.split()))
    if not 0 < len(name) <= 100 or not name.isprintable():
        raise Refused(fault)
    return name


def clean_group(path: str) -> str:
    """The path of a group, "Vård/Hemtjänst Norr/Team 3", with each name tidied. Raises Refused.

    A staff list separates groups by "|", and a group below one with its own name is taken for a circle.
    """
    names = [clean_name(name, Fault.GROUP) for name in path.split("/")]
    if "|" in path:
        raise Refused(Fault.GROUP)
    if len({name.casefold() for name in names}) < len(names):
        raise Refused(Fault.GROUP_CIRCLE)
    return "/".join(names)
