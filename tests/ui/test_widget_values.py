"""What a hand-made message says of a widget does not reach the page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.state.common import WidgetMetadata
from streamlit.runtime.state.session_state import WStates

from visionsprat.ui import widget_values


@pytest.fixture(autouse=True)
def _as_the_application_does() -> Iterator[None]:
    before = WStates.__getitem__
    widget_values.install()
    yield
    setattr(WStates, "__getitem__", before)  # noqa: B010


def held(kind: str, said: WidgetState, read: Callable[[Any], Any] = lambda value: value) -> Any:
    """What the page finds in a widget of that kind."""
    states = WStates()
    states.set_widget_metadata(WidgetMetadata(said.id, read, lambda value: value, kind))  # type: ignore[arg-type]
    states.set_widget_from_proto(said)
    return states[said.id]


@pytest.mark.parametrize(
    ("kind", "said", "found"),
    [
        ("string_value", WidgetState(id="a", string_value="Hej"), "Hej"),
        ("bool_value", WidgetState(id="a", bool_value=True), True),
        ("trigger_value", WidgetState(id="a", trigger_value=True), True),
        ("string_value", WidgetState(id="a"), None),
        ("string_value", WidgetState(id="a", bool_value=True), None),
        ("string_value", WidgetState(id="a", json_trigger_value="{}"), None),
        ("bool_value", WidgetState(id="a", string_value="ja"), None),
        ("trigger_value", WidgetState(id="a", string_value="ja"), None),
        ("file_uploader_state_value", WidgetState(id="a", string_value="personal.csv"), None),
    ],
)
def test_a_value_of_another_kind_is_none(kind: str, said: WidgetState, found: object) -> None:
    assert held(kind, said) == found


def test_a_value_that_cannot_be_read_is_none() -> None:
    said = WidgetState(id="a", json_trigger_value="{")
    assert held("json_trigger_value", said, lambda value: value and json.loads(value)) is None


def test_a_widget_that_was_never_drawn_has_no_value() -> None:
    states = WStates()
    states.set_widget_from_proto(WidgetState(id="a", string_value="Hej"))
    assert states.get("a", "nothing") == "nothing"
