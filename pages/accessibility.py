"""How accessible all of it is, as the law wants it said."""

from visionsprat.ui.frame import draw
from visionsprat.ui.here import here
from visionsprat.ui.text import NOT_FILLED_IN

draw("declaration.html", declaration=here().installation.declarations.accessibility, missing=NOT_FILLED_IN)
