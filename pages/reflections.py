"""All that somebody has written, to reread and print before the meeting."""

from visionsprat.ui import locked
from visionsprat.ui.context import here, remember_visit
from visionsprat.ui.layout import draw

at = here()
visitor = at.signed_in
locked.draw()
asked = {question.id for question in at.module.questions}
draw(
    "reflections.html",
    themes=at.module.themes,
    reflections=visitor.reflections,
    answered=visitor.answered,
    earlier={
        id: text for id, text in visitor.reflections.items() if id not in asked and id in visitor.answered
    },
    progress=at.progress,
    name=at.account.name,
    now=at.now,
)
remember_visit()
