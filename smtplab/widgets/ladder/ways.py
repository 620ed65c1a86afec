"""One mail sent in three ways, each for real: how often the client waits (RFC 2920, RFC 3030)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from smtplab.client import Client
from smtplab.commands import bdat, data, mail, rcpt
from smtplab.sandbox import Sandbox
from smtplab.sandbox.redirects import Alias
from smtplab.widgets.ladder.model import MOST_SHOWN, Arrow, LadderModel, step_names

HOST, PORT = "mx.example.net", 25
MOST_RECIPIENTS = 50
REVERSE_PATH = "alice@example.org"
CONTENT = (
    b"From: Alice <alice@example.org>\r\nTo: Friends <friends@example.net>\r\n"
    b"Subject: The same for everybody\r\nDate: Mon, 02 Mar 2026 09:00:00 +0000\r\n"
    b"Message-ID: <ways@laptop.example.org>\r\n\r\nHello, all of you.\r\n"
)


@dataclass(frozen=True)
class Way:
    """How one way went: what each wait was for, in order, and how many were accepted."""

    name: str
    source: str  # the RFC
    waits: tuple[str, ...]
    accepted: int
    last_reply: str

    @property
    def round_trips(self) -> int:
        return len(self.waits)

    @property
    def runs(self) -> tuple[tuple[str, int], ...]:
        """Equal waits in a row, with their number."""
        return tuple((name, len(list(run))) for name, run in groupby(self.waits))


def send_three_ways(recipients: int) -> tuple[Way, ...]:
    """The same mail for so many recipients: step by step, pipelined, and pipelined with BDAT.

    Each goes to a mail exchanger in a sandbox of its own, so that yours keeps its mail.
    `ValueError` for less than one recipient or more than fifty.
    """
    if not 1 <= recipients <= MOST_RECIPIENTS:
        raise ValueError(f"1 to {MOST_RECIPIENTS} recipients, not {recipients}")
    paths = [f"person{n}@example.net" for n in range(1, recipients + 1)]
    with Sandbox("memory") as sandbox:
        for path in paths:
            sandbox.address_book.add(Alias(path, ("bob@example.net",)))
        return (
            _way(sandbox, "Step by step", "RFC 5321", paths),
            _way(sandbox, "Pipelined", "RFC 2920", paths),
            _way(sandbox, "BDAT, pipelined", "RFC 3030", paths),
        )


def _way(sandbox: Sandbox, name: str, source: str, paths: Sequence[str]) -> Way:
    with sandbox.connect(HOST, PORT) as client:
        client.ehlo()
        last = _SENDERS[source](client, paths)
    model = LadderModel(client.transcript, [client.connection], "client")
    model.shown = MOST_SHOWN
    return Way(name, source, tuple(_waits(model.arrows)), _accepted(client), last)


def _step_by_step(client: Client, paths: Sequence[str]) -> str:
    client.mail(REVERSE_PATH)
    for path in paths:
        client.rcpt(path)
    client.data()
    return str(client.content(CONTENT))


def _pipelined(client: Client, paths: Sequence[str]) -> str:
    client.group(mail(REVERSE_PATH), *map(rcpt, paths), data())
    return str(client.content(CONTENT))


def _with_bdat(client: Client, paths: Sequence[str]) -> str:
    whole = bdat(len(CONTENT), last=True) + CONTENT
    return str(client.group(mail(REVERSE_PATH), *map(rcpt, paths), whole)[-1])


_SENDERS = {"RFC 5321": _step_by_step, "RFC 2920": _pipelined, "RFC 3030": _with_bdat}


def _accepted(client: Client) -> int:
    """How many RCPT got a positive reply."""
    events = client.transcript.of(client.connection)
    rcpts = {event.step for event in events if event.octets.startswith(b"RCPT")}
    return sum(e.kind == "reply" and e.step in rcpts and e.octets[:1] == b"2" for e in events)


def _waits(arrows: Sequence[Arrow]) -> list[str]:
    """What each wait was for; before the greeting TCP opens."""
    found = []
    for arrow in arrows:
        if arrow.sender == "C":
            found.append(_named(list(step_names(arrow.events))))
        elif arrow.events[0].kind == "connect":
            found.append("TCP")
        elif arrow.events[0].kind == "greeting":
            found.append("greeting")
    return found


def _named(steps: Sequence[str]) -> str:
    """
    >>> _named(["MAIL", "RCPT", "RCPT", "DATA"])
    'MAIL, RCPT × 2, DATA'
    """
    runs = [(name, len(list(run))) for name, run in groupby(steps)]
    return ", ".join(f"{name} × {number}" if number > 1 else name for name, number in runs)
