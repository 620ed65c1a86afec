"""`smtplab explain`: what a code, a word, a reply or an error means, from the reference data."""

import argparse
import sys
from typing import TYPE_CHECKING

from smtplab.cli.width import columns

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_MOST_READ = 65_536  # characters; as many as the client reads octets of one reply

EXAMPLES = """\
examples:
  smtplab explain 550            a reply code
  smtplab explain 550 5.7.1      a reply code with its enhanced status code
  smtplab explain RCPT           a verb
  smtplab explain STARTTLS       an EHLO keyword
  smtplab explain 587            a port
  smtplab explain BODY=8BITMIME  a parameter of MAIL or RCPT
  smtplab explain XOAUTH2        a login mechanism
  smtplab explain envelope       a word of the course
  smtplab explain "550 5.4.5 Daily user sending limit exceeded."
                                 a whole reply, of one line or more
  smtplab explain certificate verify failed
                                 the text of an error
  smtplab explain - < reply.txt  what stands in a file
"""


def add_parser(subparsers: "Subparsers") -> None:
    """Add this command to the parser of `smtplab`."""
    parser = subparsers.add_parser(
        "explain",
        help="say what a code, a word, a reply or an error means",
        description="Say what a word, a reply or an error means, its usual cause and what to do.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "term",
        nargs="+",
        help="what stands in a reply, a command or an error; - reads it from standard input",
    )


def run(args: argparse.Namespace) -> int:
    """Print the explanation; 2 if the reference data does not know the term."""
    from smtplab.errors import LocalProtocolError
    from smtplab.reference import explain
    from smtplab.reference.explanation import WIDTH

    term = " ".join(args.term)
    if term == "-":
        term = sys.stdin.read(_MOST_READ)
    try:
        explanation = explain(term)
    except LocalProtocolError as error:  # it names the nearest known terms
        print(f"smtplab explain: {error}", file=sys.stderr)
        return 2
    print(explanation.to_text(columns(WIDTH)))
    return 0
