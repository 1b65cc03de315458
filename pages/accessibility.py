"""How accessible all of it is, as the law wants it said."""

from visionsprat.ui.context import current_context
from visionsprat.ui.layout import draw
from visionsprat.wording.messages import NOT_FILLED_IN

draw(
    "declaration.html",
    declaration=current_context().installation.declarations.accessibility,
    missing=NOT_FILLED_IN,
)
