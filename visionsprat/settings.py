"""Settings: read from the environment, each with a default."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from visionsprat.errors import VisionspratError

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "VISIONSPRAT_"


class SettingError(VisionspratError):
    """A setting is unknown or malformed. `name` is the environment variable's."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name} {problem}")
        self.name = name


@dataclass(frozen=True)
class Settings:
    data: Path
    content: Path
    #: The public address without a trailing slash, or None when it was not set.
    url: str | None
    #: The header in which the proxy names the client; None: there is no proxy.
    client_header: str | None = None


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings. Raises SettingError on an unknown or malformed one."""
    known = {
        "VISIONSPRAT_DATA",
        "VISIONSPRAT_CONTENT",
        "VISIONSPRAT_URL",
        "VISIONSPRAT_CLIENT_HEADER",
    }
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known:
            raise SettingError(name, f"is not a setting. Known settings: {', '.join(sorted(known))}.")
    return Settings(
        data=_folder(environment, "VISIONSPRAT_DATA", ROOT / "data"),
        content=_folder(environment, "VISIONSPRAT_CONTENT", ROOT / "content"),
        url=_address(environment, "VISIONSPRAT_URL"),
        client_header=_header(environment, "VISIONSPRAT_CLIENT_HEADER"),
    )


def _folder(environment: Mapping[str, str], name: str, default: Path) -> Path:
    value = environment.get(name)
    if value is None:
        return default
    if not value.strip():
        raise SettingError(name, "is empty. Give the path of a folder, or unset it.")
    return Path(value).expanduser().resolve()


def _address(environment: Mapping[str, str], name: str) -> str | None:
    value = environment.get(name)
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        right = parts.scheme in {"http", "https"} and parts.hostname and parts.path in {"", "/"}
        right = bool(right and not parts.query and not parts.fragment and "@" not in parts.netloc)
        _ = parts.port  # raises on a port that is no number
    except ValueError:
        right = False
    if not right:
        raise SettingError(
            name, f"is {value!r}. Give an address such as https://visionsprat.example.se, no path."
        )
    # As browsers write an origin.
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _header(environment: Mapping[str, str], name: str) -> str | None:
    value = environment.get(name)
    if value is not None and not re.fullmatch(r"[A-Za-z0-9-]+", value):
        raise SettingError(name, f"is {value!r}. Give the name of a header, such as X-Forwarded-For.")
    return value
