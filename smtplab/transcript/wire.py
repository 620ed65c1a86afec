"""What passed on the wire of one connection, as one end saw it."""

from __future__ import annotations

from collections import deque

from smtplab.transcript.events import Segment

MAX_WIRE_OCTETS = 8 * 2**20  # of one connection at one end


class Wire:
    """A ring of segments: what passed on the wire of one connection, plain or TLS."""

    def __init__(self) -> None:
        self._segments: deque[tuple[str, bytes, int]] = deque()
        self._size = 0
        self.dropped = 0  # octets that fell out of the ring
        self.is_kept_whole = False  # then none falls out

    def add(self, sender: str, octets: bytes, seq: int) -> None:
        self._segments.append((sender, octets, seq))
        self._size += len(octets)
        if self._size > MAX_WIRE_OCTETS:
            self._trim()

    def _trim(self) -> None:
        while self._size > MAX_WIRE_OCTETS and not self.is_kept_whole:
            gone = len(self._segments.popleft()[1])
            self._size -= gone
            self.dropped += gone

    @property
    def memory(self) -> int:
        """Octets that it holds."""
        return self._size

    @property
    def segments(self) -> tuple[Segment, ...]:
        return tuple(map(Segment._make, list(self._segments)))

    def octets(self, sender: str) -> bytes:
        """All that "client" or "server" sent, joined."""
        return b"".join(s.octets for s in self.segments if s.sender == sender)
