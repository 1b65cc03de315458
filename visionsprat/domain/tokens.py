"""Secrets that are handed out, in cookies and in links: made here, and kept by their hashes alone.

They are random and long, so a plain hash will do: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import secrets

#: What every cookie's token begins with since the cookies are `__Host-` ones.
TOKEN_MARK = "2."


def new_token() -> str:
    """A token for a cookie."""
    return TOKEN_MARK + secrets.token_urlsafe(32)


def new_code() -> str:
    """A code for a link."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What the database holds instead of a token, or of a code."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def ticket_hash(ticket: str, browser: str) -> str:
    """What it holds of a ticket, which is of use in one browser only."""
    return hashlib.sha256(f"ticket {browser} {ticket}".encode()).hexdigest()
