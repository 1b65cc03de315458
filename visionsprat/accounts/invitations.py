"""Invitations: links made, handed out as a table or as letters, and used.

A link is used by a script run that a button asked for, never by opening it: mail scanners open links. The
store gets hashes only; the link itself is in the answer to whoever made it, and in its letter.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from visionsprat.domain.records import Invited, Person, Whom
from visionsprat.mail.queue import errands
from visionsprat.mail.smtp import Failure, Letter, send
from visionsprat.settings import Smtp
from visionsprat.store import Store
from visionsprat.store.invitations import client_mark
from visionsprat.telemetry import log
from visionsprat.wording import letters
from visionsprat.wording.messages import sortable

#: The page behind the links.
ADDRESS = "inbjudan"
_log = logging.getLogger(log.OURS)
HEADINGS = ("namn", "e-post", "grupp", "länk", "giltig till")


@dataclass(frozen=True)
class Invitation:
    person: Invited
    #: Whoever has it may choose the person's password. Never stored, never logged.
    link: str = field(repr=False)


class _Tokens(dict[int, str]):
    """The tokens of links that are being made, by account."""

    def new(self, account_id: int) -> str:
        """Make one, and give back what the database holds instead of it."""
        self[account_id] = secrets.token_urlsafe(32)
        return code_hash(self[account_id])

    def link(self, site: str, account_id: int) -> str:
        return f"{site}/{ADDRESS}?kod={self[account_id]}"


def code_hash(code: str) -> str:
    """What the database holds instead of the code in a link."""
    return hashlib.sha256(code.encode()).hexdigest()


def invite(
    store: Store, actor_id: int | None, whom: Whom, site: str, *, by_letter: bool = False
) -> tuple[Invitation, ...]:
    """Make links that begin with the public address `site`. Those made before for the same people end.

    One that is not sent `by_letter` alone can be used by whoever has seen it: using it locks what its person
    has written.
    """
    tokens = _Tokens()
    people = store.invite(actor_id, whom, tokens.new, by_letter=by_letter)
    return tuple(Invitation(each, tokens.link(site, each.account_id)) for each in people)


def as_rows(invitations: Iterable[Invitation]) -> list[tuple[str, ...]]:
    """The rows of a mail merge under HEADINGS."""
    return [
        (
            each.person.name,
            each.person.email,
            "|".join(each.person.groups),
            each.link,
            sortable(each.person.expires_at),
        )
        for each in invitations
    ]


def as_letters(invitations: Iterable[Invitation]) -> list[Letter]:
    return [
        (letters.new_link if each.person.is_used else letters.invitation)(each.person, each.link)
        for each in invitations
    ]


def tell_of_new_password(smtp: Smtp, person: Invited) -> None:
    """Write to somebody that a link of theirs was used, lest another person has done it unseen."""
    errands.add(lambda: send(smtp, [letters.password_chosen(person)]))


def tell_of_corrected_address(smtp: Smtp, person: Person, email: str) -> None:
    """Write to the address that somebody had until now that it has been changed to `email`."""
    errands.add(lambda: send(smtp, [letters.address_corrected(person.name, person.email, email)]))


def tell_of_release(smtp: Smtp, person: Person, by: str) -> None:
    """Write to somebody that their locked texts have been released, and by whom."""
    errands.add(lambda: send(smtp, [letters.texts_released(person.name, person.email, by)]))


def ask_for_new_password(store: Store, smtp: Smtp, site: str, email: str, client: str = "") -> None:
    """Let a letter be sent to whoever has this address. The time it takes doesn't tell if anybody has.

    None is sent when too many have been asked for with the address, from the client, or in all.
    """
    if not store.note_password_request(email, client_mark(store.path, client)):
        told = {"address": log.pseudonym(email), "client": log.place(client)}
        _log.info("Letter refused", extra=told)
    else:
        errands.add(lambda: send_new_password(store, smtp, site, email))


def send_new_password(store: Store, smtp: Smtp, site: str, email: str) -> tuple[Failure, ...]:
    """Send a link to whoever has this address and has forgotten their password, if anybody has."""
    tokens = _Tokens()
    person = store.add_password_link(email, tokens.new)
    if person is None:
        return ()
    return send(smtp, [letters.new_password(person, tokens.link(site, person.account_id))])
