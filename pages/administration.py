"""For administrators: people, groups, the staff list, invitations and what has been done. No reflections."""

import streamlit as st

from visionsprat.errors import NotAllowed
from visionsprat.ui.administration import backup, groups, invitations, people, record, second_factor, staff
from visionsprat.ui.layout import draw, warning
from visionsprat.wording.messages import NOT_ADMINISTRATOR

PARTS = {
    "personer": ("Personer", people.draw),
    "grupper": ("Grupper", groups.draw),
    "personallista": ("Personallista", staff.draw),
    "inbjudningar": ("Inbjudningar", invitations.draw),
    "handelser": ("Händelser", record.draw),
}

draw("heading.html", title="Administration", lead="")
backup.draw()
second_factor.draw()
names = {slug: name for slug, (name, _) in PARTS.items()}
draw("parts.html", label="Delar av administrationen", address="/administration", parts=names)
_, draw_part = PARTS.get(st.query_params.get("del", ""), PARTS["personer"])
try:
    draw_part()
except NotAllowed:  # since this run began: the next one finds no such page
    warning(NOT_ADMINISTRATOR)
