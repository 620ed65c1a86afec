"""`smtplab probe`: the rounds of a host's SMTP ports, in the terminal."""

from __future__ import annotations

import argparse
import json
import re
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from smtplab.cli.doors import (
    WORLD,
    UsageError,
    Way,
    add_connection_options,
    read_target,
    settings_from,
    way_to,
)
from smtplab.cli.foreground import Lines, ReaderGone, StopRequest
from smtplab.cli.problems import in_options
from smtplab.cli.width import columns

if TYPE_CHECKING:
    from smtplab.probing.findings import ProbeReport
    from smtplab.probing.rounds import Door

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

WELL, TO_MEND, MEND, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 130
TIMEOUT = 10.0  # seconds; shorter than a talk's, because nobody waits for a single step
IMPLICIT_TLS_PORT = 465  # RFC 8314, 7.3

EPILOG = f"""\
The ports are 25, 465 and 587, one after the other. Nothing is sent: the relay test ends with the
reply to RCPT for a reserved domain, and RSET drops it. TLS comes first on port 465; on another
one write PORT/tls. HOST may be the word sandbox.

examples:
  smtplab probe sandbox                          the servers of a sandbox of its own
  smtplab probe mail.lan --real                  a real server, on all three ports
  smtplab probe mail.lan --real --ports 25,2525  on the ports that you name
  smtplab probe mail.lan:2525 --real             on this port alone
  smtplab probe localhost --ports 5587,5465/tls --ca ca.pem
  smtplab probe sandbox --json | jq -r 'select(.event == "report").advice[].text'

--json prints one object a line, each with schema and event. One a port: host, port, outcome (open,
refused, silent, unreachable), problem, greeting, implicit_tls, extensions_before_tls,
extensions_inside_tls, starttls, tls (protocol, cipher, verified, chain), tls_problem, tls_versions,
mail, relay, vrfy, expn. The last, "report": reachable, well, advice (urgent, port, text, source).

exit codes:
  {WELL}    nothing urgent was found      {UNREACHABLE}    no port took a connection
  {TO_MEND}    something urgent was found    {INTERRUPTED}  Ctrl-C
  {MEND}    an option has to be mended
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add this command to the parser of `smtplab`."""
    parser = subparsers.add_parser(
        "probe",
        help="make the rounds of a server's ports and report",
        description="Look at a host's SMTP ports: extensions, TLS, certificate, AUTH, relaying.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("host", metavar="HOST[:PORT]", help="the host to look at, or: sandbox")
    ports = "the ports, with commas between; /tls behind one where TLS comes first"
    add("--ports", metavar="PORT[/tls],...", help=ports)
    add("--json", action="store_true", help="print one JSON object a line")
    add_connection_options(parser)


def run(args: argparse.Namespace) -> int:
    """Probe, and return the exit code."""
    try:
        target = read_target(args.host)
        if target.port is not None and args.ports is not None:
            raise UsageError(f"{args.host!r} has a port and --ports names more; write them in one")
        ports = args.ports if target.port is None else str(target.port)
        args.timeout = args.timeout or TIMEOUT
        way = way_to(args, target.host)
        if target.host != WORLD:
            way.check(target.host)
        doors = wanted_doors(ports, target.host, way)
        with way:
            return _rounds(args, way, doors)
    except UsageError as error:
        with suppress(OSError):
            print(f"smtplab probe: {error}", file=sys.stderr, flush=True)
        return MEND
    except ReaderGone as gone:
        return MEND if gone.reason else WELL
    except KeyboardInterrupt:
        return INTERRUPTED


def wanted_doors(ports: str | None, host: str, way: Way) -> list[Door]:
    """What to look at: in the sandbox each port belongs to one of its hosts."""
    from smtplab.probing.rounds import PORTS, Door

    if ports is None and way.sandbox is not None:
        return [
            Door(one.host, one.port, one.tls == "implicit")
            for one in sorted(way.sandbox.listeners, key=lambda one: one.port)
            if one.service == "smtp" and host in (WORLD, one.host)
        ]
    doors = []
    for word in (ports or ",".join(map(str, PORTS))).split(","):
        form = re.fullmatch(r"\s*([0-9]{1,5})(/tls)?\s*", word)
        if form is None or not 0 < int(form[1]) < 65536:
            raise UsageError(f"--ports: {word!r} is not PORT or PORT/tls; an example is 25,465,587")
        port = int(form[1])
        doors.append(Door(host, port, bool(form[2]) or port == IMPLICIT_TLS_PORT))
    if way.sandbox is not None and host == WORLD:
        raise UsageError("--ports wants a host: --world mx.example.net --ports 25")
    return doors


def _rounds(args: argparse.Namespace, way: Way, doors: list[Door]) -> int:
    """Each port is told as soon as it is known, so that nobody waits before a blank screen."""
    from smtplab.probing.findings import ProbeReport, advice_lines, port_lines
    from smtplab.probing.rounds import probe_port

    lines = Lines(sys.stdout, StopRequest())
    settings = settings_from(args, way, None)
    found = []
    for number, door in enumerate(doors, 1):
        _progress(f"{door.host} : {door.port} ({number} of {len(doors)}) ...")
        port = probe_port(door, network=way.sandbox, real=way.is_far(door.host), settings=settings)
        either = f"--ports {door.port}/tls", f"--ports {door.port}"
        port.problem = in_options(port.problem, *either)
        port.tls_problem = in_options(port.tls_problem, *either)
        found.append(port)
        for line in (
            [json.dumps(port.as_json())] if args.json else [*port_lines(port, columns()), ""]
        ):
            lines.write(line)
    report = ProbeReport(found)
    if args.json:
        lines.write(json.dumps(report.as_json()))
    else:
        for line in ("Advice", *advice_lines(report, columns())):
            lines.write(line)
    return exit_code(report)


def exit_code(report: ProbeReport) -> int:
    if not report.is_reachable:
        return UNREACHABLE
    return WELL if report.is_well else TO_MEND


def _progress(text: str) -> None:
    """On standard error and on a terminal only: the report itself may go into a file."""
    if sys.stderr.isatty():
        with suppress(OSError):
            print(text, file=sys.stderr, flush=True)
