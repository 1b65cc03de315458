"""Where a browser comes from, as far as sign-ins are counted by it."""

from __future__ import annotations

import ipaddress
import re

_WITH_PORT = re.compile(r"\[(?P<six>[^\]]+)\](?::\d+)?|(?P<four>[\d.]+):\d+")


def client_of(said: str) -> str:
    """The client address in a header that a proxy adds to; empty when there is none to be read.

    The last entry is the one that the proxy itself has written. IPv6 is counted by its network of 64
    bits, as one client has all of it.
    """
    entry = said.rpartition(",")[2].strip()
    if match := _WITH_PORT.fullmatch(entry):
        entry = match["six"] or match["four"]
    try:
        address = ipaddress.ip_address(entry)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
    return str(address)
