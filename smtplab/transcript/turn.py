"""A turn: replies that came in one read and what went out in one write after them (RFC 2920).

Many mail objects in a row are recorded a turn at a time, because a note for each event would take
longer than the rest of the work. A turn is taken apart when somebody looks at it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from smtplab.transcript.events import Note, Pairs

Shape = tuple[tuple[str, Pairs], ...]
"""Kind and detail of each event: first those of the replies, then of what went out."""


Turn = tuple[Shape, bytes, bytes, int]
"""Its shape, the reply lines, what went out, and how many octets the first part of that has.

Octets are in one piece, as they came and went. A plain tuple: see `Note`.
"""


# A turn stands first, and this in the place of each of its further events, so that notes are
# counted, weighed and dropped as if each were an event.
FOLLOWS: Note = ("", "", "", 0, 0, b"", 0, False, 0.0, (), None, ())
TURN = "turn"  # stands where a note has its kind


def taken_apart(notes: Iterable[Note]) -> Iterator[Note]:
    """A note for each event, oldest first."""
    for note in notes:
        if note[0] == TURN:
            yield from _events_of(note)
        elif note is not FOLLOWS:
            yield note


def _events_of(note: Note) -> Iterator[Note]:
    _, connection, end, seq, step, _, _, tls, moment, *_ = note
    turn = cast(Turn, note[11])
    for (kind, detail), octets in zip(turn[0], _octets_of_each(turn), strict=True):
        yield (kind, connection, end, seq, step,
               octets, len(octets), tls, moment, (), None, detail)  # fmt: skip
        seq, step = seq + 1, step + 1


def _octets_of_each(turn: Turn) -> Iterator[bytes]:
    """
    >>> list(_octets_of_each(((), b"250 OK\\r\\n", b"a\\r\\n.\\r\\nDATA\\r\\n", 6)))
    [b'250 OK\\r\\n', b'a\\r\\n.\\r\\n', b'DATA\\r\\n']
    """
    _, received, sent, first = turn  # all but the first part are command lines
    yield from received.splitlines(keepends=True)
    if first:
        yield sent[:first]
    yield from sent[first:].splitlines(keepends=True)
