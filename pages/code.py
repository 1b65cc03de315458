"""The second step of signing in, at the address where the first one was taken."""

from visionsprat.ui import second_step

second_step.draw()
