"""`smtplab talk`: the console in a terminal, for scripts and for programs."""

import argparse

from smtplab.cli.talk.options import add_parser as add_parser


def run(args: argparse.Namespace) -> int:
    """Talk, and return the exit code; 2 if an option or a file has to be mended first."""
    from smtplab.cli.talk.command import run

    return run(args)
