"""The errors that Visionsprat raises on purpose, in their families, and those that several rooms know."""

from __future__ import annotations

from datetime import datetime


class VisionspratError(Exception):
    """Something went wrong that a person can understand and mend; the message says how."""


class CannotStart(VisionspratError):
    """The application can't begin: a setting, the content or the database is not fit for it."""


class CommandError(VisionspratError):
    """A command in the terminal can't be done as it was asked for."""


class Refused(VisionspratError):
    """What somebody asks for is not done; asked for otherwise, or by another, it may be."""


class Unavailable(VisionspratError):
    """It can't be done now; the same may be tried again later."""


# Unavailable


class StoreUnavailable(Unavailable):
    """The database can't be read or written now: locked, read-only, full, damaged or gone."""


class TooManyFailures(Unavailable):
    """Too many sign-ins have failed lately; the next try may be made at `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__("Too many sign-ins have failed lately.")
        self.until = until


# Refused


class EmailTaken(Refused):
    def __init__(self, email: str) -> None:
        super().__init__(f"There is already an account with the e-mail address {email}.")
        self.email = email


class AlreadyClaimed(Refused):
    """The installation has its first account already."""


class NotAllowed(Refused):
    """Only an active administrator may do this."""


class TextsLocked(NotAllowed):
    """The earlier texts of an account are locked, and what is asked for would open them."""


class LastAdministrator(Refused):
    """Nobody would be left who can administer."""


class GroupNameTaken(Refused):
    """There is a group with this name in the same place already."""


class GroupCircle(Refused):
    """A group would lie below itself, or below one with its own name."""


class GroupNotEmpty(Refused):
    """The group still has people, managers or groups below it."""


class VersionsFull(Refused):
    """A text would have to be kept as an earlier version, and its author has no room for more."""


class SignedOut(Refused):
    """There is no live session, or it is another person's than the one who wrote."""


class StaffListOutdated(Refused):
    """Something has changed since the plan for a staff list was made."""


class InvitationVoid(Refused):
    """A link that nobody can choose a password with: replaced by a newer one, or made up."""


class InvitationUsed(InvitationVoid):
    """Somebody has chosen a password with the link already."""


class InvitationExpired(InvitationVoid):
    """The link's time is out."""


# CannotStart


class OlderRunning(CannotStart):
    """The database is to be migrated, and a process of an older version has it open."""
