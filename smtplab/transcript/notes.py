"""Notes: what a recorder writes down, and how an event is made of it when somebody looks.

Recording must cost next to nothing, so a note is a plain tuple of what one event has of its own,
and of a context that the events of one moment share. The kind is a plain string and most details
are pairs: a tuple of nothing but strings, numbers and tuples of them is left alone by the garbage
collector, which else looks at 100,000 of them each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from operator import itemgetter

from smtplab.transcript.events import Detail, Event, Kind, Span

Pairs = tuple[tuple[str, object], ...]
Moment = datetime | float  # seconds since 1970 cost less than a date, where a clock can give them


Shape = tuple[tuple[str, ...], tuple[Detail | Pairs, ...]]
"""What several events of one moment are: the kind and the detail of each."""

# Who recorded (connection, end); the first seq; the first step; TLS; when; secrets; SHA-256; what.
Context = tuple[
    str, str, int, int, bool, Moment, tuple[Span, ...], str | None, Shape
]  # fmt: skip
Note = tuple[bytes, int, int, Context]  # the octets, their true length, its place among the events
EVENT_OVERHEAD = 512  # octets that Python adds to one event
_octets_of, length_of = itemgetter(0), itemgetter(1)
PLAIN = {kind: str(kind.value) for kind in Kind}


def shape(events: Iterable[tuple[Kind, Detail | Pairs]]) -> Shape:
    """For a recorder; worth keeping where the same comes again."""
    kinds, details = [], []
    for kind, detail in events:
        kinds.append(PLAIN[kind])
        details.append(detail)
    return tuple(kinds), tuple(details)


def memory_of(notes: Sequence[Note]) -> int:
    """Octets of memory that the notes take, about."""
    return sum(map(len, map(_octets_of, notes))) + EVENT_OVERHEAD * len(notes)


def event_of(note: Note, secrets: tuple[Span, ...]) -> Event:
    """The event that a note tells of, with the secrets that were found by their value."""
    octets, length, place, context = note
    connection, end, seq, step, tls, moment, placed, sha256, (kinds, details) = context
    return Event(
        Kind(kinds[place]), connection, end, seq + place, step + place, octets, length, tls,
        date_of(moment), placed + secrets, sha256, dict(details[place]),
    )  # fmt: skip


def note_of(event: Event) -> Note:
    """What the recorder of this event wrote down."""
    _, connection, end, seq, step, octets, length, tls, moment, secrets, sha256, _ = event
    what = shape([(event.kind, event.detail)])
    return octets, length, 0, (connection, end, seq, step, tls, moment, secrets, sha256, what)


def date_of(moment: Moment) -> datetime:
    return moment if isinstance(moment, datetime) else datetime.fromtimestamp(moment, UTC)
