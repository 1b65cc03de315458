"""How accessible all of it is, as the law wants it said."""

from visionsprat.ui.context import here
from visionsprat.ui.layout import draw
from visionsprat.wording.messages import NOT_FILLED_IN

draw("declaration.html", declaration=here().installation.declarations.accessibility, missing=NOT_FILLED_IN)
