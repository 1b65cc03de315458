"""Whose a session of Streamlit's is."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from visionsprat.web.cookies import BROWSER_COOKIE, SESSION_COOKIE
from visionsprat.web.session_owners import HEADER, mark, owner


def asked(*headers: tuple[str, str], **cookies: str) -> HTTPConnection:
    names = {"session": SESSION_COOKIE, "browser": BROWSER_COOKIE}
    pairs = [*headers]
    if cookies:
        pairs.append(("cookie", "; ".join(f"{names[name]}={value}" for name, value in cookies.items())))
    raw = [(name.encode(), value.encode()) for name, value in pairs]
    return HTTPConnection({"type": "websocket", "headers": raw})


def test_the_same_session_in_the_same_browser_is_the_same_owner() -> None:
    assert owner(asked(session="annas", browser="hers")) == owner(asked(browser="hers", session="annas"))
    assert owner(asked(browser="a visitor's")) == owner(asked(browser="a visitor's"))


def test_another_session_or_another_browser_is_another_owner() -> None:
    found = [
        owner(asked(session="annas", browser="hers")),
        owner(asked(session="annas", browser="another")),
        owner(asked(session="annas")),
        owner(asked(session="another", browser="hers")),
        owner(asked(browser="hers")),
        owner(asked(browser="annas\nhers")),
    ]
    assert len({*found}) == len(found)


def test_who_has_no_cookie_is_nobody_twice() -> None:
    assert owner(asked()) != owner(asked())


def test_the_mark_tells_nothing_of_what_it_is_made_of() -> None:
    assert "annas" not in owner(asked(session="annas", browser="hers"))


def test_a_client_can_not_say_whose_it_is() -> None:
    connection = asked((HEADER, "made up"), ("x-other", "kept"), (HEADER, "again"), session="annas")
    mark(connection)
    told = [value for name, value in connection.scope["headers"] if name == HEADER.encode()]
    assert told == [owner(asked(session="annas")).encode()]
    assert (b"x-other", b"kept") in connection.scope["headers"]
