"""Events and segments: what a transcript is made of."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from operator import itemgetter
from typing import NamedTuple

SCHEMA = 1  # the version of the event's JSON form; names in it are never changed

MAX_EVENT_OCTETS = 65536  # longer octets are kept as head and tail, with length and SHA-256
HEAD_AND_TAIL = 4096  # octets kept of each end of a longer one

Span = tuple[int, int]
Detail = Mapping[str, object]  # JSON values, or functions that make one when it is read
Moment = datetime | float  # seconds since 1970 cost less than a date, where a clock can give them
_NOTHING: Detail = {}


class Kind(StrEnum):
    """An event is a protocol unit, never a read."""

    CONNECT = "connect"
    GREETING = "greeting"
    COMMAND = "command"
    CHALLENGE = "challenge"
    RESPONSE = "response"
    REPLY = "reply"
    MAIL_DATA = "mail-data"
    TLS = "tls"
    CLOSE = "close"
    DROPPED = "dropped"
    DELIVERED = "delivered"
    FAULT = "fault"
    # The way of a mail object from host to host, told by the hosts themselves.
    ACCEPTED = "accepted"
    QUEUED = "queued"
    ATTEMPT = "attempt"
    LOOKED_UP = "looked-up"
    OUTCOME = "outcome"

    __hash__ = str.__hash__  # Enum's own is slow, and recording looks kinds up


PLAIN = {kind: str(kind.value) for kind in Kind}
FROM_CLIENT = frozenset({Kind.COMMAND, Kind.RESPONSE, Kind.MAIL_DATA})
FROM_SERVER = frozenset({Kind.GREETING, Kind.CHALLENGE, Kind.REPLY})


class Event(NamedTuple):
    """One protocol unit as one end saw it.

    `step` counts what the client sent on this connection: an event and the reply to it share
    it, and so do both ends. `octets` are kept whole up to 64 KiB; `length` is the true length.
    `secrets` are spans of `octets` that views hide.
    """

    kind: Kind
    connection: str
    end: str  # "client" or "server": who recorded it
    seq: int
    step: int
    octets: bytes
    length: int
    tls: bool
    world_time: datetime
    secrets: tuple[Span, ...] = ()
    sha256: str | None = None
    detail: Detail = _NOTHING

    @property
    def is_whole(self) -> bool:
        return self.length == len(self.octets)


# The fields of `Event`, the kind as a plain string and most details as pairs: a tuple of nothing
# but strings, numbers and tuples of them is left alone by the garbage collector, which else looks
# at 100,000 of them each time.
Pairs = tuple[tuple[str, object], ...]
Note = tuple[
    str, str, str, int, int, bytes, int, bool, Moment, tuple[Span, ...], str | None,
    Detail | Pairs,
]  # fmt: skip
EVENT_OVERHEAD = 512  # octets that Python adds to one event
_octets_of = itemgetter(5)


def memory_of(notes: Sequence[Note]) -> int:
    """Octets of memory that the notes take, about."""
    return sum(map(len, map(_octets_of, notes))) + EVENT_OVERHEAD * len(notes)


def date_of(moment: Moment) -> datetime:
    return moment if isinstance(moment, datetime) else datetime.fromtimestamp(moment, UTC)


class Segment(NamedTuple):
    """Octets as they passed on the wire in one write or read; `seq` is that of the next event."""

    sender: str  # "client" or "server"
    octets: bytes
    seq: int


class OctetsKeeper:
    """Gathers octets in pieces and keeps what an event may hold; with `most` None all of them."""

    def __init__(self, most: int | None = MAX_EVENT_OCTETS) -> None:
        self._most = most
        self.length = 0
        self._kept = bytearray()
        self._tail = b""
        self._hash = hashlib.sha256()  # fed only where not all is kept

    def feed(self, octets: bytes | bytearray) -> None:
        before = self.length
        self.length += len(octets)
        if self._most is None or self.length <= self._most:
            self._kept += octets
            return
        if before <= self._most:
            self._hash.update(self._kept)
            self._tail = bytes(self._kept[-HEAD_AND_TAIL:])
            del self._kept[HEAD_AND_TAIL:]
        self._hash.update(octets)
        self._kept += octets[: HEAD_AND_TAIL - len(self._kept)]
        self._tail = (self._tail + octets[-HEAD_AND_TAIL:])[-HEAD_AND_TAIL:]

    def kept(self) -> tuple[bytes, str | None]:
        """The octets to keep and, if they are not all, the SHA-256 of all."""
        if self._most is None or self.length <= self._most:
            return bytes(self._kept), None
        return bytes(self._kept) + self._tail, self._hash.hexdigest()


def keep(octets: bytes) -> tuple[bytes, str | None]:
    """What an event keeps of `octets`, and their SHA-256 if that is not all."""
    if len(octets) <= MAX_EVENT_OCTETS:
        return octets, None
    head, tail = octets[:HEAD_AND_TAIL], octets[-HEAD_AND_TAIL:]
    return head + tail, hashlib.sha256(octets).hexdigest()
