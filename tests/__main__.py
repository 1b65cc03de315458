"""`python -m tests`: find a browser, then run ruff, mypy and pytest. Arguments go on to pytest.

Firefox and WebKitGTK are installed meanwhile, where that may be done.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.chromium import NO_BROWSER, VARIABLE, find_browser
from tests.support.engines import TRIED, install_missing, missing, not_tried

ROOT = Path(__file__).resolve().parent.parent
#: Browser tests wait much of their time, so four files at once suit two cores. A worker takes its files in
#: the order of the collection: those with a browser last (see tests/browser/conftest.py).
SIDE_BY_SIDE = ("--numprocesses=4", "--dist=loadfile", "--no-loadscope-reorder")


def main(arguments: Sequence[str]) -> int:
    browser = find_browser()
    if browser is None:
        print(NO_BROWSER, file=sys.stderr)
        return 1
    with installing_engines() as tried:
        environment = {**os.environ, VARIABLE: browser, TRIED: str(tried)}
        checks = [
            subprocess.run([sys.executable, "-m", *command], cwd=ROOT).returncode
            for command in (["ruff", "check", "."], ["mypy"])
        ]
        tests = subprocess.run(
            [sys.executable, "-m", "pytest", *SIDE_BY_SIDE, *arguments], cwd=ROOT, env=environment
        ).returncode
    if engines := missing():
        print(not_tried(engines))
    return tests or max(checks)


@contextmanager
def installing_engines() -> Iterator[Path]:
    """Tests begin while the other engines are being installed; a file tells theirs when that has ended."""
    with tempfile.TemporaryDirectory() as folder:
        tried = Path(folder) / "tried"
        installing = threading.Thread(target=install_missing, args=[tried])
        installing.start()
        try:
            yield tried
        finally:
            installing.join()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
