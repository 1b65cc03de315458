"""Firefox and WebKitGTK, for a short set of tests: are they there, and how Debian's root gets them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

#: Names a file that is there when the engines have been installed, or could not be: tests begin meanwhile.
TRIED = "ENGINES_TRIED"
#: Debian's own: the bindings that print from WebKitGTK are made for no other.
SYSTEMS_PYTHON = "/usr/bin/python3"


@dataclass(frozen=True)
class Engine:
    name: str
    #: For each program that it takes: where it may be. The first is the one that is driven.
    programs: tuple[tuple[str, ...], ...]
    #: Debian's.
    packages: tuple[str, ...]
    #: What the system's Python must be able to do.
    bindings: str = ""

    @property
    def program(self) -> str | None:
        return _first(self.programs[0])

    @property
    def is_there(self) -> bool:
        return all(_first(names) for names in self.programs) and _does(self.bindings)

    @property
    def advice(self) -> str:
        return f"{self.name} (Debian: apt-get install {' '.join(self.packages)})"


FIREFOX = Engine("Firefox", (("firefox-esr", "firefox"),), ("firefox-esr",))
WEBKIT = Engine(
    "WebKitGTK",
    (("WebKitWebDriver",), ("Xvfb",), (SYSTEMS_PYTHON,)),
    ("webkit2gtk-driver", "xvfb", "python3-gi", "gir1.2-webkit2-4.1"),
    "import gi; gi.require_version('WebKit2', '4.1')",
)
ENGINES = (FIREFOX, WEBKIT)


def missing() -> list[Engine]:
    return [engine for engine in ENGINES if not engine.is_there]


def install_missing(tried: Path) -> None:
    """Install what is missing where that may be done, and leave the file `tried` in any case."""
    try:
        engines = missing()
        if engines and shutil.which("apt-get") and os.geteuid() == 0 and _apt_get("update"):
            for engine in engines:
                _apt_get("install", "-y", "--no-install-recommends", *engine.packages)
    finally:
        tried.touch()


def not_tried(engines: Sequence[Engine]) -> str:
    return f"Not tried, as not found here: {', '.join(engine.advice for engine in engines)}."


def _apt_get(*arguments: str) -> bool:
    """Silent, as tests report in the same terminal meanwhile."""
    done = subprocess.run(
        ["apt-get", "-o", "DPkg::Lock::Timeout=300", *arguments],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        print(done.stdout[-2000:], file=sys.stderr)
    return done.returncode == 0


def _first(names: Sequence[str]) -> str | None:
    return next((path for name in names if (path := shutil.which(name))), None)


def _does(statement: str) -> bool:
    return (
        not statement
        or subprocess.run([SYSTEMS_PYTHON, "-c", statement], capture_output=True).returncode == 0
    )
