"""Where a browser comes from, as far as sign-ins are counted by it.

A client header without an address is one client, "unknown": whoever gets past the proxy with nonsense
shares one count. This machine itself is not counted: without a header it may be a proxy that everybody
comes through, and one stranger could keep all out.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from functools import lru_cache

#: What everybody is counted as whose proxy names no address.
UNKNOWN = "unknown"

#: Connections and proxies name the same ones again and again, at every save.
_remembered = lru_cache(10_000)
_WITH_PORT = re.compile(r"\[(?P<six>[^\]]+)\](?::\d+)?|(?P<four>[\d.]+):\d+")


@_remembered
def client_of(said: str) -> str:
    """The client address in a header that a proxy adds to; UNKNOWN when there is none to be read.

    The last entry is the one that the proxy itself has written. IPv6 is counted by its network of 64
    bits, as one client has all of it.
    """
    entry = said.rpartition(",")[2].strip()
    if match := _WITH_PORT.fullmatch(entry):
        entry = match["six"] or match["four"]
    try:
        address = ipaddress.ip_address(entry)
    except ValueError:
        return UNKNOWN
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
    return str(address)


def client_in(named: Sequence[str], connection: str | None) -> str:
    """Where a request comes from, as in `client_of`; empty for this machine itself, which is not counted.

    `named` are the proxy's headers, `connection` is the address of the connection's other end. Without such a
    header this machine may be a proxy that everybody comes through: one stranger would keep all out.
    """
    if named:
        return client_of(named[-1])
    found = client_of(connection) if connection else ""
    return "" if is_this_machine(found) else found


@_remembered
def is_this_machine(client: str) -> bool:
    """Whether this is what `client_of` makes of a loopback address."""
    try:
        return client == "::/64" or ipaddress.ip_network(client).is_loopback
    except ValueError:
        return False
