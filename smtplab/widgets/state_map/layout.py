"""Where each state of the session table stands in a picture, read off it (RFC 5321, 4.1.4).

Nothing here names a state: another table would be drawn as well.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from smtplab.session import LEGAL, TABLE, VERBS, State


class Arrow(NamedTuple):
    """One way from a state to another: by which steps, with which class of reply."""

    start: State
    end: State
    steps: tuple[str, ...]
    classes: tuple[int, ...]

    @property
    def label(self) -> str:
        """Such as "EHLO, HELO: 2yz"."""
        return f"{', '.join(self.steps)}: {', '.join(f'{digit}yz' for digit in self.classes)}"


@lru_cache(maxsize=1)
def arrows() -> tuple[Arrow, ...]:
    """All moves of the table that follow the rules, those between the same two states joined.

    What only a lax server allows (a verb that is not legal there) is left out.
    """
    joined: dict[tuple[State, State], tuple[list[str], list[int]]] = {}
    for (start, step, digit), end in TABLE.items():
        verb = step.split()[0]
        if verb in VERBS and verb not in LEGAL[start]:
            continue
        steps, classes = joined.setdefault((start, end), ([], []))
        steps += [step] if step not in steps else []
        classes += [digit] if digit not in classes else []
    return tuple(
        Arrow(start, end, tuple(steps), tuple(sorted(classes)))
        for (start, end), (steps, classes) in joined.items()
    )


@lru_cache(maxsize=1)
def columns() -> tuple[tuple[State, ...], ...]:
    """The states by how many moves they are away from the first; the last have no way out."""
    away = {next(iter(State)): 0}
    dead = [state for state in State if not any(arrow.start is state for arrow in arrows())]
    reached = list(away)
    while reached:
        state = reached.pop(0)
        for arrow in arrows():
            if arrow.start is state and arrow.end not in away and arrow.end not in dead:
                away[arrow.end] = away[state] + 1
                reached.append(arrow.end)
    last = max(away.values()) + 1
    away |= dict.fromkeys(dead, last)
    return tuple(
        tuple(state for state in State if away.get(state, last) == n) for n in range(last + 1)
    )


def is_forward(arrow: Arrow) -> bool:
    """Whether it leads one column on: these make the picture; others are drawn where needed."""
    place = {state: n for n, column in enumerate(columns()) for state in column}
    return place[arrow.end] == place[arrow.start] + 1
