"""Which lines went out together: the events of a connection, by the segment that carried them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from smtplab.transcript import Event, Segment
from smtplab.transcript.rendering import sender

_LETTER = {"client": "C", "server": "S"}


class Carried(NamedTuple):
    """Lines of one side in one segment, or one note ("" as `sender`)."""

    segment: int  # place among the segments that were given; -1 if that one is not kept
    sender: str  # "C", "S" or ""
    events: tuple[Event, ...]


def carried(events: Iterable[Event], segments: Sequence[Segment]) -> tuple[Carried, ...]:
    """The events of one end of one connection, in the order in which the wire carried them.

    A server notes its reply before it writes it, and all else is noted after it crossed the wire;
    so the number that a segment bears is read in two ways.
    """
    places = {who: _places(segments, who) for who in ("client", "server", "")}
    placed = [(_place(event, places), event) for event in events]
    placed.sort(key=_order)
    found: list[Carried] = []
    for (place, who), run in groupby(placed, _same):
        together = [event for _, event in run]
        if place < 0 or not who:
            found += [Carried(place, who, (event,)) for event in together]
        else:
            found.append(Carried(place, who, tuple(together)))
    return tuple(found)


_Places = tuple[list[int], list[int]]  # the seq of each segment of one sender, and its place


def _places(segments: Sequence[Segment], who: str) -> _Places:
    of_it = [(one.seq, n) for n, one in enumerate(segments) if who in (one.sender, "")]
    return [seq for seq, _ in of_it], [n for _, n in of_it]


def _place(event: Event, places: dict[str, _Places]) -> int:
    letter = sender(event)
    who = next((name for name, one in _LETTER.items() if one == letter), "")
    seqs, numbers = places[who]
    if who == "server" and event.end == "server":
        first_after = bisect_left(seqs, event.seq + 1)
        return numbers[first_after] if first_after < len(numbers) else -1
    last_before = bisect_right(seqs, event.seq) - 1
    return numbers[last_before] if last_before >= 0 else -1


def _order(placed: tuple[int, Event]) -> tuple[int, int]:
    return placed[0], placed[1].seq


def _same(placed: tuple[int, Event]) -> tuple[int, str]:
    return placed[0], sender(placed[1])
