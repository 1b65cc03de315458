"""The only place with SQL: one method a use case, frozen dataclasses in and out.

Each module here holds the methods about one noun; Store is all of them.
"""

from visionsprat.store.administration import Administration
from visionsprat.store.attempts import Attempts
from visionsprat.store.audit import AuditLog
from visionsprat.store.completion import Completion
from visionsprat.store.draft_keys import DraftKeys
from visionsprat.store.groups import Groups
from visionsprat.store.invitations import Invitations
from visionsprat.store.locked import LockedTexts
from visionsprat.store.own_data import OwnDataStore
from visionsprat.store.people import People
from visionsprat.store.reflections import Reflections
from visionsprat.store.second_factor import SecondFactors
from visionsprat.store.sessions import Sessions
from visionsprat.store.staff import Staff


class Store(
    Sessions,
    People,
    Invitations,
    LockedTexts,
    Attempts,
    Reflections,
    Groups,
    Completion,
    Administration,
    Staff,
    AuditLog,
    OwnDataStore,
    DraftKeys,
    SecondFactors,
):
    """The database of one installation. Safe to use from several threads and processes at once."""
