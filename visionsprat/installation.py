"""One installation: its settings, its words and its database, opened once a process."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path

from visionsprat.backups.archive import require_sound
from visionsprat.content.declarations import Declarations, load_declarations
from visionsprat.content.module import Module, load_module
from visionsprat.domain.tokens import new_code
from visionsprat.runtime.rate_limits import Limits
from visionsprat.settings import Settings, load_settings
from visionsprat.store import Store

DATABASE = "visionsprat.db"
BACKUPS = "backups"


@dataclass(frozen=True)
class Installation:
    settings: Settings
    module: Module
    declarations: Declarations
    store: Store
    limits: Limits = field(default_factory=Limits, repr=False, compare=False)
    #: What the link in the terminal carries: whoever has it may make the very first account.
    claim_code: str = field(default_factory=new_code, repr=False)


def database_path(settings: Settings) -> Path:
    return settings.data / DATABASE


def backups_path(settings: Settings) -> Path:
    """The folder of the backups that the running application makes."""
    return settings.data / BACKUPS


@functools.lru_cache(maxsize=1)
def open_installation() -> Installation:
    """The installation that the environment names. Raises VisionspratError when it can't be opened."""
    settings = load_settings()
    module, declarations = load_module(settings.content), load_declarations(settings.content)
    require_sound(database_path(settings), backups_path(settings))
    return Installation(settings, module, declarations, Store(database_path(settings)))
