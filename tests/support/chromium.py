"""The Chromium that tests drive: how it is found, started, and told where it seems to be."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import Any

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
NO_BROWSER = (
    "The browser tests need Chromium, and none was found or could be fetched. Install Chromium or Chrome, "
    f"or set {VARIABLE} to the path of one."
)
#: The last two spare what it costs to load a page again where the process with its scripts lives on: they are
#: found compiled, instead of being read anew beside, and code that is not used for long is not optimised.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--process-per-site",
    "--disable-features=ScriptStreaming,HttpsUpgrades,PaintHolding,Translate,MediaRouter",
    "--js-flags=--no-opt --no-maglev --no-flush-bytecode --min-semi-space-size=32",
]
#: Nothing of the visitor's own computer may show on a Swedish page.
FOREIGN: dict[str, Any] = {"locale": "en-US", "timezone_id": "America/New_York"}
ORDINARY: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}, **FOREIGN}


def find_browser() -> str | None:
    """An installed browser, else one that is fetched."""
    return installed_browser() or playwrights_own() or debians()


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
