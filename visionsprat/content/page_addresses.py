"""The addresses of pages: each has one, and other ways to write it lead there.

By a redirect (308): what marks the path, saves visits and draws the page would each have to know the other
ways. Capitals count as a slip of a phone's keyboard.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from visionsprat.content.module import LONGEST_ADDRESS

#: What mail programs, intranets and copying leave around an address: blanks, seen and unseen, and slashes.
_AROUND = r"[\s/\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+"
_EDGES = re.compile(rf"\A{_AROUND}|{_AROUND}\Z")
_PLAIN = re.compile(r"[A-Za-z0-9-]*")


def is_address(path: str) -> bool:
    """Whether a path without its first slash could be the address of a page; "" is the start page's."""
    return len(path) <= LONGEST_ADDRESS and path.isprintable() and not re.search(r"[\s/]", path)


def tidied(path: str) -> str:
    """A path as the address of its page is written, without its first slash. Ours are in small letters."""
    bare = _EDGES.sub("", path)
    return bare.lower() if _PLAIN.fullmatch(bare) else bare


def elsewhere(path: str, query: str) -> str | None:
    """Where the page is that this path means, with what follows the question mark, if that isn't here."""
    address = tidied(path)
    if path == f"/{address}":
        return None
    return quote(f"/{address}") + (f"?{query}" if query else "")
