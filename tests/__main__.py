"""`python -m tests`: find a browser, then run ruff, mypy, oxlint, oxfmt and pytest.

Arguments go on to pytest. Firefox and WebKitGTK are installed meanwhile, where that may be done.
`--coverage` tells in the end how much of the code the tests have gone through, browser tests included, and
fails below the floor in pyproject.toml.
"""

from __future__ import annotations

import functools
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
from tests.support.lint import check_scripts_and_styles

ROOT = Path(__file__).resolve().parent.parent
#: Browser tests wait much of their time, so six files at once suit two cores. A worker takes its files in
#: the order of the collection: those with a browser last (see tests/browser/conftest.py).
SIDE_BY_SIDE = ("--numprocesses=6", "--dist=loadfile", "--no-loadscope-reorder")
#: Beside the tests, as it takes half a minute of one core when it runs for the first time.
MYPY = functools.partial(
    subprocess.Popen[str],
    [sys.executable, "-m", "mypy"],
    cwd=ROOT,
    stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT,
    text=True,
)
#: Not by default: what is measured takes longer.
COVERAGE = "--coverage"


def main(arguments: Sequence[str]) -> int:
    browser = find_browser()
    if browser is None:
        print(NO_BROWSER, file=sys.stderr)
        return 1
    with installing_engines() as tried, MYPY() as types:
        checks = [
            python("ruff", "check", "."),
            python("ruff", "format", "--check", "."),
            check_scripts_and_styles(),
        ]
        environment = {VARIABLE: browser, TRIED: str(tried)}
        run = measured if COVERAGE in arguments else python
        rest = [each for each in arguments if each != COVERAGE]
        tests = run("pytest", *SIDE_BY_SIDE, *rest, **environment)
        print(types.communicate()[0], end="")
    if engines := missing():
        print(not_tried(engines))
    return tests or max(*checks, types.returncode)


def python(*command: str, **environment: str) -> int:
    """Run a module of the environment's; its exit status comes back."""
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, env={**os.environ, **environment})
    return done.returncode


def measured(*command: str, **environment: str) -> int:
    """Run the tests and tell which lines and branches nothing has gone through, in any process of theirs."""
    with tempfile.TemporaryDirectory() as folder:
        environment["COVERAGE_FILE"] = str(Path(folder) / "coverage")
        status = python("coverage", "run", "-m", *command, **environment)
        python("coverage", "combine", "--quiet", **environment)
        return status or python("coverage", "report", **environment)


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
