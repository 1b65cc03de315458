"""The staff list: what a file says about people, groups and managers, and what it would change.

It is a plan before it is a change: the plan carries the directory it was made from, and is refused when
that is no longer so. The page's preview and the terminal show the same plan.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from visionsprat.domain.fields import Fault, FieldRefused, clean_email, clean_group, clean_name
from visionsprat.domain.invisible import bare, first_unseen, tidied
from visionsprat.domain.records import Directory, StaffChange, StaffMember, StaffPlan
from visionsprat.domain.text_rules import MOST_MARKS, nfc
from visionsprat.errors import Refused
from visionsprat.staff.rows import UNCALCULATED, plain_heading
from visionsprat.staff.table import Row, Table, Trouble, Unreadable, printable, read_table

#: Headings, as they stand in an export and in the other ways that HR systems write them.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "e-post": ("e-post", "epost", "e-postadress", "epostadress", "email", "e-mail", "mail"),
    "namn": ("namn", "name"),
    "förnamn": ("förnamn", "tilltalsnamn", "first name", "firstname", "given name"),
    "efternamn": ("efternamn", "last name", "lastname", "surname", "family name"),
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
#: So many things are told that were read otherwise than they stand there.
MAX_REMARKS = 1_000
_REPORT_EVERY = 200
#: What Excel, Swedish or English, and LibreOffice show in place of a value that could not be had.
_ERROR = re.compile(
    r"(?:^|[|/\n])\s*(?:#N/A|#SAKNAS|#GETTING_DATA|#[A-ZÅÄÖ]{3}[A-ZÅÄÖ0-9_/]*[!?]|#{3,}|(?:Err|Fel):\d{3})"
    r"\s*(?:$|[|/\n])"
)
#: What å, ä, ö, é and ü become when UTF-8 is taken for Windows-1252, and what stands for a lost letter.
_SPOILT = re.compile("\u00c3[\u00a5\u00a4\u00b6\u2026\u201e\u2013\u00a9\u00bc]|\ufffd")

Report = Callable[[float], object]


class Problem(Enum):
    """What is wrong with a cell, in the terminal's words."""

    EMAIL = "is not an e-mail address"
    EMAIL_DOUBLED = "is also on line {about}: keep one of the two, with all their groups, separated by |"
    ERROR = "is an error where a value should stand"
    UNCALCULATED = "is a formula without a value: open the workbook in Excel and save it again"
    UNSEEN = "holds {about}, a character that is not seen and has no place there"
    SPOILT = "has letters that were spoilt before: export the list again from where it comes"
    NAME = "must be a name of 1 to 100 characters"
    GROUP = "must be a group's path of names of 1 to 100 characters, such as Vård/Norr/Team 3"
    MARKS = f"has more than {MOST_MARKS} accents or other marks in a row"
    GROUP_CIRCLE = "puts a group below one with its own name"
    GROUP_DEEP = f"puts a group more than {MAX_DEPTH} levels deep"
    MANAGER_UNKNOWN = "is neither in the file nor among the accounts"
    ACTIVE = "must be ja or nej"
    TOO_MANY = "is one cell more than there are headings: look for a separator that should be in quotes"
    LAST_ADMINISTRATOR = "would leave nobody who can administer: make somebody else administrator first"


class Oddity(Enum):
    """What was read otherwise than it stands in a cell, in the terminal's words."""

    UNSEEN = "held {about}, which nobody sees: it is left out"
    LINK = "is taken for the address {about}"
    ADDRESS = "is the same address as {about}, and stored so"
    GROUP = "is taken for the group {about}, which is written so elsewhere"
    LEVELS = "is taken for the group {about}"


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
    #: Of a workbook.
    sheet: str = ""

    def __str__(self) -> str:
        """For the terminal."""
        return f"{_where(self)}: {self.value!r} {self.problem.value.format(about=self.about)}"


@dataclass(frozen=True, slots=True)
class Remark:
    """No fault, and yet to be told before anybody says yes."""

    line: int
    column: str
    value: str
    oddity: Oddity
    about: str
    sheet: str = ""

    def __str__(self) -> str:
        """For the terminal."""
        return f"{_where(self)}: {self.value!r} {self.oddity.value.format(about=self.about)}"


def _where(each: CellFault | Remark) -> str:
    parts = [f"sheet {printable(each.sheet)}" if each.sheet else "", f"line {each.line}", each.column]
    return ", ".join(part for part in parts if part)


class StaffListFaulty(Refused):
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
    remarks: tuple[Remark, ...] = ()
    #: Where the headings stand, and in which sheet of a workbook.
    heading_line: int = 1
    sheet: str = ""
    #: What to look at to see whether å, ä and ö have been read rightly: a line, and what stands there.
    example: tuple[int, str] | None = None

    @property
    def joins_groups(self) -> bool:
        """Whether groups that are written in two ways were taken for one."""
        return any(each.oddity is Oddity.GROUP for each in self.remarks)


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
    data: bytes,
    before: Directory,
    *,
    whole: bool = False,
    as_written: bool = False,
    report: Report = lambda part: None,
) -> Preview:
    """Read a staff list and tell what it would change in `before`. Nothing is written.

    With `whole` everybody who is not in the file is deactivated. Groups that differ in capitals alone are
    taken for one, unless they are meant `as_written`. `report` is told the part that is done, 0 to 1.
    Raises Unreadable, or StaffListFaulty with every fault.
    """
    table = read_table(data, _BY_HEADING.keys())
    reader = _Reader(table.headings, _Groups(before.groups, as_written=as_written), before.people)
    for number, row in enumerate(table.rows):
        if number % _REPORT_EVERY == 0:
            report(number / len(table.rows))
        reader.read(row)
        if len(reader.faults) >= MAX_FAULTS:
            raise _faulty(reader.faults, table)
    plan = _plan(reader.entries, before, whole=whole)
    faults = [
        *reader.faults,
        *_unknown_managers(reader.entries, before),
        *_last_administrators(reader.entries, plan),
    ]
    if faults:
        raise _faulty(faults, table)
    report(1.0)
    return Preview(
        table.encoding,
        table.separator,
        len(table.rows),
        tuple(printable(each) for each in reader.unused if each),
        plan,
        tuple(replace(each, sheet=table.sheet) for each in reader.remarks),
        table.line,
        table.sheet,
        _example(table),
    )


def _faulty(faults: Sequence[CellFault], table: Table) -> StaffListFaulty:
    found = sorted(faults, key=lambda fault: fault.line)[:MAX_FAULTS]
    return StaffListFaulty(tuple(replace(each, sheet=table.sheet) for each in found))


def _example(table: Table) -> tuple[int, str] | None:
    """Of the first people in a text file the one with the most different letters beyond ASCII."""
    if not table.separator:
        return None
    texts = [(row.line, bare(", ".join(filter(None, row.cells)))) for row in table.rows[:2_000]]
    found = [(len({each for each in text if each > "\x7f"}), line, text) for line, text in texts]
    most, line, text = max(found, key=lambda each: (each[0], -each[1]), default=(0, 0, ""))
    return (line, printable(text)) if most else None


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
        if heading == UNCALCULATED or _ERROR.search(heading):
            raise Unreadable(Trouble.HEADING_ERROR, heading)
        column = _column(heading)
        if column in places:
            raise Unreadable(Trouble.DOUBLED, f"{headings[places[column]]}, {heading}")
        if column is not None:
            places[column] = place
    if "namn" in places or not {"förnamn", "efternamn"} <= places.keys():
        for part in ("förnamn", "efternamn"):
            places.pop(part, None)
    missing = [each for each in ("e-post", "namn") if each not in places]
    if missing == ["namn"] and "förnamn" in places:
        missing = []
    if missing:
        raise Unreadable(Trouble.HEADINGS, ", ".join(missing))
    if {"chef", "chef_för"} <= places.keys():
        raise Unreadable(Trouble.BOTH)
    return places


class _Groups:
    """The groups there are, and how each is written."""

    def __init__(self, known: Iterable[str], *, as_written: bool) -> None:
        self._known = _with_parents(known)
        self._as_written = as_written
        #: By how they are compared, the one that was there first.
        self._first: dict[str, str] = {}
        for path in sorted(self._known):
            self._first.setdefault(_compared(path), path)

    def the_one_there_is(self, path: str) -> str:
        """The path with each group written as the one there is; where there is none, it is from now on."""
        if self._as_written:
            return path
        found = ""
        for name in path.split("/"):
            here = f"{found}/{name}" if found else name
            found = here if here in self._known else self._first.setdefault(_compared(here), here)
            self._known.add(found)
        return found

    def is_known(self, path: str) -> bool:
        return path in self._known


def _compared(path: str) -> str:
    return nfc(path.casefold())


@dataclass
class _Reader:
    """Turns rows into entries, and keeps every fault it meets, and what it has read otherwise."""

    headings: tuple[str, ...]
    groups: _Groups
    people: Mapping[str, StaffMember]
    entries: list[_Entry] = field(default_factory=list)
    faults: list[CellFault] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._places = _columns(self.headings)
        self._name_columns = [each for each in ("namn", "förnamn", "efternamn") if each in self._places]
        self._no_cells = ("",) * len(self.headings)
        self._lines: dict[str, int] = {}
        # Ten thousand rows name a few hundred groups: each is cleaned once.
        self._groups: dict[str, frozenset[str] | Problem] = {}
        self._all_groups: set[str] = set()
        self._told: set[str] = set()
        self._places_in_groups = 0

    @property
    def unused(self) -> list[str]:
        """The headings of columns that nothing is made of."""
        used = set(self._places.values())
        return [heading for place, heading in enumerate(self.headings) if place not in used]

    def read(self, row: Row) -> None:
        width = len(self.headings)
        if len(row.cells) > width and (extra := "".join(row.cells[width:])):
            self._fault(row.line, "", extra, Problem.TOO_MANY)
        cells = row.cells + self._no_cells
        values: dict[str, str | None] = {column: cells[place] for column, place in self._places.items()}
        text = "".join(row.cells)
        if "#" in text or ":" in text:
            self._report_errors(row.line, values)
        email = self._email(row.line, "e-post", values["e-post"])
        if email and email in self._lines:
            self._fault(row.line, "e-post", email, Problem.EMAIL_DOUBLED, str(self._lines[email]))
        self._lines.setdefault(email, row.line)
        entry = _Entry(
            line=row.line,
            email=email,
            name=self._name(row.line, values, email),
            groups=self._paths(row.line, "grupp", values.get("grupp")),
            manager=self._email(row.line, "chef", values["chef"]) if values.get("chef") else None,
            manages=self._paths(row.line, "chef_för", values.get("chef_för")),
            is_active=self._active(row.line, values.get("aktiv")),
        )
        if email:
            self.entries.append(entry)

    def _report_errors(self, line: int, values: dict[str, str | None]) -> None:
        """Tell what stands there in place of a value; nothing else is said of such a cell."""
        for column, value in values.items():
            if value == UNCALCULATED:
                self._fault(line, column, "", Problem.UNCALCULATED)
            elif value and _ERROR.search(value):
                self._fault(line, column, value, Problem.ERROR)
            else:
                continue
            values[column] = None

    def _fault(self, line: int, column: str, value: str, problem: Problem, about: str = "") -> None:
        self.faults.append(CellFault(line, column, value[:100], problem, about))

    def _remark(self, line: int, column: str, value: str, oddity: Oddity, about: str) -> None:
        if len(self.remarks) < MAX_REMARKS:
            self.remarks.append(Remark(line, column, value[:100], oddity, about))

    def _refused(self, line: int, column: str, value: str, problem: Problem) -> None:
        if problem is not Problem.MARKS and (code := first_unseen(value[:1_000])):
            self._fault(line, column, value, Problem.UNSEEN, code)
        else:
            self._fault(line, column, value, problem)

    def _note_unseen(self, line: int, column: str, value: str) -> None:
        without = bare if column in ("e-post", "chef") else tidied
        if not value.isascii() and (code := first_unseen(value, without)):
            self._remark(line, column, bare(value), Oddity.UNSEEN, code)

    def _email(self, line: int, column: str, value: str | None) -> str:
        if value is None:
            return ""
        try:
            email = clean_email(value)
        except FieldRefused:
            self._refused(line, column, value, Problem.EMAIL)
            return ""
        if email == value:
            return email
        self._note_unseen(line, column, value)
        if bare(value).lstrip().lower().startswith("mailto:"):
            self._remark(line, column, value, Oddity.LINK, email)
        elif "xn--" in value.lower():
            self._remark(line, column, value, Oddity.ADDRESS, email)
        return email

    def _name(self, line: int, values: dict[str, str | None], email: str) -> str:
        if len(self._name_columns) == 1:
            value = values[self._name_columns[0]]
        else:
            parts = [values[each] for each in self._name_columns]
            value = None if None in parts else " ".join(filter(None, parts))
        if value is None:
            return ""
        try:
            name = clean_name(value)
        except FieldRefused as refused:
            self._refused(line, self._name_columns[0], value, _PROBLEMS.get(refused.fault, Problem.NAME))
            return ""
        if not name.isascii() and _SPOILT.search(name) and not self._has_name(email, name):
            self._fault(line, self._name_columns[0], value, Problem.SPOILT)
        if not value.isprintable():
            self._note_unseen(line, self._name_columns[0], value)
        return name

    def _has_name(self, email: str, name: str) -> bool:
        return email in self.people and self.people[email].name == name

    def _paths(self, line: int, column: str, value: str | None) -> frozenset[str] | None:
        if value is None:
            return None
        if value not in self._groups:
            self._groups[value] = self._new_paths(line, column, value)
        found = self._groups[value]
        if isinstance(found, Problem):
            self._refused(line, column, value, found)
            return frozenset()
        self._places_in_groups += len(found)
        if self._places_in_groups > MAX_PLACES:
            raise Unreadable(Trouble.TOO_MANY_GROUPS)
        return found

    def _new_paths(self, line: int, column: str, text: str) -> frozenset[str] | Problem:
        found = _clean_paths(text)
        if isinstance(found, Problem):
            return found
        if any(_SPOILT.search(path) and not self.groups.is_known(path) for path in found):
            return Problem.SPOILT
        self._note_unseen(line, column, text)
        paths = frozenset(self._path(line, column, path) for path in sorted(found))
        self._all_groups |= _with_parents(paths)
        if len(self._all_groups) > MAX_GROUPS:
            raise Unreadable(Trouble.TOO_MANY_GROUPS)
        return paths

    def _path(self, line: int, column: str, path: str) -> str:
        """The group that is meant, told where that is not what stands there or easily meant otherwise."""
        is_new = not self.groups.is_known(path)
        found = self.groups.the_one_there_is(path)
        if path in self._told:
            return found
        self._told.add(path)
        if found != path:
            self._remark(line, column, path, Oddity.GROUP, found)
        elif is_new and (names := _parted_number(path)):
            self._remark(line, column, path, Oddity.LEVELS, " under ".join(reversed(names)))
        return found

    def _active(self, line: int, value: str | None) -> bool | None:
        if value is None:
            return None
        found = _ACTIVE.get(value)
        if found is None:
            found = _ACTIVE.get(bare(value).strip().casefold())
        if found is None:
            self._refused(line, "aktiv", value, Problem.ACTIVE)
        return found


def _parted_number(path: str) -> list[str]:
    """The names of a path that looks like one name with a slash in it, "Kök 1/2"; else none."""
    names = path.split("/")
    is_parted = any(not any(map(str.isalpha, name)) for name in names[1:])
    return names if is_parted else []


def _clean_paths(text: str) -> frozenset[str] | Problem:
    """The groups in a cell, separated by "|" or line breaks."""
    parts = [part for line in text.splitlines() for part in line.split("|")]
    if any(part.count("/") >= MAX_DEPTH for part in parts):
        return Problem.GROUP_DEEP
    try:
        return frozenset(clean_group(part) for part in parts if tidied(part).strip())
    except FieldRefused as refused:
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
