"""Every page there is, for everybody there is: axe-core, Swedish, and nothing cut off.

A page, a part of one or a link to it that is new is looked at without being named here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.axe import ALL_RULES, violations
from tests.support.chromium import FOREIGN
from tests.support.looking import (
    HEIGHT,
    LOW,
    NARROWEST,
    TALL,
    WIDTHS,
    look,
    resize,
)
from tests.support.people import (
    Person,
    let_in,
)
from tests.support.roles import Role
from tests.support.server import Server
from tests.support.windows import OVERFLOW, Window

#: The path at the side, wherever one is on it; all the rest of a page; and what is filled in. All without
#: made-up names.
DRAWN = """
    () => {
        const main = document.querySelector("main").cloneNode(true);
        const fields = [...document.querySelectorAll("input, textarea")];
        const filled = fields.map(({ value, checked }) => [value, checked]);
        const names = /:r[0-9a-z]+:|st-emotion-[a-z0-9-]+|besked-[0-9a-f]+/g;
        const side = main.querySelector("nav.side");
        side?.querySelector("[aria-current]")?.removeAttribute("aria-current");
        side?.querySelector(".bar p")?.replaceChildren();
        side?.remove();
        const words = [side?.outerHTML ?? "", document.title + main.innerHTML];
        return words.map((each) => each.replace(names, "")).concat(JSON.stringify(filled));
    }
"""
#: A browser without JavaScript has no timers; axe puts off its work with them.
AT_ONCE = "() => void (window.setTimeout = (todo) => void Promise.resolve().then(todo))"
#: All ways in which paths, pages and fields have been drawn, and looked at.
_drawn: set[str] = set()


@pytest.mark.parametrize("role", Role)
def test_no_page_has_a_fault(windows: Callable[[Role], Window], server: Server, role: Role) -> None:
    """Every page of every role, at both widths in both schemes.

    One whose path, text and fields have each been drawn so before, word for word, is not looked at again:
    they were, in all four.
    """
    window = windows(role)
    faults: list[str] = []
    for address in window.rounds():
        resize(window.page, WIDTHS[0], LOW)
        drawn = set(window.page.evaluate(DRAWN))
        if not drawn <= _drawn:
            faults += [f"{address}: {fault}" for fault in look(window.page, server)]
            _drawn.update(drawn)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_without_javascript_has_a_fault(
    browser: Browser, server: Server, people: dict[Role, Person | None], scheme: Any
) -> None:
    context = browser.new_context(java_script_enabled=False, bypass_csp=True, color_scheme=scheme, **FOREIGN)
    page = context.new_page()
    reader = people[Role.BEGUN]
    assert reader is not None
    faults: list[str] = []
    for address in ("/", "/finns/inte", "/globala", "/"):
        if address == "/globala":
            let_in(page, reader)
        page.goto(server.url + address)
        page.evaluate(AT_ONCE)
        found = []
        for width in WIDTHS:
            resize(page, width, TALL)
            found += violations(page, ALL_RULES)
        resize(page, NARROWEST, LOW)
        found += violations(page, HEIGHT) + page.evaluate(OVERFLOW)
        faults += [f"{address}: {fault}" for fault in dict.fromkeys(found)]
    context.close()
    assert not faults, "\n".join(faults)
