"""The place to think: an editor for each question of a theme, which saves while one writes.

The browser's part posts to /api/reflections by itself, with a debounce of 0.7 s after the last key and at
least every 1.5 s while typing goes on; a script run happens only when a question becomes answered or
unanswered, as the progress then looks different. Why the browser's part is as it is stands in
docs/browser-side.md.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from visionsprat.content.module import Theme
from visionsprat.domain.records import Visitor
from visionsprat.domain.text_rules import MAX_CHARACTERS

# The script itself comes with the page (web/index_page.py), so that it isn't sent again with every run.
_component = st.components.v2.component(
    "visionsprat_editor",
    js="export default (component) => window.visionsprat.editor(component)",
    isolate_styles=False,
)


def draw_editors(theme: Theme, visitor: Visitor, epoch: str) -> None:
    """`epoch` is which life of the database the texts come from: see store/epochs.py."""
    _component(
        key=f"editors-{theme.id}",
        data={
            "account": visitor.account.id,
            "limit": MAX_CHARACTERS,
            "hint": theme.reading_hint,
            "epoch": epoch,
            # A tuple: Streamlit loads pandas to see whether a list is a table.
            "questions": tuple(
                _described(question.id, question.text, visitor) for question in theme.questions
            ),
        },
        on_answered_change=lambda: None,
    )


_forget = st.components.v2.component(
    "visionsprat_forget",
    js="""export default async ({data}) => {
        await window.visionsprat.forget(data.account);
        if (!data.address) return;
        await fetch("/api/sign-out", {method: "POST"}).catch(() => null);
        window.visionsprat.ended();
        window.location.replace(data.address);
    }""",
    isolate_styles=False,
)


def forget_drafts(account_id: int, *, leave_for: str = "") -> None:
    """Take away what the browser keeps of somebody's texts; let it sign out and go to another address."""
    _forget(key="forget", data={"account": account_id, "address": leave_for})


def _described(question_id: str, label: str, visitor: Visitor) -> dict[str, Any]:
    saved = visitor.reflections.get(question_id)
    return {
        "id": question_id,
        "label": label,
        "text": saved.text if saved else "",
        "revision": saved.revision if saved else visitor.erased_revision,
        "saved_at": saved.saved_at.isoformat() if saved else None,
    }
