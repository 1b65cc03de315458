"""What kind of device somebody writes on, in two words. All else that a browser tells of itself is let go.

"Mobil, Android" is enough to tell two texts apart; the whole User-Agent would be a trace of a person. No
library: the known ones carry a megabyte of patterns for models and versions.
"""

from __future__ import annotations

from collections.abc import Mapping

OTHER = "Annan enhet"
#: By what a browser calls its system. The first that fits: Android calls itself a Linux too.
_SYSTEMS = {
    "ipad": "Surfplatta, iPad",
    "iphone": "Mobil, iPhone",
    "android": "Surfplatta, Android",
    "cros": "Dator, Chromebook",
    "chrome os": "Dator, Chromebook",
    "windows": "Dator, Windows",
    "mac": "Dator, Mac",
    "linux": "Dator, Linux",
}


def device_kind(headers: Mapping[str, str]) -> str:
    """As in "Mobil, Android", from a request's headers (their names in lower case).

    Chromium says it in headers of its own, over TLS; the others only in User-Agent. An iPad mostly
    calls itself a Mac.
    """
    agent = headers.get("user-agent", "")
    is_phone = headers.get("sec-ch-ua-mobile") == "?1" or "Mobile" in agent
    for said in (headers.get("sec-ch-ua-platform", "").lower(), agent.lower()):
        for system, kind in _SYSTEMS.items():
            if system in said:
                return "Mobil, Android" if system == "android" and is_phone else kind
    return OTHER
