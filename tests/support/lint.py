"""oxlint and oxfmt, which look at the browser's scripts and styles as ruff does at Python's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from visionsprat.settings import ROOT

#: They are programs without a module of Python's, and lie beside it.
_PROGRAMS = Path(sys.executable).parent
#: By .oxlintrc.json and .oxfmtrc.json.
COMMANDS = (["oxlint", "--deny-warnings"], ["oxfmt", "--check"])


def check_scripts_and_styles() -> int:
    """0 when neither finds anything."""
    return max(
        subprocess.run([_PROGRAMS / name, *options, "visionsprat/ui/static"], cwd=ROOT).returncode
        for name, *options in COMMANDS
    )
