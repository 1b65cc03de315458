"""Every template renders, and what people have written stays text in it."""

from __future__ import annotations

import gc
import re
import weakref
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

import pytest

from visionsprat.content.declarations import load_declarations
from visionsprat.content.module import Module, load_module
from visionsprat.domain.progress import GroupNode, MemberCompletion, State, ThemeProgress, progress
from visionsprat.domain.records import (
    Account,
    Action,
    AuditEntry,
    AuditPage,
    Directory,
    GroupRow,
    Invited,
    OwnSession,
    PeopleFound,
    Person,
    Reflection,
    SecondFactor,
    StaffChange,
    StaffMember,
    StaffPlan,
    TextLock,
)
from visionsprat.mail.smtp import Failure, Trouble
from visionsprat.settings import ROOT
from visionsprat.staff.plan import CellFault, Preview, Problem
from visionsprat.ui.layout import render
from visionsprat.wording.messages import ACTIONS, NOT_SENT, PROBLEMS, READ_AS

EVIL = "<script>alert('å')</script>"
SAFE = "&lt;script&gt;alert(&#39;å&#39;)&lt;/script&gt;"
NOW = datetime(2026, 11, 12, 8, 0, tzinfo=timezone.utc)
MODULE = load_module(ROOT / "content")
DECLARATIONS = load_declarations(ROOT / "content")
QUESTIONS = [question.id for question in MODULE.questions]


@dataclass(frozen=True)
class Place:
    """As much of ui.context.Context as the templates look at."""

    address: str
    module: Module
    signed_in: Any


@dataclass(frozen=True)
class Visitor:
    visits: dict[str, datetime]


def reflections(ids: list[str]) -> dict[str, Reflection]:
    return {id: Reflection(EVIL, 1, NOW) for id in ids}


def reread(ids: list[str], earlier: list[str]) -> dict[str, Any]:
    return {
        "themes": MODULE.themes,
        "reflections": reflections(ids),
        "answered": frozenset(ids),
        "earlier": reflections(earlier),
        "progress": progress(MODULE, ids),
        "name": EVIL,
        "now": NOW,
    }


def start(ids: list[str], new: bool) -> dict[str, Any]:
    return {
        "new": new,
        "name": EVIL,
        "welcome": MODULE.welcome,
        "sentence": MODULE.vision.sentence,
        "next": (EVIL, "globala"),
        "progress": progress(MODULE, ids),
    }


def sign_in(body: str, sentence: str) -> dict[str, Any]:
    return {
        "welcome": replace(MODULE.welcome, body=body),
        "sentence": sentence,
        "themes": MODULE.themes,
    }


def navigation(ids: list[str], address: str, manager: bool = False) -> dict[str, Any]:
    return {
        "context": Place(address, MODULE, Visitor({"": NOW})),
        "progress": progress(MODULE, ids),
        "account": Account(1, "amina@test.example", EVIL, is_admin=False, is_manager=manager),
    }


def group(*members: MemberCompletion, **more: Any) -> dict[str, Any]:
    counts = {state: sum(member.state is state for member in members) for state in State}
    return {
        "title": None,
        "key": "alla",
        "chosen": None,
        "counts": counts,
        "total": len(members),
        "filters": {"alla": "Alla", "klara": "Klara"},
        "numbers": {"alla": len(members), "klara": counts[State.COMPLETE]},
        "visible": "alla",
        "query": lambda group, visible: f"visa={visible}",
        "members": members,
        "several": False,
        "too_many": False,
        "themes": MODULE.themes,
        **more,
    }


MEMBERS = (
    MemberCompletion(EVIL, "a@test.example", (EVIL,), (True,) * 5, NOW, State.COMPLETE),
    MemberCompletion("Ö", "o@test.example", ("A",), (False, True, False, False, False), None, State.BEGUN),
)
NODE = GroupNode(1, EVIL, None, 0, {State.COMPLETE: 1, State.BEGUN: 2, State.NOT_BEGUN: 3})
PERSON = Person(1, EVIL, EVIL, True, True, True, NOW, {1: EVIL}, {1: EVIL})
NEVER = Person(2, "o@test.example", "Ö", False, False, False, None, {}, {})
INVITED = Invited(1, EVIL, EVIL, False, (EVIL,), NOW)
LOCK = TextLock(1, NOW, None, "")
FACTOR = SecondFactor("JBSWY3DPEHPK3PXP", NOW, 10)
FAILURES = (Failure(EVIL, Trouble.ADDRESS), Failure("o@test.example", Trouble.LATER))
STAFF = StaffMember(EVIL, EVIL, frozenset({EVIL}), frozenset({EVIL}), True)


def previewed(*, empty: bool) -> dict[str, Any]:
    everybody = Directory({EVIL: STAFF}, frozenset(), frozenset())
    change = StaffChange(STAFF, replace(STAFF, name="Ny", groups=frozenset(), is_active=False))
    some = (everybody, (STAFF,), (change,), 1, (STAFF,), (EVIL,))
    plan = StaffPlan(everybody, (), (), 1, (), ()) if empty else StaffPlan(*some)
    found = Preview("utf-8", "semicolon", 3, () if empty else (EVIL,), plan)
    return {"found": found, "whole": False, "read_as": READ_AS, "most": 200}


def faults(count: int) -> dict[str, Any]:
    found = [CellFault(line, "namn", EVIL, Problem.NAME) for line in range(count)]
    return {"faults": found, "problems": PROBLEMS, "most": 2, "stopped": 3}


def record(*entries: AuditEntry) -> dict[str, Any]:
    page = AuditPage(len(entries), entries)
    return {"page": page, "first": 0, "actions": ACTIONS, "query": "vad=&om="}


#: Drawn as a part of others.
PARTS = {"outlook.html", "path.html"}
#: Each template with values, and whether they hold EVIL.
CASES: list[tuple[str, dict[str, Any], bool]] = [
    ("address.html", {"email": EVIL}, True),
    ("admin_lock.html", {"person": PERSON, "locked": [LOCK], "may": True}, True),
    ("admin_lock.html", {"person": PERSON, "locked": [LOCK], "may": False}, True),
    ("advice.html", {"advice": EVIL, "field": "key"}, True),
    ("appearance.html", {}, False),
    ("backup.html", {"last": NOW, "now": NOW, "worrying": False}, False),
    ("backup.html", {"last": NOW, "now": NOW, "worrying": True}, False),
    ("backup.html", {"last": None, "now": NOW, "worrying": True}, False),
    ("banner.html", {"ended": True}, False),
    ("banner.html", {"ended": False}, False),
    ("claim_closed.html", {}, False),
    ("declaration.html", {"declaration": DECLARATIONS.accessibility, "missing": EVIL}, True),
    ("declaration.html", {"declaration": DECLARATIONS.privacy, "missing": "Saknas."}, False),
    ("dispatch.html", {"total": 3, "begun_at": NOW, "failures": FAILURES, "most": 1, "why": NOT_SENT}, True),
    ("dispatch.html", {"total": 3, "begun_at": NOW, "failures": (), "most": 1, "why": NOT_SENT}, False),
    (
        "end.html",
        {"current": None, "progress": None, "before": None, "after": None},
        False,
    ),
    ("erase_account.html", {}, False),
    ("erase_reflections.html", {}, False),
    ("erasing.html", {}, False),
    ("own_data.html", {}, False),
    ("forgotten.html", {"mail": True}, False),
    ("forgotten.html", {"mail": False}, False),
    ("forgotten_link.html", {}, False),
    ("group_admin.html", {"row": GroupRow(1, "Vård/Norr", 3, (EVIL,), True)}, True),
    ("group_people.html", group(*MEMBERS), True),
    ("group_people.html", group(*MEMBERS, title=EVIL, several=True), True),
    ("group_people.html", group(), False),
    ("group_people.html", group(*MEMBERS, too_many=True), False),
    ("group_tree.html", {"tree": [(NODE, 2)], "chosen": 1, "visible": "alla", "query": lambda *_: ""}, True),
    ("groups.html", {"rows": [GroupRow(1, "Vård", 3, (EVIL,), True)] * 3, "most": 2}, True),
    ("groups.html", {"rows": [], "most": 2}, False),
    ("heading.html", {"title": EVIL, "lead": EVIL}, True),
    ("heading.html", {"title": EVIL, "lead": None}, True),
    ("invitation_void.html", {"title": EVIL, "text": EVIL, "mail": True}, True),
    ("invitation_void.html", {"title": EVIL, "text": EVIL, "mail": False}, True),
    ("invitations.html", {"site": EVIL, "local": True}, True),
    ("invitations.html", {"site": "https://v.example.se", "local": False}, False),
    ("invitations_file.html", {"count": 1, "left_out": 0, "query": EVIL}, True),
    ("invitations_file.html", {"count": 0, "left_out": 0, "query": ""}, False),
    ("invitations_file.html", {"count": 0, "left_out": 1, "query": ""}, False),
    ("invitations_file.html", {"count": 2, "left_out": 2, "query": ""}, False),
    ("invited.html", {"person": INVITED}, True),
    ("invited.html", {"person": replace(INVITED, has_password=True)}, True),
    ("invited.html", {"person": replace(INVITED, has_password=True, locks=True)}, True),
    ("link.html", {"person": INVITED, "link": EVIL}, True),
    ("link.html", {"person": replace(INVITED, locks=True), "link": "https://v.example.se"}, True),
    ("locked.html", {"locked": [LOCK], "brief": True}, False),
    ("locked.html", {"locked": [LOCK], "brief": False}, False),
    ("locked_theme.html", {"locked": [LOCK]}, False),
    ("missing.html", {}, False),
    ("notice.html", {"text": EVIL, "problem": True, "fields": ["a", "b"], "id": "x"}, True),
    ("notice.html", {"text": EVIL, "problem": False, "fields": (), "id": "x"}, True),
    ("parts.html", {"label": EVIL, "address": "/administration", "parts": {"a": EVIL}}, True),
    ("people.html", {"found": PeopleFound(3, (PERSON, NEVER))}, True),
    ("people.html", {"found": PeopleFound(0, ())}, False),
    ("person.html", {"person": PERSON}, True),
    ("person.html", {"person": NEVER}, False),
    ("navigation.html", navigation([], ""), True),
    ("navigation.html", navigation(QUESTIONS, "globala", manager=True), True),
    (
        "end.html",
        {
            "current": None,
            "progress": progress(MODULE, []),
            "before": ("a", EVIL),
            "after": ("a", EVIL),
        },
        True,
    ),
    (
        "end.html",
        {
            "current": ThemeProgress(replace(MODULE.themes[0], title=EVIL), 2),
            "progress": progress(MODULE, QUESTIONS[:2]),
            "before": ("a", EVIL),
            "after": None,
        },
        True,
    ),
    (
        "first.html",
        {
            "module": MODULE,
            "address": "skapande",
            "signed_in": True,
            "steps": [("", EVIL), ("visionen", "Visionen"), ("skapande", EVIL)],
            "theme": MODULE.themes[0],
            "words": EVIL,
        },
        True,
    ),
    ("record.html", record(AuditEntry(NOW, EVIL, Action.CORRECTED, EVIL, EVIL)), True),
    ("record.html", record(), False),
    ("reflections.html", reread([], []), True),
    ("reflections.html", reread(QUESTIONS, ["borta/innebar"]), True),
    ("reminder.html", {"addresses": [EVIL, "o@test.example"], "text": EVIL, "mailto": ""}, True),
    ("reminder.html", {"addresses": ["o@test.example"], "text": EVIL, "mailto": "mailto:?bcc=o"}, True),
    ("reminder.html", {"addresses": [], "text": EVIL, "mailto": ""}, False),
    ("released.html", {"each": replace(LOCK, released_at=NOW, released_by=EVIL)}, True),
    ("released.html", {"each": replace(LOCK, released_at=NOW)}, False),
    (
        "session.html",
        {
            "number": 1,
            "session": OwnSession(1, NOW, NOW, NOW, EVIL, True),
            "is_this": True,
            "now": NOW,
        },
        True,
    ),
    ("section.html", {"title": EVIL, "text": EVIL}, True),
    ("staff.html", {}, False),
    ("staff_faults.html", faults(3), True),
    ("staff_preview.html", previewed(empty=False), True),
    ("staff_preview.html", previewed(empty=True), False),
    ("sign_in.html", sign_in(EVIL, "En global stad."), True),
    ("sign_in.html", sign_in("Hej.", EVIL), True),
    ("start.html", start([], new=True), True),
    ("start.html", start([], new=True) | {"next": None}, False),
    ("start.html", start(QUESTIONS[:3], new=False), True),
    ("start.html", start(QUESTIONS, new=False), True),
    ("theme.html", {"theme": replace(MODULE.themes[0], title=f"Den {EVIL} staden", body=EVIL)}, True),
    ("unlock.html", {}, False),
    ("go_to.html", {"advice": EVIL, "field": "key"}, True),
    ("second_factor.html", {"factor": FACTOR}, False),
    ("second_factor.html", {"factor": None}, False),
    ("second_factor_line.html", {"has": True}, False),
    ("second_factor_line.html", {"has": False}, False),
    ("second_factor_new.html", {"qr_code": "data:,", "secret": EVIL}, True),
    ("second_factor_person.html", {"person": PERSON, "factor": FACTOR, "oneself": False}, True),
    ("second_factor_person.html", {"person": PERSON, "factor": FACTOR, "oneself": True}, False),
    ("second_factor_person.html", {"person": PERSON, "factor": None, "oneself": False}, True),
    ("second_step.html", sign_in("Hej.", EVIL), True),
    ("second_step_lost.html", {}, False),
    ("recovery_codes.html", {"told": EVIL, "codes": ("k7wm-3rtq-x2hd-p4vn-8ezb-6yjc", "a")}, True),
    ("username.html", {"email": EVIL}, True),
    ("vision.html", {"vision": replace(MODULE.vision, sentence=EVIL)}, True),
]


def rendered(template: str, values: dict[str, Any]) -> str:
    return str(render(template, **values))


@pytest.mark.parametrize(("template", "values", "evil"), CASES, ids=[case[0] for case in CASES])
def test_a_template_renders_and_shows_what_people_write_as_text(
    template: str, values: dict[str, Any], evil: bool
) -> None:
    page = rendered(template, values)
    assert "<script" not in page
    assert ("&lt;script&gt;" in page) == evil
    assert "None" not in page and "{{" not in page


def test_every_template_is_tried() -> None:
    there = {file.name for file in (ROOT / "visionsprat" / "ui" / "templates").iterdir()}
    assert {case[0] for case in CASES} == there - PARTS


def test_the_vision_names_each_theme_in_its_colour() -> None:
    page = rendered("sign_in.html", sign_in("Hej.", "En global stad, globala och skapande."))
    named = [words for words in ("skapande", "global", "globala") if f">{words}</span>" in page]
    assert named == ["skapande", "globala"]
    assert page.count('<span class="accent" style="--accent-light:') == 2


def test_a_manager_sees_one_sentence_and_a_row_for_each_member() -> None:
    page = rendered("group_people.html", group(*MEMBERS))
    assert "1 av 2 är klar med alla fem teman." in page
    assert page.count('<th scope="row"') == 2
    assert "12 november 2026" in page
    assert "Det finns ingen i gruppen än." in rendered("group_people.html", group())


def test_people_of_one_name_are_told_apart_and_nobody_elses_address_is_shown() -> None:
    """By their groups where these are shown and differ, else by their addresses."""
    one = replace(MEMBERS[0], name="Kim Testsson", email="kim@test.example", groups=("A",))
    two = replace(one, email="kim.2@test.example")
    three = replace(one, name="KIM testsson", email="k3@test.example")
    other = replace(one, name="Bo Provberg", email="bo@test.example")

    def told(*members: MemberCompletion, several: bool = False) -> list[str]:
        page = rendered("group_people.html", group(*members, several=several))
        return [each.email for each in members if f"<small>{each.email}</small>" in page]

    assert told(one, other, two, three) == [each.email for each in (one, two, three)]
    assert told(one, other) == []
    assert told(one, replace(two, groups=("B",)), several=True) == []
    assert told(one, replace(two, groups=("B",)), three, several=True) == [one.email, three.email]


def test_what_is_written_keeps_its_line_breaks_and_marks() -> None:
    values = reread(QUESTIONS[:1], [])
    values["reflections"] = {QUESTIONS[0]: Reflection("Ett.\n\n  Två. **fet** $x$", 1, NOW)}
    assert 'dir="auto">Ett.\n\n  Två. **fet** $x$</div>' in rendered("reflections.html", values)


@pytest.mark.parametrize(
    ("done", "said"),
    [
        (0, "Du kan fortsätta där du vill."),
        (1, "Du är på väg."),
        (2, "Du är klar med 1 av 5 teman."),
        (10, "Du har gått igenom alla fem teman."),
    ],
)
def test_the_start_page_says_how_far_one_has_come(done: int, said: str) -> None:
    assert said in rendered("start.html", start(QUESTIONS[:done], new=False))


def test_each_list_of_earlier_versions_has_a_name_of_its_own() -> None:
    page = rendered("reflections.html", reread(QUESTIONS, []))
    names = re.findall(r'<summary aria-label="(Tidigare versioner: [^"]+)"', page)
    assert len(names) == len(set(names)) == len(QUESTIONS)


def test_what_was_drawn_is_not_kept() -> None:
    values = previewed(empty=False)
    plan = weakref.ref(values["found"].plan)
    gc.disable()
    try:
        render("staff_preview.html", **values)
        values.clear()
        assert plan() is None
    finally:
        gc.enable()
