"""`smtplab talk` itself: connect, then type, play a script, or walk to a phase."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from smtplab.cli.doors import (
    WORLD,
    Target,
    UsageError,
    leave,
    read_target,
    settings_from,
    way_to,
)
from smtplab.cli.foreground import Lines, ReaderGone, StopRequest
from smtplab.cli.problems import headline, in_options
from smtplab.cli.talk import short_forms
from smtplab.cli.talk.completion import completions
from smtplab.cli.talk.conversation import Talk
from smtplab.cli.talk.exit_codes import (
    DIFFERENCE,
    INTERRUPTED,
    MEND,
    NO_CONNECTION,
    WELL,
    code_of,
    phase_of,
)
from smtplab.cli.talk.interrupts import terminations_as_interrupts
from smtplab.cli.talk.keyboard import PASSWORD, Passwords, Pipe, Terminal
from smtplab.cli.talk.screen import JSONScreen, Screen, wants_colour
from smtplab.cli.talk.script import play, read_script
from smtplab.cli.talk.walk import Walk, Walker, walk_from
from smtplab.client import IMPLICIT_TLS_PORT, Client
from smtplab.errors import (
    ConnectionLost,
    LocalProtocolError,
    RemoteProtocolError,
    SMTPLabError,
    StepInterrupted,
)
from smtplab.transcript import Transcript

SUBMISSION_PORT = 587  # RFC 6409, 3.1
RELAY_PORT = 25  # RFC 5321, 4.5.4.2


def run(args: argparse.Namespace) -> int:
    """Talk, and return the exit code; 2 if an option or a file has to be mended first."""
    try:
        with terminations_as_interrupts():
            return _Run(args).run()
    except (UsageError, LocalProtocolError) as error:
        complain(error)
        return MEND
    except ReaderGone as gone:
        if gone.reason:
            complain(f"standard output takes nothing more: {gone.reason}")
        return MEND if gone.reason else WELL


class _Run:
    """One run of the command, from its options to its exit code."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        if bool(args.host) == bool(args.mx) and args.host != WORLD:
            raise UsageError("name one HOST[:PORT] to talk to, or --mx DOMAIN; --help says more")
        self.target = read_target(args.host) if args.host else Target("", None)
        if args.port is not None:  # as one types it after telnet and nc
            if self.target.port is not None:
                raise UsageError(f"{args.host!r} has a port, and {args.port} is a second one")
            self.target = self.target._replace(port=args.port)
        self.walk: Walk | None = walk_from(args)
        self.script = read_script(args.script) if args.script else None
        self.way = way_to(args, self.target.host)
        if self.target.host != WORLD and self.target.host:
            self.way.check(self.target.host)
        self.transcript = Transcript(self.way.now)
        self.settings = settings_from(args, self.way, self.transcript)
        if given := os.environ.get(PASSWORD):
            self.transcript.secrets.add(given)
        lines = Lines(sys.stdout, StopRequest())
        self.screen = (
            JSONScreen(lines, self.transcript)
            if args.json
            else Screen(lines, self.transcript, colour=wants_colour())
        )

    def run(self) -> int:
        with self.way:
            code, phase = self._talk()
            with suppress(ReaderGone):
                self.screen.catch_up()
                self.screen.end(code, phase)
        return code

    def _talk(self) -> tuple[int, str]:
        try:
            client = self._connect()
        except (ConnectionLost, RemoteProtocolError) as error:
            return self._failed(error)
        except KeyboardInterrupt as stop:
            self._tell(stop, typed=False)
            return INTERRUPTED, ""
        try:
            code, phase = self._with(client)
            leave(client)
            return code, phase
        except KeyboardInterrupt as stop:
            leave(client)
            by_hand = self.walk is None and self.script is None and sys.stdin.isatty()
            self._tell(stop, typed=by_hand)
            return (WELL, "") if by_hand else (INTERRUPTED, phase_of(self.transcript.events))
        finally:
            client.close()

    def _tell(self, stop: KeyboardInterrupt, *, typed: bool) -> None:
        """A stop inside of a step leaves a session that has to be named."""
        if isinstance(stop, StepInterrupted):
            if typed:
                self.screen.say("")  # below the terminal's ^C
            self.screen.catch_up(typed=typed and sys.stdout.isatty())
            self.screen.trouble("Ctrl-C", f"{stop}")

    # To whom.

    def _connect(self) -> Client:
        """The first of the hosts that takes the connection."""
        failure: SMTPLabError = ConnectionLost(
            f"{self.args.mx} takes no mail at all: its MX record is the null MX (RFC 7505)"
        )
        for host, port in self._doors():
            try:
                return self.way.connect(host, port, self.settings)
            except ConnectionLost as error:
                failure = error
                if phase_of(self.transcript.events):
                    break  # it took the connection, and then failed
        raise failure

    def _doors(self) -> Sequence[tuple[str, int]]:
        port = self.target.port
        if self.args.mx:
            hosts = self.way.exchanges(self.args.mx)
            return [(host, port or RELAY_PORT) for host in hosts]
        if port is None:
            port = IMPLICIT_TLS_PORT if self.args.tls == "implicit" else SUBMISSION_PORT
        if self.target.host != WORLD:
            return [(self.target.host, port)]
        assert self.way.sandbox is not None
        listeners = [one for one in self.way.sandbox.listeners if one.service == "smtp"]
        for one in listeners:
            if one.port == port:
                return [one.key]
        there_are = ", ".join(f"{WORLD}:{one.port}" for one in listeners)
        raise UsageError(f"the sandbox has no SMTP server on port {port}; there are {there_are}")

    # What then.

    def _with(self, client: Client) -> tuple[int, str]:
        accounts = self.way.sandbox.accounts if self.way.sandbox else ()
        for account in accounts:
            self.transcript.secrets.add(account.password)
        passwords = Passwords(accounts, may_ask=sys.stdin.isatty())
        if self.walk is not None:
            return self._walk(client, self.walk, passwords)
        talk = Talk(client, self.screen, self.way, passwords)
        if client.session.tls:
            talk.show_tls()
        if self.args.tls == "starttls":
            talk.take("/hello")
            talk.take("/tls")
            if not (client.session.tls or sys.stdin.isatty()):
                return talk.code, talk.phase  # what was to be said inside TLS is not said outside
        if self.script is not None:
            return self._play(talk, self.script)
        self._converse(talk)
        by_hand = sys.stdin.isatty()
        return (WELL, "") if by_hand else (talk.code, talk.phase)

    def _walk(self, client: Client, walk: Walk, passwords: Passwords) -> tuple[int, str]:
        walker = Walker(client, self.screen, passwords)
        try:
            return walker.go(walk)
        except SMTPLabError as error:
            if walker.signing_in and isinstance(error, LocalProtocolError):
                self.screen.catch_up()
                self.screen.trouble(headline(error), f"{error}")
                return code_of("AUTH"), "AUTH"
            return self._failed(error)

    def _play(self, talk: Talk, script: list[str]) -> tuple[int, str]:
        difference = play(talk, script)
        if difference is None:
            talk.finish()
            return talk.code, talk.phase
        self.screen.catch_up()
        self.screen.trouble(f"{self.args.script}, line {difference.number}", difference.text)
        return (talk.code, talk.phase) if difference.failed else (DIFFERENCE, "")

    def _converse(self, talk: Talk) -> None:
        keyboard = self._keyboard(talk)
        if keyboard.is_terminal and not self.args.json:
            self.screen.say("/help lists short forms; Tab completes; Ctrl-C or Ctrl-D leaves.")
        while not talk.is_over:
            try:
                line = keyboard.read(talk.prompt)
            except LocalProtocolError as error:
                talk.failed(error)
                continue
            if line is None:
                break
            state = talk.client.state
            talk.take(line)
            if is_harmless(line, state.name):
                keyboard.remember(line)
        talk.finish()

    def _keyboard(self, talk: Talk) -> Pipe:
        if not sys.stdin.isatty():
            return Pipe()
        talk.echo = self.args.json or not sys.stdout.isatty()

        def complete(line: str) -> list[str]:
            return completions(talk.client.session, line, short_forms.TABLE)

        return Terminal(complete, quiet=talk.echo)

    def _failed(self, error: SMTPLabError) -> tuple[int, str]:
        phase = phase_of(self.transcript.events)
        self.screen.catch_up()
        self.screen.trouble(headline(error), in_options(error))
        return (code_of(phase) if phase else NO_CONNECTION), phase


def is_harmless(line: str, state: str) -> bool:
    """Whether a line may stand in the history: no response, no content, no AUTH with more.

    >>> is_harmless("AUTH PLAIN AGEAYg==", "READY"), is_harmless("AUTH LOGIN", "READY")
    (False, True)
    """
    words = line.split()
    return state not in ("AUTH", "DATA") and not (len(words) > 2 and words[0].upper() == "AUTH")


def complain(problem: object) -> None:
    """One line on standard error, if that is still open."""
    with suppress(OSError):
        print(f"smtplab talk: {problem}", file=sys.stderr, flush=True)
