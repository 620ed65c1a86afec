"""`smtplab nbgrader FOLDER`: the course as nbgrader's source, with points for each check.

nbgrader keeps what a cell is for in its metadata; this writes version 3 of it. Each exercise
becomes two cells: one for the learner's lines, and a locked one that asks for the check and is
worth points.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

POINTS = 1  # for each exercise: a check holds, or it does not
SCHEMA = 3  # of the metadata of a cell

_STUB = re.compile(r'(# your lines here)\n\n(check\("([0-9]+\.[0-9]+)", sandbox\))\s*')

EPILOG = """\
FOLDER becomes nbgrader's source folder: one assignment for each lesson, named as its notebook. A
file that is there already is left alone. Outputs are cleared. The quiz has no points: its answers
are told at once.

examples:
  smtplab nbgrader source          then: nbgrader generate_assignment 02-first-conversation
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add this command to the parser of `smtplab`."""
    parser = subparsers.add_parser(
        "nbgrader",
        help="write the exercises as assignments for nbgrader",
        description="Write a copy of the notebooks that nbgrader can hand out and grade.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="nbgrader's source folder")


def run(args: argparse.Namespace) -> int:
    """Write the assignments; 2 if something must be mended first."""
    import nbformat

    from smtplab.cli.course import original_notebooks
    from smtplab.cli.problems import in_words

    try:
        for path in sorted(original_notebooks().glob("[0-9]*.ipynb")):
            target = args.folder / path.stem / path.name
            if target.exists():
                print(f"left alone: {target}")
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            notebook = assignment(nbformat.read(path, as_version=4))
            target.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    except OSError as error:
        print(f"smtplab nbgrader: {in_words(error)}", file=sys.stderr)
        return 2
    return 0


def assignment(notebook: Any) -> Any:
    """The notebook with a place for each solution and points for each check; changed in place."""
    notebook.cells = [cell for old in notebook.cells for cell in _cells(old)]
    return notebook


def _cells(cell: Any) -> Iterator[Any]:
    from nbformat.v4 import new_code_cell

    stub = _STUB.fullmatch(cell.source) if cell.cell_type == "code" else None
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
    if stub is None:
        yield cell
        return
    lines, check, number = stub.groups()
    name = number.replace(".", "-")
    cell.source = lines
    cell.metadata["nbgrader"] = _metadata(f"exercise-{name}", solution=True)
    yield cell
    test = new_code_cell(
        f"verdict = {check}\nprint(verdict)\nassert verdict.passed, verdict.lines[0]",
        id=f"check-{name}",
        metadata={"nbgrader": _metadata(f"check-{name}", grade=True) | {"points": POINTS}},
    )
    yield test


def _metadata(grade_id: str, *, solution: bool = False, grade: bool = False) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA, "grade_id": grade_id, "task": False,
        "solution": solution, "grade": grade, "locked": grade,
    }  # fmt: skip
