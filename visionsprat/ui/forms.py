"""What a form says of what somebody has filled in: beside its button, and tied to the field."""

from __future__ import annotations

from streamlit.delta_generator import DeltaGenerator

from visionsprat.domain.fields import FieldRefused
from visionsprat.ui.layout import warning
from visionsprat.wording.messages import FAULTS


def tell_fault(refused: FieldRefused, field: str, place: DeltaGenerator | None = None) -> None:
    """Say what is wrong. In the field's key {} stands for what the fault concerns: "name", "email", …"""
    fields = [field.format(refused.fault.field)] if field else []
    warning(FAULTS[refused.fault], fields=fields, place=place)
