"""The vision, in the deck's own words."""

from visionsprat.ui.context import current_context, remember_visit
from visionsprat.ui.layout import draw

draw("vision.html", vision=current_context().module.vision)
remember_visit()
