"""A recorded conversation taken through the session's table again, so that each reply has its step.

It reads the recorder's events, or lines that somebody else wrote down (RFC 5321, 4.1.4).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from smtplab import session
from smtplab.commands import verb_of
from smtplab.errors import RemoteProtocolError
from smtplab.replies import Reply, ReplyParser
from smtplab.session import Session, State
from smtplab.step_reply import StepReply
from smtplab.transcript import Event, Kind, Transcript

_GREETING = Reply(220)
_OPENS = (220, 421, 554)  # codes that open a session, or refuse to (RFC 5321, 4.3.2)


@dataclass
class Replay:
    """A session that may have been noted down from its middle, or with gaps."""

    session: Session = field(default_factory=Session)
    is_first: bool = True  # whether the next reply is the first one

    def sent(self, kind: Kind, octets: bytes) -> None:
        """The client sent this; a chunk of BDAT belongs to its command."""
        if kind is Kind.MAIL_DATA and self.session.state is State.DATA:
            self.session.sent(session.END_OF_DATA)
        elif kind is Kind.RESPONSE:
            self.session.sent(session.CHALLENGE)
        elif kind is Kind.COMMAND:
            self.session.sent(step_of(octets))

    def received(self, reply: Reply) -> StepReply:
        """The server sent this; returns it with its step."""
        now = self.session
        if self.is_first and now.unanswered > 1 and reply.code not in _OPENS:
            now.received(_GREETING)  # it was not noted down
        self.is_first = False
        if not now.unanswered and now.state is State.DATA:
            now.sent(session.END_OF_DATA)  # the content was not noted down
        step = now.received(reply)
        return StepReply(reply.code, reply.texts, step, now.snapshot)

    def tls_began(self) -> None:
        """RFC 3207, 4.2."""
        self.session.tls_began()


def step_of(octets: bytes) -> str:
    """The step that a command line begins: its verb, or the last BDAT (RFC 3030, 2)."""
    verb = verb_of(octets)
    if verb == "BDAT" and b" LAST" in octets.upper().split(b"\r\n")[0]:
        return session.BDAT_LAST
    return verb


@dataclass
class Step:
    """What the client sent, and the replies to it; the greeting has nothing that was sent."""

    name: str  # a verb, "greeting", "challenge", "end-of-data" or "BDAT LAST"
    sent: Event | None
    chunk: Event | None = None  # what followed a BDAT command
    replies: list[StepReply] = field(default_factory=list)
    tls: bool = False

    @property
    def reply(self) -> StepReply | None:
        return self.replies[0] if self.replies else None


def replayed(events: Iterable[Event]) -> Iterator[tuple[Event, StepReply | None]]:
    """Each event of one end of one connection, a reply of the server with its step."""
    replay = Replay()
    for event in events:
        reply: StepReply | None = None
        if event.kind in (Kind.GREETING, Kind.REPLY, Kind.CHALLENGE):
            plain = parsed(event.octets)
            reply = None if plain is None else replay.received(plain)
        elif event.kind is Kind.TLS:
            replay.tls_began()
        elif event.kind is Kind.CLOSE:
            replay.session.connection_lost()
        else:
            replay.sent(event.kind, event.octets)
        yield event, reply


def steps(events: Iterable[Event]) -> list[Step]:
    """The steps of one end of one connection in the order in which the client took them."""
    found: list[Step] = []
    by_number: dict[int, Step] = {}
    for event, reply in replayed(events):
        known = by_number.get(event.step)
        if event.kind is Kind.MAIL_DATA and known and known.name.startswith("BDAT"):
            known.chunk = event
        elif event.kind in (Kind.COMMAND, Kind.RESPONSE, Kind.MAIL_DATA):
            by_number[event.step] = Step(_name(event), event, tls=event.tls)
            found.append(by_number[event.step])
        elif reply is not None:
            if known is None:
                known = by_number[event.step] = Step(reply.step, None, tls=event.tls)
                found.append(known)
            known.replies.append(reply)
    return found


def _name(event: Event) -> str:
    if event.kind is Kind.RESPONSE:
        return session.CHALLENGE
    return session.END_OF_DATA if event.kind is Kind.MAIL_DATA else step_of(event.octets)


def parsed(octets: bytes) -> Reply | None:
    """The reply that these octets are, or None if they are none."""
    parser = ReplyParser()
    try:
        parser.feed(octets)
        return parser.next_reply()
    except RemoteProtocolError:
        return None


def one_end(transcript: Transcript, connection: str | None = None) -> tuple[Event, ...]:
    """The events of one connection (the first, if none is named) as one end saw them.

    The client's end, if it was recorded. `ValueError` lists the connections that there are.
    """
    names = [name for name in transcript.connections if transcript.of(name, "client")]
    names += [name for name in transcript.connections if name not in names]
    if connection is None and names:
        connection = names[0]
    if connection not in names:
        there = f"there are {', '.join(names)}" if names else "this transcript has none"
        raise ValueError(f"no connection {connection!r}; {there}")
    return transcript.of(connection, "client") or transcript.of(connection, "server")
