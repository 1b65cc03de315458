"""E-mail addresses: the one form in which they are stored and compared, and the one that mail servers take.

Stored is what a person reads, åsa@räksmörgås.example: composed (NFC), in lower case, with the domain's
labels as letters. The part before the @ has no other form, and pages and letters show the whole. Two
accounts from before that differ only in how an address is written stay two, each reached by its own
writing: no migration merges people.
"""

from __future__ import annotations

import re

from visionsprat.domain.invisible import bare
from visionsprat.domain.text_rules import has_too_many_marks, nfc, search_words

#: What is longer is no address, and is not looked at.
MOST_GIVEN = 1_000
_LINK = re.compile(r"(?:mailto:\s*)+([^?]*)(\?.*)?", re.IGNORECASE | re.DOTALL)
_ASCII_LABEL = "xn--"
#: Full stops that keyboards for Chinese and Japanese write.
_DOTS = str.maketrans("\u3002\uff0e\uff61", "...")


def one_form(address: str) -> str:
    """The address as it is compared, whatever stands there; what is far too long is only trimmed."""
    lower = address.strip().lower()
    if address.isascii() and ":" not in lower and _ASCII_LABEL not in lower:
        return lower
    if len(address) > MOST_GIVEN or has_too_many_marks(address):
        return lower
    address = bare(address).strip()
    if link := _LINK.fullmatch(address):
        address = link[1].strip()
    name, at, domain = nfc(nfc(address).lower()).rpartition("@")
    return name + at + _in_letters(domain)


def sought(search: str) -> list[str]:
    """The words that are looked for in search_text(), of which some may be of addresses in another form."""
    return [found for word in search_words(search) for found in search_words(one_form(word))]


def for_mail(address: str) -> str:
    """The address with its domain in ASCII, which every mail server takes."""
    name, at, domain = address.rpartition("@")
    if domain.isascii():
        return address
    import idna

    try:
        return name + at + idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return address


def _in_letters(domain: str) -> str:
    if domain.isascii() and _ASCII_LABEL not in domain:
        return domain
    return ".".join(map(_label, domain.translate(_DOTS).split(".")))


def _label(label: str) -> str:
    """A part of a domain in letters; one that can't be one stays as it is."""
    import idna  # its tables take time to load: nearly no address needs them

    try:
        if not label.isascii():
            label = nfc(idna.uts46_remap(label, std3_rules=False, transitional=False))
        return idna.ulabel(label) if label.startswith(_ASCII_LABEL) else label
    except idna.IDNAError:
        return label
