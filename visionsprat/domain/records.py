"""What the store takes and gives: frozen dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from typing import Annotated

from msgspec import Meta

from visionsprat.domain.text_rules import is_blank


class Action(StrEnum):
    """What the audit log tells of. The values stand in the database."""

    ACCOUNT_ADDED = "account added"
    PASSWORD_CHANGED = "password changed"
    DEACTIVATED = "deactivated"
    REACTIVATED = "reactivated"
    STAFF_IMPORTED = "staff list imported"
    CORRECTED = "name or address corrected"
    MADE_MEMBER = "made member of group"
    MEMBER_REMOVED = "removed from group"
    MADE_MANAGER = "made manager of group"
    MANAGER_REMOVED = "no longer manager of group"
    MADE_ADMINISTRATOR = "made administrator"
    ADMINISTRATOR_REMOVED = "no longer administrator"
    SIGNED_OUT = "signed out everywhere"
    EVERYBODY_SIGNED_OUT = "everybody signed out"
    GROUP_MADE = "group made"
    GROUP_RENAMED = "group renamed"
    GROUP_MOVED = "group moved"
    GROUP_MERGED = "group merged"
    GROUP_REMOVED = "group removed"
    ERASED = "account erased"
    RESTORED = "backup restored"
    INVITED = "invited"
    PASSWORD_CHOSEN = "password chosen with an invitation"
    LINK_MADE = "link made for somebody who has signed in before"
    TEXTS_LOCKED = "texts locked"
    TEXTS_UNLOCKED = "texts unlocked with the old password"
    TEXTS_RELEASED = "texts released"
    ADDRESS_CONFIRMED = "address confirmed by its person"
    SECOND_FACTOR_SET = "second factor set"
    SECOND_FACTOR_REMOVED = "second factor removed"
    RECOVERY_CODES_MADE = "recovery codes made"
    RECOVERY_CODE_USED = "recovery code used"


class Factor(StrEnum):
    """What somebody proves with, at sign-in, that they are who they say. The values stand in the database."""

    PASSWORD = "password"
    CODE = "code"


@dataclass(frozen=True)
class Account:
    id: int
    email: str
    name: str
    is_admin: bool
    is_manager: bool


@dataclass(frozen=True)
class Browser:
    """What somebody signs in with; empty where it is not known."""

    #: Ties a ticket to it.
    mark: str = field(default="", repr=False)
    #: The token by which one that has signed in before is known.
    device: str = field(default="", repr=False)
    #: The address it comes from.
    client: str = ""


@dataclass(frozen=True)
class Replaced:
    """The tokens that a browser has had until now, or their hashes: they end when it is given others."""

    device: str = field(default="", repr=False)
    session: str = field(default="", repr=False)


@dataclass(frozen=True)
class Session:
    #: How long its cookie lives in the browser; None: until that is closed.
    life: timedelta | None


@dataclass(frozen=True)
class Attempt:
    """A sign-in under way: it counts as failed until it has succeeded."""

    email: str
    #: The hash of its browser's token, when that has signed in to the account before; else "".
    device: str
    factor: Factor = Factor.PASSWORD


@dataclass(frozen=True)
class Credentials:
    account_id: int
    password_hash: str


@dataclass(frozen=True)
class SecondFactor:
    """What somebody has set up, so that a code is asked for after their password."""

    #: In base32, as their app has it. Never logged, never shown again.
    secret: str = field(repr=False)
    set_at: datetime
    #: How many recovery codes are still unused.
    recovery_codes: int


@dataclass(frozen=True)
class NewAccount:
    email: str
    name: str
    password_hash: str | None
    is_admin: bool = False
    #: Paths of groups: "Vård/Hemtjänst Norr/Team 3".
    member_of: str | None = None
    manages: str | None = None


#: An editor sends four at most.
MOST_UNANSWERED = 8


@dataclass(frozen=True)
class Draft:
    """What somebody has written and not yet stored: the text, and the revision it was written upon."""

    question: str
    text: str
    #: 0: none yet.
    based_on: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    #: Texts sent before whose answers never arrived (optional): finding one of them stored is no conflict.
    unanswered: Annotated[tuple[str, ...], Meta(max_length=MOST_UNANSWERED)] = ()


@dataclass(frozen=True)
class Reflection:
    text: str
    revision: int
    saved_at: datetime
    #: What it was written on, as in "Mobil, Android"; see web/user_agent.py. Empty when it was not asked.
    device_kind: str = ""
    #: Whether there will soon be no room for more of its author's earlier texts: see store/quotas.py.
    nearly_full: bool = field(default=False, compare=False)
    #: Of a save that has taken away much: the fullest text before it, which is kept. Empty for any other.
    deleted: str = field(default="", compare=False)


@dataclass(frozen=True)
class Conflict:
    """A newer text was stored meanwhile. `current` is that one; the refused text is kept as a revision.

    Unless what it was written upon is `erased`: then it is not kept. Nor when there is no room for it.
    """

    current: Reflection
    erased: bool = False
    is_kept: bool = True


@dataclass(frozen=True)
class Visitor:
    """Who is here and what they have written: all that a page needs, from one query."""

    account: Account
    reflections: Mapping[str, Reflection]
    last_seen_at: datetime
    visits: Mapping[str, datetime]
    #: Where the revisions of a new text go on from: those before have been erased, are
    #: locked, or may be known from a time that a restore has taken away.
    erased_revision: int = 0
    #: Whether texts of theirs are locked, or have been released and they have not said that they know.
    has_locks: bool = False
    #: Whether it is open if the address is their own: another has corrected it, or a link was handed out.
    address_is_unproven: bool = False

    @property
    def answered(self) -> frozenset[str]:
        """The ids of the questions with a non-blank reflection."""
        return frozenset(id for id, reflection in self.reflections.items() if not is_blank(reflection.text))


@dataclass(frozen=True)
class Member:
    """A member of a group, as a manager sees them: which questions are answered since when, never a text."""

    name: str
    email: str
    #: The names of the groups, of those asked for, that they are in.
    groups: tuple[str, ...]
    answered_at: Mapping[str, datetime]


@dataclass(frozen=True)
class ManagedGroup:
    id: int
    name: str
    #: None for one that lies below nothing else that is managed.
    parent_id: int | None
    #: How many questions each of its own active members has answered, by account id.
    answered: Mapping[int, int]


@dataclass(frozen=True)
class GroupRow:
    """A group as an administrator sees it, with what lies directly in it."""

    id: int
    path: str
    people: int
    managers: tuple[str, ...]
    has_groups: bool

    @property
    def is_empty(self) -> bool:
        return not self.people and not self.managers and not self.has_groups


class Show(Enum):
    """Which people an administrator looks for."""

    ALL = "alla"
    NEVER_SIGNED_IN = "aldrig-inloggade"
    ADMINISTRATORS = "administratorer"
    DEACTIVATED = "avaktiverade"
    WITHOUT_GROUP = "utan-grupp"


@dataclass(frozen=True)
class Person:
    """Somebody with an account, as an administrator sees them: nothing about the learning."""

    id: int
    email: str
    name: str
    is_active: bool
    is_admin: bool
    has_password: bool
    last_signed_in_at: datetime | None
    #: The ids and paths of the groups they are in, and of those they manage.
    groups: Mapping[int, str]
    manages: Mapping[int, str]
    #: Whether they have ever signed in, or written: then a link that is handed out locks what is written.
    is_used: bool = False
    #: As in Visitor: then a letter's link locks it, too.
    address_is_unproven: bool = False


@dataclass(frozen=True)
class PeopleFound:
    #: All who were found; `people` are the first of them by name.
    count: int
    people: tuple[Person, ...]


@dataclass(frozen=True)
class Whom:
    """Which active people an invitation is for: those whom everything that is given here holds for."""

    emails: frozenset[str] | None = None
    #: With all below it.
    group_id: int | None = None
    never_signed_in: bool = False
    #: Who have neither signed in nor written: there is nothing yet that a link could open.
    unused: bool = False


@dataclass(frozen=True)
class Invited:
    """Somebody who may choose a password with a link."""

    account_id: int
    email: str
    name: str
    has_password: bool
    #: Paths of the groups they are in.
    groups: tuple[str, ...]
    expires_at: datetime
    #: As in Person.
    is_used: bool = False
    #: Whether choosing a password with the link locks what they have written before.
    locks: bool = False


@dataclass(frozen=True)
class NewLink:
    """A link just made. The code in it is nowhere else: the database holds its hash."""

    person: Invited
    #: Whoever has it may choose the person's password. Never stored, never logged.
    code: str = field(repr=False)


@dataclass(frozen=True)
class TextLock:
    """What somebody wrote before a link was used that others may have had. Nobody reads it meanwhile."""

    id: int
    locked_at: datetime
    #: When it was opened by another, and by whom: a name, or empty for the terminal.
    released_at: datetime | None
    released_by: str
    #: Whether the administrator who asks may release it.
    may_release: bool = False


@dataclass(frozen=True)
class OwnLock:
    """As much of a lock as its own person gets to see: how many texts, from when, and none of their words."""

    locked_at: datetime
    released_at: datetime | None
    texts: int
    first_saved_at: datetime | None
    last_saved_at: datetime | None


@dataclass(frozen=True)
class AuditEntry:
    at: datetime
    #: An e-mail address; empty in the terminal.
    actor: str
    action: Action
    subject: str
    details: str


@dataclass(frozen=True)
class AuditPage:
    count: int
    entries: tuple[AuditEntry, ...]


@dataclass(frozen=True)
class OwnReflection:
    question_id: str
    text: str
    saved_at: datetime
    begun_at: datetime
    bring_to_meeting: bool
    device_kind: str
    #: The earlier and the refused texts that are kept, the oldest first.
    earlier: tuple[Reflection, ...]


@dataclass(frozen=True)
class OwnSession:
    #: By which its person ends it; it opens nothing.
    id: int
    begun_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    #: As a reflection's; empty for sessions from before it was asked.
    device_kind: str = ""
    is_kept: bool = False


@dataclass(frozen=True)
class OwnFailure:
    """A failed sign-in with somebody's address, and the client it came from; empty: not known."""

    at: datetime
    client: str


@dataclass(frozen=True)
class OwnInvitation:
    expires_at: datetime
    used_at: datetime | None
    #: None for one from before this was noted.
    made_at: datetime | None = None


@dataclass(frozen=True)
class OwnEvent:
    """What the audit log says that they have done, or somebody else has done for them."""

    at: datetime
    action: Action
    subject: str
    details: str
    by_oneself: bool


@dataclass(frozen=True)
class OwnData:
    """All that is stored about somebody, for themself alone: all but the password and secret tokens."""

    email: str
    name: str
    is_admin: bool
    created_at: datetime
    last_signed_in_at: datetime | None
    #: The paths of groups.
    groups: tuple[str, ...]
    manages: tuple[str, ...]
    reflections: tuple[OwnReflection, ...]
    visits: Mapping[str, datetime]
    sessions: tuple[OwnSession, ...]
    #: When they last signed in with each browser that is remembered.
    devices: tuple[datetime, ...]
    invitations: tuple[OwnInvitation, ...]
    failed_sign_ins: tuple[OwnFailure, ...]
    #: When a link for a forgotten password was asked for lately.
    password_requests: tuple[datetime, ...]
    events: tuple[OwnEvent, ...]
    locks: tuple[OwnLock, ...] = ()
    #: Since when it is open whether the address is their own.
    address_unproven_since: datetime | None = None
    #: Since when a code is asked for after the password, and how many recovery codes are left.
    second_factor_set_at: datetime | None = None
    recovery_codes: int = 0


@dataclass(frozen=True)
class Contents:
    """How much a database file holds, and the migrations it has too many and too few."""

    accounts: int
    #: Locked ones, too.
    reflections: int
    last_saved_at: datetime | None
    unknown: tuple[str, ...]
    pending: tuple[str, ...]
    locked: int = 0

    @property
    def counted(self) -> str:
        locked = f" (locked: {self.locked})" if self.locked else ""
        return f"accounts: {self.accounts}, reflections: {self.reflections}{locked}"


class Level(Enum):
    OK = "ok"
    NOTE = "note"
    FAULT = "fault"


@dataclass(frozen=True)
class Finding:
    """What a check of the installation has found, in a sentence."""

    level: Level
    text: str


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A person as a staff list tells of them. Groups are paths."""

    email: str
    name: str
    groups: frozenset[str]
    manages: frozenset[str]
    is_active: bool


@dataclass(frozen=True)
class Directory:
    """Everybody who has an account, by e-mail address."""

    people: Mapping[str, StaffMember]
    #: The addresses of the active administrators.
    administrators: frozenset[str]
    #: The paths of all groups.
    groups: frozenset[str]


@dataclass(frozen=True, slots=True)
class StaffChange:
    before: StaffMember
    after: StaffMember


@dataclass(frozen=True)
class StaffPlan:
    """What a staff list would change, made from `before`."""

    before: Directory
    new: tuple[StaffMember, ...]
    changed: tuple[StaffChange, ...]
    unchanged: int
    #: Active people with an account who are not in the file.
    absent: tuple[StaffMember, ...]
    new_groups: tuple[str, ...]

    @property
    def deactivated(self) -> tuple[StaffMember, ...]:
        return tuple(
            each.before for each in self.changed if each.before.is_active and not each.after.is_active
        )

    @property
    def is_empty(self) -> bool:
        return not self.new and not self.changed
