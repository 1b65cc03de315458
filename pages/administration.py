"""For administrators: people, groups, the staff list, invitations and what has been done. No reflections."""

import streamlit as st

from visionsprat.ui.administration import groups, invitations, people, record, staff
from visionsprat.ui.frame import draw

PARTS = {
    "Personer": people.draw,
    "Grupper": groups.draw,
    "Personallista": staff.draw,
    "Inbjudningar": invitations.draw,
    "Händelser": record.draw,
}

draw("heading.html", title="Administration", lead="")
part = st.radio(
    "Del av administrationen",
    list(PARTS),
    horizontal=True,
    label_visibility="collapsed",
    key="del",
    bind="query-params",
)
PARTS[part]()
