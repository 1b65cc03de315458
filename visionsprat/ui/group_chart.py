"""The picture of how far groups have come. Loaded only where it is drawn: altair brings pandas along."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from visionsprat.progress import GroupNode, State

#: Of both schemes, dark enough and light enough to be told from each ground (3:1 or more) and from another.
_COLOURS = {
    "light": {State.COMPLETE: "#76232f", State.BEGUN: "#c9707f", State.NOT_BEGUN: "#8f8a8b"},
    "dark": {State.COMPLETE: "#f8c9d2", State.BEGUN: "#c9707f", State.NOT_BEGUN: "#857b7e"},
}
_NAMES = {State.COMPLETE: "Klara", State.BEGUN: "På väg", State.NOT_BEGUN: "Inte börjat"}


def draw_chart(groups: Sequence[GroupNode]) -> None:
    """A bar for each group, in parts as large as the shares. The table beside it says the same in numbers."""
    import altair as alt

    rows = [
        {
            "Grupp": group.name,
            "Läge": _NAMES[state],
            "Andel": group.counts[state] / group.people,
            "ordning": place,
        }
        for group in groups
        if group.people
        for place, state in enumerate(_NAMES)
    ]
    dark = st.context.theme.type == "dark"
    colours = _COLOURS["dark" if dark else "light"]
    ink = "#f3ebed" if dark else "#221a1c"
    chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(height=18)
        .encode(
            x=alt.X(
                "Andel:Q", stack="normalize", axis=alt.Axis(format="%", title=None, grid=False, tickCount=3)
            ),
            y=alt.Y(
                "Grupp:N", sort=None, axis=alt.Axis(title=None, labelLimit=260, ticks=False, domain=False)
            ),
            color=alt.Color(
                "Läge:N",
                scale=alt.Scale(domain=list(_NAMES.values()), range=[colours[state] for state in _NAMES]),
                legend=alt.Legend(title=None, orient="top"),
            ),
            order="ordning:Q",
            tooltip=alt.value(None),
        )
        .properties(
            height=alt.Step(30),
            description="Andel klara, på väg och inte börjat i varje grupp. Tabellen ovanför har siffrorna.",
        )
        .configure(font="Figtree", background="transparent")
        .configure_axis(labelColor=ink, labelFontSize=15)
        .configure_legend(labelColor=ink, labelFontSize=15, symbolType="square")
        .configure_view(stroke=None)
    )
    st.altair_chart(chart, theme=None)
