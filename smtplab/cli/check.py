"""`smtplab check FOLDER`: run handed-in notebooks and write a table of which check passed."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from smtplab.cli.marking import HandedIn, Limits, Row

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

ALL_RAN, SOME_DID_NOT, MEND = 0, 1, 2

EPILOG = f"""\
Every notebook runs in a process and a folder of its own, with limits on time and memory. What a
notebook claims in its stored outputs counts for nothing: its cells run anew, and each exercise of
its lesson is checked on what the sandbox's servers recorded.

A notebook is a program, and it runs as you: it can read your files and use your network. Run this
where that does no harm: a container, a virtual machine or an account without rights, best with no
network at all (the course needs none). A notebook that means to cheat can still forge its result
inside its own kernel.

A .zip of "Download my work" is read like a folder: the notebooks in it, of 8 MiB at most each, and
nothing that has a folder in its name. One that a learning platform makes of a whole class has
folders in it: unpack it first. Files that are neither .ipynb nor .zip are named and left alone.

The table has one line for each notebook and exercise: notebook, lesson, exercise, passed (yes, no),
missing (the sentence that the learner read), ran (whole, or what went wrong).

examples:
  smtplab check handed-in                        writes smtplab-check.csv
  smtplab check handed-in --output - | column -t -s,
  smtplab check handed-in --seconds 120 --jobs 4

exit codes:
  {ALL_RAN}    every notebook ran, whatever passed
  {SOME_DID_NOT}    some notebook was refused or broke off
  {MEND}    an option or the folder has to be mended
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add this command to the parser of `smtplab`."""
    parser = subparsers.add_parser(
        "check",
        help="check the notebooks that learners have handed in",
        description="Run the notebooks below FOLDER and say which exercise passed in each.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "folder",
        metavar="FOLDER",
        type=Path,
        help="where the notebooks are, at any depth, or .zip files that Download my work made",
    )
    add("--output", metavar="FILE", default="smtplab-check.csv", help="the table; - for the screen")
    add("--cell-seconds", type=_number, default=60, metavar="N", help="time for one cell (60)")
    add("--seconds", type=_number, default=300, metavar="N", help="time for one notebook (300)")
    add("--megabytes", type=_number, default=3072, metavar="N", help="address space (3072)")
    add("--jobs", type=_number, default=1, metavar="N", help="notebooks at the same time (1)")


def run(args: argparse.Namespace) -> int:
    """Mark everything that was found, and write the table as it grows."""
    from smtplab.cli import marking
    from smtplab.transcript.rendering import visible

    if args.folder.is_file():
        return _to_mend(f"{args.folder} is a file; put it, or what is in it, into a folder")
    if not args.folder.is_dir():
        return _to_mend(f"{args.folder} is no folder")
    found = marking.find(args.folder)
    if not found:
        return _to_mend(f"no notebook lies in {args.folder}")
    limits = marking.Limits(args.cell_seconds, args.seconds, args.megabytes)
    if args.output == "-":
        return _code(_written(sys.stdout, _rows(found, limits, args.jobs)))
    try:
        # With the mark that a spreadsheet knows UTF-8 by: names have umlauts.
        with open(args.output, "w", encoding="utf-8-sig", newline="") as file:
            rows = _written(file, _rows(found, limits, args.jobs))
    except OSError as error:
        return _to_mend(f"{args.output} cannot be written: {error.strerror}")
    for line in marking.summary(rows):
        print(line)
    if others := marking.others(args.folder, but=Path(args.output)):
        print("Left alone, no notebook: " + ", ".join(map(visible, others)))
    print(f"smtplab check: {_counted(len(found))}, the table is {args.output}")
    return _code(rows)


def _rows(found: list[HandedIn], limits: Limits, jobs: int) -> Iterator[list[Row]]:
    """The rows of each notebook, in their order, with a bar for whoever waits."""
    from concurrent.futures import ThreadPoolExecutor
    from functools import partial

    from tqdm import tqdm

    from smtplab.cli.marking import mark

    with ThreadPoolExecutor(max_workers=min(jobs, 32)) as pool:
        marked = pool.map(partial(mark, limits=limits), found)
        yield from tqdm(marked, total=len(found), file=sys.stderr, unit="notebook", disable=None)


def _written(file: TextIO, marked: Iterable[list[Row]]) -> list[Row]:
    """All rows, each notebook's in the file as soon as it has been judged."""
    from smtplab.cli.marking import HEAD, as_cells

    table = csv.writer(file, lineterminator="\n")
    table.writerow(HEAD)
    written: list[Row] = []
    for rows in marked:
        table.writerows(map(as_cells, rows))
        file.flush()
        written += rows
    return written


def _code(rows: Iterable[Row]) -> int:
    return ALL_RAN if all(row.exercise for row in rows) else SOME_DID_NOT


def _counted(notebooks: int) -> str:
    return "1 notebook" if notebooks == 1 else f"{notebooks} notebooks"


def _to_mend(text: str) -> int:
    print(f"smtplab check: {text}", file=sys.stderr)
    return MEND


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)
