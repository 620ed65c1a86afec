"""What `smtplab talk` prints: the dialogue explained for a person, events for a program."""

from __future__ import annotations

import json
import os
import sys
from textwrap import fill
from typing import TYPE_CHECKING

from smtplab.cli.foreground import Lines
from smtplab.cli.width import columns
from smtplab.transcript import SCHEMA, Event, Transcript, as_text, event_as_json
from smtplab.transcript.events import FROM_CLIENT, FROM_SERVER
from smtplab.transcript.hiding import hide
from smtplab.transcript.rendering import visible

if TYPE_CHECKING:
    from smtplab.step_reply import StepReply
    from smtplab.transport.tls_report import TLSReport

# ECMA-48, 8.3.117 (SGR): green, cyan, yellow, red; by the first digit of a reply.
_COLOURS = {"2": "32", "3": "36", "4": "33", "5": "31"}
_FAINT = "2"


def wants_colour() -> bool:
    """On a terminal that has colours, unless NO_COLOR is set (no-color.org)."""
    return (
        sys.stdout.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM", "") not in ("", "dumb")
    )


class Screen:
    """Prints what is new in a transcript, and what it means; it never prints a secret."""

    def __init__(self, lines: Lines, transcript: Transcript, *, colour: bool = False) -> None:
        self._lines, self._transcript, self._colour = lines, transcript, colour
        self._seen = 0

    def catch_up(self, *, typed: bool = False) -> None:
        """Print what happened; `typed`: the client's own line stands on the terminal already."""
        events, self._seen = self._transcript.events_since(self._seen)
        for event in events:
            if not (typed and event.kind in FROM_CLIENT):
                self._event(event)

    def explain(self, reply: StepReply) -> None:
        """What the reply means."""
        explained = reply.explanation
        self._ours(explained.meaning)
        if not reply.is_positive:
            for label, text in explained.rows:
                self._ours(f"{label}: {text}")

    def stands(self, reply: StepReply) -> None:
        """Where the session stands after a reply, and what is legal next."""
        self._ours(now_and_next(reply))

    def tls(self, report: TLSReport) -> None:
        """What TLS came to, in a line."""
        own = report.chain[0] if report.chain else None
        names = f"certificate for {', '.join(own.names) or 'no host'}, " if own else ""
        until = f"valid until {own.not_after:%Y-%m-%d}, " if own else ""
        checked = "checked" if report.verified else "NOT checked: anybody could have shown it"
        self._indented(f"{report.protocol}, {report.cipher}; {names}{until}{checked}.")

    def say(self, text: str) -> None:
        """What was asked for by a short form: text of our own, as it is."""
        for line in text.split("\n"):
            self._write(line.expandtabs())

    def trouble(self, headline: str, text: str) -> None:
        """Something that is no reply."""
        self._indented(f"{headline}: {text}", "!! ")

    def end(self, code: int, phase: str) -> None:
        """The last word."""

    def _event(self, event: Event) -> None:
        for line in as_text([event]).split("\n"):
            colour = _COLOURS.get(line[3:4], "") if event.kind in FROM_SERVER else ""
            self._write(line, colour if event.kind in FROM_SERVER else self._quiet(event))

    def _quiet(self, event: Event) -> str:
        return "" if event.kind in FROM_CLIENT else _FAINT

    def _ours(self, text: str) -> None:
        for line in _filled(text):
            self._show(line, _FAINT)  # our own words: a password may be one of them

    def _indented(self, text: str, first: str = "   ") -> None:
        for line in _filled(text, first):
            self._write(line, "" if first.strip() else _FAINT)

    def _write(self, line: str, colour: str = "") -> None:
        self._show(self.hidden(line), colour)

    def _show(self, line: str, colour: str) -> None:
        shown = visible(line)
        self._lines.write(f"\x1b[{colour}m{shown}\x1b[0m" if colour and self._colour else shown)

    def hidden(self, text: str) -> str:
        """`text` without the secrets that are known; errors may quote what a server sent."""
        octets = text.encode("utf-8", "surrogateescape")
        spans = self._transcript.secrets.spans(octets)
        return hide(octets, spans).decode("utf-8", "backslashreplace") if spans else text


class JSONScreen(Screen):
    """One JSON object a line: the events of the transcript, and four kinds that only stand here."""

    def explain(self, reply: StepReply) -> None:
        explained = reply.explanation
        self._own(
            "explanation",
            code=reply.code,
            enhanced=str(reply.enhanced) if reply.enhanced else None,
            step=reply.step,
            title=explained.title,
            meaning=explained.meaning,
            cause=explained.cause,
            remedy=explained.remedy,
            source=explained.source,
            state=reply.state.name,
            legal_next=list(reply.legal_next),
        )

    def stands(self, reply: StepReply) -> None:
        """The explanation has it."""

    def tls(self, report: TLSReport) -> None:
        """The event `tls` has protocol and check already."""

    def say(self, text: str) -> None:
        self._object("told", text=text)

    def trouble(self, headline: str, text: str) -> None:
        self._object("trouble", headline=headline, text=text)

    def end(self, code: int, phase: str) -> None:
        self._object("end", exit_code=code, phase=phase)

    def _event(self, event: Event) -> None:
        self._lines.write(json.dumps(event_as_json(event)))

    def _object(self, event: str, **fields: object) -> None:
        shown = {name: self.hidden(v) if isinstance(v, str) else v for name, v in fields.items()}
        self._own(event, **shown)

    def _own(self, event: str, **fields: object) -> None:
        """Fields without a word of the server's: stars in them would tell the password."""
        self._lines.write(json.dumps({"schema": SCHEMA, "event": event, **fields}))


def _filled(text: str, first: str = "   ") -> list[str]:
    return fill(text, columns(), initial_indent=first, subsequent_indent="   ").split("\n")


def now_and_next(reply: StepReply) -> str:
    """Where the session stands after a reply."""
    verbs = ", ".join(reply.legal_next)
    return f"Now: {reply.state.value}." + (f" Legal next: {verbs}." if verbs else "")
