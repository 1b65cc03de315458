"""Script runs, counted and timed, and whose turn it is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from visionsprat.errors import StoreUnavailable
from visionsprat.runtime.turns import of_strangers
from visionsprat.telemetry import metrics


@contextmanager
def watched() -> Iterator[None]:
    """Count this script run, by how it ends. A click or a rerun interrupts it by an exception of its own."""
    begun, outcome = time.perf_counter(), "interrupted"
    try:
        yield
        outcome = "drawn"
    except StoreUnavailable:
        outcome = "unavailable"
        raise
    except Exception:
        outcome = "failed"
        raise
    finally:
        metrics.RUNS.labels(outcome).inc()
        metrics.RUN_SECONDS.observe(time.perf_counter() - begun)


@contextmanager
def in_turn(*, is_stranger: bool) -> Iterator[None]:
    """Draw the page: at once for whoever is signed in, another when few strangers' pages are being drawn."""
    with of_strangers() if is_stranger else nullcontext():
        yield
