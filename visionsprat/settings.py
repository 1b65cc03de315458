"""Settings: read from the environment, each with a default."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import idna

from visionsprat.errors import CannotStart

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "VISIONSPRAT_"
#: The names by which a machine calls itself.
THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


class SettingError(CannotStart):
    """A setting is unknown or malformed. `name` is the environment variable's."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name} {problem}")
        self.name = name


@dataclass(frozen=True)
class Smtp:
    """The mail server that letters are handed to, and whom they come from."""

    host: str
    port: int
    #: A key of SMTP_PORTS.
    security: str
    sender: Address
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Settings:
    data: Path
    content: Path
    #: The public address without a trailing slash, or None when it was not set.
    url: str | None
    #: The header in which the proxy names the client; None: there is no proxy.
    client_header: str | None = None
    #: None when no mail is to be sent.
    smtp: Smtp | None = None
    #: One of LOG_LEVELS.
    log_level: str = "info"
    #: What Prometheus shows to read /metrics; None: only this machine may.
    metrics_token: str | None = field(default=None, repr=False)

    def public_url(self, port: int = 8501) -> str:
        """The address that links begin with; without one of its own, a server's on this machine."""
        return self.url or f"http://localhost:{port}"


LOG_LEVELS = ("debug", "info", "warning", "error")

#: Each way to secure the connection, and the port that goes with it.
SMTP_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_HOST, _PORT, _SECURITY, _USER, _PASSWORD = (
    f"VISIONSPRAT_SMTP_{each}" for each in ("HOST", "PORT", "SECURITY", "USER", "PASSWORD")
)
_FROM = "VISIONSPRAT_MAIL_FROM"
_MAIL = {_HOST, _PORT, _SECURITY, _USER, _PASSWORD, _FROM}
#: The first of each is needed when the second is given.
_TOGETHER = (
    *((_HOST, each) for each in (_PORT, _SECURITY, _FROM, _USER, _PASSWORD)),
    *((_FROM, _HOST), (_USER, _PASSWORD), (_PASSWORD, _USER)),
)


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings. Raises SettingError on an unknown or malformed one."""
    known = {
        "VISIONSPRAT_DATA",
        "VISIONSPRAT_CONTENT",
        "VISIONSPRAT_URL",
        "VISIONSPRAT_CLIENT_HEADER",
        "VISIONSPRAT_LOG_LEVEL",
        "VISIONSPRAT_METRICS_TOKEN",
        *_MAIL,
    }
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known:
            raise SettingError(name, f"is not a setting. Known settings: {', '.join(sorted(known))}.")
    return Settings(
        data=_folder(environment, "VISIONSPRAT_DATA", ROOT / "data"),
        content=_folder(environment, "VISIONSPRAT_CONTENT", ROOT / "content"),
        url=_address(environment, "VISIONSPRAT_URL"),
        smtp=_smtp(environment),
        client_header=_header(environment, "VISIONSPRAT_CLIENT_HEADER"),
        log_level=_level(environment, "VISIONSPRAT_LOG_LEVEL"),
        metrics_token=_token(environment, "VISIONSPRAT_METRICS_TOKEN"),
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
    host = None
    try:
        parts = urlsplit(value)
        host = _host(parts.hostname or "")
        right = parts.scheme in {"http", "https"} and host and parts.path in {"", "/"}
        right = bool(right and not parts.query and not parts.fragment and "@" not in parts.netloc)
        _ = parts.port  # raises on a port that is no number
    except ValueError:
        right = False
    if not right:
        raise SettingError(
            name, f"is {value!r}. Give an address such as https://visionsprat.example.se, no path."
        )
    # As browsers write an origin.
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port is not None else "")


def _host(name: str) -> str:
    """A host as browsers ask for it: å, ä and ö in Punycode. Empty when there can be no such host."""
    if ":" in name:
        return f"[{ip_address(name)}]"
    plain = name if name.isascii() else idna.encode(name, uts46=True).decode()
    return plain if re.fullmatch(r"[a-z0-9._-]+", plain) else ""


def _smtp(environment: Mapping[str, str]) -> Smtp | None:
    given = {name: environment[name] for name in sorted(_MAIL) if name in environment}
    for name, value in given.items():
        if not value.strip() or not value.isprintable() or not (value.isascii() or name == _FROM):
            raise SettingError(name, "is empty, or has characters that no mail server takes.")
    for needed, name in _TOGETHER:
        if name in given and needed not in given:
            raise SettingError(needed, f"is missing, but {name} is set. Set both or none.")
    if _HOST not in given:
        return None
    security = given.get(_SECURITY, "starttls")
    if security not in SMTP_PORTS:
        raise SettingError(_SECURITY, f"is {security!r}. Give one of {', '.join(SMTP_PORTS)}.")
    port = given.get(_PORT, str(SMTP_PORTS[security]))
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise SettingError(_PORT, f"is {port!r}. Give a port from 1 to 65535.")
    host = given[_HOST]
    if any(character in host for character in " /@"):
        raise SettingError(_HOST, f"is {host!r}. Give a mail server's name, such as mail.example.se.")
    return Smtp(host, int(port), security, _mailbox(given[_FROM]), given.get(_USER), given.get(_PASSWORD))


def _mailbox(value: str) -> Address:
    name, address = parseaddr(value)
    try:
        found = Address(name, addr_spec=address)
        right = bool(found.username and "." in found.domain and found.addr_spec.isascii())
    except (ValueError, IndexError, MessageError):
        right = False
    if not right:
        raise SettingError(
            _FROM, f"is {value!r}. Give an address such as Visionsprat <visionsprat@example.se>."
        )
    return found


def _header(environment: Mapping[str, str], name: str) -> str | None:
    value = environment.get(name)
    if value is not None and not re.fullmatch(r"[A-Za-z0-9-]+", value):
        raise SettingError(name, f"is {value!r}. Give the name of a header, such as X-Forwarded-For.")
    return value


def _level(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "info")
    if value.lower() not in LOG_LEVELS:
        raise SettingError(name, f"is {value!r}. Give one of {', '.join(LOG_LEVELS)}.")
    return value.lower()


def _token(environment: Mapping[str, str], name: str) -> str | None:
    value = environment.get(name)
    if value is not None and not re.fullmatch(r"[!-~]{16,}", value):
        raise SettingError(name, "is too short, or not plain. Give 16 ASCII characters or more, no spaces.")
    return value
