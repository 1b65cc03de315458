"""The vision, in the deck's own words."""

from visionsprat.ui.frame import draw
from visionsprat.ui.here import here, remember_visit

draw("vision.html", vision=here().module.vision)
remember_visit()
