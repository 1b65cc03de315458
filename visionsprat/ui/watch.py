"""Script runs, counted and timed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from visionsprat import metrics
from visionsprat.errors import StoreUnavailable


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
