"""An exercise as data: its steps, each with what is missing without it, and its hints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from smtplab.lessons.evidence import Conversation, Evidence


@dataclass(frozen=True)
class Step:
    """One thing that the evidence must show; `hint` is the number of the hint that helps."""

    wanted: str
    missing: str
    holds: Callable[[Evidence, Conversation], bool]
    hint: int


@dataclass(frozen=True)
class Exercise:
    """All steps must hold for one and the same conversation of the learner's."""

    number: str
    title: str
    steps: tuple[Step, ...]
    hints: tuple[str, ...]
    learnt: str
