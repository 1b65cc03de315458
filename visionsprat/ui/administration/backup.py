"""How old the newest backup is."""

from __future__ import annotations

from visionsprat.backups.archive import WORRYING, newest
from visionsprat.installation import backups_path
from visionsprat.ui.context import here
from visionsprat.ui.layout import draw as draw_template


def draw() -> None:
    """Draw a line on every part of the administration page: nobody else looks for a backup that fails."""
    now = here().now
    last = newest(backups_path(here().installation.settings), now)
    draw_template("backup.html", last=last, now=now, worrying=last is None or now - last > WORRYING)
