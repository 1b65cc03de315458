"""Characters that nobody sees: they come along when text is copied, and make two of what looks like one."""

from __future__ import annotations

import re
from collections.abc import Callable

# The soft hyphen, marks of direction, zero-width spaces and byte order marks. What turns text around
# (U+202D, U+202E) is not among them: taken out, it would leave something else than what was read. It is
# refused.
_UNSEEN = (
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202c\u2060-\u2064\u2066-\u206f\ufeff"
    "\U000e0001\U000e0020-\U000e007f"
)
# What a name may need, in Japanese or Korean, and an address never: selectors of a form, and fillers.
_UNSEEN_LETTERS = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
)
# Scripts in which a letter's form follows from its neighbours: there joiners are spelling, as in Persian.
_JOINING = "[\u0590-\u1dff\u2d30-\u2ddf\ua000-\ud7ff\uf900-\ufdff\ufe10-\ufefe\U00010000-\U0003ffff]"
_JOINERS = "\u200c\u200d"
_IN_NAMES = re.compile(f"[{_UNSEEN}]|(?<!{_JOINING})[{_JOINERS}]|[{_JOINERS}](?!{_JOINING})")
_ALL = re.compile(f"[{_UNSEEN}{_UNSEEN_LETTERS}{_JOINERS}]")


def tidied(name: str) -> str:
    """A name without what nobody sees, but for joiners where they belong to the spelling."""
    return name if name.isprintable() else _IN_NAMES.sub("", name)  # none of them is, to Python


def bare(text: str) -> str:
    """A text without anything that nobody sees, as it is searched for; or an address."""
    return text if text.isascii() else _ALL.sub("", text)


def first_unseen(text: str, without: Callable[[str], str] = tidied) -> str:
    """The code of the first character that has no place in a name, or in an address (`without` is bare).

    As in "U+200B"; empty when there is none.
    """
    kept = without(text)
    if kept != text:
        place = next(place for place, each in enumerate(text) if kept[place : place + 1] != each)
        return _code(text[place])
    return next((_code(each) for each in bare(text) if not each.isprintable()), "")


def _code(character: str) -> str:
    return f"U+{ord(character):04X}"
