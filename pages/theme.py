"""A theme: its words, and the place to think about its questions."""

from visionsprat.ui import locked
from visionsprat.ui.context import here, remember_visit
from visionsprat.ui.editor import draw_editors
from visionsprat.ui.layout import draw

at = here()
theme = at.module.theme(at.address)
draw("theme.html", theme=theme)
locked.draw()
draw_editors(theme, at.signed_in, at.installation.store.epoch)
remember_visit()
