"""The module's words: content/ read, checked and made into frozen dataclasses.

People who write no Python edit these files, so every fault names its file, its line and its remedy.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from visionsprat.errors import CannotStart

T = TypeVar("T")
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_DEEPEST = 10
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
#: Characters of an address of ours; a longer one is none.
LONGEST_ADDRESS = 100
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$", max_length=LONGEST_ADDRESS)]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]

APP_ADDRESSES = {"visionen", "mina-reflektioner", "min-grupp", "administration", "mitt-konto"}
APP_ADDRESSES |= {"tillganglighet", "personuppgifter", "kom-igang", "bjud-in", "inbjudan", "glomt-losenord"}
#: First segments of addresses that are no pages.
SERVER_ADDRESSES = {"static", "media", "component", "api", "assets", "healthz", "metrics", "_stcore"}


class ContentError(CannotStart):
    """A file in content/ is at fault."""

    def __init__(self, path: Path, line: int | None, problem: str) -> None:
        self.path, self.line, self.problem = path, line, problem
        place = path.as_posix() if line is None else f"{path.as_posix()}, line {line}"
        super().__init__(f"{place}: {problem}")


# The fields of these are the keys that a file may have; `body` is what follows its front matter.


class NoOtherKeys:
    __pydantic_config__ = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Text(NoOtherKeys):
    title: Words
    body: str


@dataclass(frozen=True)
class Vision(NoOtherKeys):
    title: Words
    sentence: Words
    body: str


@dataclass(frozen=True)
class Question(NoOtherKeys):
    id: Id  # in the file `innebar`, once loaded `skapande/innebar`
    text: Words


@dataclass(frozen=True)
class Accent(NoOtherKeys):
    light: Colour
    dark: Colour


@dataclass(frozen=True)
class Theme(NoOtherKeys):
    id: Id
    order: int
    title: Words
    body: str
    questions: Annotated[tuple[Question, ...], Field(min_length=1)]
    accent: Accent | None = None
    reading_hint: Words | None = None


@dataclass(frozen=True)
class Module:
    welcome: Text
    vision: Vision
    themes: tuple[Theme, ...]

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        return tuple(question for theme in self.themes for question in theme.questions)

    @cached_property
    def question_ids(self) -> tuple[str, ...]:
        return tuple(question.id for question in self.questions)

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """The addresses of the walk, in order. "" is the start page."""
        return ("", "visionen", *(theme.id for theme in self.themes), "mina-reflektioner")

    def theme(self, theme_id: str) -> Theme:
        return self._themes_by_id[theme_id]

    def question(self, question_id: str) -> Question:
        return self._questions_by_id[question_id]

    @cached_property
    def _themes_by_id(self) -> dict[str, Theme]:
        return {theme.id: theme for theme in self.themes}

    @cached_property
    def _questions_by_id(self) -> dict[str, Question]:
        return {question.id: question for question in self.questions}


def load_module(folder: Path) -> Module:
    if not folder.is_dir():
        raise ContentError(folder, None, "no such folder. Put it back or set VISIONSPRAT_CONTENT.")
    welcome = Page(folder / "welcome.md").load(Text)
    vision = Page(folder / "vision.md").load(Vision)
    return Module(welcome, vision, _load_themes(folder / "themes"))


def _load_themes(folder: Path) -> tuple[Theme, ...]:
    themes: list[Theme] = []
    for path in sorted(folder.glob("*.md")):
        if not path.name.startswith("."):
            themes.append(_load_theme(Page(path), themes))
    if not themes:
        raise ContentError(folder, None, "there are no themes. Put at least one .md file there.")
    return tuple(sorted(themes, key=lambda theme: theme.order))


def _load_theme(page: Page, others: list[Theme]) -> Theme:
    theme = page.load(Theme)
    if theme.id in APP_ADDRESSES | SERVER_ADDRESSES:
        raise page.fault(f"id {theme.id!r} is the address of something else. Choose another.", "id")
    for key in ("id", "order"):
        value = getattr(theme, key)
        if value in [getattr(other, key) for other in others]:
            raise page.fault(f"{key} {value!r} is that of another theme too. Give each its own.", key)
    ids = [question.id for question in theme.questions]
    for number, question_id in enumerate(ids):
        if question_id in ids[:number]:
            problem = f"question id {question_id!r} is there twice. Give each question its own."
            raise page.fault(problem, "questions", number, "id")
    return replace(theme, questions=tuple(replace(q, id=f"{theme.id}/{q.id}") for q in theme.questions))


class Page:
    """One file: its front matter as values and as YAML nodes, which know their lines, and its body."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._text = _read(path)
        front, self.body = _split(path, self._text)
        self.values, self.node = _parse(path, front)
        if not self.body:
            end = front.count("\n") + 2
            raise ContentError(path, end, "no text follows the front matter. Write it below this line.")

    def load(self, shape: type[T]) -> T:
        if "body" in self.values:
            raise self.fault(_describe(shape, "unexpected_keyword_argument", ("body",), None), "body")
        try:
            return TypeAdapter(shape).validate_python({**self.values, "body": self.body})
        except ValidationError as error:
            faults = error.errors()
        # A misspelt key is also a missing one; naming the misspelling helps more.
        fault = min(faults, key=lambda fault: fault["type"] != "unexpected_keyword_argument")
        raise self.fault(_describe(shape, fault["type"], fault["loc"], fault["input"]), *fault["loc"])

    def fault(self, problem: str, *where: str | int) -> ContentError:
        return ContentError(self.path, _line(self.node, where), problem)

    def fault_in_body(self, problem: str, place: int) -> ContentError:
        """`place` is how many characters of the body come before what is at fault."""
        before = self._text[: self._text.rindex(self.body) + place]
        return ContentError(self.path, before.count("\n") + 1, problem)


def _read(path: Path) -> str:
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8").removeprefix("\ufeff")
    except FileNotFoundError:
        raise ContentError(
            path, None, "the file is missing. Put it back, or copy it from Visionsprat's own content/."
        ) from None
    except OSError as error:
        raise ContentError(path, None, f"cannot be read ({error.strerror}). Check its rights.") from error
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problem = (
            f"byte {error.start + 1} of the file (0x{raw[error.start]:02x}) is not UTF-8. Save it as UTF-8."
        )
        raise ContentError(path, line, problem) from None
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def _split(path: Path, text: str) -> tuple[str, str]:
    """Front matter and body. An empty line stands for the first ---, so that YAML counts as the file does."""
    lines = text.split("\n")
    marks = [number for number, line in enumerate(lines) if line.rstrip() == "---"]
    if marks[:1] != [0]:
        raise ContentError(path, 1, "the front matter is missing. Begin with ---, a line `title: …` and ---.")
    if len(marks) == 1:
        raise ContentError(path, 1, "the front matter does not end. Put a line --- after its last key.")
    return "\n".join(["", *lines[1 : marks[1]]]), "\n".join(lines[marks[1] + 1 :]).strip()


def _parse(path: Path, front: str) -> tuple[dict[str, Any], Any]:
    try:
        _require_plain(path, front)
        # BaseLoader keeps what was typed: `title: 2035` and `title: Nej` are words, not a number and a no.
        values = yaml.load(front, Loader=_LOADER)
        node = yaml.compose(front, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        # A quote never closed is noticed at the end; where it was opened is what helps.
        mark = error.context_mark if "end of stream" in str(error.problem) else error.problem_mark
        problem = f"not valid YAML ({error.problem}). Check the indentation; put words with : in quotes."
        raise ContentError(path, mark and mark.line + 1, problem) from None
    except yaml.reader.ReaderError as error:
        line = front.count("\n", 0, error.position) + 1
        raise ContentError(path, line, f"unprintable character U+{error.character:04X}. Remove it.") from None
    if not isinstance(values or {}, dict):
        raise ContentError(path, _line(node, ()), "this is not a key with a value. Write `title: …`.")
    for key, first in _doubled_keys(node):
        problem = f"key {key.value!r} is on line {first.start_mark.line + 1} already. Keep one of them."
        raise ContentError(path, key.start_mark.line + 1, problem)
    return values or {}, node


def _require_plain(path: Path, front: str) -> None:
    """Raises ContentError for a value that stands for another, and for lists in lists without an end.

    A few lines of either can stand for more than any machine can hold.
    """
    depth = 0
    for event in yaml.parse(front, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or depth > _DEEPEST:
            problem = (
                "* stands for another value" if depth <= _DEEPEST else "lists lie too deep in one another"
            )
            raise ContentError(
                path,
                event.start_mark.line + 1,
                f"not valid YAML here ({problem}). Write the words themselves.",
            )


def _doubled_keys(node: Any) -> Iterator[tuple[Any, Any]]:
    seen: dict[str, Any] = {}
    for child in node.value if isinstance(node, yaml.CollectionNode) else ():
        key, value = child if isinstance(child, tuple) else (None, child)
        if key and seen.setdefault(key.value, key) is not key:
            yield key, seen[key.value]
        yield from _doubled_keys(value)


def _line(node: Any, where: tuple[str | int, ...]) -> int:
    """The line of as much of `where` as the file has: of a key that is missing, its parent's."""
    line: int = node.start_mark.line if node else 0
    for step in where:
        found = node.value if node else []
        key = found[step] if isinstance(step, int) else next((k for k, _ in found if k.value == step), None)
        if key is None:
            break
        line = key.start_mark.line
        node = key if isinstance(step, int) else dict(found)[key]
    return line + 1


_NESTED: dict[str, type] = {"questions": Question, "accent": Accent}
_ADVICE = {
    "id": f"small letters a-z, digits and hyphens ({LONGEST_ADDRESS} at most), such as skapande",
    "order": "a whole number, such as 1",
    "questions": "a list of questions, each with an id and a text",
    "accent": 'two colours, such as {light: "#b3470a", dark: "#ffb27a"}',
    "light": 'a colour in quotes, such as "#b3470a"',
    "dark": 'a colour in quotes, such as "#ffb27a"',
}


def _describe(shape: type, kind: str, where: tuple[str | int, ...], value: Any) -> str:
    """A fault in words for somebody who edits text, whatever pydantic calls it."""
    *parents, key = [step for step in where if isinstance(step, str)]
    advice = f"Write {_ADVICE.get(key, 'text')}."
    if kind == "unexpected_keyword_argument":
        keys: Any = _NESTED[parents[-1]] if parents else shape
        allowed = sorted({field.name for field in fields(keys)} - {"body"})
        return f"unknown key {key!r}. Use only {', '.join(allowed)}."
    if kind == "missing":
        return f"key {key!r} is missing. {advice}"
    if not value or not str(value).strip():
        return f"{key!r} is empty. {advice}"
    shown = f"cannot be {value!r}" if isinstance(value, str) else "is not right"
    return f"{key!r} {shown}. {advice}"
