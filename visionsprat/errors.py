"""The root of every error that Visionsprat raises on purpose, and those that the store raises."""

from __future__ import annotations

from datetime import datetime


class VisionspratError(Exception):
    """Something went wrong that a person can understand and mend; the message says how."""


class StoreUnavailable(VisionspratError):
    """The database can't be read or written now: locked, read-only, full, damaged or gone."""


class OlderRunning(VisionspratError):
    """The database is to be migrated, and a process of an older version has it open."""


class EmailTaken(VisionspratError):
    def __init__(self, email: str) -> None:
        super().__init__(f"There is already an account with the e-mail address {email}.")
        self.email = email


class TooManyFailures(VisionspratError):
    """Too many sign-ins have failed lately; the next try may be made at `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__("Too many sign-ins have failed lately.")
        self.until = until


class AlreadyClaimed(VisionspratError):
    """The installation has its first account already."""


class NotAllowed(VisionspratError):
    """Only an active administrator may do this."""


class TextsLocked(NotAllowed):
    """The earlier texts of an account are locked, and what is asked for would open them."""


class LastAdministrator(VisionspratError):
    """Nobody would be left who can administer."""


class GroupNameTaken(VisionspratError):
    """There is a group with this name in the same place already."""


class GroupCircle(VisionspratError):
    """A group would lie below itself, or below one with its own name."""


class GroupNotEmpty(VisionspratError):
    """The group still has people, managers or groups below it."""


class VersionsFull(VisionspratError):
    """A text would have to be kept as an earlier version, and its author has no room for more."""


class SignedOut(VisionspratError):
    """There is no live session, or it is another person's than the one who wrote."""


class StaffListOutdated(VisionspratError):
    """Something has changed since the plan for a staff list was made."""


class InvitationVoid(VisionspratError):
    """A link that nobody can choose a password with: replaced by a newer one, or made up."""


class InvitationUsed(InvitationVoid):
    """Somebody has chosen a password with the link already."""


class InvitationExpired(InvitationVoid):
    """The link's time is out."""
