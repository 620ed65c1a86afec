"""A quiz question as data: its text, its options, and the source that decides it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Option:
    """One option, and why it is right or not."""

    text: str
    why: str
    right: bool = False


@dataclass(frozen=True)
class Question:
    """Options by letter; exactly one is right."""

    text: str
    options: Mapping[str, Option]
    source: str
