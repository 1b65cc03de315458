"""What is stored and who can see it, for everybody."""

from visionsprat.ui.frame import draw

draw("privacy.html")
