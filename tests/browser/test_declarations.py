"""The two pages that the law wants, on a started server with one value filled in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.server import Server
from visionsprat.settings import ROOT


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(ROOT / "content", tmp_path_factory.mktemp("words") / "content"))
    path = folder / "personuppgifter.md"
    filled = path.read_text("utf-8").replace("contact:", "contact: fraga@test.example")
    path.write_text(filled, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, content: Path, port: int) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"), content, port=port)
    yield server
    server.stop()


def test_the_terminal_names_what_is_not_filled_in(server: Server, content: Path) -> None:
    for file, field in (("tillganglighet.md", "contact"), ("personuppgifter.md", "controller")):
        said = (
            f"  {content.as_posix()}/{file}: '{field}' is not filled in. The page says that it is missing.\n"
        )
        assert said in server.output
    assert "personuppgifter.md: 'contact'" not in server.output


def test_a_visitor_reads_what_is_filled_in_and_that_the_rest_is_missing(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/personuppgifter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Personuppgifter")
    expect(page.get_by_text("Personuppgiftsansvarig: Uppgiften saknas ännu.")).to_be_visible()
    address = page.get_by_role("link", name="fraga@test.example")
    expect(address).to_have_attribute("href", "mailto:fraga@test.example")
    page.get_by_role("link", name="Tillgänglighet").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tillgänglighet för Visionsprat")
    expect(page.get_by_role("link", name="Anmäl till Digg")).to_be_visible()
    assert "{" not in page.locator("main, [data-testid=stMain]").first.inner_text()
