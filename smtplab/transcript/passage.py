"""What passed on the wire of one connection, ready to be shown or put into a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from smtplab.transcript.events import FROM_CLIENT, Event, Kind, Segment, Span
from smtplab.transcript.hiding import hide
from smtplab.transcript.tls_records import is_client_hello

if TYPE_CHECKING:
    from smtplab.transcript.transcript import Transcript

# RFC 2606 and RFC 6761: no real server has such a name.
_PRACTICE_NAMES = ("example", "test", "invalid", "example.com", "example.net", "example.org")
# RFC 5737 and RFC 3849: no real server has such an address.
_PRACTICE_ADDRESS = re.compile(r"(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+|2001:db8:[\d:a-f]*")


@dataclass(frozen=True)
class Passage:
    """One connection as octets: who with whom, and each segment with its world time."""

    connection: str
    source: str
    host: str
    port: int
    opened: datetime
    closed: datetime  # or the time of what was seen last
    segments: tuple[tuple[Segment, datetime], ...]
    closed_by: str  # "client", "server", or "" while it is open

    @property
    def is_practice(self) -> bool:
        """Whether the host belongs to the sandbox: nothing there is worth hiding."""
        return is_practice_host(self.host)

    @property
    def flights(self) -> tuple[tuple[str, bytes], ...]:
        """Sender and joined octets, a new one whenever the other side begins to speak."""
        turns = _turns([segment for segment, _ in self.segments])
        return tuple((turn.sender, turn.octets) for turn in turns)


def passages(
    transcript: Transcript, connections: Sequence[str] | None, *, secrets: bool
) -> tuple[Passage, ...]:
    """The connections by name, or all; `ValueError` names the one that is not whole.

    Where both ends were recorded, the server's is taken. Secrets that crossed the wire to a real
    server in plaintext are hidden unless `secrets` is set.
    """
    names = connections
    if names is None:
        events = transcript.events
        if events and events[0].kind is Kind.DROPPED:
            raise ValueError(
                "older events were dropped from this transcript, so it does not hold all "
                "connections any more; name those that you want, or call "
                "transcript.keep_whole() before the first begins"
            )
        names = sorted({event.connection for event in events if event.connection}, key=_by_number)
    return tuple(_passage(transcript, name, secrets) for name in names)


def is_practice_host(host: str) -> bool:
    """Whether a host's name or address is one that no real server can have.

    >>> is_practice_host("mx.example.net"), is_practice_host("localhost")
    (True, False)
    """
    name = host.lower().rstrip(".")
    return bool(_PRACTICE_ADDRESS.fullmatch(name)) or any(
        name == word or name.endswith(f".{word}") for word in _PRACTICE_NAMES
    )


def _passage(transcript: Transcript, connection: str, secrets: bool) -> Passage:
    of_it = transcript.of(connection)
    end = "server" if any(event.end == "server" for event in of_it) else "client"
    seen = [event for event in of_it if event.end == end]
    if not seen or seen[0].kind is not Kind.CONNECT:
        raise ValueError(
            f"the beginning of connection {connection!r} is not in this transcript (any more)"
        )
    try:
        wire = transcript.wire(connection, end)
    except KeyError:
        raise ValueError(f"the octets of connection {connection} are no longer kept") from None
    segments = list(wire.segments)
    if wire.dropped:
        raise ValueError(
            f"connection {connection} has a gap: its oldest {wire.dropped} octets on the wire "
            "are no longer kept; transcript.keep_whole() before it begins keeps everything"
        )
    place = seen[0].detail
    host = str(place["host"])
    if not (secrets or is_practice_host(host)):
        segments = list(_hidden(segments, seen, transcript))
    times = {event.seq: event.world_time for event in seen}
    return Passage(
        connection=connection,
        source=str(place["source"]),
        host=host,
        port=int(str(place["port"])),
        opened=seen[0].world_time,
        closed=seen[-1].world_time,
        segments=tuple((one, times.get(one.seq, seen[-1].world_time)) for one in segments),
        closed_by=_closed_by(seen),
    )


def _by_number(name: str) -> tuple[str, int]:
    """ "c2" before "c10", and the learner's before those between servers."""
    letters = name.rstrip("0123456789")
    return letters, int(name[len(letters) :] or 0)


def _closed_by(seen: Sequence[Event]) -> str:
    reasons = [str(event.detail.get("why")) for event in seen if event.kind is Kind.CLOSE]
    if not reasons:
        return ""
    return "client" if reasons[0].startswith("by the client") else "server"


def _sender(segment: Segment) -> str:
    return segment.sender


def _turns(segments: Sequence[Segment]) -> list[Segment]:
    """The segments of each side's turn joined to one."""
    turns = []
    for sender, run in groupby(segments, _sender):
        first, *rest = run
        octets = b"".join((first.octets, *(segment.octets for segment in rest)))
        turns.append(Segment(sender, octets, first.seq))
    return turns


def _hidden(
    segments: Sequence[Segment], seen: Sequence[Event], transcript: Transcript
) -> Iterator[Segment]:
    """The turns, with every secret that is in plaintext hidden: by value and by state."""
    turns = _turns(segments)
    hello = (n for n, turn in enumerate(turns) if _begins_tls(turn))
    plain = turns[: next(hello, len(turns))]
    starts = [turn.seq for turn in plain if turn.sender == "client"]
    by_turn = dict(zip(starts, [*starts[1:], len(seen)], strict=False))
    for turn in plain:
        spans = transcript.secrets.spans(turn.octets)
        if turn.sender == "client":
            # An event is noted after its octets were sent, so it is older than the next turn.
            own = [event for event in seen if turn.seq <= event.seq < by_turn[turn.seq]]
            spans += _spans_by_state(turn.octets, own)
        yield turn._replace(octets=hide(turn.octets, spans))
    yield from turns[len(plain) :]


def _begins_tls(turn: Segment) -> bool:
    return turn.sender == "client" and is_client_hello(turn.octets)


def _spans_by_state(octets: bytes, own: Iterable[Event]) -> tuple[Span, ...]:
    """Where the secrets of the client's events stand in the octets of their turn."""
    found: list[Span] = []
    at = 0
    for event in own:
        if event.kind not in FROM_CLIENT or event.tls or not event.secrets:
            continue
        at = octets.find(event.octets, at)
        if at < 0:  # cut when it was recorded
            raise ValueError(
                f"connection {event.connection} holds a secret that cannot be found again on "
                "its wire; pass secrets=True to show everything"
            )
        found += [(at + start, at + end) for start, end in event.secrets]
        at += len(event.octets)
    return tuple(found)
