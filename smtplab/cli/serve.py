"""`smtplab serve`: the sandbox over TCP in the foreground, for programs that are not ours."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Iterable
from concurrent.futures import CancelledError
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING

from smtplab.cli.foreground import Lines, ReaderGone, StopRequest

if TYPE_CHECKING:
    from smtplab.cli.moving_clock import MovingClock
    from smtplab.cli.serve_report import Report
    from smtplab.sandbox import HostPlan

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

LOOK_EVERY = 0.05  # seconds between two looks into the transcript
SETTLE_WITHIN = 30.0  # seconds that accepted mail has to reach its folders before the end
MAX_FAULT_FILE = 1_000_000  # characters; ours to choose: the dial holds 1000 rules
QUIET_FOR = 5.0  # seconds in which nothing happened; then the queue is not waited for

ADDED = "add a special host, such as open-relay, old-server or gmail; may be repeated"
EXAMPLES = """\
The servers listen on 127.0.0.1 and on nothing else. Ports are free ones unless --listen names
them. Ctrl-C or SIGTERM stops the sandbox; mail that was accepted is delivered first.

The clock of the little internet starts at a fixed date and moves with real time; --clock makes it
faster, or lets it stand still, and then mail that was put off waits for ever.

With --json the first line is an object with ca_file, listeners and accounts. Each later line is
one event. The event "delivered" holds the content that reached a folder, as content_base64, and
why it is there, as verdict.

examples:
  smtplab serve                                  free ports, printed first
  smtplab serve --listen 587=5587                smtp.example.org, port 587, is at 127.0.0.1:5587
  smtplab serve --listen smtp.example.org:465=5465 --listen mx.example.net:25=5025
  smtplab serve --with open-relay --with gmail   two more hosts: a bad example, and a known service
  smtplab serve --as smtp.example.org            programs that connect count as that host
  smtplab serve --fault "RCPT#2=451 4.3.0 Try later"    the second RCPT gets this reply
  smtplab serve --fault "end-of-data@to:bob@example.net=lose" --fault EHLO=split:1
  smtplab serve --fault "greeting@host:mx.example.net=delay:1.5"
  smtplab serve --fault-help                     all forms of a rule, and the magic addresses
  smtplab serve --store my-mail                  what was accepted is there the next time
  smtplab serve --clock 3600                     an hour a second: see retries and bounces
  smtplab serve --json | jq -r 'select(.event == "delivered").mailbox'
"""


class UsageError(Exception):
    """An option that the user can mend."""


def add_parser(subparsers: Subparsers) -> None:
    """Add this command to the parser of `smtplab`."""
    parser = subparsers.add_parser(
        "serve",
        help="run the sandbox for swaks, curl or a mail program",
        description="Run the sandbox over TCP and print every conversation as it happens.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    listen = "bind a listener to a port of your choice; 0 is any free one; may be repeated"
    add("--listen", action="append", default=[], metavar="NAME:PORT=BOUND", help=listen)
    add("--as", dest="outside", metavar="HOST", help="what programs that connect count as")
    add("--with", dest="added", action="append", default=[], metavar="NAME", help=ADDED)
    fault = "a rule by which the servers misbehave, PHASE[@MATCH][#NTH]=ACTION; may be repeated"
    add("--fault", action="append", default=[], metavar="RULE", help=fault)
    faults = "a file of such rules, one a line; # begins a line that is a comment; may be repeated"
    add("--faults", action="append", default=[], metavar="FILE", help=faults)
    add("--fault-help", action="store_true", help="say how a rule is written, and end")
    keep = "keep mail, queue and time in this folder, also through a crash or a kill"
    add("--store", metavar="FOLDER", help=keep)
    speed = "seconds of the world's time that pass in a real one; 1 if left out, 0 stands still"
    add("--clock", default="1", metavar="SPEED", help=speed)
    anyone = "let in programs of other users of this machine; without it they are turned away"
    add("--any-user", action="store_true", help=anyone)
    add("--json", action="store_true", help="print JSON objects, one a line")
    add("--secrets", action="store_true", help="show passwords in the conversations")


def run(args: argparse.Namespace) -> int:
    """Serve until a signal comes or nobody reads any more; 2 if something must be mended first."""
    if args.fault_help:
        from smtplab.sandbox.faults.manual import manual

        print(manual())
        return 0
    with StopRequest() as stop:
        from smtplab.cli.moving_clock import MovingClock
        from smtplab.cli.serve_report import JSONReport, Report
        from smtplab.errors import ConnectionLost, LocalProtocolError
        from smtplab.sandbox import Sandbox
        from smtplab.sandbox.store import StoreError

        try:
            plans = added_hosts(args.added)
            outside = outside_host(args.outside, plans)
            ports = wanted_ports(args.listen, plans)
            sandbox = Sandbox(
                "tcp", ports=ports, outside=outside, store=args.store, any_user=args.any_user
            )
            for plan in plans:
                sandbox.add_host(plan)
            speed = clock_speed(args.clock)
            for rule in wanted_faults(args.fault, args.faults):
                sandbox.faults.add(rule)
            sandbox.start()
        except (UsageError, ConnectionLost, LocalProtocolError, StoreError) as error:
            complain(error)
            return 2
        lines = Lines(sys.stdout, stop)
        report = JSONReport if args.json else Report
        with MovingClock(sandbox.clock, speed, complain) as clock:
            return _serve(report(sandbox, lines, outside, secrets=args.secrets), stop, clock)


def _serve(report: Report, stop: StopRequest, clock: MovingClock) -> int:
    try:
        try:
            report.write(report.hello())
            while not stop.is_made:
                if not _catch_up(report):
                    report.lines.pause(LOOK_EVERY)
            clock.stop()
            _settle(report)
        finally:
            report.sandbox.stop()
        _catch_up(report)
    except ReaderGone as gone:
        if gone.reason:
            complain(f"standard output takes nothing more: {gone.reason}")
            return 2
    return 0


def _catch_up(report: Report) -> bool:
    """Print what is new; False if nothing was."""
    for error in report.new_errors():
        complain(report.told(error))
    return report.catch_up()


def _settle(report: Report) -> None:
    """Let mail that was accepted reach its folders, as long as it moves on."""

    def wait() -> None:
        try:
            with suppress(CancelledError):  # it took too long, and the sandbox was stopped
                report.sandbox.settle()
        except Exception as error:  # a border: an error of the queue must not keep us here
            complain(f"the queue could not be settled: {error!r}")

    waiter = Thread(target=wait, daemon=True)
    waiter.start()
    began = moved = time.monotonic()
    while waiter.is_alive():
        now = time.monotonic()
        if _catch_up(report):
            moved = now
        if now > min(moved + QUIET_FOR, began + SETTLE_WITHIN):
            break
        waiter.join(LOOK_EVERY)


def complain(problem: object) -> None:
    """One line on standard error, if that is still open."""
    with suppress(OSError):
        print(f"smtplab serve: {problem}", file=sys.stderr, flush=True)


# What the options mean.


def added_hosts(names: Iterable[str]) -> list[HostPlan]:
    """The plans of the special hosts that were asked for, each once."""
    from smtplab.sandbox.special_hosts import special_host

    try:
        return [special_host(name) for name in dict.fromkeys(names)]
    except ValueError as error:
        raise UsageError(f"--with: {error}") from None


def wanted_ports(
    options: Iterable[str], plans: Iterable[HostPlan] = ()
) -> dict[tuple[str, int], int]:
    """The ports to bind, by listener: `NAME:PORT=BOUND`, or `PORT=BOUND`.

    >>> wanted_ports(["587=5587", "mx.example.net:25=0"])
    {('smtp.example.org', 587): 5587, ('mx.example.net', 25): 0}
    """
    from smtplab.sandbox.little_internet import LISTENERS

    listeners = [*LISTENERS, *(one for plan in plans for one in plan.listeners)]
    there_are = ", ".join(f"{one.host}:{one.port}" for one in listeners)
    ports: dict[tuple[str, int], int] = {}
    for option in options:
        form = re.fullmatch(r"(?:(.+):)?([0-9]{1,5})=([0-9]{1,5})", option)
        if form is None:
            raise UsageError(
                f"--listen {option!r} is not NAME:PORT=BOUND with numbers as ports; "
                f"the listeners are {there_are}"
            )
        name, port, bound = (form[1] or "").lower(), int(form[2]), int(form[3])
        meant = [one.key for one in listeners if one.port == port and name in ("", one.host)]
        if len(meant) != 1:
            problem = "fits more than one listener" if meant else "fits no listener"
            raise UsageError(f"--listen {option!r} {problem}; the listeners are {there_are}")
        if bound > 65535:
            raise UsageError(f"--listen {option!r}: the port to bind is a number from 0 to 65535")
        if meant[0] in ports:
            raise UsageError(f"--listen names {meant[0][0]}:{port} twice; once is enough")
        if bound and bound in ports.values():
            raise UsageError(f"--listen gives port {bound} to two listeners; each needs its own")
        ports[meant[0]] = bound
    return ports


def wanted_faults(rules: Iterable[str], files: Iterable[str]) -> list[str]:
    """The rules of the fault dial, those in files behind those on the command line.

    >>> wanted_faults(["EHLO=drop"], [])
    ['EHLO=drop']
    """
    from smtplab.errors import LocalProtocolError
    from smtplab.sandbox.faults import parse_fault

    found = list(rules)
    for name in files:
        try:
            with open(name, encoding="utf-8") as file:
                text = file.read(MAX_FAULT_FILE)
        except (OSError, ValueError):  # ValueError: not UTF-8, or a NUL in the name
            raise UsageError(f"--faults {name!r} cannot be read as a text file") from None
        for number, line in enumerate(map(str.strip, text.splitlines()), 1):
            if line and not line.startswith("#"):
                try:
                    parse_fault(line)
                except LocalProtocolError as error:
                    raise UsageError(f"--faults {name!r}, line {number}: {error}") from None
                found.append(line)
    return found


def outside_host(name: str | None, plans: Iterable[HostPlan] = ()) -> str:
    """The host that programs count as; left out, it is the learner's own machine."""
    from smtplab.sandbox.little_internet import ADDRESSES, LAPTOP

    if name is None:
        return LAPTOP
    hosts = [*ADDRESSES, *(plan.name for plan in plans)]
    if name.lower() not in hosts:
        there_are = ", ".join(hosts)
        raise UsageError(f"--as {name!r} is no host of the sandbox; the hosts are {there_are}")
    return name.lower()


def clock_speed(text: str) -> float:
    """How fast the world's time passes.

    >>> clock_speed("3600"), clock_speed("0.5")
    (3600.0, 0.5)
    """
    from smtplab.cli.moving_clock import FASTEST

    if re.fullmatch(r"[0-9]{1,6}(?:\.[0-9]{1,3})?", text) is None or float(text) > FASTEST:
        raise UsageError(
            f"--clock {text!r} is no number of seconds from 0 to {FASTEST:.0f}; "
            "1 is as fast as real time"
        )
    return float(text)
