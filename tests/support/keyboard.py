"""A page without a mouse."""

from __future__ import annotations

from playwright.sync_api import Locator, Page


def tab_to(page: Page, wanted: Locator, most: int = 60) -> None:
    """Press Tab until something has focus, as somebody without a mouse would look for it."""
    for _ in range(most):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{most} times Tab did not lead to {wanted}")
