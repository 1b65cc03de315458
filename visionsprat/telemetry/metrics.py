"""What is counted for Prometheus, by this process since its start. Never by person, address or text.

Each process has its own figures: prometheus-client's mode for several writes files at every count, and
Prometheus adds up as well.
"""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)

disable_created_metrics()  # type: ignore[no-untyped-call]  # the library gives it no types
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

#: A save waits for the database for five seconds at most, see store/schema.py, PATIENCE.
_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


def _counter(name: str, what: str, label: str, *values: str) -> Counter:
    """A counter by `label`, each known value of which begins at nought: an alert sees the first one."""
    counter = Counter(name, what, [label], registry=REGISTRY)
    for each in values:
        counter.labels(each)
    return counter


#: What a save ends with, by the status of its answer.
SAVE_OUTCOMES = {
    200: "saved",
    401: "signed_out",
    404: "no_such_question",
    409: "conflict",
    413: "too_long",
    422: "malformed",
    423: "full",
    429: "too_often",
    499: "gone",  # the browser, before all of it had come: a phone's does that, and sends it again
    500: "failed",
    503: "unavailable",
}
SAVES = _counter("visionsprat_saves", "Saves asked for, by outcome.", "outcome", *SAVE_OUTCOMES.values())
SAVE_SECONDS = Histogram(
    "visionsprat_save_seconds", "How long saves took.", registry=REGISTRY, buckets=_SECONDS
)
RUNS = _counter(
    "visionsprat_script_runs",
    "Pages drawn, by outcome.",
    "outcome",
    *("drawn", "interrupted", "unavailable", "failed"),
)
RUN_SECONDS = Histogram(
    "visionsprat_script_run_seconds", "How long pages took to draw.", registry=REGISTRY, buckets=_SECONDS
)
SIGN_INS = _counter(
    "visionsprat_sign_ins",
    "Passwords looked at or refused a look, by outcome.",
    "outcome",
    *("ok", "refused", "must_wait"),
)
RESPONSES = _counter(
    "visionsprat_responses", "Answers to requests, by status.", "status", "200", "500", "503"
)
LETTERS = _counter("visionsprat_letters", "Letters, by outcome.", "outcome", "sent", "failed")
BACKUPS = _counter("visionsprat_backups", "Nightly backups, by outcome.", "outcome", "made", "failed")
REFUSED_MESSAGES = _counter(
    "visionsprat_refused_messages",
    "Messages over websockets that closed them, by reason.",
    "reason",
    *("kind", "size", "rate", "malformed", "text", "unavailable"),
)
UPLOADS = _counter(
    "visionsprat_uploads",
    "Staff lists sent to the upload address, by outcome.",
    "outcome",
    *("taken", "refused", "too_large", "busy"),
)
WEBSOCKETS = Gauge("visionsprat_websockets", "Tabs connected now.", registry=REGISTRY)
MOST_WEBSOCKETS = Gauge("visionsprat_most_websockets", "Tabs that may be connected.", registry=REGISTRY)
CONNECTIONS = Gauge("visionsprat_connections", "Connections now, those of tabs included.", registry=REGISTRY)
MOST_CONNECTIONS = Gauge("visionsprat_most_connections", "Connections that may be open.", registry=REGISTRY)
REFUSED = _counter(
    "visionsprat_refused_connections",
    "Connections that were ended or not let in, by outcome.",
    "outcome",
    *("full", "full_for_client", "full_gave_way", "full_for_client_gave_way", "tabs", "tabs_of_client"),
    *("slow_head", "slow_body", "slow_reader", "head_too_large", "malformed"),
)
BACKUP_AGE = Gauge(
    "visionsprat_newest_backup_age_seconds",
    "How old the newest backup is; +Inf when there is none.",
    registry=REGISTRY,
)
BUILD = Info("visionsprat_build", "What is running.", registry=REGISTRY)
