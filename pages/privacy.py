"""What is stored, why, for how long and who can see it, for everybody."""

from visionsprat.ui.context import current_context
from visionsprat.ui.layout import draw
from visionsprat.wording.messages import NOT_FILLED_IN

draw(
    "declaration.html", declaration=current_context().installation.declarations.privacy, missing=NOT_FILLED_IN
)
