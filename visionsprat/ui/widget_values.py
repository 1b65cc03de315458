"""What a browser says that a widget holds, believed only where such a widget can hold it.

A hand-made message may call a button's value a text. Streamlit hands it on, and the page stumbles over it,
with a traceback in the log, which anybody could fill so. Here such a widget is one that nothing is said
about.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.state.session_state import Serialized, WStates


def install() -> None:
    """Let Streamlit's states of widgets answer through `looked_up`."""
    look_up = WStates.__getitem__

    def looked_up(states: WStates, widget: str) -> Any:
        """As before. A widget that is said to hold what it can't is one that nothing is said about."""
        held, known = states.states.get(widget), states.widget_metadata.get(widget)
        if isinstance(held, Serialized) and known is not None:
            kind = held.value.WhichOneof("value")
            if kind is None or known.value_type in {None, kind}:
                with suppress(Exception):  # whatever a deserializer makes of what no browser says
                    return look_up(states, widget)
            states.states[widget] = Serialized(WidgetState(id=widget))
        return look_up(states, widget)

    setattr(WStates, "__getitem__", looked_up)  # noqa: B010
