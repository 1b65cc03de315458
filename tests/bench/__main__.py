"""`python -m tests.bench`: every figure of the speed goals, from one run on really started servers.

Nothing here is a test. Ratios are taken within one run, interleaved, as medians, and in CPU time of the
server where that says it: the machine's other work then counts for little. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from tests.bench import browser, city, disk, load, runs
from tests.support.measured_server import EMPTY, OURS, serve

LETTERS = "abcdefgh"


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="visionsprat-bench-") as name:
        folder = Path(name)
        with serve(folder, OURS) as ours, serve(folder, EMPTY) as empty:
            if "a" in options.only:
                browser.clicks(ours, empty, 3 if options.quick else 15)
            if "b" in options.only:
                asyncio.run(runs.page_runs(ours, empty, 4 if options.quick else 25))
                asyncio.run(runs.parts(folder, 3 if options.quick else 15))
            if "c" in options.only:
                asyncio.run(runs.saves(ours, 3 if options.quick else 15))
            if "d" in options.only:
                disk.compare(folder, 100 if options.quick else 1000)
            if "e" in options.only:
                asyncio.run(runs.walks(ours, empty, 2 if options.quick else 10))
            if "f" in options.only:
                browser.visits(ours, 1 if options.quick else 3)
        if "g" in options.only:
            load.hold(folder, options.learners, options.seconds)
        if "h" in options.only:
            large, rounds = (1000, 3) if options.quick else (10_000, 15)
            asyncio.run(city.sizes(folder, 100, large, rounds))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--only", type=_letters, default=set(LETTERS), metavar="a,b,…", help="these parts only"
    )
    parser.add_argument("--quick", action="store_true", help="few repetitions: to see that it works")
    parser.add_argument("--learners", type=int, default=200, help="how many at once in g (200)")
    parser.add_argument("--seconds", type=int, default=60, help="how long g goes on (60)")
    return parser.parse_args()


def _letters(text: str) -> set[str]:
    letters = set(text.replace(",", ""))
    if not letters or letters - set(LETTERS):
        raise argparse.ArgumentTypeError(f"{text!r}: the parts are {', '.join(LETTERS)}")
    return letters


main()
