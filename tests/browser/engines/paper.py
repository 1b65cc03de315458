"""A page as the engine prints it."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path

from tests.browser.engines.drivers import OverHttp
from tests.browser.engines.tabs import Tab
from tests.support.engines import SYSTEMS_PYTHON
from tests.support.people import Person
from visionsprat.web.cookies import SESSION_COOKIE

_FROM_WEBKIT = Path(__file__).with_name("print_from_webkit.py")


def printed(tab: Tab, person: Person, address: str, awaited: str, folder: Path) -> Path:
    """Somebody's page as a PDF, printed when something on it matches a selector."""
    file = folder / "printed.pdf"
    if isinstance(tab.driver, OverHttp):  # WebDriver has no command for it there
        cookie = f"{SESSION_COOKIE}={person.new_token()}"
        subprocess.run(
            [SYSTEMS_PYTHON, _FROM_WEBKIT, tab.server.url + address, cookie, awaited, file],
            env={**os.environ, "DISPLAY": tab.driver.display, "NO_AT_BRIDGE": "1"},
            check=True,
            timeout=60,
        )
        return file
    tab.let_in(person)
    tab.go(address)
    tab.until(lambda: tab.run("return document.querySelector(arguments[0]) !== null", awaited), awaited)
    file.write_bytes(base64.b64decode(tab.driver.ask("print")))
    return file
