"""The two pages that the law wants: words in content/ with the organisation's own values in them.

Only the organisation knows who is responsible. A value is shown where the text says `{contact}`; an empty
one does not stop the start, as nobody has all of them the first day, but the terminal names it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import StringConstraints

from visionsprat.content.module import NoOtherKeys, Page, Words

#: Empty until the organisation has filled it in.
Value = Annotated[str, StringConstraints(strip_whitespace=True)]
_PLACE = re.compile(r"\{(\w+)\}")
#: An address that stands alone becomes a link, as <address> is in Markdown.
_ADDRESS = re.compile(r"https?://\S+|[^\s@<>]+@[^\s@<>]+")


@dataclass(frozen=True)
class Declaration(NoOtherKeys):
    """The fields of those below are the keys that a file may have; `{contact}` in the body shows one."""

    title: Words
    body: str

    @property
    def unfilled(self) -> tuple[str, ...]:
        """The values that the text shows and nobody has filled in."""
        return tuple(dict.fromkeys(name for name in _PLACE.findall(self.body) if not getattr(self, name)))

    def text(self, missing: str) -> str:
        """The body with each value in its place, and `missing` for those that nobody has filled in."""
        return _PLACE.sub(lambda place: _shown(getattr(self, place[1])) or missing, self.body)


@dataclass(frozen=True)
class Accessibility(Declaration):
    organisation: Value
    contact: Value
    assessed: Value
    updated: Value


@dataclass(frozen=True)
class Privacy(Declaration):
    controller: Value
    protection_officer: Value
    legal_basis: Value
    contact: Value


D = TypeVar("D", bound=Declaration)


@dataclass(frozen=True)
class Declarations:
    accessibility: Accessibility
    privacy: Privacy
    #: A sentence for each value that is not filled in, naming its file.
    notes: tuple[str, ...]


def load_declarations(folder: Path) -> Declarations:
    """Raises ContentError. What is not filled in is no fault: the application works without it."""
    files = folder / "tillganglighet.md", folder / "personuppgifter.md"
    accessibility, privacy = _load(files[0], Accessibility), _load(files[1], Privacy)
    notes = tuple(
        f"{path.as_posix()}: {name!r} is not filled in. The page says that it is missing."
        for path, declaration in zip(files, (accessibility, privacy), strict=True)
        for name in declaration.unfilled
    )
    return Declarations(accessibility, privacy, notes)


def _load(path: Path, shape: type[D]) -> D:
    page = Page(path)
    names = sorted({field.name for field in fields(shape)} - {"title", "body"})
    for place in _PLACE.finditer(page.body):
        if place[1] not in names:
            known = ", ".join(f"{{{name}}}" for name in names)
            raise page.fault_in_body(f"unknown value {place[0]}. Use only {known}.", place.start())
    return page.load(shape)


def _shown(value: str) -> str:
    return f"<{value}>" if _ADDRESS.fullmatch(value) else value
