"""`python -m tests.torture`: kill servers while people write, and count what is lost (Linux and macOS)."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import signal
import sys
import tempfile
from pathlib import Path

from tests.torture.kills import Tally, Torture


def main() -> int:
    options = _options()
    print(f"seed: {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="visionsprat-torture-") as folder:
        torture = Torture(Path(folder), options.servers, options.seed)
        asyncio.run(torture.go_on(options.kills, _show))
    print(f"\r{torture.tally}")
    for fault in torture.tally.faults:
        print(fault, file=sys.stderr)
    return 1 if torture.tally.faults else 0


def _show(tally: Tally) -> None:
    print(f"\r{tally}", end="", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20, help="how many servers are killed (20)")
    parser.add_argument("--servers", type=int, default=1, help="how many at once on the data folder (1)")
    parser.add_argument(
        "--seed", type=int, default=secrets.randbelow(2**32), help="what moments and texts are drawn from"
    )
    return parser.parse_args()


if __name__ == "__main__":
    # Ends its servers like Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
