"""How many connections this process can bear, reckoned from the file descriptors that it is granted.

One client may have half of all connections and tabs, not a number: a whole city may come from one address
(5,000 tabs of 20,000), and a stranger from another is still let in. This machine itself is not bounded so:
without a client header it may be the proxy.
"""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass

#: What is reckoned with where the system names no limit, or one beyond every need.
MOST_DESCRIPTORS = 65_536
#: A city of 10,000 people, each with a tab or two. A tab costs 50 kB of memory.
MOST_TABS = 20_000
#: Beyond the last connection, for those who ask for /healthz; others are told to come back.
SPARE = 32
FULL = "Just nu är det fler här än servern klarar. Försök igen om en stund."
#: The database's connections, sockets to a mail server, the log.
_LEAST_FOR_FILES = 64


@dataclass(frozen=True)
class Bounds:
    """Numbers of connections that are open at once."""

    #: In all, before the spare ones.
    connections: int
    #: Websockets among them; the rest is for what the tabs ask besides.
    tabs: int
    #: So many of each a single client may have, where clients can be told apart: half. A whole city may come
    #: from one address, and a stranger from another is then still let in.
    connections_of_client: int
    tabs_of_client: int
    #: Connections that the system takes before we have looked at one.
    backlog: int


def bounds_of(descriptors: int) -> Bounds:
    """The bounds of a process that may have so many descriptors open. A tab takes one."""
    usable = min(descriptors, MOST_DESCRIPTORS)
    for_files = max(_LEAST_FOR_FILES, usable // 4)
    connections = max(usable - for_files - SPARE, SPARE)
    tabs = min(connections * 3 // 4, MOST_TABS)
    return Bounds(connections, tabs, connections // 2, tabs // 2, min(for_files // 2, 2048))


@functools.cache
def bounds() -> Bounds:
    """This process's, after its limit has been raised as far as the system lets it."""
    return bounds_of(_raise_descriptors())


def _raise_descriptors() -> int:
    if sys.platform == "win32":  # which has no such limit
        return MOST_DESCRIPTORS
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MOST_DESCRIPTORS
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else hard
    if soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (ValueError, OSError):  # some systems have another limit besides
            return soft
    return max(soft, wanted)
