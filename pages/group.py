"""For managers: who has completed which themes. Never what anybody wrote.

How far a group has come is drawn as bars in its own table rather than as a chart by altair beside it: the
same figures, readable aloud and on a phone, and nothing more to load.
"""

import streamlit as st

from visionsprat.domain import group_view
from visionsprat.domain.progress import MemberCompletion, State
from visionsprat.ui.context import current_context
from visionsprat.ui.layout import draw

context = current_context()
installation, manager = context.installation, context.account.id
groups = installation.store.managed_groups(manager, installation.module.question_ids)
asked = st.query_params
view = group_view.asked_for(installation.module, groups, asked.get("grupp", ""), asked.get("visa", ""))
many = len(view.nodes) > 1
count = view.numbers[view.visible]
members: tuple[MemberCompletion, ...] = ()
if 0 < count <= group_view.MOST:
    found = installation.store.managed_members(manager, view.chosen_id, installation.module.question_ids)
    members = group_view.shown(installation.module, found, view)

draw("heading.html", title="Min grupp" if not many else "Mina grupper", lead="")
if many:
    shown = {"chosen": view.chosen_id, "visible": view.visible}
    draw("group_tree.html", tree=view.tree, query=group_view.query, **shown)
draw(
    "group_people.html",
    title=(view.chosen.name if view.chosen else "Alla") if many else None,
    key=f"{view.chosen_id or 'alla'}-{view.visible}",
    chosen=view.chosen,
    counts=view.counts,
    total=sum(view.counts.values()),
    numbers=view.numbers,
    visible=view.visible,
    filters={"alla": "Alla", "inte-borjat": "Inte börjat", "pa-vag": "På väg", "klara": "Klara"},
    query=group_view.query,
    members=members,
    several=many,
    too_many=count > group_view.MOST,
    themes=context.module.themes,
)
waiting = [member.email for member in members if member.state is not State.COMPLETE]
text = group_view.reminder(context.site)
draw("reminder.html", addresses=waiting, text=text, mailto=group_view.mailto(waiting, text))
