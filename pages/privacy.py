"""What is stored, why, for how long and who can see it, for everybody."""

from visionsprat.ui.context import here
from visionsprat.ui.layout import draw
from visionsprat.wording.messages import NOT_FILLED_IN

draw("declaration.html", declaration=here().installation.declarations.privacy, missing=NOT_FILLED_IN)
