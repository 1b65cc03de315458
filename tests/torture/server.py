"""Servers that start fast enough to be killed by the hundred."""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path
from types import ModuleType

from tests.browser.server import free_port
from visionsprat.installation import DATABASE
from visionsprat.settings import PREFIX, ROOT

# Forked from a process that has imported everything: a start then costs a quarter of its CPU time.
_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(["tests.torture.loaded"])


class ForkedServer:
    """All that `streamlit run app.py` does, in a process of its own. It has to be started."""

    def __init__(self, data: Path, log: Path) -> None:
        self.data = data
        self.database = data / DATABASE
        self.log = log
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self._process: multiprocessing.process.BaseProcess | None = None

    @property
    def is_running(self) -> bool:
        if self._process is not None and not self._process.is_alive():
            raise AssertionError(f"A server ended by itself:\n{self.log.read_text(errors='replace')}")
        return self._process is not None

    def start(self) -> None:
        self._process = _forking.Process(
            target=_serve, args=(self.port, str(self.data), str(self.log)), daemon=True
        )
        # AppTest leaves a page's script behind as the main module, and the new process would run it.
        main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
        try:
            self._process.start()
        finally:
            sys.modules["__main__"] = main

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
        self._process = None


def _serve(port: int, data: str, log: str) -> None:
    from streamlit.web import cli

    os.chdir(ROOT)
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    os.environ["VISIONSPRAT_DATA"] = data
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(output, stream)
    sys.argv = ["streamlit", "run", "app.py", "--server.port", str(port)]
    cli.main()
