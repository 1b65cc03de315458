"""Memory that glibc would keep for itself. Where another C library is, nothing is done.

Large blocks have pages of their own: they leave no holes among the small ones. 90 MiB stayed after a few
large staff lists, 25 now. `malloc_trim` gives back what is left of large pieces.
"""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

#: M_MMAP_THRESHOLD of <malloc.h>, and the bytes from which on a block gets pages of its own.
_MMAP_THRESHOLD = -3
_LARGE = 256 * 1024


def keep_large_blocks_apart() -> None:
    """Let each large block have pages of its own, which go back to the system with it.

    By itself glibc moves the bound up to 32 MB as such blocks come and go; then they lie among the small ones
    and leave holes: 90 MiB were left of a few large staff lists, and 25 are now.
    """
    _call("mallopt", _MMAP_THRESHOLD, _LARGE)


def give_back() -> None:
    """Let the system have again what many small blocks have left."""
    _call("malloc_trim", 0)


@asynccontextmanager
async def given_back(seconds: float = 60) -> AsyncIterator[None]:
    """Do so from time to time until the end: what a thousand connections have taken, nobody gives back."""

    async def go_on() -> None:
        while True:
            await asyncio.sleep(seconds)
            await asyncio.to_thread(give_back)

    giving = asyncio.create_task(go_on())
    try:
        yield
    finally:
        giving.cancel()


def _call(name: str, *arguments: int) -> None:
    try:
        function: Any = getattr(ctypes.CDLL(None), name, None)
    except (OSError, TypeError):  # Windows has no library of all that is loaded
        return
    if function is not None:
        function(*arguments)
