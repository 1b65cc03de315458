"""What the text of a reflection may be, and what every text is spared before costly work is done on it.

Length first, then marks, then NFC: normalising sorts combining marks in a time that grows with the square
of their run, and a text with more than 4 × 20,000 characters can't come down to 20,000. NUL and half
surrogate pairs are refused with their place (the browser's box takes them out: nobody can see them); other
control characters are stored as they come.
"""

from __future__ import annotations

import re
import unicodedata

from visionsprat.domain.invisible import bare
from visionsprat.errors import Refused

MAX_CHARACTERS = 20_000
#: No character of a text in NFC stands for more characters, or bytes of UTF-8, in any other form of it.
NFC_CHARACTERS, NFC_BYTES = 4, 9
#: How many combining marks may follow one another. Normalising sorts them, which takes a time that grows
#: with the square of their number. No language needs more than a handful on a letter (Vietnamese two,
#: Hebrew and the phonetic alphabet some five); 30 is the limit of Unicode's Stream-Safe Text Format (UAX 15),
#: chosen there to be far beyond any use.
MOST_MARKS = 30

# What normalising sorts: characters with a combining class. Three Tibetan vowels have none until they are
# taken apart. Beyond the BMP marks stand between letters, so that all from the first to the last is
# suspected first, and then looked at one by one: a set of single characters there makes the search slow.
_TIBETAN = "\u0f73\u0f75\u0f81"
_SUSPECTS = (
    "".join(letter for letter in map(chr, range(0x300, 0x10000)) if unicodedata.combining(letter))
    + _TIBETAN
    + "\U000101fd-\U0001e94a"
)
_LONG_RUN = re.compile(f"[{_SUSPECTS}][{_SUSPECTS}]{{{MOST_MARKS},}}")  # a plain set first is found fastest
#: As many characters of a search are looked for.
_SEARCHED = 200


class TextRefused(Refused):
    """The text can't be stored at all."""


class UnstorableCharacter(TextRefused):
    """The text holds NUL, or half of a surrogate pair. The editor takes both out on the way in."""

    def __init__(self, what: str, text: str, place: int) -> None:
        super().__init__(f"The text contains {what}, which can't be stored.")
        #: Counted from 1, as a person would.
        self.line = text.count("\n", 0, place) + 1
        self.character = place - text.rfind("\n", 0, place)


class TooManyMarks(TextRefused):
    """More than MOST_MARKS combining marks follow one another."""

    def __init__(self) -> None:
        super().__init__(f"The text has more than {MOST_MARKS} combining marks in a row.")


class TextTooLong(Refused):
    """The text has more than MAX_CHARACTERS characters."""

    def __init__(self, characters: int) -> None:
        super().__init__(f"The text has {characters} characters; {MAX_CHARACTERS} are allowed.")
        self.characters = characters


def clean(text: str) -> str:
    """The text as it is stored: as typed, normalised to NFC.

    Raises TextRefused or TextTooLong. Characters are counted as code points after normalising; a text
    that can't come down to as many is not normalised at all, nor is one with a long run of marks.
    """
    if len(text) > NFC_CHARACTERS * MAX_CHARACTERS:
        raise TextTooLong(len(text))
    if (place := text.find("\0")) >= 0:
        raise UnstorableCharacter("a NUL character", text, place)
    try:
        size = len(text.encode())  # a loop over the characters costs as much as storing a long text
    except UnicodeEncodeError as error:
        raise UnstorableCharacter("half of a surrogate pair", text, error.start) from None
    if size > NFC_BYTES * MAX_CHARACTERS:
        raise TextTooLong(len(text))
    if has_too_many_marks(text):
        raise TooManyMarks()
    text = nfc(text)
    if len(text) > MAX_CHARACTERS:
        raise TextTooLong(len(text))
    return text


def has_too_many_marks(text: str) -> bool:
    """Whether more than MOST_MARKS combining marks follow one another, which is costly to normalise."""
    if text.isascii():
        return False
    return any(_run_of_marks(found[0]) > MOST_MARKS for found in _LONG_RUN.finditer(text))


def _run_of_marks(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) or character in _TIBETAN else 0
        longest = max(longest, run)
    return longest


def nfc(text: str) -> str:
    """The text normalised. Look first at its length, and whether it has too many marks."""
    return unicodedata.normalize("NFC", text)


def composed(name: str) -> str:
    """A name that is stored already, normalised where that takes no time."""
    return name if has_too_many_marks(name) else nfc(name)


def is_blank(text: str) -> bool:
    """Whether there is nothing to see in the text: white space, control and zero-width characters only.

    The editor (ui/static/scripts/text/rules.js) judges by the same rule.
    """
    # Printable, to Python, is all but Unicode's categories C and Z, and the space.
    return not any(character.isprintable() and character != " " for character in text)


def search_text(name: str, email: str) -> str:
    """What a search for a person looks in: SQLite itself knows upper and lower case of a-z only."""
    return composed(composed(bare(f"{name} {email}")).casefold())


def search_words(search: str) -> list[str]:
    """The words that are looked for in search_text(); what comes after the first 200 characters is not."""
    return composed(composed(bare(search[:_SEARCHED])).casefold()).split()


def swedish_order(name: str) -> str:
    """A sort key that puts å, ä and ö last, in that order, and é with e."""
    last = {"å": "{", "ä": "|", "ö": "}"}
    letters = unicodedata.normalize("NFC", name).casefold()
    return "".join(last.get(letter) or unicodedata.normalize("NFD", letter)[0] for letter in letters)
