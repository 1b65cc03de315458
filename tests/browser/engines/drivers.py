"""The commands of W3C WebDriver, to Firefox over Marionette and to WebKitGTK over HTTP.

Neither needs a driver from elsewhere: Marionette is in each Firefox and takes the same commands as JSON
on a socket.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import httpx

from tests.support.engines import FIREFOX, WEBKIT
from tests.support.server import free_port, poll

#: A command -> its name in Marionette, and its method and address over HTTP.
COMMANDS = {
    "begin": ("WebDriver:NewSession", "POST", ""),
    "go": ("WebDriver:Navigate", "POST", "/{session}/url"),
    "go back": ("WebDriver:Back", "POST", "/{session}/back"),
    "find": ("WebDriver:FindElement", "POST", "/{session}/element"),
    "click": ("WebDriver:ElementClick", "POST", "/{session}/element/{id}/click"),
    "type": ("WebDriver:ElementSendKeys", "POST", "/{session}/element/{id}/value"),
    "run": ("WebDriver:ExecuteScript", "POST", "/{session}/execute/sync"),
    "add cookie": ("WebDriver:AddCookie", "POST", "/{session}/cookie"),
    "forget cookies": ("WebDriver:DeleteAllCookies", "DELETE", "/{session}/cookie"),
    "list tabs": ("WebDriver:GetWindowHandles", "GET", "/{session}/window/handles"),
    "open tab": ("WebDriver:NewWindow", "POST", "/{session}/window/new"),
    "turn to tab": ("WebDriver:SwitchToWindow", "POST", "/{session}/window"),
    "close tab": ("WebDriver:CloseWindow", "DELETE", "/{session}/window"),
    "print": ("WebDriver:Print", "POST", "/{session}/print"),
    "end": ("WebDriver:DeleteSession", "DELETE", "/{session}"),
}
DEADLINE = 60.0  # s


class Refused(Exception):
    """The browser did not do it, such as a click on what is not there any more."""


class Driver(Protocol):
    def ask(self, command: str, **parameters: Any) -> Any: ...


class Marionette:
    """Length, colon, JSON: [0, number, command, parameters] is answered by [1, number, error, result]."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), DEADLINE)
        self._reader = self._socket.makefile("rb")
        self._number = 0
        self._read()  # its greeting

    def ask(self, command: str, **parameters: Any) -> Any:
        self._number += 1
        message = json.dumps([0, self._number, COMMANDS[command][0], parameters]).encode()
        self._socket.sendall(b"%d:%b" % (len(message), message))
        _, number, error, result = self._read()
        assert number == self._number
        if error:
            raise Refused(f"{command}: {error['error']}: {error['message']}")
        return result["value"] if isinstance(result, dict) and "value" in result else result

    def close(self) -> None:
        self._reader.close()
        self._socket.close()

    def _read(self) -> Any:
        length = b""
        while (letter := self._reader.read(1)) != b":":
            assert letter, "Firefox has ended"
            length += letter
        return json.loads(self._reader.read(int(length)))


class OverHttp:
    def __init__(self, port: int, display: str) -> None:
        self.display = display
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}/session", timeout=DEADLINE)
        self._session = ""

    def ask(self, command: str, **parameters: Any) -> Any:
        _, method, address = COMMANDS[command]
        address = address.format(session=self._session, id=parameters.get("id"))
        answer = self._client.request(method, address, json=parameters if method == "POST" else None)
        result = answer.json()["value"]
        if answer.is_error:
            raise Refused(f"{command}: {result['error']}: {result['message']}")
        if command == "begin":
            self._session = result["sessionId"]
        return result

    def close(self) -> None:
        self._client.close()


@contextmanager
def firefox(folder: Path) -> Iterator[Driver]:
    """A Firefox without windows and without a past."""
    assert FIREFOX.program is not None
    (folder / "user.js").write_text('user_pref("marionette.port", 0);\n', encoding="utf-8")
    chosen = folder / "MarionetteActivePort"
    command = [FIREFOX.program, "--headless", "--marionette", "--no-remote", "--profile", str(folder)]
    with _running(command, folder) as process:
        poll(lambda: _lives(process) and chosen.exists() and bool(chosen.read_text()), "Firefox to listen")
        driver = Marionette(int(chosen.read_text()))
        try:
            driver.ask("begin")
            yield driver
        finally:
            driver.close()


@contextmanager
def webkit(folder: Path) -> Iterator[Driver]:
    """A WebKitGTK in a window that nobody sees, without a past."""
    assert WEBKIT.program is not None
    port = free_port()
    with (
        _screen(folder) as display,
        _running([WEBKIT.program, f"--port={port}"], folder, DISPLAY=display) as process,
    ):
        poll(lambda: _lives(process) and _listens(port), "WebKitWebDriver to listen")
        driver = OverHttp(port, display)
        try:
            driver.ask("begin", capabilities={})
            yield driver
            driver.ask("end")
        finally:
            driver.close()


@contextmanager
def _screen(folder: Path) -> Iterator[str]:
    """A screen that nobody sees; its name comes back."""
    told, telling = os.pipe()
    command = ["Xvfb", "-displayfd", str(telling), "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    with open(told) as name, _running(command, folder, pass_fds=(telling,)):
        os.close(telling)
        yield f":{name.readline().strip()}"


@contextmanager
def _running(
    command: list[str], folder: Path, *, pass_fds: tuple[int, ...] = (), **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "output.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            env={**os.environ, "NO_AT_BRIDGE": "1", **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=pass_fds,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # with the browser that a driver has started
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _lives(process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, f"{process.args!r} ended with {process.returncode}"
    return True


def _listens(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0
