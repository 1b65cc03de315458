"""All that somebody has written, to reread and print before the meeting."""

from visionsprat.ui import locked
from visionsprat.ui.context import current_context, remember_visit
from visionsprat.ui.layout import draw

context = current_context()
visitor = context.signed_in
locked.draw()
asked = {question.id for question in context.module.questions}
draw(
    "reflections.html",
    themes=context.module.themes,
    reflections=visitor.reflections,
    answered=visitor.answered,
    earlier={
        id: text for id, text in visitor.reflections.items() if id not in asked and id in visitor.answered
    },
    progress=context.progress,
    name=context.account.name,
    now=context.now,
)
remember_visit()
