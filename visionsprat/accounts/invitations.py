"""Invitations: links made, handed out as a table or as letters, and used.

A link is used by a script run that a button asked for, never by opening it: mail scanners open links. The
store gets hashes only; the link itself is in the answer to whoever made it, and in its letter.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field

from visionsprat.domain.records import Invited, NewLink, Person, Whom
from visionsprat.mail.queue import errands
from visionsprat.mail.smtp import Failure, Letter, send
from visionsprat.settings import Smtp
from visionsprat.store import Store
from visionsprat.store.invitations import client_mark
from visionsprat.telemetry import log
from visionsprat.wording import letters
from visionsprat.wording.formats import sortable

#: The page behind the links.
ADDRESS = "inbjudan"
_log = logging.getLogger(log.OURS)
HEADINGS = ("namn", "e-post", "grupp", "länk", "giltig till")


@dataclass(frozen=True)
class Invitation:
    person: Invited
    #: Whoever has it may choose the person's password. Never stored, never logged.
    link: str = field(repr=False)


def invite(
    store: Store, actor_id: int | None, whom: Whom, site: str, *, by_letter: bool = False
) -> tuple[Invitation, ...]:
    """Make links that begin with the public address `site`. Those made before for the same people end.

    One that is not sent `by_letter` alone can be used by whoever has seen it: using it locks what its person
    has written.
    """
    made = store.invite(actor_id, whom, by_letter=by_letter)
    return tuple(Invitation(each.person, _address(site, each)) for each in made)


def _address(site: str, link: NewLink) -> str:
    return f"{site}/{ADDRESS}?kod={link.code}"


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
    link = store.add_password_link(email)
    if link is None:
        return ()
    return send(smtp, [letters.new_password(link.person, _address(site, link))])
