"""The start page: a welcome, the vision, what the module asks, and the way on."""

from visionsprat.ui import locked
from visionsprat.ui.context import current_context, remember_visit
from visionsprat.ui.layout import draw


def next_step() -> tuple[str, str]:
    """What the one button says and where it leads."""
    theme = context.progress.next_theme
    if theme is None:
        return "Läs igenom dina reflektioner", "mina-reflektioner"
    if new:
        return "Börja", "visionen"
    return f"Fortsätt med {theme.title}", theme.id


context = current_context()
locked.draw()
new = not context.progress.is_begun and "visionen" not in context.signed_in.visits
draw(
    "start.html",
    new=new,
    name=context.account.name.split()[0],
    welcome=context.module.welcome,
    sentence=context.module.vision.sentence,
    next=next_step(),
    progress=context.progress,
)
remember_visit()
