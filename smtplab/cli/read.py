"""`smtplab read`: a dialogue that another program has printed, explained or converted."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from smtplab.cli.width import columns

if TYPE_CHECKING:
    from smtplab.reference import Explanation
    from smtplab.transcript import Transcript

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

TOOLS = ("swaks", "curl", "openssl", "smtplib")
MAX_OCTETS = 64 * 2**20  # of one file; what is longer is no dialogue
MAX_AT_END = 100_000  # characters; a program says last why it gave up

EXAMPLES = """\
examples:
  smtplab read swaks.log              what was said, and what each refusal means
  swaks --to bob@example.net 2>&1 | smtplab read -
  smtplab read --json mail.log        the same as JSON, one object a line
  smtplab read --format postfix mail.log
  smtplab read --as curl talk.json    the session as commands: swaks, curl, openssl, smtplib

formats: swaks, smtplib (set_debuglevel), openssl (s_client), postfix (smtp -v), nodemailer,
exim (-v), curl (-v), listing (C: and S:), terminal (telnet), json (our own).
"""


def add_parser(subparsers: "Subparsers") -> None:
    """Add this command to the parser of `smtplab`."""
    parser = subparsers.add_parser(
        "read",
        help="explain a dialogue that swaks, curl, openssl or another program has printed",
        description="Read somebody else's SMTP dialogue and explain what the server refused.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", help="a file, or - for standard input")
    parser.add_argument("--format", help="what it is; left out, it is recognised")
    shape = parser.add_mutually_exclusive_group().add_argument
    shape("--as", dest="tool", choices=TOOLS, help="print it as commands of this tool")
    shape("--json", action="store_true", help="print it as JSON, one object a line")
    parser.add_argument("--connection", metavar="NAME", help="which one --as means, such as c2")


def run(args: argparse.Namespace) -> int:
    """Print the explained view, or what was asked for; 2 if there is no dialogue to be read."""
    from smtplab.cli.problems import reason_of
    from smtplab.errors import LocalProtocolError
    from smtplab.explained import explained
    from smtplab.importing import read_dialogue

    try:
        text = _text(args.file)
    except OSError as error:
        print(f"smtplab read: {args.file} cannot be read: {reason_of(error)}", file=sys.stderr)
        return 2
    if not text.strip():
        print(f"smtplab read: {args.file} is empty; {ON_STANDARD_ERROR}", file=sys.stderr)
        return 2
    converts = bool(args.tool or args.json)
    try:
        transcript = read_dialogue(text, args.format)
    except LocalProtocolError as error:
        errors = [] if converts else errors_of_programs(text)
        if not errors:
            print(f"smtplab read: {error}", file=sys.stderr)
            return 2
        _print_errors("No server has said a word here.", errors)
        return 0
    if args.tool:
        return _translated(transcript, args.tool, args.connection)
    view = explained(transcript)
    print(transcript.to_json() if args.json else view.to_text(columns()))
    if not converts and not view.refusals and (errors := errors_of_programs(text)):
        _print_errors("\nNo reply refused anything.", errors)
    return 0


def _print_errors(why: str, errors: "list[Explanation]") -> None:
    told = (error.to_text(columns(78)) for error in errors)
    print(f"{why} What the program says:", *told, sep="\n\n")


ON_STANDARD_ERROR = (
    "curl -v and others print the dialogue on standard error: PROGRAM 2>&1 | smtplab read -"
)


def errors_of_programs(text: str) -> "list[Explanation]":
    """Why a connection or its TLS failed, of which no server can tell; at most two explanations."""
    from smtplab.reference.telling import known_explanation
    from smtplab.reference.texts import MAX_TEXT, find_error

    found: dict[str, Explanation] = {}
    for line in text[-MAX_AT_END:].splitlines():
        if error := find_error(" ".join(line[:MAX_TEXT].split())):
            explanation = known_explanation(*error, "text of an error")
            found.setdefault(explanation.title, explanation)
    return list(found.values())[:2]


def _translated(transcript: "Transcript", tool: str, connection: str | None) -> int:
    from smtplab.translating import TOOLS

    try:
        print(TOOLS[tool](transcript, connection), end="")
    except ValueError as error:
        print(f"smtplab read: {error}", file=sys.stderr)
        return 2
    return 0


def _text(name: str) -> str:
    """The text of a file; octets that are no UTF-8 become escapes."""
    if name == "-":
        octets = sys.stdin.buffer.read(MAX_OCTETS)
    else:
        with Path(name).open("rb") as file:
            octets = file.read(MAX_OCTETS)
    return octets.decode("utf-8-sig", "backslashreplace")
