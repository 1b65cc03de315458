"""For managers: who has completed which themes. Never what anybody wrote."""

from visionsprat.progress import group_completion
from visionsprat.ui.frame import draw
from visionsprat.ui.here import here

at = here()
groups = at.installation.store.managed_groups(
    at.account.id, [question.id for question in at.module.questions]
)
draw("group.html", groups=[group_completion(at.module, group) for group in groups], themes=at.module.themes)
