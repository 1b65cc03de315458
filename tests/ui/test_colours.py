"""Every colour of both schemes can be seen and read; the figures beside them in the stylesheet are true."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.contrast import CONTROL, SCHEMES, TEXT, contrast, parts
from visionsprat.content.module import load_module
from visionsprat.settings import ROOT
from visionsprat.web.bundle import joined_styles
from visionsprat.web.static_files import ASSETS

STYLES = joined_styles(ASSETS / "styles")
TEXTS = ("text", "soft", "primary", "primary-hover", "problem")
CONTROLS = ("control", "ring")


def declared(scheme: str) -> dict[str, tuple[str, list[float]]]:
    """The custom properties with a colour, and the ratios in the comment beside each."""
    light, dark = re.findall(r":root \{(.*?)\}", STYLES, flags=re.S)[:2]
    found = {}
    for block in (light, dark)[: SCHEMES.index(scheme) + 1]:
        for name, colour, comment in re.findall(
            r"--([\w-]+): (#[0-9a-f]{6});(?: /\* (.*?) \*/)?", block, flags=re.S
        ):
            found[name] = colour, [float(each) for each in re.findall(r"\d+\.\d", comment)]
    return found


def colours(scheme: str) -> dict[str, str]:
    return {name: colour for name, (colour, _) in declared(scheme).items()}


def streamlits(scheme: str) -> dict[str, str]:
    """What .streamlit/config.toml says under [theme.light] or [theme.dark]."""
    config = (ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    section = config.split(f"[theme.{scheme}]")[1].split("[")[0]
    return dict(re.findall(r'^(\w+) = "(.*)"$', section, flags=re.M))


def mixed(colour: str, percent: int, ground: str) -> str:
    """CSS's color-mix in sRGB."""
    both = zip(parts(colour), parts(ground), strict=True)
    return "#" + "".join(f"{round((a * percent + b * (100 - percent)) / 100):02x}" for a, b in both)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("name", "least"), [*((name, TEXT) for name in TEXTS), *((name, CONTROL) for name in CONTROLS)]
)
def test_a_colour_stands_out_from_both_grounds_as_the_stylesheet_says(
    scheme: str, name: str, least: float
) -> None:
    there = colours(scheme)
    ratios = [contrast(there[name], there[ground]) for ground in ("ground", "raised")]
    assert min(ratios) >= least
    assert declared(scheme)[name][1] == [round(ratio, 1) for ratio in ratios]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_primary_button_can_be_read(scheme: str) -> None:
    there = colours(scheme)
    ratios = [contrast(there["on-primary"], there[name]) for name in ("primary", "primary-hover")]
    assert min(ratios) >= TEXT
    assert declared(scheme)["on-primary"][1] == [round(ratio, 1) for ratio in ratios]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("theme", load_module(ROOT / "content").themes, ids=lambda theme: theme.id)
def test_an_accent_can_be_read_and_is_one_of_its_own(scheme: str, theme: Any) -> None:
    there = colours(scheme)
    accent = getattr(theme.accent, scheme)
    assert min(contrast(accent, there[ground]) for ground in ("ground", "raised")) >= TEXT
    others = [each.accent for each in load_module(ROOT / "content").themes if each.id != theme.id]
    assert accent not in [there["primary"], *(getattr(each, scheme) for each in others)]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_is_mixed_can_be_told_from_its_ground(scheme: str) -> None:
    there = colours(scheme)
    marked, begun = (
        int(percent) for percent in re.findall(r"color-mix\(in srgb, var\(--primary\) (\d+)%", STYLES)
    )
    for ground in (there["ground"], there["raised"]):
        assert contrast(there["text"], mixed(there["primary"], marked, ground)) >= TEXT
    bar = mixed(there["primary"], begun, there["ground"])
    assert min(contrast(bar, there["ground"]), contrast(there["primary"], there["ground"])) >= CONTROL


@pytest.mark.parametrize("scheme", SCHEMES)
def test_streamlit_has_the_same_colours(scheme: str) -> None:
    ours, theirs = colours(scheme), streamlits(scheme)
    same = {
        "backgroundColor": "ground",
        "secondaryBackgroundColor": "raised",
        "textColor": "text",
        "linkColor": "primary",
        "borderColor": "control",
        "redTextColor": "problem",
    }
    assert {key: theirs[key] for key in same} == {key: ours[name] for key, name in same.items()}
    # Streamlit writes in white on its primary colour.
    assert contrast("#ffffff", theirs["primaryColor"]) >= TEXT
    assert contrast(theirs["greenTextColor"], ours["ground"]) >= TEXT


def test_no_colour_is_written_anywhere_but_at_the_top() -> None:
    """What is printed is black on white."""
    rest = STYLES.split("/* Streamlit's frame", 1)[1].split("@media print")[0]
    assert not re.search(r"#[0-9a-fA-F]{3,6}\b", re.sub(r'url\(".*?"\)', "", rest))
