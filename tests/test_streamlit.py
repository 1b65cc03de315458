"""What leans on Streamlit's inside is there in the version that is installed; docs/streamlit.md lists it."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest
from streamlit import get_option
from streamlit.file_util import get_static_dir

from visionsprat.settings import ROOT

DOCUMENT = (ROOT / "docs" / "streamlit.md").read_text(encoding="utf-8")
SETTINGS = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
STREAMLIT, OURS = Path(get_static_dir()), ROOT / "visionsprat" / "ui" / "static"
#: Names of Streamlit's for what it draws, as our styles and scripts look for them.
DRAWN = r'data-testid="?(\w+)|\.(st(?!-key)[A-Z]\w+)|\b(data-test-[a-z-]+)|\b(data-stale)\b'
TOLD = ("BACKEND_BASE_URL", "HOST_CONFIG", "blockErrorDialogs")


@cache
def streamlits_scripts() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in (STREAMLIT / "static").rglob("*.js"))


def our_styles_and_scripts() -> dict[str, str]:
    found = [path for path in OURS.rglob("*") if path.suffix in {".css", ".js"}]
    return {str(path): path.read_text(encoding="utf-8") for path in found}


@pytest.mark.parametrize("name", ["Streamlit", "uvicorn"])
def test_what_was_last_tried_is_what_is_installed(name: str) -> None:
    assert re.findall(rf"\*\*{name} ([\d.]+)\*\*", DOCUMENT) == [version(name)]


def test_what_our_styles_and_scripts_look_for_is_what_streamlit_draws() -> None:
    texts = our_styles_and_scripts().values()
    looked_for = {next(filter(None, names)) for text in texts for names in re.findall(DRAWN, text)}
    assert len(looked_for) > 30
    scripts = streamlits_scripts()
    assert {name for name in (*looked_for, *TOLD) if name not in scripts} == set()


def test_the_chosen_scheme_is_kept_where_streamlit_looks() -> None:
    ours = "\n".join(our_styles_and_scripts().values())
    ((name, number),) = re.findall(r"`(\w+)-\$\{location\.pathname\}-v(\d+)`", ours)
    assert f"`{name}-${{window.location.pathname}}`" in streamlits_scripts()
    assert re.search(rf"\b(\w+)={number},\w+=`{name}-", streamlits_scripts())


def test_the_icon_font_is_where_it_is_held_back() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "visionsprat" / "web").glob("*.py")
    )
    (beginning,) = re.findall(r'"/(static/media/\w+)"', sources)
    assert [*STREAMLIT.glob(f"{beginning}*")]


def settings() -> list[str]:
    """By their whole names: the two schemes are sections within one."""
    themes = SETTINGS["theme"]
    schemes = {f"theme.{scheme}": themes[scheme] for scheme in ("light", "dark")}
    sections = SETTINGS | {"theme": {name: themes[name] for name in themes.keys() - {"light", "dark"}}}
    return sorted(f"{section}.{name}" for section, held in (sections | schemes).items() for name in held)


@pytest.mark.parametrize("setting", settings())
def test_each_setting_is_one_of_streamlits(setting: str) -> None:
    get_option(setting)  # raises for any other


def test_each_place_that_is_named_exists() -> None:
    named = re.findall(r"`((?:visionsprat|\.streamlit)/[\w./]+)`", DOCUMENT)
    assert len(named) > 20
    assert {place for place in named if not Path(ROOT / place).exists()} == set()
