"""Trouble under a server's feet, for as long as a block lasts. `locked` is beside it, in server.py."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.server import Server


@contextmanager
def no_room(server: Server) -> Iterator[None]:
    """No file of the server's grows any more, its log included. The limit works for anybody, everywhere."""
    before = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, before)


@contextmanager
def moved_away(server: Server) -> Iterator[None]:
    aside = server.data.rename(server.data.with_name("elsewhere"))
    try:
        yield
    finally:
        assert not server.data.exists()  # nothing has begun anew there, empty
        aside.rename(server.data)
