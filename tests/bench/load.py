"""g. Many learners at once: how long they wait, and whether every save that was acknowledged is there."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench.report import Figure, heading, median, percentile, remark, show
from tests.support.measured_server import Learner, Server, serve, sign_in
from visionsprat.domain.tokens import token_hash
from visionsprat.store import Store


def hold(folder: Path, count: int, seconds: int) -> None:
    """Start a server, let learners at it from a process of their own, then read what the database holds."""
    heading("g", f"{count} learners at once for {seconds} s: a click and an autosave every 5 s each")
    (folder / "load").mkdir()
    with serve(folder / "load") as server:
        learners = sign_in(server, count)
        started, machine, children, cpu = time.monotonic(), _machine(), _children(), server.cpu()
        seen = _let_in(server, learners, seconds)
        percent = 10 * (time.monotonic() - started)
        used = server.cpu() - cpu
        others = _machine() - machine - used - (_children() - children)
        missing = _missing(server, learners, seen["acknowledged"])
    runs, saves = seen["runs"], seen["saves"]
    show(
        Figure("page run, median", median(runs), "ms", None, f"{len(runs)} runs"),
        Figure("page run, p95", percentile(runs, 0.95), "ms", 1000, f"slowest {max(runs):.0f} ms"),
        Figure("save, median", median(saves), "ms", None, f"{len(saves)} saves"),
        Figure("save, p95", percentile(saves, 0.95), "ms", 1000, f"slowest {max(saves):.0f} ms"),
        Figure("errors", len(seen["errors"]), "", 0),
        Figure("acknowledged saves not in the database", missing, "", 0, f"of {len(seen['acknowledged'])}"),
        Figure("the server's CPU", used / percent, "%", None, "of one core"),
        Figure("the learners' own process woke up late, p95", percentile(seen["late"], 0.95), "ms"),
        Figure(
            "taken by the machine's other work",
            others / percent / (os.cpu_count() or 1),
            "%",
            None,
            "of all cores; much of it, and the rest says little",
        ),
    )
    for error in sorted(set(seen["errors"]))[:5]:
        remark(error)


def _children() -> float:
    """Milliseconds of CPU of the processes that have been waited for: the learners'."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1000


def _machine() -> float:
    """Milliseconds that all cores together have been busy, or taken away by the host of a virtual machine."""
    fields = [int(each) for each in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    user, nice, system, _idle, _waiting, interrupts, soft_interrupts, stolen = fields
    busy = user + nice + system + interrupts + soft_interrupts + stolen
    return busy * 1000 / os.sysconf("SC_CLK_TCK")


def _let_in(server: Server, learners: list[Learner], seconds: int) -> dict[str, Any]:
    order = {"url": server.url, "seconds": seconds, "learners": [asdict(each) for each in learners]}
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.crowd"], input=json.dumps(order), capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"The learners' process failed:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _missing(server: Server, learners: list[Learner], acknowledged: list[list[Any]]) -> int:
    """How many acknowledged texts are not stored.

    A learner's text for a question only grows, as it does under an editor, and within one sitting the
    store keeps the newest: an acknowledged text is there when the stored one, at no lower a revision, is
    the same or goes on from it.
    """
    with closing(Store(server.database)) as store:
        visitors = [store.visitor(token_hash(learner.token)) for learner in learners]
    stored = {visitor.account.id: visitor.reflections for visitor in visitors if visitor}
    return sum(
        not (
            (found := stored.get(account, {}).get(question))
            and found.revision >= revision
            and found.text.startswith(text)
        )
        for account, question, text, revision in acknowledged
    )
