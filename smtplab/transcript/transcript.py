"""The transcript and its recorders: recorded once, bounded, pulled by whoever wants to look.

Recording must cost next to nothing, so a recorder notes a plain tuple; bounds are kept every few
dozen events, and an `Event` is made of a note when somebody reads it.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from operator import itemgetter
from threading import Lock
from typing import Any, Self

from smtplab.transcript import capture, eavesdropper, reading, rendering
from smtplab.transcript.events import (
    PLAIN,
    Event,
    Kind,
    Note,
    date_of,
    memory_of,
)
from smtplab.transcript.hiding import SecretValues
from smtplab.transcript.recorder import Recorder
from smtplab.transcript.turn import FOLLOWS, taken_apart
from smtplab.transcript.wire import Wire

MAX_EVENTS = 100_000
MAX_MEMORY = 128 * 2**20  # octets of all events together, with what Python adds
MAX_WIRES = 256  # connections whose wire octets are kept
TRIM_EACH = 16  # new recorders: each may note that much before it looks at the bounds itself

_LENGTH = itemgetter(6)


class Transcript:
    """The events of any number of connections, oldest first.

    Past its bounds the oldest events fall out; one `dropped` event then says how many.
    `keep_whole()` lifts the bounds.
    """

    def __init__(self, now: Callable[[], datetime], *, max_events: int = MAX_EVENTS) -> None:
        self.now = now
        self.secrets = SecretValues()
        self._max_events = max_events
        self._lock = Lock()
        self._notes: deque[Note] = deque()
        self._memory = 0
        self._counted = 0  # events whose octets are in `_memory`, those that fell out included
        self._dropped_events = 0
        self._dropped_octets = 0
        self._wires: OrderedDict[tuple[str, str], Wire] = OrderedDict()  # oldest out at once
        self._recorders = 0
        self.is_kept_whole = False
        self.note = self._notes.append  # atomic, so that recorders need no lock
        self.note_all = self._notes.extend  # of a list, as atomic

    @classmethod
    def from_json(cls, text: str, *, whole: bool = False) -> Transcript:
        """Read `to_json()` back: the same events, without the octets on the wire below them.

        What was hidden stays hidden. `ValueError` names the line that is wrong, and a schema that
        is later than this one. `whole` is for what was recorded whole: nothing bounds it.
        """
        events = reading.events(text, whole=whole)
        when = events[0].world_time if events else reading.NO_TIME
        transcript = cls(lambda: when)
        if whole:
            transcript.keep_whole()
        for event in events:
            if event.kind is Kind.DROPPED:
                transcript._dropped_events, transcript._dropped_octets = reading.dropped(event)
            else:
                transcript.note((PLAIN[event.kind], *event[1:]))
        transcript.trim()
        return transcript

    def keep_whole(self) -> Self:
        """Let nothing fall out from now on, however much it is; `memory` says what that costs.

        What passes is held twice, as events and as the wire, and one event costs 512 octets more.
        """
        with self._lock:
            self.is_kept_whole = True
            for wire in self._wires.values():
                wire.is_kept_whole = True
        return self

    @property
    def memory(self) -> int:
        """Octets of memory that the events and the wires take, about."""
        self.trim()
        with self._lock:
            return self._memory + sum(wire.memory for wire in self._wires.values())

    def recorder(self, connection: str, end: str) -> Recorder:
        """A recorder for one end ("client" or "server") of one connection."""
        recorder = Recorder(self, connection, end)
        with self._lock:
            self._wires[connection, end] = recorder.wire
            recorder.wire.is_kept_whole = self.is_kept_whole
            if len(self._wires) > MAX_WIRES and not self.is_kept_whole:
                self._wires.popitem(last=False)
            self._recorders += 1
        if self._recorders % TRIM_EACH == 0:
            self.trim()
        return recorder

    def trim(self) -> None:
        """Keep the bounds."""
        with self._lock:
            fresh, self._counted = self._newest_first(self._counted)
            self._memory += memory_of(fresh)
            if self.is_kept_whole:
                return
            self._drop(len(self._notes) - self._max_events)
            while self._memory > MAX_MEMORY and self._notes:
                self._drop(1)

    def _drop(self, number: int) -> None:
        """Let the oldest fall out; only under the lock."""
        oldest = [self._notes.popleft() for _ in range(number)]
        while oldest and self._notes and self._notes[0] is FOLLOWS:  # a turn goes as a whole
            oldest.append(self._notes.popleft())
        self._dropped_events += len(oldest)
        self._dropped_octets += sum(map(_LENGTH, oldest))
        self._memory -= memory_of(oldest)

    def _newest_first(self, position: int) -> tuple[list[Note], int]:
        """The notes since `position`, and how many there are in all; only under the lock.

        Then none falls out meanwhile; if one is added, the count was wrong, and we count again.
        """
        notes = self._notes
        while True:
            kept = len(notes)
            total = self._dropped_events + kept
            try:
                walk = reversed(notes)
                found = list(islice(walk, max(0, total - position)))
                while found and found[-1] is FOLLOWS:  # the turn that it belongs to
                    found.append(next(walk))
            except RuntimeError:  # one was added while we looked: the collector had let it
                continue
            if len(notes) == kept:
                return found, total

    def __len__(self) -> int:
        """How many events were recorded, those that fell out included."""
        return self._dropped_events + len(self._notes)

    @property
    def events(self) -> tuple[Event, ...]:
        return self.events_since(0)[0]

    def events_since(self, position: int) -> tuple[tuple[Event, ...], int]:
        """The events recorded since `position` (0 at first), and the position to ask next."""
        self.trim()
        with self._lock:
            newest_first, total = self._newest_first(position)
        wanted = total - max(0, position)
        fresh = tuple(map(self._event, taken_apart(reversed(newest_first))))
        fresh = fresh[max(0, len(fresh) - wanted) :]
        if wanted > len(fresh):
            fresh = (self._dropped(fresh), *fresh)
        return fresh, total

    def _event(self, note: Note) -> Event:
        middle = date_of(note[8]), note[9] + self.secrets.spans(note[5])
        return Event._make((Kind(note[0]), *note[1:8], *middle, note[10], dict(note[11])))

    def _dropped(self, kept: tuple[Event, ...]) -> Event:
        counts = {"events": self._dropped_events, "octets": self._dropped_octets}
        when = kept[0].world_time if kept else self.now()
        return Event(Kind.DROPPED, "", "", -1, 0, b"", 0, False, when, (), None, counts)

    @property
    def is_whole(self) -> bool:
        """Whether nothing has fallen out."""
        return not self._dropped_events and all(event.is_whole for event in self.events)

    @property
    def connections(self) -> tuple[str, ...]:
        """The names of the connections, in the order of their first event."""
        return tuple(dict.fromkeys(note[1] for note in self._kept_notes() if note[1]))

    def of(self, connection: str, end: str | None = None) -> tuple[Event, ...]:
        """The events of one connection, of both ends or of one."""
        kept = (note for note in self._kept_notes() if note[1] == connection)
        of_it = taken_apart(note for note in kept if end in (None, note[2]))
        return tuple(map(self._event, of_it))

    def _kept_notes(self) -> list[Note]:
        self.trim()
        with self._lock:  # to make events of all costs some hundred times as much
            return self._newest_first(0)[0][::-1]

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

    def to_pcapng(
        self,
        connections: Sequence[str] | None = None,
        *,
        addresses: Mapping[str, str] = capture.NO_ADDRESSES,
        key_log: str = "",
        secrets: bool = False,
    ) -> bytes:
        """The connections (by name, or all) as a capture file; see `capture.pcapng`."""
        return capture.pcapng(
            self, connections, addresses=addresses, key_log=key_log, secrets=secrets
        )

    def eavesdropper(
        self, connections: Sequence[str] | None = None, *, secrets: bool = False
    ) -> eavesdropper.Eavesdropper:
        """What a third person reads on the wire of the connections (by name, or of all)."""
        return eavesdropper.eavesdrop(self, connections, secrets=secrets)

    def __str__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        return self.to_html()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """IPython's plain text: the dialogue, where no HTML can be shown."""
        printer.text(self.to_text())
