"""The recorder: writes down what one end of one connection sees, at next to no cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from smtplab.transcript.events import (
    EVENT_OVERHEAD,
    MAX_EVENT_OCTETS,
    PLAIN,
    Detail,
    Kind,
    Note,
    OctetsKeeper,
    Pairs,
    Span,
    keep,
)
from smtplab.transcript.turn import FOLLOWS, TURN, Turn, taken_apart
from smtplab.transcript.wire import Wire

if TYPE_CHECKING:
    from smtplab.transcript.transcript import Transcript

TRIM_AFTER = 65_536  # octets that one recorder notes before the bounds are looked at


class Recorder:
    """Writes down what one end of one connection sees."""

    def __init__(self, transcript: Transcript, connection: str, end: str) -> None:
        self.transcript = transcript
        self.connection = connection
        self.end = end
        self.tls = False
        self.wire = Wire()
        self.seq = 0  # of the next event
        self._noted = 0  # octets of memory since the last trim
        self._note, self._note_all = transcript.note, transcript.note_all
        self._now = getattr(transcript.now, "seconds", transcript.now)
        self._add = self.wire.add

    def record(
        self,
        kind: Kind,
        step: int,
        octets: bytes = b"",
        detail: Detail | Pairs = (),
        secrets: tuple[Span, ...] = (),
    ) -> None:
        """Record one event; `secrets` are spans of `octets` known from the state."""
        length, sha256 = len(octets), None
        if length > MAX_EVENT_OCTETS and not self.transcript.is_kept_whole:
            octets, sha256 = keep(octets)
        self._note_down(kind, step, octets, length, sha256, detail, secrets)

    def record_turn(self, step: int, turn: Turn) -> None:
        """Record a turn: its events have the steps from `step` on, and the same moment."""
        shape, received, sent, _ = turn
        length, events = len(received) + len(sent), len(shape)
        head: Note = (
            TURN, self.connection, self.end, self.seq, step,
            sent, length, self.tls, self._now(), (), None, cast(Pairs, turn),
        )  # fmt: skip
        if length > MAX_EVENT_OCTETS:  # of one event, perhaps, which then is cut
            for kind, _, _, _, at, octets, *_, detail in taken_apart([head]):
                self.record(Kind(kind), at, octets, detail)
            return
        self.seq += events
        self._note_all([head] + [FOLLOWS] * (events - 1))
        self._noted += length + EVENT_OVERHEAD * events
        if self._noted > TRIM_AFTER:
            self._trim()

    def keeper(self) -> OctetsKeeper:
        """Something to gather the octets of one event in."""
        return OctetsKeeper(None if self.transcript.is_kept_whole else MAX_EVENT_OCTETS)

    def record_kept(self, kind: Kind, step: int, keeper: OctetsKeeper) -> None:
        """Record octets that came in pieces."""
        octets, sha256 = keeper.kept()
        self._note_down(kind, step, octets, keeper.length, sha256, (), ())

    def _note_down(
        self,
        kind: Kind,
        step: int,
        octets: bytes,
        length: int,
        sha256: str | None,
        detail: Detail | Pairs,
        secrets: tuple[Span, ...],
    ) -> None:
        seq = self.seq
        self.seq = seq + 1
        self._note(
            (PLAIN[kind], self.connection, self.end, seq, step,
             octets, length, self.tls, self._now(), secrets, sha256, detail)
        )  # fmt: skip
        self._noted += len(octets) + EVENT_OVERHEAD
        if self._noted > TRIM_AFTER:
            self._trim()

    def _trim(self) -> None:
        self._noted = 0
        self.transcript.trim()

    def segment(self, sender: str, octets: bytes) -> None:
        """Record what passed on the wire."""
        self._add(sender, octets, self.seq)
