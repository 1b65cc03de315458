"""The start page: a welcome, the vision, what the module asks, and the way on."""

from visionsprat.ui import locked
from visionsprat.ui.context import here, remember_visit
from visionsprat.ui.layout import draw


def next_step() -> tuple[str, str]:
    """What the one button says and where it leads."""
    theme = at.progress.next_theme
    if theme is None:
        return "Läs igenom dina reflektioner", "mina-reflektioner"
    if new:
        return "Börja", "visionen"
    return f"Fortsätt med {theme.title}", theme.id


at = here()
locked.draw()
new = not at.progress.is_begun and "visionen" not in at.signed_in.visits
draw(
    "start.html",
    new=new,
    name=at.account.name.split()[0],
    welcome=at.module.welcome,
    sentence=at.module.vision.sentence,
    next=next_step(),
    progress=at.progress,
)
remember_visit()
