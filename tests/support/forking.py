"""Servers that start for a quarter of the processor's time: forked where everything is imported already."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

from visionsprat.settings import ROOT

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(["tests.support.loaded"])


class ForkedServer:
    """All that `streamlit run` does, in a process of its own; used like a `subprocess.Popen`."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._process = _forking.Process(
            target=_serve, args=([*arguments], {**environment}, str(log)), daemon=True
        )
        # AppTest leaves a page's script behind as the main module, and the new process would run it.
        main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
        try:
            self._process.start()
        finally:
            sys.modules["__main__"] = main

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("streamlit run", timeout or 0)
        return self._process.exitcode


def _serve(arguments: list[str], environment: dict[str, str], log: str) -> None:
    from streamlit.web import cli

    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(output, stream)
    sys.argv = ["streamlit", "run", *arguments]
    cli.main()
