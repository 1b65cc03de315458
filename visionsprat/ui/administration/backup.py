"""How old the newest backup is."""

from __future__ import annotations

from visionsprat.backups.archive import WORRYING, newest
from visionsprat.installation import backups_path
from visionsprat.ui.context import current_context
from visionsprat.ui.layout import draw as draw_template


def draw() -> None:
    """Draw a line on every part of the administration page: nobody else looks for a backup that fails."""
    now = current_context().now
    last = newest(backups_path(current_context().installation.settings), now)
    draw_template("backup.html", last=last, now=now, worrying=last is None or now - last > WORRYING)
