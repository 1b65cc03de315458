"""A process that reads many files, one after the other, as a staff list is read: for trying thousands.

`python -m tests.reading` gets them on standard input, and says of each in a line what came of it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from visionsprat.settings import ROOT
from visionsprat.staff import reader

KNOWN = ("e-post", "namn", "grupp", "chef_för", "aktiv")
#: What the process says of a file that a reader may not outlive.
ENDED = "ended"


def outcomes(files: Sequence[bytes]) -> list[str]:
    """For each file "table", the name of a trouble, or ENDED."""
    found: list[str] = []
    while len(found) < len(files):
        rest = files[len(found) :]
        sent = b"".join(len(each).to_bytes(4, "big") + each for each in rest)
        arguments = [sys.executable, "-m", "tests.support.reading"]
        ended = subprocess.run(arguments, input=sent, capture_output=True, cwd=ROOT, check=False)
        found += ended.stdout.decode().splitlines()
        if len(found) < len(files):
            found.append(ENDED)
    return found


def _main() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while head := sys.stdin.buffer.read(4):
        print(_outcome(sys.stdin.buffer.read(int.from_bytes(head, "big"))), flush=True)


def _outcome(data: bytes) -> str:
    """Such a panic is an error of the library's, which no `except Exception` catches."""
    try:
        *_, last = reader.told(data, "quick", KNOWN)
    except MemoryError:
        return ENDED
    except BaseException as error:
        return ENDED if type(error).__name__ == "PanicException" else f"{type(error).__name__}: {error}"
    return str(last["trouble"]) if isinstance(last, dict) and "trouble" in last else "table"


if __name__ == "__main__":
    _main()
