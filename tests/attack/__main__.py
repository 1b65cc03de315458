"""`python -m tests.attack`: attack really started servers with full strength, and see how honest people fare.

Attacks go to this machine alone, are bounded, and end by themselves. Linux only.
"""

from __future__ import annotations

import argparse
import signal
import sys

from tests.attack.siege import attacks, lay_siege
from tests.attack.target import MIB

#: What an honest person may have to wait meanwhile, in milliseconds.
SAVE, PAGE = 500, 2000


def main() -> int:
    options = _options()
    failed = False
    for name, module in attacks().items():
        if options.only and name not in options.only:
            continue
        outcome = lay_siege(module, hard=not options.gently)
        faults = list(outcome.faults)
        if outcome.save > SAVE:
            faults.append(f"a save took {outcome.save:.0f} ms")
        if outcome.page > PAGE:
            faults.append(f"a page took {outcome.page:.0f} ms")
        print(
            f"{name:<14} slowest of {outcome.saves} saves {outcome.save:5.0f} ms,"
            f" slowest page {outcome.page:5.0f} ms,"
            f" memory at most +{outcome.growth / MIB:4.0f} MiB,"
            f" afterwards {outcome.left / MIB:+4.0f} MiB:"
            f" {'held' if not faults else 'DID NOT HOLD'}",
            flush=True,
        )
        for fault in faults:
            print(f"  {fault}", flush=True)
        failed = failed or bool(faults)
    return int(failed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.attack", description=__doc__.splitlines()[0])
    parser.add_argument("only", nargs="*", metavar="ATTACK", help=f"these alone: {', '.join(attacks())}")
    parser.add_argument("--gently", action="store_true", help="as the suite does: to see that it works")
    return parser.parse_args()


if __name__ == "__main__":
    # Ends its servers like Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
