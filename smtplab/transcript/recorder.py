"""Recorders: one for each end of each connection; what one costs is paid at every step."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count, repeat
from typing import TYPE_CHECKING

from smtplab.transcript.events import MAX_EVENT_OCTETS, Detail, Kind, OctetsKeeper, Span, keep
from smtplab.transcript.notes import EVENT_OVERHEAD, PLAIN, Pairs, Shape
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
        self._seq = 0
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
        what = (PLAIN[kind],), (detail,)
        self._note_down(what, step, octets, length, sha256, secrets)

    def record_all(self, what: Shape, step: int, octets: Sequence[bytes]) -> None:
        """Record several events of the same moment; the first one is of `step`, and so on.

        Pipelined sending has 40 microseconds for eight of them.
        """
        sizes = [*map(len, octets)]
        size = sum(sizes)
        if size > MAX_EVENT_OCTETS and max(sizes) > MAX_EVENT_OCTETS:
            for number, (kind, detail) in enumerate(zip(*what, strict=True)):
                self.record(Kind(kind), step + number, octets[number], detail)
            return
        context = (
            self.connection, self.end, self._seq, step, self.tls, self._now(), (), None, what
        )  # fmt: skip
        self._note_all([*zip(octets, sizes, count(), repeat(context))])
        self._seq += len(sizes)
        self._noted += size + EVENT_OVERHEAD * len(sizes)
        if self._noted > TRIM_AFTER:
            self._trim()

    def keeper(self) -> OctetsKeeper:
        """Something to gather the octets of one event in."""
        return OctetsKeeper(None if self.transcript.is_kept_whole else MAX_EVENT_OCTETS)

    def record_kept(self, kind: Kind, step: int, keeper: OctetsKeeper) -> None:
        """Record octets that came in pieces."""
        octets, sha256 = keeper.kept()
        what = (PLAIN[kind],), ((),)
        self._note_down(what, step, octets, keeper.length, sha256, ())

    def _note_down(
        self,
        what: Shape,
        step: int,
        octets: bytes,
        length: int,
        sha256: str | None,
        secrets: tuple[Span, ...],
    ) -> None:
        seq = self._seq
        self._seq = seq + 1
        context = (
            self.connection, self.end, seq, step, self.tls, self._now(), secrets, sha256, what
        )  # fmt: skip
        self._note((octets, length, 0, context))
        self._noted += len(octets) + EVENT_OVERHEAD
        if self._noted > TRIM_AFTER:
            self._trim()

    def _trim(self) -> None:
        self._noted = 0
        self.transcript.trim()

    def segment(self, sender: str, octets: bytes) -> None:
        """Record what passed on the wire."""
        self._add(sender, octets, self._seq)
