"""Each turn on the wire, beside what the two ends noted of the same moment (RFC 8446, 5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from smtplab.transcript import Event
from smtplab.transcript.eavesdropper import Overheard, Sight
from smtplab.transcript.rendering import sender, shown_lines
from smtplab.transcript.tls_records import HEADER, split_records

_LETTER = {"client": "C", "server": "S"}
_TYPES = {
    20: "ChangeCipherSpec",
    21: "alert",
    22: "handshake",
    23: "application data",
}  # RFC 8446, 5.1


@dataclass(frozen=True)
class Moment:
    """One turn of one side: what passed on the wire, and the same in each end's own record."""

    who: str  # "C" or "S"
    sight: Sight
    client: tuple[Event, ...] = ()  # () where that end was not recorded
    server: tuple[Event, ...] = ()

    @property
    def is_tls(self) -> bool:
        return not self.sight.octets

    @property
    def inside(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Who noted which lines; one entry if both noted the same, or only one end is known."""
        client, server = _said(self.client), _said(self.server)
        if client and server and client != server:
            return ("client", client), ("server", server)
        name = "client and server" if client and server else "client" if client else "server"
        return ((name, client or server),) if client or server else ()

    @property
    def changed(self) -> tuple[str, ...]:
        """In words, what somebody on the way took out, put in, or replaced."""
        client, server = _said(self.client), _said(self.server)
        if not (client and server) or client == server:
            return ()
        sent, came = (client, server) if self.who == "C" else (server, client)
        gone = [f"taken away: {line}" for line in sent if _bare(line) not in map(_bare, came)]
        new = [f"put in: {line}" for line in came if _bare(line) not in map(_bare, sent)]
        return (*gone, *new)


def _said(events: Iterable[Event]) -> tuple[str, ...]:
    return tuple(line for event in events for line in shown_lines(event))


def _bare(line: str) -> str:
    """A reply line without the hyphen that only says whether it is the last."""
    return line[:3] + line[4:] if line[3:4] in ("-", " ") and line[:3].isdigit() else line


def moments(
    overheard: Overheard, client: Sequence[Event] = (), server: Sequence[Event] = ()
) -> tuple[Moment, ...]:
    """The sights with the turns of both ends; the ends are joined turn by turn, never by time."""
    with_client = _joined(overheard.sights, client)
    with_server = _joined(overheard.sights, server)
    return tuple(
        Moment(_LETTER[sight.sender], sight, mine, theirs)
        for sight, mine, theirs in zip(overheard.sights, with_client, with_server, strict=True)
    )


def _joined(sights: Sequence[Sight], events: Sequence[Event]) -> Iterator[tuple[Event, ...]]:
    """For each sight the turn that it carried; a handshake carries none.

    If the two do not go together (something fell out), nothing is joined any more.
    """
    turns = [(who, tuple(run)) for who, run in groupby(filter(sender, events), sender)]
    at, in_step = 0, True
    for sight in sights:
        carries = bool(sight.octets or sight.lengths)
        if not (carries and in_step and at < len(turns)):
            yield ()
            continue
        who, turn = turns[at]
        in_step = who == _LETTER[sight.sender] and turn[0].tls == (not sight.octets)
        yield turn if in_step else ()
        at += 1


def record_rows(sight: Sight) -> Iterator[tuple[str, str, bytes]]:
    """Each TLS record: its header in hex, what the header tells, and its body."""
    rest = sight.records
    for record in split_records(rest)[0]:
        header, rest = rest[:HEADER], rest[HEADER + len(record.body) :]
        kind = _TYPES.get(record.type, "an unknown type")
        size = len(record.body)
        follow = "1 octet follows" if size == 1 else f"{size} octets follow"
        yield header.hex(" "), f"{kind}, {follow}", record.body
