"""A theme: its words, and the place to think about its questions."""

from visionsprat.ui import locked
from visionsprat.ui.context import current_context, remember_visit
from visionsprat.ui.editor import draw_editors
from visionsprat.ui.layout import draw

context = current_context()
theme = context.module.theme(context.address)
draw("theme.html", theme=theme)
locked.draw()
draw_editors(theme, context.signed_in, context.installation.store.epoch)
remember_visit()
