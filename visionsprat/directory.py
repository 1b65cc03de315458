"""The staff list: what a file says about people, groups and managers, and what it would change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from visionsprat.errors import VisionspratError
from visionsprat.fields import Fault, Refused, clean_email, clean_group, clean_name
from visionsprat.records import Directory, StaffChange, StaffMember, StaffPlan
from visionsprat.staff_file import Row, Trouble, Unreadable, printable, read_table
from visionsprat.staff_reader import plain_heading
from visionsprat.writing import MOST_MARKS

#: Headings, as they stand in an export and in the other ways that HR systems write them.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "e-post": ("e-post", "epost", "e-postadress", "epostadress", "email", "e-mail", "mail"),
    "namn": ("namn", "name"),
    "grupp": ("grupp", "grupper", "group", "groups"),
    "chef": ("chef", "manager"),
    "chef_för": ("chef_för", "chef för", "manages"),
    "aktiv": ("aktiv", "active"),
}
EXPORTED = ("e-post", "namn", "grupp", "chef_för", "aktiv")
_BY_HEADING = {heading: column for column, headings in COLUMNS.items() for heading in headings}
_ACTIVE = {
    **dict.fromkeys(("", "ja", "j", "yes", "y", "true", "sant", "1"), True),
    **dict.fromkeys(("nej", "n", "no", "false", "falskt", "0"), False),
}
#: A file that deactivates a larger part of all active accounts than this is asked about once more.
LARGE_PART = 0.1
#: After so many faults nothing more of a file is looked at.
MAX_FAULTS = 10_000
#: Of groups: how deep below one another, how many different ones with those above them, and how many when
#: each person's are counted. A list of 100,000 people has room for groups of five, three for each person.
MAX_DEPTH, MAX_GROUPS, MAX_PLACES = 20, 20_000, 300_000
_REPORT_EVERY = 200

Report = Callable[[float], object]


class Problem(Enum):
    """What is wrong with a cell, in the terminal's words."""

    EMAIL = "is not an e-mail address"
    EMAIL_DOUBLED = "is also on line {about}: keep one of the two lines"
    NAME = "must be a name of 1 to 100 characters"
    GROUP = "must be a group's path of names of 1 to 100 characters, such as Vård/Norr/Team 3"
    MARKS = f"has more than {MOST_MARKS} accents or other marks in a row"
    GROUP_CIRCLE = "puts a group below one with its own name"
    GROUP_DEEP = f"puts a group more than {MAX_DEPTH} levels deep"
    MANAGER_UNKNOWN = "is neither in the file nor among the accounts"
    ACTIVE = "must be ja or nej"
    TOO_MANY = "is one cell more than there are headings: look for a separator that should be in quotes"
    LAST_ADMINISTRATOR = "would leave nobody who can administer: make somebody else administrator first"


_PROBLEMS = {
    Fault.NAME_MARKS: Problem.MARKS,
    Fault.GROUP_MARKS: Problem.MARKS,
    Fault.GROUP_CIRCLE: Problem.GROUP_CIRCLE,
}


@dataclass(frozen=True, slots=True)
class CellFault:
    line: int
    column: str
    value: str
    problem: Problem
    about: str = ""

    def __str__(self) -> str:
        """For the terminal."""
        where = f"line {self.line}, {self.column}" if self.column else f"line {self.line}"
        return f"{where}: {self.value!r} {self.problem.value.format(about=self.about)}"


class StaffListFaulty(VisionspratError):
    """A staff list with faults, all of them or the first MAX_FAULTS: nothing of it is taken."""

    def __init__(self, faults: tuple[CellFault, ...]) -> None:
        rest = (f"These are {MAX_FAULTS} faults: there may be more.",) if len(faults) == MAX_FAULTS else ()
        super().__init__("\n".join((*map(str, faults), *rest)))
        self.faults = faults


@dataclass(frozen=True)
class Preview:
    """A staff list without faults: how it was read, and what it would change."""

    encoding: str
    separator: str
    rows: int
    ignored: tuple[str, ...]
    plan: StaffPlan


@dataclass(frozen=True, slots=True)
class _Entry:
    """One person in the file; None where the file has no such column."""

    line: int
    email: str
    name: str
    groups: frozenset[str] | None
    manager: str | None
    manages: frozenset[str] | None
    is_active: bool | None


def preview(
    data: bytes, before: Directory, *, whole: bool = False, report: Report = lambda part: None
) -> Preview:
    """Read a staff list and tell what it would change in `before`. Nothing is written.

    With `whole` everybody who is not in the file is deactivated. `report` is told the part that is
    done, 0 to 1. Raises Unreadable, or StaffListFaulty with every fault.
    """
    table = read_table(data, _BY_HEADING.keys())
    reader = _Reader(table.headings)
    for number, row in enumerate(table.rows):
        if number % _REPORT_EVERY == 0:
            report(number / len(table.rows))
        reader.read(row)
        if len(reader.faults) >= MAX_FAULTS:
            raise StaffListFaulty(tuple(reader.faults[:MAX_FAULTS]))
    plan = _plan(reader.entries, before, whole=whole)
    faults = [
        *reader.faults,
        *_unknown_managers(reader.entries, before),
        *_last_administrators(reader.entries, plan),
    ]
    if faults:
        raise StaffListFaulty(tuple(sorted(faults, key=lambda fault: fault.line))[:MAX_FAULTS])
    report(1.0)
    ignored = tuple(printable(heading) for heading in table.headings if heading and _column(heading) is None)
    return Preview(table.encoding, table.separator, len(table.rows), ignored, plan)


def asks_once_more(plan: StaffPlan, actor_email: str | None) -> bool:
    """Whether the plan would deactivate many, or the one who asks for it."""
    gone = {person.email for person in plan.deactivated}
    active = sum(person.is_active for person in plan.before.people.values())
    return actor_email in gone or len(gone) > LARGE_PART * active


def export_rows(directory: Directory) -> list[tuple[str, ...]]:
    """The rows of a staff list under the headings EXPORTED; importing them changes nothing."""
    return [
        (
            person.email,
            person.name,
            "|".join(sorted(person.groups)),
            "|".join(sorted(person.manages)),
            "ja" if person.is_active else "nej",
        )
        for person in sorted(directory.people.values(), key=lambda person: person.email)
    ]


# What the file says


def _column(heading: str) -> str | None:
    return _BY_HEADING.get(plain_heading(heading))


def _columns(headings: tuple[str, ...]) -> dict[str, int]:
    """Where each known column stands. Raises Unreadable."""
    places: dict[str, int] = {}
    for place, heading in enumerate(headings):
        column = _column(heading)
        if column in places:
            raise Unreadable(Trouble.DOUBLED, f"{headings[places[column]]}, {heading}")
        if column is not None:
            places[column] = place
    missing = [column for column in ("e-post", "namn") if column not in places]
    if missing:
        raise Unreadable(Trouble.HEADINGS, ", ".join(missing))
    if {"chef", "chef_för"} <= places.keys():
        raise Unreadable(Trouble.BOTH)
    return places


@dataclass
class _Reader:
    """Turns rows into entries, and keeps every fault it meets."""

    headings: tuple[str, ...]
    entries: list[_Entry] = field(default_factory=list)
    faults: list[CellFault] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._places = _columns(self.headings)
        self._lines: dict[str, int] = {}
        # Ten thousand rows name a few hundred groups: each is cleaned once.
        self._groups: dict[str, frozenset[str] | Problem] = {}
        self._all_groups: set[str] = set()
        self._places_in_groups = 0

    def read(self, row: Row) -> None:
        if extra := "".join(row.cells[len(self.headings) :]):
            self._fault(row.line, "", extra, Problem.TOO_MANY)
        cells = row.cells + ("",) * len(self.headings)
        values = {column: cells[place] for column, place in self._places.items()}
        email = self._email(row.line, "e-post", values["e-post"])
        if email in self._lines:
            self._fault(row.line, "e-post", email, Problem.EMAIL_DOUBLED, str(self._lines[email]))
        self._lines.setdefault(email, row.line)
        entry = _Entry(
            line=row.line,
            email=email,
            name=self._name(row.line, values["namn"]),
            groups=self._paths(row.line, "grupp", values.get("grupp")),
            manager=self._email(row.line, "chef", values["chef"]) if values.get("chef") else None,
            manages=self._paths(row.line, "chef_för", values.get("chef_för")),
            is_active=self._active(row.line, values.get("aktiv")),
        )
        if email:
            self.entries.append(entry)

    def _fault(self, line: int, column: str, value: str, problem: Problem, about: str = "") -> None:
        self.faults.append(CellFault(line, column, value[:100], problem, about))

    def _email(self, line: int, column: str, value: str) -> str:
        try:
            return clean_email(value)
        except Refused:
            self._fault(line, column, value, Problem.EMAIL)
            return ""

    def _name(self, line: int, value: str) -> str:
        try:
            return clean_name(value)
        except Refused as refused:
            self._fault(line, "namn", value, _PROBLEMS.get(refused.fault, Problem.NAME))
            return ""

    def _paths(self, line: int, column: str, value: str | None) -> frozenset[str] | None:
        if value is None:
            return None
        if value not in self._groups:
            self._groups[value] = self._new_paths(value)
        found = self._groups[value]
        if isinstance(found, Problem):
            self._fault(line, column, value, found)
            return frozenset()
        self._places_in_groups += len(found)
        if self._places_in_groups > MAX_PLACES:
            raise Unreadable(Trouble.TOO_MANY_GROUPS)
        return found

    def _new_paths(self, text: str) -> frozenset[str] | Problem:
        found = _clean_paths(text)
        if not isinstance(found, Problem):
            self._all_groups |= _with_parents(found)
            if len(self._all_groups) > MAX_GROUPS:
                raise Unreadable(Trouble.TOO_MANY_GROUPS)
        return found

    def _active(self, line: int, value: str | None) -> bool | None:
        if value is None:
            return None
        found = _ACTIVE.get(value.strip().casefold())
        if found is None:
            self._fault(line, "aktiv", value, Problem.ACTIVE)
        return found


def _clean_paths(text: str) -> frozenset[str] | Problem:
    """The groups in a cell, separated by "|" or line breaks."""
    parts = [part for line in text.splitlines() for part in line.split("|")]
    if any(part.count("/") >= MAX_DEPTH for part in parts):
        return Problem.GROUP_DEEP
    try:
        return frozenset(clean_group(part) for part in parts if part.strip())
    except Refused as refused:
        return _PROBLEMS.get(refused.fault, Problem.GROUP)


# What it would change


def _unknown_managers(entries: Iterable[_Entry], before: Directory) -> Iterator[CellFault]:
    known = {entry.email for entry in entries} | before.people.keys()
    for entry in entries:
        if entry.manager and entry.manager not in known:
            yield CellFault(entry.line, "chef", entry.manager, Problem.MANAGER_UNKNOWN)


def _plan(entries: Sequence[_Entry], before: Directory, *, whole: bool) -> StaffPlan:
    after = dict(before.people)
    for entry in entries:
        old = before.people.get(entry.email) or StaffMember(entry.email, "", frozenset(), frozenset(), True)
        after[entry.email] = StaffMember(
            entry.email,
            entry.name,
            old.groups if entry.groups is None else entry.groups,
            old.manages if entry.manages is None else entry.manages,
            old.is_active if entry.is_active is None else entry.is_active,
        )
    _set_managers(after, entries)
    in_file = {entry.email for entry in entries}
    absent = tuple(
        person for person in before.people.values() if person.is_active and person.email not in in_file
    )
    if whole:
        for person in absent:
            after[person.email] = replace(after[person.email], is_active=False)
    changed = tuple(
        StaffChange(old, after[email]) for email, old in before.people.items() if after[email] != old
    )
    unchanged = sum(before.people.get(email) == after[email] for email in in_file)
    named = {path for person in after.values() for path in person.groups | person.manages}
    return StaffPlan(
        before=before,
        new=tuple(person for email, person in after.items() if email not in before.people),
        changed=changed,
        unchanged=unchanged,
        absent=absent,
        new_groups=tuple(sorted(_with_parents(named) - before.groups)),
    )


def _set_managers(after: dict[str, StaffMember], entries: Iterable[_Entry]) -> None:
    """Make those whom the column `chef` names the managers of their rows' groups, and nobody else.

    A group for which it names nobody keeps its managers.
    """
    managed = {path for entry in entries if entry.manager for path in entry.groups or ()}
    manages: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if entry.manager:
            manages[entry.manager].update(entry.groups or ())
    for email, person in after.items():
        now = person.manages - managed | manages.get(email, set())
        if now != person.manages:
            after[email] = replace(person, manages=now)


def _with_parents(paths: Iterable[str]) -> set[str]:
    """The groups and all that lie above them."""
    parts = (path.split("/") for path in paths)
    return {"/".join(names[:depth]) for names in parts for depth in range(1, len(names) + 1)}


def _last_administrators(entries: Iterable[_Entry], plan: StaffPlan) -> Iterator[CellFault]:
    """A fault for each administrator that the plan deactivates, when it would leave none."""
    gone = {person.email for person in plan.deactivated} & plan.before.administrators
    if not gone or gone < plan.before.administrators:
        return
    lines = {entry.email: entry.line for entry in entries}
    for email in sorted(gone):
        yield CellFault(lines.get(email, 0), "aktiv", email, Problem.LAST_ADMINISTRATOR)
