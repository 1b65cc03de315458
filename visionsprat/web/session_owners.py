"""Whose a session of Streamlit's is: the signed-in session's and the browser's that began it.

Streamlit gives each tab a session of its own, and whoever names its id may go on with it after a lost
connection. Alone, the id would be a key to what its person sees. So each websocket comes with the mark of
its owner, in a header that no client can set, and Streamlit lets only the same owner go on.
"""

from __future__ import annotations

import hashlib
import secrets

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from streamlit import get_option, runtime

from visionsprat.domain.records import Account
from visionsprat.domain.tokens import token_hash
from visionsprat.installation import open_installation
from visionsprat.web.cookies import BROWSER_COOKIE, session_token

#: Named in .streamlit/config.toml as well, under `server.trustedUserHeaders`.
HEADER, FIELD = "x-visionsprat-owner", "owner"

_key = secrets.token_bytes(32)


class NotTrusted(RuntimeError):
    """Streamlit has not been told to tell owners apart."""

    def __init__(self) -> None:
        super().__init__(f"server.trustedUserHeaders in .streamlit/config.toml has to name {HEADER}")


def account(asked: HTTPConnection) -> Account | None:
    """Whose live session a request comes with. Raises StoreUnavailable."""
    return open_installation().store.account_of_session(token_hash(session_token(asked.cookies)))


def is_administrator(asked: HTTPConnection) -> bool:
    found = account(asked)
    return found is not None and found.is_admin


def check_trust() -> None:
    """Raise NotTrusted if Streamlit would let anybody go on with anybody's session."""
    if get_option("server.trustedUserHeaders") != {HEADER: FIELD}:
        raise NotTrusted


def owner(asked: HTTPConnection) -> str:
    """The mark of a request's owner: the same for the same session in the same browser, in this process.

    Without any cookie it is new each time: there is nothing to tell that somebody has come back.
    """
    session, browser = session_token(asked.cookies), asked.cookies.get(BROWSER_COOKIE, "")
    if not session and not browser:
        return secrets.token_hex(32)
    return hashlib.blake2b(f"{session}\n{browser}".encode(), key=_key, digest_size=32).hexdigest()


def mark(asked: HTTPConnection) -> None:
    """Let Streamlit know the owner of a websocket, whatever its client says."""
    told = owner(asked)
    headers = MutableHeaders(scope=asked.scope)
    del headers[HEADER]
    headers[HEADER] = told


def owns(asked: HTTPConnection, session_id: str) -> bool:
    """Whether a session of Streamlit's, which is connected now, belongs to a request's owner."""
    session = runtime.get_instance().get_app_session(session_id)
    return session is not None and session.matches_user_info({FIELD: owner(asked)})
