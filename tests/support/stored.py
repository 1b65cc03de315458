"""What tests put into a store, and look at in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import TypeVar

import bcrypt

from visionsprat.accounts.passwords import PREHASHED, prehashed
from visionsprat.domain.records import Draft, NewAccount, NewLink, Reflection, Replaced, Visitor
from visionsprat.domain.tokens import token_hash
from visionsprat.store import Store

QUESTION, OTHER = "skapande/innebar", "skapande/gora"
#: Of the module that a store knows nothing about.
STEPS = ("", "visionen", "skapande")
FIRST = NewAccount("amina@test.example", "Amina", "hash", is_admin=True, member_of="Team 3", manages="Team 3")

#: The fixture `add_account`.
AddAccount = Callable[..., int]


def sql(store: Store, statement: str, *values: object) -> list[tuple[object, ...]]:
    """What a look into the database beside the store shows, or changes."""
    with closing(sqlite3.connect(store.path)) as db, db:
        return db.execute(statement, values).fetchall()


def save(store: Store, account_id: int, text: str, based_on: int = 0, question: str = QUESTION) -> Reflection:
    """Save a text that is expected to be accepted."""
    saved = store.save_reflection(account_id, Draft(question, text, based_on))
    assert isinstance(saved, Reflection)
    return saved


def kept(store: Store, account_id: int) -> list[tuple[object, ...]]:
    """The earlier and the refused texts that are kept, with their revisions."""
    found = (
        "SELECT revision, text FROM reflection_revisions"
        " WHERE account_id = ? AND NOT is_provisional ORDER BY revision"
    )
    return sql(store, found, account_id)


def begin_session(store: Store, account_id: int, token: str = "token") -> str:
    store.add_ticket(account_id, f"ticket of {token}")
    assert store.redeem_ticket(f"ticket of {token}", token)
    return token


def know_device(store: Store, account_id: int, device: str, earlier: str = "") -> None:
    """Sign in with a browser that keeps this token from now on."""
    store.add_ticket(account_id, f"ticket of {device}")
    ended = Replaced(earlier)
    assert store.redeem_ticket(f"ticket of {device}", f"session of {device}", device, replaced=ended)


def visit(store: Store, account_id: int) -> Visitor:
    visitor = store.visitor(begin_session(store, account_id, f"a look at {account_id}"))
    assert visitor is not None
    # Past the store: signing out keeps what is written, and this is but a look.
    sql(store, "DELETE FROM sessions WHERE token_hash = ?", f"a look at {account_id}")
    return visitor


def texts(store: Store, account_id: int) -> dict[str, str]:
    return {id: reflection.text for id, reflection in visit(store, account_id).reflections.items()}


Made = TypeVar("Made", bound=tuple[NewLink, ...] | NewLink | None)


def known_as(store: Store, name: str, made: Made) -> Made:
    """A link just made, with a name that a test can speak of in place of the hash of its code."""
    (link,) = made if isinstance(made, tuple) else [made]
    assert link is not None
    sql(store, "UPDATE invitations SET token_hash = ? WHERE token_hash = ?", name, token_hash(link.code))
    return made


def is_hash_of(password: str, stored: str) -> bool:
    """Whether what is stored is a hash of this password in today's form."""
    assert stored.startswith(PREHASHED)
    hashed = stored.removeprefix(PREHASHED).encode()
    return bcrypt.checkpw(prehashed(password).encode(), hashed)
