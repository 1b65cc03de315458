"""`python -m tests.screenshots FOLDER`: a picture of every page, at both widths and in both schemes.

On a server of its own with the demonstration's invented people. Nothing is compared: the pictures are there
to be looked at.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.chromium import ARGUMENTS, FOREIGN, VARIABLE, installed_browser
from tests.support.people import Person, signed_in
from tests.support.server import Server
from tests.support.windows import TWO_FRAMES
from visionsprat.content.module import load_module
from visionsprat.settings import ROOT
from visionsprat.terminal import demo

SIZES = {1280: 800, 390: 844}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
VISITOR = "visitor"
#: Who looks at what: by the first name of one of the demonstration's people.
PAGES = {
    VISITOR: ("", "tillganglighet", "personuppgifter", "glomt-losenord", "kom-igang", "finns/inte"),
    "David": ("", "skapande"),
    "Amina": ("", "visionen", "skapande", "pulserande", "globala", "mina-reflektioner", "mitt-konto", "oj"),
    "Cecilia": ("", "balanserade", "mina-reflektioner"),
    "Bengt": ("min-grupp",),
    "Hugo": (
        "administration",
        "administration?del=personer&person=1",
        "administration?del=grupper",
        "administration?del=grupper&grupp=1",
        "administration?del=personallista",
        "administration?del=inbjudningar",
        "administration?del=handelser",
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", metavar="WORD", help="pictures with this in their name")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="visionsprat-pictures-") as name, sync_playwright() as playwright:
        server = Server(Path(name))
        path = os.environ.get(VARIABLE) or installed_browser()
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            demo.fill(server.database, load_module(ROOT / "content"), datetime.now(timezone.utc))
            for scheme in SCHEMES:
                for who, addresses in PAGES.items():
                    wanted = {each: picture(who, each) for each in addresses}
                    wanted = {each: name for each, name in wanted.items() if options.only in name}
                    if wanted:
                        take(browser, server, who, wanted, scheme, options.folder)
        finally:
            browser.close()
            server.stop()


def picture(who: str, address: str) -> str:
    """What the pictures of a page are called."""
    words = re.findall(r"[\w-]+", address.replace("del=", "")) or ["start"]
    return "-".join([who.lower(), *words])


def take(
    browser: Browser,
    server: Server,
    who: str,
    wanted: dict[str, str],
    scheme: Literal["light", "dark"],
    folder: Path,
) -> None:
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce", **FOREIGN)
    page = context.new_page()
    if who != VISITOR:
        signed_in(page, somebody(server, who), "/tillganglighet")
    for address, name in wanted.items():
        page.goto(f"{server.url}/{address}")
        settle(page)
        for width, height in SIZES.items():
            fit(page, width, height)
            page.screenshot(path=folder / f"{name}-{width}-{scheme}.png")
            print(folder / f"{name}-{width}-{scheme}.png", flush=True)
    context.close()


def somebody(server: Server, first_name: str) -> Person:
    names = [person.name.split()[0] for person in demo.PEOPLE]
    number = names.index(first_name)
    return Person(server, number + 1, demo.PEOPLE[number].email)


def settle(page: Page) -> None:
    expect(page.locator(".first")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.evaluate("document.fonts.ready.then(() => null)")
    page.wait_for_timeout(300)


def fit(page: Page, width: int, height: int) -> None:
    """Let a window be as high as its page: Streamlit scrolls inside of it, where no picture shows all."""
    page.set_viewport_size({"width": width, "height": height})
    before = 0
    while (now := whole_height(page)) != before:  # a page takes its time to get used to a new width
        before = now
        page.wait_for_timeout(100)
    page.set_viewport_size({"width": width, "height": max(height, now)})
    whole_height(page)


def whole_height(page: Page) -> int:
    page.evaluate(TWO_FRAMES)
    return int(
        page.evaluate(
            "(document.querySelector('[data-testid=\"stMain\"]') ?? document.documentElement).scrollHeight"
        )
    )


if __name__ == "__main__":
    main()
