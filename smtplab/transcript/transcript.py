"""The transcript and its recorders: recorded once, bounded, pulled by whoever wants to look."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime
from itertools import islice
from threading import Lock

from smtplab.transcript import rendering
from smtplab.transcript.events import Detail, Event, Kind, Segment, Span, keep
from smtplab.transcript.hiding import SecretValues

MAX_EVENTS = 100_000
MAX_OCTETS = 64 * 2**20  # of all events together
MAX_WIRE_OCTETS = 8 * 2**20  # of one connection at one end
MAX_WIRES = 256  # connections whose wire octets are kept

_EMPTY: Detail = {}


class Transcript:
    """The events of any number of connections, oldest first.

    Past its bounds the oldest events fall out; one `dropped` event then says how many.
    """

    def __init__(self, now: Callable[[], datetime], *, max_events: int = MAX_EVENTS) -> None:
        self.now = now
        self.secrets = SecretValues()
        self._max_events = max_events
        self._lock = Lock()
        self._events: deque[Event] = deque()
        self._octets = 0
        self._dropped_events = 0
        self._dropped_octets = 0
        self._wires: dict[tuple[str, str], Wire] = {}

    def recorder(self, connection: str, end: str) -> Recorder:
        """A recorder for one end ("client" or "server") of one connection."""
        wire = Wire()
        with self._lock:
            self._wires[connection, end] = wire
            if len(self._wires) > MAX_WIRES:
                del self._wires[next(iter(self._wires))]
        return Recorder(self, connection, end, wire)

    def append(self, event: Event) -> None:
        with self._lock:
            self._events.append(event)
            self._octets += len(event.octets)
            while len(self._events) > self._max_events or self._octets > MAX_OCTETS:
                oldest = self._events.popleft()
                self._dropped_events += 1
                self._dropped_octets += oldest.length
                self._octets -= len(oldest.octets)

    def __len__(self) -> int:
        """How many events were recorded, those that fell out included."""
        return self._dropped_events + len(self._events)

    @property
    def events(self) -> tuple[Event, ...]:
        return self.events_since(0)[0]

    def events_since(self, position: int) -> tuple[tuple[Event, ...], int]:
        """The events recorded since `position` (0 at first), and the position to ask next."""
        with self._lock:
            total = self._dropped_events + len(self._events)
            wanted = total - position
            fresh = tuple(islice(reversed(self._events), wanted))[::-1]
            if wanted > len(fresh):
                fresh = (self._dropped(fresh), *fresh)
            return fresh, total

    def _dropped(self, kept: tuple[Event, ...]) -> Event:
        counts = {"events": self._dropped_events, "octets": self._dropped_octets}
        when = kept[0].world_time if kept else self.now()
        return Event(Kind.DROPPED, "", "", -1, 0, b"", 0, False, when, (), None, counts)

    @property
    def is_whole(self) -> bool:
        """Whether nothing has fallen out."""
        return not self._dropped_events and all(event.is_whole for event in self._events)

    @property
    def connections(self) -> tuple[str, ...]:
        """The names of the connections, in the order of their first event."""
        return tuple(dict.fromkeys(event.connection for event in self.events if event.connection))

    def of(self, connection: str, end: str | None = None) -> tuple[Event, ...]:
        """The events of one connection, of both ends or of one."""
        return tuple(
            event
            for event in self.events
            if event.connection == connection and end in (None, event.end)
        )

    def wire(self, connection: str, end: str) -> Wire:
        """What passed on the wire, as one end saw it; `KeyError` if that is no longer kept."""
        return self._wires[connection, end]

    def to_text(self, *, secrets: bool = False) -> str:
        return rendering.as_text(self.events, secrets=secrets)

    def to_html(self, *, secrets: bool = False) -> str:
        return rendering.as_html(self.events, secrets=secrets)

    def to_json(self, *, secrets: bool = False) -> str:
        """One JSON object a line, one line an event."""
        return rendering.as_json_lines(self.events, secrets=secrets)

    def __str__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        return self.to_html()


class Wire:
    """A ring of segments: what passed on the wire of one connection, plain or TLS."""

    def __init__(self) -> None:
        self._segments: deque[Segment] = deque()
        self._size = 0
        self.dropped = 0  # octets that fell out of the ring

    def append(self, segment: Segment) -> None:
        self._segments.append(segment)
        self._size += len(segment.octets)
        while self._size > MAX_WIRE_OCTETS:
            gone = len(self._segments.popleft().octets)
            self._size -= gone
            self.dropped += gone

    @property
    def segments(self) -> tuple[Segment, ...]:
        return tuple(self._segments)

    def octets(self, sender: str) -> bytes:
        """All that "client" or "server" sent, joined."""
        return b"".join(s.octets for s in self.segments if s.sender == sender)


class Recorder:
    """Writes down what one end of one connection sees."""

    def __init__(self, transcript: Transcript, connection: str, end: str, wire: Wire) -> None:
        self.transcript = transcript
        self.connection = connection
        self.end = end
        self.tls = False
        self._seq = 0
        self._wire = wire
        self._now = transcript.now
        self._append = transcript.append
        self._spans = transcript.secrets.spans

    def record(
        self,
        kind: Kind,
        step: int,
        octets: bytes = b"",
        detail: Detail = _EMPTY,
        secrets: tuple[Span, ...] = (),
    ) -> None:
        """Record one event; `secrets` are spans of `octets` known from the state."""
        kept, sha256 = keep(octets)
        self._record(kind, step, (kept, len(octets), sha256), detail, secrets)

    def record_kept(
        self,
        kind: Kind,
        step: int,
        kept: tuple[bytes, int, str | None],
        detail: Detail = _EMPTY,
    ) -> None:
        """Record octets that were already cut: what was kept, the true length, the SHA-256."""
        self._record(kind, step, kept, detail, ())

    def _record(
        self,
        kind: Kind,
        step: int,
        kept: tuple[bytes, int, str | None],
        detail: Detail,
        secrets: tuple[Span, ...],
    ) -> None:
        octets, length, sha256 = kept
        seq = self._seq
        self._seq = seq + 1
        self._append(
            Event(
                kind,
                self.connection,
                self.end,
                seq,
                step,
                octets,
                length,
                self.tls,
                self._now(),
                secrets + self._spans(octets),
                sha256,
                detail,
            )  # fmt: skip
        )

    def segment(self, sender: str, octets: bytes) -> None:
        """Record what passed on the wire."""
        self._wire.append(Segment(sender, octets, self._seq - 1))
