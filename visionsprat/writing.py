"""What the text of a reflection may be."""

from __future__ import annotations

import unicodedata

from visionsprat.errors import VisionspratError

MAX_CHARACTERS = 20_000


class TextRefused(VisionspratError):
    """The text can't be stored at all (NUL, or half of a surrogate pair)."""


class TextTooLong(VisionspratError):
    """The text has more than MAX_CHARACTERS characters."""

    def __init__(self, characters: int) -> None:
        super().__init__(f"The text has {characters} characters; {MAX_CHARACTERS} are allowed.")
        self.characters = characters


def clean(text: str) -> str:
    """The text as it is stored: as typed, normalised to NFC.

    Raises TextRefused or TextTooLong. Characters are counted as code points after normalising.
    """
    if "\0" in text:
        raise TextRefused("The text contains a NUL character, which can't be stored.")
    try:
        text.encode()  # a loop over the characters costs as much as storing a long text
    except UnicodeEncodeError:
        raise TextRefused("The text contains half of a surrogate pair, which can't be stored.") from None
    text = nfc(text)
    if len(text) > MAX_CHARACTERS:
        raise TextTooLong(len(text))
    return text


def nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def is_blank(text: str) -> bool:
    """Whether there is nothing to see in the text: white space, control and zero-width characters only.

    The editor (ui/static/editor.js) judges by the same rule.
    """
    return all(character.isspace() or unicodedata.category(character)[0] in "CZ" for character in text)


def search_text(name: str, email: str) -> str:
    """What a search for a person looks in: SQLite itself knows upper and lower case of a-z only."""
    return nfc(f"{name} {email}").casefold()


def swedish_order(name: str) -> str:
    """A sort key that puts å, ä and ö last, in that order, and é with e."""
    last = {"å": "{", "ä": "|", "ö": "}"}
    letters = unicodedata.normalize("NFC", name).casefold()
    return "".join(last.get(letter) or unicodedata.normalize("NFD", letter)[0] for letter in letters)
