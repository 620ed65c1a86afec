"""Measuring: many short runs in turn, medians, ratios; absolute figures drift, ratios less."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter
from typing import Generic, TypeVar

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


class Runs(Generic[_Name]):
    """The seconds of each action, round by round."""

    def __init__(self, times: Mapping[_Name, list[float]]) -> None:
        self._times = times

    def median(self, name: _Name) -> float:
        return median(self._times[name])

    def ratio(self, one: _Name, other: _Name) -> float:
        """The median over the rounds of the one's time by the other's in the same round."""
        pairs = zip(self._times[one], self._times[other], strict=True)
        return median(mine / theirs for mine, theirs in pairs)


def in_turn(actions: Mapping[_Name, Callable[[], object]], rounds: int) -> Runs[_Name]:
    """Run the actions in turn, forth and back, so that drift meets all alike."""
    times: dict[_Name, list[float]] = {name: [] for name in actions}
    names = list(actions)
    for _ in range(rounds):
        for name in names:
            times[name].append(timed(actions[name]))
        names.reverse()
    return Runs(times)


def report(what: str, figure: str, wanted: str, holds: bool) -> None:
    """Print one line of the table."""
    print(f"{what:<58} {figure:>24}   {wanted:<22} {'holds' if holds else 'MISSED'}", flush=True)
