"""Standard input and output are UTF-8 whatever the locale says: what is piped in comes from files.

A command begins anew in Python's UTF-8 mode where the locale is another: arguments, pipes and names of
files are then all read alike.
"""

from __future__ import annotations

import io
import locale
import os
import sys


def is_utf8() -> bool:
    """Whether arguments, settings and the names of files are read as UTF-8."""
    return bool(sys.flags.utf8_mode) or locale.getencoding().lower().replace("-", "") == "utf8"


def run_in_utf8() -> None:
    """Begin this command anew in Python's UTF-8 mode where its arguments would be read otherwise."""
    if os.name == "posix" and not is_utf8():
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


def have_a_home() -> None:
    """Streamlit asks for the home folder of an account that may have none, and fails without one."""
    if os.path.expanduser("~") == "~":
        os.environ["HOME"] = os.sep


def speak_utf8() -> None:
    """Read and write UTF-8, even if PYTHONIOENCODING says otherwise. Who reads tells what is none."""
    for stream, errors in (
        (sys.stdin, "surrogateescape"),
        (sys.stdout, "backslashreplace"),
        (sys.stderr, "backslashreplace"),
    ):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors=errors)
