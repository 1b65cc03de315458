"""Event loops that take no file descriptors until they are run.

Streamlit makes one for each tab, for libraries that look for one in a script: three descriptors of the four
that a tab took. No page of ours runs it.
"""

from __future__ import annotations

import asyncio
import os
import selectors
from collections.abc import Callable


def spare_descriptors() -> None:
    """Let whoever asks asyncio for a new event loop have one that opens nothing yet."""
    if os.name == "posix":
        setattr(asyncio, "new_event_loop", UnopenedLoop)  # noqa: B010


class UnopenedLoop(asyncio.SelectorEventLoop):
    """asyncio's own, whose pair of sockets, by which other threads wake it, is opened when it is run."""

    def __init__(self) -> None:
        self._opened = False
        super().__init__(selectors.PollSelector())  # which is no descriptor itself, unlike epoll

    def run_forever(self) -> None:
        if not self._opened and not self.is_closed():
            self._opened = True
            self._make_self_pipe()
        super().run_forever()

    def _make_self_pipe(self) -> None:
        if self._opened:
            _asyncios("_make_self_pipe")(self)
        else:
            self._ssock = self._csock = None  # nobody to wake

    def _close_self_pipe(self) -> None:
        if self._opened:
            _asyncios("_close_self_pipe")(self)


def _asyncios(method: str) -> Callable[[UnopenedLoop], None]:
    """A method of the parent that its types know nothing of."""
    found: Callable[[UnopenedLoop], None] = getattr(asyncio.SelectorEventLoop, method)
    return found
