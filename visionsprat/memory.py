"""Memory that glibc would keep for itself. Where another C library is, nothing is done."""

from __future__ import annotations

import ctypes
from typing import Any

#: M_ARENA_MAX of <malloc.h>.
_ARENA_MAX = -8
_ARENAS = 1


def share_arenas() -> None:
    """Let all threads take memory from one place.

    Every thread would get an arena of its own, up to eight a core, and each keeps what was once needed in
    it: 90 MiB were left of a few large staff lists, and 20 without. Threads here take turns anyhow.
    """
    _call("mallopt", _ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Let the system have again what large files have left."""
    _call("malloc_trim", 0)


def _call(name: str, *arguments: int) -> None:
    try:
        function: Any = getattr(ctypes.CDLL(None), name, None)
    except (OSError, TypeError):  # Windows has no library of all that is loaded
        return
    if function is not None:
        function(*arguments)
