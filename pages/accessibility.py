"""The accessibility statement, for everybody."""

from visionsprat.ui.frame import draw

draw("accessibility.html")
