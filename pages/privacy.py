"""What is stored, why, for how long and who can see it, for everybody."""

from visionsprat.ui.frame import draw
from visionsprat.ui.here import here
from visionsprat.ui.text import NOT_FILLED_IN

draw("declaration.html", declaration=here().installation.declarations.privacy, missing=NOT_FILLED_IN)
