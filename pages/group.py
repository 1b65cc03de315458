"""For managers: who has completed which themes. Never what anybody wrote."""

import streamlit as st

from visionsprat.progress import State
from visionsprat.ui import group_view
from visionsprat.ui.frame import draw
from visionsprat.ui.here import here

at = here()
house, manager = at.installation, at.account.id
view = group_view.look(house, manager, st.query_params.get("grupp", ""), st.query_params.get("visa", ""))
many = len(view.nodes) > 1
count = view.numbers[view.visible]
members = group_view.people(house, manager, view) if 0 < count <= group_view.MOST else ()

draw("heading.html", title="Min grupp" if not many else "Mina grupper", lead="")
if many:
    chosen = view.chosen.id if view.chosen else None
    draw("group_tree.html", tree=view.tree, chosen=chosen, visible=view.visible, query=group_view.query)
draw(
    "group_people.html",
    title=(view.chosen.name if view.chosen else "Alla") if many else None,
    key=f"{view.chosen.id if view.chosen else 'alla'}-{view.visible}",
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
    themes=at.module.themes,
)
waiting = [member.email for member in members if member.state is not State.COMPLETE]
text = group_view.reminder(at.site)
draw("reminder.html", addresses=waiting, text=text, mailto=group_view.mailto(waiting, text))
