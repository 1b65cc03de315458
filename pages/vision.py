"""The vision, in the deck's own words."""

from visionsprat.ui.context import here, remember_visit
from visionsprat.ui.layout import draw

draw("vision.html", vision=here().module.vision)
remember_visit()
