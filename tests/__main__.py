"""`python -m tests`: find a browser, then run ruff, mypy, oxlint, oxfmt and pytest.

Arguments go on to pytest.
Firefox and WebKitGTK are installed meanwhile, where that may be done.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.engines import TRIED, install_missing, missing, not_tried
from tests.support.lint import check_scripts_and_styles

ROOT = Path(__file__).resolve().parent.parent
#: Tells the browser tests which browser to start. Not VISIONSPRAT_…: unknown ones of those stop the server.
VARIABLE = "BROWSER_UNDER_TEST"
#: Debian's name for Chromium without its windows: the same pages at two thirds of the processor's time.
HEADLESS = "chromium-headless-shell"
INSTALLED = (
    HEADLESS,
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/usr/bin/chromium",
    "/snap/bin/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
#: Browser tests wait much of their time, so four files at once suit two cores. A worker takes its files in
#: the order of the collection: those with a browser last (see tests/browser/conftest.py).
SIDE_BY_SIDE = ("--numprocesses=4", "--dist=loadfile", "--no-loadscope-reorder")
NO_BROWSER = (
    "The browser tests need Chromium, and none was found or could be fetched. Install Chromium or Chrome, "
    f"or set {VARIABLE} to the path of one."
)


def main(arguments: Sequence[str]) -> int:
    browser = installed_browser() or playwrights_own() or debians()
    if browser is None:
        print(NO_BROWSER, file=sys.stderr)
        return 1
    with installing_engines() as tried:
        environment = {**os.environ, VARIABLE: browser, TRIED: str(tried)}
        checks = [
            subprocess.run([sys.executable, "-m", *command], cwd=ROOT).returncode
            for command in (["ruff", "check", "."], ["mypy"])
        ]
        checks.append(check_scripts_and_styles())
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


def installed_browser() -> str | None:
    """The browser that the environment names, else the first installed one that starts."""
    if named := os.environ.get(VARIABLE):
        return named if starts(named) else None
    found = (shutil.which(name) for name in INSTALLED)
    return next((path for path in found if path and starts(path)), None)


def playwrights_own() -> str | None:
    """Playwright's own Chromium, downloaded if it can be."""
    asked = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as playwright: print(playwright.chromium.executable_path)"
    )
    where = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True)
    path = where.stdout.strip()
    if where.returncode or not path:
        return None
    if not starts(path):
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"])
    return path if starts(path) else None


def debians() -> str | None:
    """Debian's Chromium, installed if this is Debian's root."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return None
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update"], env=quiet)
    for package in (HEADLESS, "chromium"):  # older releases have only the latter
        installed = subprocess.run(["apt-get", "install", "-y", package], env=quiet)
        if not installed.returncode and (browser := installed_browser()):
            return browser
    return None


def starts(browser: str) -> bool:
    """Whether this really is a browser that runs here: some distributions ship a stub in its place."""
    try:
        done = subprocess.run([browser, "--version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and "chrom" in done.stdout.lower()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
