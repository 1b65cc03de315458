"""Every template renders, and what people have written stays text in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from visionsprat.content import Module, load_module
from visionsprat.progress import GroupCompletion, MemberCompletion, progress
from visionsprat.records import Account, Reflection
from visionsprat.settings import ROOT

EVIL = "<script>alert('å')</script>"
SAFE = "&lt;script&gt;alert(&#39;å&#39;)&lt;/script&gt;"
NOW = datetime(2026, 11, 12, 8, 0, tzinfo=timezone.utc)
MODULE = load_module(ROOT / "content")
QUESTIONS = [question.id for question in MODULE.questions]


@dataclass(frozen=True)
class Place:
    """As much of ui.here.Here as the templates look at."""

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


def navigation(ids: list[str], address: str, manager: bool = False) -> dict[str, Any]:
    return {
        "here": Place(address, MODULE, Visitor({"": NOW})),
        "progress": progress(MODULE, ids),
        "account": Account(1, "amina@test.example", EVIL, is_admin=False, is_manager=manager),
    }


def group(*members: MemberCompletion) -> dict[str, Any]:
    return {"groups": [GroupCompletion(EVIL, members), GroupCompletion("Tom", ())], "themes": MODULE.themes}


MEMBERS = (
    MemberCompletion(EVIL, (True,) * 5, NOW),
    MemberCompletion("Ö", (False, True, False, False, False), None),
)
#: Each template with values, and whether they hold EVIL.
CASES: list[tuple[str, dict[str, Any], bool]] = [
    ("accessibility.html", {}, False),
    ("advice.html", {"advice": EVIL}, True),
    ("banner.html", {"ended": True}, False),
    ("banner.html", {"ended": False}, False),
    ("claim_closed.html", {}, False),
    ("end.html", {"theme": None, "progress": None, "before": None, "after": None, "signed_in": False}, False),
    ("group.html", group(*MEMBERS), True),
    ("group.html", {"groups": [], "themes": MODULE.themes}, False),
    ("heading.html", {"title": EVIL, "lead": EVIL}, True),
    ("heading.html", {"title": EVIL, "lead": None}, True),
    ("missing.html", {}, False),
    ("navigation.html", navigation([], ""), True),
    ("navigation.html", navigation(QUESTIONS, "globala", manager=True), True),
    (
        "end.html",
        {
            "theme": None,
            "progress": progress(MODULE, []),
            "before": ("a", EVIL),
            "after": ("a", EVIL),
            "signed_in": True,
        },
        True,
    ),
    (
        "end.html",
        {
            "theme": replace(MODULE.themes[0], title=EVIL),
            "progress": progress(MODULE, QUESTIONS[:2]),
            "before": ("a", EVIL),
            "after": None,
            "signed_in": True,
        },
        True,
    ),
    ("privacy.html", {}, False),
    ("reflections.html", reread([], []), True),
    ("reflections.html", reread(QUESTIONS, ["borta/innebar"]), True),
    ("section.html", {"title": EVIL, "text": EVIL}, True),
    ("sign_in.html", {"welcome": replace(MODULE.welcome, body=EVIL)}, True),
    ("start.html", start([], new=True), True),
    ("start.html", start(QUESTIONS[:3], new=False), True),
    ("start.html", start(QUESTIONS, new=False), True),
    ("theme.html", {"theme": replace(MODULE.themes[0], title=f"Den {EVIL} staden", body=EVIL)}, True),
    ("vision.html", {"vision": replace(MODULE.vision, sentence=EVIL)}, True),
]


def draw_one() -> None:
    import streamlit as st

    from visionsprat.ui.frame import draw

    draw(st.session_state.template, **st.session_state.given)


def rendered(template: str, values: dict[str, Any]) -> str:
    at = AppTest.from_function(draw_one, default_timeout=30)
    at.session_state.template, at.session_state.given = template, values
    at.run()
    assert not at.exception
    (element,) = at.get("html")
    return str(element.proto.body)


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
    assert {case[0] for case in CASES} == there


def test_a_manager_sees_one_sentence_and_a_row_for_each_member() -> None:
    page = rendered("group.html", group(*MEMBERS))
    assert "1 av 2 har gått igenom alla fem teman." in page
    assert page.count('<th scope="row"') == 2
    assert "12 november 2026" in page
    assert "Det finns ingen i gruppen Tom än." in page


def test_what_is_written_keeps_its_line_breaks_and_marks() -> None:
    values = reread(QUESTIONS[:1], [])
    values["reflections"] = {QUESTIONS[0]: Reflection("Ett.\n\n  Två. **fet** $x$", 1, NOW)}
    assert 'dir="auto">Ett.\n\n  Två. **fet** $x$</div>' in rendered("reflections.html", values)


@pytest.mark.parametrize(
    ("done", "said"),
    [
        (0, "Du kan fortsätta där du vill."),
        (1, "Du är på väg."),
        (2, "Du har gått igenom 1 av 5 teman."),
        (10, "Du har gått igenom alla fem teman."),
    ],
)
def test_the_start_page_says_how_far_one_has_come(done: int, said: str) -> None:
    assert said in rendered("start.html", start(QUESTIONS[:done], new=False))
