"""The files with code of ours that serves somebody."""

from __future__ import annotations

from pathlib import Path

from visionsprat.settings import ROOT


def modules() -> dict[str, Path]:
    """The modules of the package by name: `store`, `ui.frame`."""
    folder = ROOT / "visionsprat"
    return {
        ".".join(path.relative_to(folder).with_suffix("").parts): path
        for path in sorted(folder.rglob("*.py"))
        if path.name != "__init__.py"
    } | {"store": folder / "store" / "__init__.py"}


MODULES = modules()
PAGES = sorted((ROOT / "pages").glob("*.py"))
EVERYTHING = [*MODULES.values(), *PAGES, ROOT / "app.py"]
