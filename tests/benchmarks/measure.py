"""Measuring: many short runs in turn, medians, ratios; absolute figures drift, ratios less."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter


def timed(action: Callable[[], object]) -> float:
    """Seconds that one run of `action` takes."""
    start = perf_counter()
    action()
    return perf_counter() - start


def in_turn(actions: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median seconds of each action, run in turn so that drift meets all alike."""
    times: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(rounds):
        for name, action in actions.items():
            times[name].append(timed(action))
    return {name: median(values) for name, values in times.items()}


def report(what: str, figure: str, wanted: str, holds: bool) -> bool:
    """Print one line of the table; returns whether it holds."""
    print(f"{what:<58} {figure:>24}   {wanted:<22} {'holds' if holds else 'MISSED'}", flush=True)
    return holds
