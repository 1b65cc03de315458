"""Figures as they are printed: a measure, its goal, whether it was met."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the report. Without a goal it is there to explain the others."""

    name: str
    value: float
    unit: str
    goal: float | None = None
    note: str = ""
    #: By default a figure is met when it is no greater than its goal.
    exactly: bool = False

    @property
    def verdict(self) -> str:
        if self.goal is None:
            return ""
        met = self.value == self.goal if self.exactly else self.value <= self.goal
        sign = "=" if self.exactly else "≤"
        return f"{'met   ' if met else 'MISSED'} ({sign} {_number(self.goal)} {self.unit})"

    def __str__(self) -> str:
        measure = f"{_number(self.value)} {self.unit}"
        return f"  {self.name:<52}{measure:>14}  {self.verdict:<26}{self.note}".rstrip()


def heading(letter: str, title: str) -> None:
    print(f"\n{letter}. {title}", flush=True)


def show(*figures: Figure) -> None:
    for figure in figures:
        print(figure, flush=True)


def remark(text: str) -> None:
    print(f"     {text}", flush=True)


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _number(value: float) -> str:
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.2f}"
