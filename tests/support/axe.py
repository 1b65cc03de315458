"""What axe-core finds in a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

from tests.support.windows import lasting

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
ALL_RULES: dict[str, Any] = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},
    "reporter": "no-passes",
}


def axe(page: Page, rules: dict[str, Any]) -> list[str]:
    return lasting(page, lambda: violations(page, rules))


def violations(page: Page, rules: dict[str, Any]) -> list[str]:
    """What axe finds, a line each: which rule, where, and why."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(AXE)
    return [
        f"{each['id']}: {node['html'][:200]} {check['message']}"
        for each in page.evaluate("rules => axe.run(document, rules)", rules)["violations"]
        for node in each["nodes"]
        for check in (*node["any"], *node["all"], *node["none"])
    ]
