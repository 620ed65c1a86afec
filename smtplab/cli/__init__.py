"""The command `smtplab`: one subcommand a module, each imported when it is asked for."""

import argparse
import errno
import importlib
import os
import sys
from collections.abc import Sequence

import smtplab

COMMANDS = (
    "lab",
    "copy",
    "serve",
    "talk",
    "probe",
    "explain",
    "read",
    "doctor",
    "check",
    "nbgrader",
)

DESCRIPTION = "A course on SMTP in JupyterLab, with a mail world of its own to practise on."

EXAMPLES = """\
examples:
  smtplab                          open the course in the browser
  smtplab lab --no-browser         print the address instead
  smtplab copy FOLDER              copy the notebooks, for a program of your choice
  smtplab serve                    run the sandbox for swaks, curl or a mail program
  smtplab talk sandbox             hold a conversation in the terminal, a line at a time
  smtplab probe sandbox            look at the ports of a server and report
  smtplab explain 550 5.7.1        say what a reply code, verb, keyword or port means
  smtplab read swaks.log           explain a dialogue that another program has printed
  smtplab doctor                   say what works on this machine, for the teacher
  smtplab check FOLDER             check the notebooks that learners have handed in
  smtplab nbgrader FOLDER          write the exercises as assignments for nbgrader

`smtplab COMMAND --help` says more about one command.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 well, 2 the user can mend it."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] not in (*COMMANDS, "-h", "--help", "--version"):
        if not arguments or arguments[0].startswith("-"):
            arguments.insert(0, "lab")  # `smtplab --no-browser` opens the course too
    args = build_parser().parse_args(arguments)
    try:
        code: int = importlib.import_module(f"smtplab.cli.{args.command}").run(args)
        if sys.stdout is not None:
            sys.stdout.flush()  # here, where it can still be told
    except KeyboardInterrupt:
        return 0
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.ENOSPC):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is left would fail again at the exit
        if error.errno == errno.EPIPE:  # the reader has seen enough, as `head` has
            return 0
        print(f"smtplab {args.command}: {error.strerror}; make room and try again", file=sys.stderr)
        return 2
    return code


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command; the modules it asks import what is heavy only in `run`."""
    parser = argparse.ArgumentParser(
        prog="smtplab",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"smtplab {smtplab.__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        importlib.import_module(f"smtplab.cli.{name}").add_parser(subparsers)
    return parser
