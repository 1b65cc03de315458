"""What forms show: the one that signs in, and what is wrong in a field."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect


def sign_in_form(page: Page) -> None:
    """Nobody is signed in, and the page asks who it is."""
    expect(page.get_by_role("heading", name="Logga in")).to_be_visible()
    expect(page.get_by_role("button", name="Logga in")).to_be_visible()
    expect(page.locator("nav.side")).to_have_count(0)


def expect_fault(page: Page, told: str, *labels: str) -> None:
    """The fault is said, each field is tied to it, and focus is on the first."""
    expect(page.get_by_role("alert").filter(has_text=told)).to_be_visible()
    for label in labels:
        field = page.get_by_label(label, exact=True)
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(re.compile(re.escape(told)))
    expect(page.get_by_label(labels[0], exact=True)).to_be_focused()
