"""`smtplab doctor`: all that a teacher wants to know of a learner's machine, in one paste."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smtplab.cli.examinations import Finding

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

WELL, BROKEN = 0, 1
SCHEMA = 1

EPILOG = f"""\
Copy what it prints and send it to your teacher. It holds no name, no path and no password. Nothing
leaves this machine, unless you ask with --port-25 whether this network lets mail out: then HOST is
connected to on port 25, its greeting is read, and QUIT is said.

examples:
  smtplab doctor                                 versions, kernel, widgets, loopback, proxy
  smtplab doctor --json                          the same for a program
  smtplab doctor --port-25 HOST                  and whether port 25 is open to the outside

exit codes:
  {WELL}    the course will run          2    an option has to be mended
  {BROKEN}    something is broken
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add this command to the parser of `smtplab`."""
    parser = subparsers.add_parser(
        "doctor",
        help="say what works on this machine, in one paste",
        description="Look at everything that the course needs, and say what to do.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--port-25", metavar="HOST", help="ask whether port 25 of HOST is reached")


def run(args: argparse.Namespace) -> int:
    """Look at everything, print it, and say by the exit code whether the course will run."""
    findings = list(_examined(args.port_25))
    broken = any(one.state == "broken" for one in findings)
    print(as_json(findings) if args.json else as_text(findings))
    return BROKEN if broken else WELL


def _examined(host: str | None) -> Iterator[Finding]:
    from tqdm import tqdm

    from smtplab.cli import examinations as look

    with tqdm(total=5, file=sys.stderr, leave=False, disable=None, desc="smtplab doctor") as bar:
        yield from look.versions()
        bar.update()
        yield from look.kernel_and_widgets()
        bar.update()
        yield look.loopback()
        bar.update()
        yield look.proxy()
        bar.update()
        if host is not None:
            yield look.egress(host)
        bar.update()


def as_text(findings: list[Finding]) -> str:
    """A line for each finding, then what to do.

    >>> from smtplab.cli.examinations import Finding, State
    >>> print(as_text([Finding("kernel", State.WELL, "starts")]))
    smtplab doctor
      well    kernel    starts
    The course will run here.
    """
    width = max(len(one.subject) for one in findings)
    lines = ["smtplab doctor"]
    for one in findings:
        lines.append(f"  {one.state:<6}  {one.subject:<{width}}    {one.text}")
        if one.advice:
            lines.append(f"{'':<10}{'':<{width}}    {one.advice}")
    broken = [one.subject for one in findings if one.state == "broken"]
    lines.append(f"Broken: {', '.join(broken)}." if broken else "The course will run here.")
    return "\n".join(lines)


def as_json(findings: list[Finding]) -> str:
    """The same as one object: schema, well, findings."""
    rows = [
        {"subject": f.subject, "state": str(f.state), "text": f.text, "advice": f.advice}
        for f in findings
    ]
    well = all(one.state != "broken" for one in findings)
    return json.dumps({"schema": SCHEMA, "well": well, "findings": rows}, indent=1)
