"""Measuring: many short runs in turn, medians, ratios; absolute figures drift, ratios less."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter
from typing import TypeVar

_Name = TypeVar("_Name")


def timed(action: Callable[[], object]) -> float:
    """Seconds that one run of `action` takes."""
    start = perf_counter()
    action()
    return perf_counter() - start


def repeated(action: Callable[[], object], times: int) -> Callable[[], None]:
    """An action that does `action` so many times."""

    def run() -> None:
        for _ in range(times):
            action()

    return run


def in_turn(actions: Mapping[_Name, Callable[[], object]], rounds: int) -> dict[_Name, float]:
    """The median seconds of each action, run in turn so that drift meets all alike."""
    times: dict[_Name, list[float]] = {name: [] for name in actions}
    for _ in range(rounds):
        for name, action in actions.items():
            times[name].append(timed(action))
    return {name: median(values) for name, values in times.items()}


def report(what: str, figure: str, wanted: str, holds: bool) -> None:
    """Print one line of the table."""
    print(f"{what:<58} {figure:>24}   {wanted:<22} {'holds' if holds else 'MISSED'}", flush=True)
