"""For each rule of the score two contents that it alone tells apart: Inbox and Junk."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import NamedTuple


class Pair(NamedTuple):
    """Two contents; the second has what the rule looks for, and is otherwise the same."""

    inbox: bytes
    junk: bytes


@cache
def pairs() -> dict[str, Pair]:
    """The pairs by the rule's name; lines end in CR LF."""
    folder = resources.files("smtplab.sandbox.reception")
    data = tomllib.loads(folder.joinpath("score_pairs.toml").read_text("ascii"))
    return {
        name: Pair(*(item[which].replace("\n", "\r\n").encode() for which in ("inbox", "junk")))
        for name, item in data.items()
    }
