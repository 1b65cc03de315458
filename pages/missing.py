"""An address that does not exist, or not for this visitor: the two look the same."""

from visionsprat.ui.layout import draw

draw("missing.html")
