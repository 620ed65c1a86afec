"""`smtplab explain`: what a reply code, verb, keyword or port means, from the reference data."""

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

EXAMPLES = """\
examples:
  smtplab explain 550            a reply code
  smtplab explain 550 5.7.1      a reply code with its enhanced status code
  smtplab explain RCPT           a verb
  smtplab explain STARTTLS       an EHLO keyword
  smtplab explain 587            a port
"""


def add_parser(subparsers: "Subparsers") -> None:
    """Add this command to the parser of `smtplab`."""
    parser = subparsers.add_parser(
        "explain",
        help="say what a reply code, verb, keyword or port means",
        description="Say what a word of SMTP means, its usual cause and what to do.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("term", nargs="+", help="what stands in a reply or a command")


def run(args: argparse.Namespace) -> int:
    """Print the explanation; 2 if the reference data does not know the term."""
    from smtplab.errors import LocalProtocolError
    from smtplab.reference import explain

    try:
        explanation = explain(" ".join(args.term))
    except LocalProtocolError as error:  # it names the nearest known terms
        print(f"smtplab explain: {error}", file=sys.stderr)
        return 2
    print(explanation)
    return 0
