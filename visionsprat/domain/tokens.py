"""Every secret that is handed out, in cookies, in links and on paper: made here, and kept by its hash alone.

They are random and long, so a plain hash will do: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

#: What every cookie's token begins with since the cookies are `__Host-` ones.
TOKEN_MARK = "2."
RECOVERY_CODES = 10
#: No letters and digits that look alike.
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_RECOVERY_LENGTH = 24  # 118 bits: nobody guesses them from their hashes, however fast those are made
RECOVERY_CODE = re.compile(rf"[{_ALPHABET}]{{{_RECOVERY_LENGTH}}}")
_LONGEST = 50  # characters of what is typed that are looked at


def new_token() -> str:
    """A token for a cookie."""
    return TOKEN_MARK + secrets.token_urlsafe(32)


def new_code() -> str:
    """A code for a link."""
    return secrets.token_urlsafe(32)


def new_mark() -> str:
    """What ties a ticket to the browser that asked for it."""
    return secrets.token_urlsafe(16)


def new_key() -> bytes:
    """For AES-GCM or a keyed hash: 256 random bits. It opens nothing by itself, and is kept as it is."""
    return secrets.token_bytes(32)


def new_recovery_codes(secret: str) -> tuple[tuple[str, ...], list[str]]:
    """As in "k7wm-3rtq-x2hd-p4vn-8ezb-6yjc", for the second factor with this secret; and their hashes."""
    codes = tuple(_new_recovery_code() for _ in range(RECOVERY_CODES))
    return codes, [recovery_hash(each, secret) for each in codes]


def _new_recovery_code() -> str:
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_RECOVERY_LENGTH))
    return "-".join(letters[at : at + 4] for at in range(0, _RECOVERY_LENGTH, 4))


def token_hash(token: str) -> str:
    """What the database holds instead of a token, or of a code."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def ticket_hash(ticket: str, browser: str) -> str:
    """What it holds of a ticket, which is of use in one browser only."""
    return hashlib.sha256(f"ticket {browser} {ticket}".encode()).hexdigest()


def recovery_hash(code: str, secret: str) -> str:
    """What it holds instead of a recovery code; another for each account."""
    return hmac.new(secret.encode(), tidied(code).encode(), hashlib.sha256).hexdigest()


def tidied(typed: str) -> str:
    """A code as it was made: apps and people put spaces and hyphens between, and write in capitals."""
    return re.sub(r"[\s-]", "", typed[:_LONGEST]).lower()
