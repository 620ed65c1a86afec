"""The ladder without a front end: arrows, waits and the time that they would take (RFC 5321, 4).

A round trip is one wait of the client for the other end. Opening TCP is one (RFC 9293, 3.5), the
greeting is one, a handshake of TLS 1.3 is one (RFC 8446, 2) and of TLS 1.2 two (RFC 5246, 7.3).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from smtplab.client import Client
from smtplab.commands import verb_of
from smtplab.sandbox import Sandbox
from smtplab.sandbox.journey import Journey
from smtplab.transcript import Event, Kind, Segment, Transcript
from smtplab.transcript.events import Detail
from smtplab.transcript.rendering import spoken
from smtplab.widgets.carried import carried

SHOWN = 30  # arrows on the page; earlier ones on demand
MOST_SHOWN = 300
MOST_KEPT = 2_000  # of one connection
MOST_LEGS = 8  # connections of one journey
LONGEST_LATENCY = 60_000  # milliseconds of one round trip

TCP, GREETING, TLS = "opening TCP", "greeting", "TLS handshake"
_TLS_ROUND_TRIPS = {"TLS 1.3": 1}  # the versions before need two
_ROLES = {25: "MX", 587: "MSA", 465: "MSA"}  # RFC 5598, 4.3.1 and 4.3.2; RFC 8314, 7.3


class Arrow(NamedTuple):
    """What one segment carried, or a note between ("" as `sender`)."""

    leg: int
    sender: str  # "C", "S" or ""
    events: tuple[Event, ...]
    departs: float  # in round trips since the ladder began
    arrives: float


class _Mark(NamedTuple):
    """Where the client's newest turn begins: what follows it may still grow."""

    drawn: int
    now: float
    waits: dict[str, int]


@dataclass
class Leg:
    """One connection, followed as it grows; a look costs what is new."""

    number: int
    source: str
    host: str
    port: int
    arrows: deque[Arrow] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))
    waits: dict[str, int] = field(default_factory=dict)  # what for, and how often
    spoken: str = "SMTP"  # or what the greeting shows
    count: int = 0  # arrows, those that fell out included
    now: float = 0.0  # in round trips since the connection began
    _asked: bool = False  # the client spoke last and has no reply yet
    _tail: list[Event] = field(default_factory=list)
    _mark: _Mark = _Mark(0, 0.0, {})

    def feed(self, events: Sequence[Event], transcript: Transcript) -> None:
        """Read on; the turn that was the newest is read again, because it may have grown."""
        while self.count > self._mark.drawn and self.arrows:
            self.arrows.pop()
            self.count -= 1
        self.now, self.waits, self._asked = self._mark.now, dict(self._mark.waits), False
        self._tail += events
        parts = carried(self._tail, _segments(transcript, self._tail[0]))
        begun = 0
        for number, part in enumerate(parts):
            if part.sender == "C" and not self._asked:
                begun, self._mark = number, _Mark(self.count, self.now, dict(self.waits))
            self._add(part.sender, part.events)
        self._tail = [event for part in parts[begun:] for event in part.events]

    def _add(self, letter: str, events: tuple[Event, ...]) -> None:
        """One more segment or note; moves the time on by what the client waits for it."""
        kind = events[0].kind
        if kind is Kind.CONNECT:
            self._wait(TCP, 1, "", events)
        elif kind is Kind.TLS:
            protocol = str(events[0].detail.get("protocol"))
            self._wait(TLS, _TLS_ROUND_TRIPS.get(protocol, 2), "", events)
        elif kind is Kind.GREETING:
            self.spoken = spoken(events)
            self._wait(GREETING, 1, "S", events)
        elif letter == "S":
            self._wait(self.spoken, int(self._asked), "S", events)
            self._asked = False
        else:
            self._asked = self._asked or letter == "C"
            self._draw(letter, events, self.now, self.now + (0.5 if letter else 0.0))

    def _wait(self, what: str, trips: int, letter: str, events: tuple[Event, ...]) -> None:
        departs = self.now + (0.5 if letter and trips else 0.0)
        self.now += trips
        self.waits[what] = self.waits.get(what, 0) + trips
        self._draw(letter, events, departs, self.now)

    def _draw(self, letter: str, events: tuple[Event, ...], departs: float, arrives: float) -> None:
        self.arrows.append(Arrow(self.number, letter, events, departs, arrives))
        self.count += 1

    @property
    def round_trips(self) -> int:
        return sum(self.waits.values())

    @property
    def role(self) -> str:
        return _ROLES.get(self.port, f"port {self.port}")


class LadderModel:
    """Reads one connection, or those of a journey, and keeps what there is to draw."""

    def __init__(self, transcript: Transcript, connections: Sequence[str], end: str = "") -> None:
        self.transcript, self.connections = transcript, tuple(connections[:MOST_LEGS])
        self.left_out = len(connections) - len(self.connections)  # connections
        self._end = end
        self._legs: dict[str, Leg] = {}
        self.shown = SHOWN
        self.latency = 80  # milliseconds of one round trip; from Europe to America and back
        self._position = 0
        self.refresh()

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The connections that have begun, in the order of the way."""
        return tuple(self._legs[name] for name in self.connections if name in self._legs)

    def refresh(self) -> None:
        """Read on where the last look stopped."""
        fresh, self._position = self.transcript.events_since(self._position)
        for name in self.connections:
            events = self._of_one_end([event for event in fresh if event.connection == name])
            if not events:
                continue
            if name not in self._legs:
                self._legs[name] = _leg(len(self._legs), events[0].detail)
            self._legs[name].feed(events, self.transcript)

    def _of_one_end(self, events: Sequence[Event]) -> list[Event]:
        """The client's events where it was recorded, else the server's; no hosts' own notes."""
        if events and not self._end:
            ends = {event.end for event in events}
            self._end = "client" if "client" in ends else "server"
        return [event for event in events if event.end == self._end and event.kind in _DRAWN]

    def show_earlier(self) -> None:
        """As many arrows again, up to a bound."""
        self.shown = min(MOST_SHOWN, self.shown + SHOWN)

    @property
    def arrows(self) -> list[Arrow]:
        """The newest arrows, as many as are shown, in order; times since the first connection."""
        found: list[Arrow] = []
        start = self.round_trips
        for leg in reversed(self.legs):
            start -= leg.round_trips
            for arrow in islice(reversed(leg.arrows), self.shown - len(found)):
                departs, arrives = arrow.departs + start, arrow.arrives + start
                found.append(arrow._replace(departs=departs, arrives=arrives))
        return found[::-1]

    @property
    def earlier(self) -> int:
        """How many arrows are older than those that are shown."""
        return max(0, sum(leg.count for leg in self.legs) - self.shown)

    @property
    def lanes(self) -> tuple[str, ...]:
        """The hosts, in the order in which the mail meets them."""
        hosts = (host for leg in self.legs for host in (leg.source, leg.host))
        return tuple(dict.fromkeys(hosts))

    def role(self, host: str) -> str:
        """What a host is on this way: MSA, MX, or where it begins (RFC 5598, 4.3)."""
        roles = [leg.role for leg in self.legs if leg.host == host]
        return roles[0] if roles else f"{self.spoken} client"

    @property
    def spoken(self) -> str:
        """The protocol; a journey has SMTP only."""
        return self.legs[0].spoken if self.legs else "SMTP"

    @property
    def round_trips(self) -> int:
        return sum(leg.round_trips for leg in self.legs)

    @property
    def waits(self) -> dict[str, int]:
        """What the client waited for, and how often."""
        found: dict[str, int] = {}
        for leg in self.legs:
            for what, trips in leg.waits.items():
                found[what] = found.get(what, 0) + trips
        return {what: trips for what, trips in found.items() if trips}

    @property
    def total(self) -> float:
        """Milliseconds of waiting at the latency that is set; nobody waits for them."""
        return self.round_trips * self.latency


def model_of(what: object, connection: str | None, sandbox: Sandbox | None) -> LadderModel:
    """The model for whatever a learner has in hand; `ValueError` says what is missing."""
    if isinstance(what, Client):
        return LadderModel(what.transcript, [connection or what.connection], "client")
    if isinstance(what, Journey):
        if sandbox is None:
            raise ValueError("a journey names its connections; pass sandbox= to draw them")
        sandbox.settle()
        return LadderModel(sandbox.transcript, what.connections)
    if isinstance(what, Sandbox):
        what.settle()
        what = what.transcript
    if not isinstance(what, Transcript):
        raise ValueError(
            "Ladder draws a Client, a Transcript, a Sandbox or a Journey, not "
            f"{type(what).__name__}"
        )
    names = what.connections
    if connection is not None and connection not in names:
        raise ValueError(f"no connection {connection!r}; there are {', '.join(names) or 'none'}")
    return LadderModel(what, [connection] if connection else names[-1:])


_DRAWN = frozenset(
    {
        Kind.CONNECT, Kind.GREETING, Kind.COMMAND, Kind.CHALLENGE, Kind.RESPONSE, Kind.REPLY,
        Kind.MAIL_DATA, Kind.TLS, Kind.CLOSE,
    }
)  # fmt: skip


def step_names(events: Sequence[Event]) -> Iterator[str]:
    """What each line of the client is, in one word.

    >>> from smtplab.sandbox import Sandbox
    >>> with Sandbox("memory") as sandbox, sandbox.connect() as client:
    ...     _ = client.ehlo()
    ...     list(step_names(client.transcript.events))
    ['EHLO']
    """
    for event in events:
        if event.kind is Kind.COMMAND:
            yield verb_of(event.octets) or "?"
        elif event.kind is Kind.RESPONSE:
            yield "response"
        elif event.kind is Kind.MAIL_DATA:
            yield "content"


def _leg(number: int, place: Detail) -> Leg:
    """A connection that begins; each end has a lane of its own, whatever it is called."""
    source, host = str(place.get("source", "SMTP client")), str(place.get("host", "SMTP server"))
    if source == host:
        source = f"{source} (client)"
    return Leg(number, source, host, _port(place.get("port")))


def _segments(transcript: Transcript, first: Event) -> Sequence[Segment]:
    """The segments that carry an event of one connection and what followed it."""
    try:
        found = transcript.wire(first.connection, first.end).segments
    except KeyError:  # not kept any more, or read from a file
        return ()
    # One more: the client's last words of a TLS handshake may carry the command after it.
    return found[max(0, bisect_left(found, first.seq, key=_seq) - 1) :]


def _seq(segment: Segment) -> int:
    return segment.seq


def _port(value: object) -> int:
    return value if isinstance(value, int) else 0
