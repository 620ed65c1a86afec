"""`smtplab copy`: lay the notebooks into a folder, for any program that opens notebooks."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from smtplab.cli.lab import COURSE_FOLDER, LabError, prepare_folder
from smtplab.cli.problems import in_words

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

EXAMPLES = """\
A notebook that you have changed is never overwritten; where a new edition exists, it is laid
beside yours. A second time it changes nothing.

examples:
  smtplab copy                     to ./smtplab-course
  smtplab copy ~/smtp              to a folder of your choice
  smtplab copy --blank             with no reply there before you ask
"""


def add_parser(subparsers: "Subparsers") -> None:
    """Add this command to the parser of `smtplab`."""
    parser = subparsers.add_parser(
        "copy",
        help="copy the notebooks, for VS Code, Notebook 7 or a hub",
        description="Copy the notebooks of the course to FOLDER, or bring that copy up to date.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", nargs="?", type=Path, default=Path(COURSE_FOLDER))
    parser.add_argument("--blank", action="store_true", help="copy without the stored outputs")


def run(args: argparse.Namespace) -> int:
    """Copy; 2 if something must be mended first."""
    try:
        prepare_folder(args.folder, instructor=False, blank=args.blank)
    except (LabError, OSError) as error:
        print(f"smtplab copy: {in_words(error)}", file=sys.stderr)
        return 2
    return 0
