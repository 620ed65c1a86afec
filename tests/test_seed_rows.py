"""Each row of the text that the course began with is run by a cell, and its output shows it."""

import tomllib
from collections import Counter
from pathlib import Path

import pytest

from tests.claims import notebook_of, shown_by

ENTRIES = tomllib.loads(Path(__file__).with_name("seed_rows.toml").read_text("utf-8"))["row"]
# How many things that text names, part by part. Tables: 6 commands (the first names two), 3 ports,
# 3 caveats and 4 use cases, each gone wrong and repaired, 4 layers. Lists: 5 steps (587 or 465,
# password or token), 4 reasons, 6 services and 5 programs.
NAMED = {
    "what it is": 4, "why": 4, "how it works": 1, "steps": 7, "commands": 7, "ports": 3,
    "caveats": 6, "use cases": 8, "stack": 4, "tools": 11,
}  # fmt: skip


@pytest.mark.parametrize("entry", ENTRIES, ids=[f"{one['part']} {one['says']}" for one in ENTRIES])
def test_the_row_is_run_by_a_cell_whose_output_shows_it(entry: dict[str, str]) -> None:
    outputs = shown_by(notebook_of(entry["notebook"]), entry["cell"])
    assert outputs, f"no cell has the line {entry['cell']!r}"
    assert any(entry["shows"] in output for output in outputs), outputs


def test_no_row_is_missing_and_none_is_told_twice() -> None:
    assert Counter(one["part"] for one in ENTRIES) == NAMED
    assert len({(one["part"], one["says"]) for one in ENTRIES}) == len(ENTRIES)
