"""Evidence: what the sandbox's servers recorded and its mailboxes hold, ready for checks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from smtplab.commands import verb_of
from smtplab.lessons.shelves import Shelves
from smtplab.mail_object import ContentReader, Envelope, MailObject, header_section
from smtplab.sandbox import Sandbox, StoredMail
from smtplab.sandbox.little_internet import LAPTOP
from smtplab.transcript import Event, Kind, Segment, Transcript

_SENT = (Kind.COMMAND, Kind.RESPONSE, Kind.MAIL_DATA)
_REPLIED = (Kind.REPLY, Kind.CHALLENGE)
_BEGIN_ANEW = ("MAIL", "RSET", "EHLO", "HELO", "STARTTLS")  # RFC 5321, 4.1.4; RFC 3207, 4.2
_LONGEST_TAG = 64  # octets of an IMAP reply in which its tag and its OK must stand


@dataclass(frozen=True)
class Exchange:
    """One thing that the client sent, and the code of the reply to it (0: none came)."""

    kind: Kind
    octets: bytes
    tls: bool
    code: int

    @property
    def verb(self) -> str:
        """The verb of a command; "" for mail data and responses."""
        return verb_of(self.octets) if self.kind is Kind.COMMAND else ""

    @property
    def argument(self) -> str:
        """What follows the verb, without the CR LF."""
        words = self.octets.decode("utf-8", "replace").split(maxsplit=1)
        return words[1].rstrip() if len(words) > 1 else ""


@dataclass(frozen=True)
class Conversation:
    """One session of the learner's with a server, as the server recorded it."""

    source: str
    host: str
    port: int
    exchanges: tuple[Exchange, ...] = ()
    connection: str = ""  # its name in the transcript, where the octets on the wire are kept

    def has(self, verb: str, code: int) -> bool:
        """Whether a command with this verb got this reply code."""
        return self.at(verb, code) is not None

    def at(self, verb: str, code: int, after: int = -1) -> int | None:
        """Where, after position `after`, a command with this verb got this code."""
        for position, exchange in enumerate(self.exchanges):
            if position > after and (exchange.verb, exchange.code) == (verb, code):
                return position
        return None

    def signed_in(self) -> bool:
        """Whether an AUTH exchange ended with 235."""
        return any(exchange.code == 235 for exchange in self.exchanges)

    def after(self, position: int) -> Conversation:
        """What followed that position. MAIL may have come before it, so MAIL is kept."""
        before = tuple(e for e in self.exchanges[: max(position, 0)] if e.verb == "MAIL")
        return replace(self, exchanges=before + self.exchanges[position + 1 :])

    def transactions(self) -> tuple[Conversation, ...]:
        """Each mail transaction: from a MAIL that was accepted to what ends it (4.1.4)."""
        begun: list[list[Exchange]] = []
        is_open = False
        for exchange in self.exchanges:
            if exchange.code // 100 == 2 and exchange.verb in _BEGIN_ANEW:
                is_open = exchange.verb == "MAIL"
                begun += [[]] if is_open else []
            if is_open:
                begun[-1].append(exchange)
        return tuple(replace(self, exchanges=tuple(exchanges)) for exchanges in begun)

    def accepted(self, tls: bool | None = None) -> tuple[MailObject, ...]:
        """The mail objects that the server took with 250 after their end of mail data.

        `tls` asks for those that crossed inside it, or for those outside.
        """
        return tuple(
            mail
            for mail, end in self._mail_objects()
            if end.code // 100 == 2 and tls in (None, end.tls)
        )

    def refused(self) -> tuple[MailObject, ...]:
        """The mail objects that the server refused for good after their end of mail data."""
        return tuple(mail for mail, end in self._mail_objects() if end.code // 100 == 5)

    def _mail_objects(self) -> Iterator[tuple[MailObject, Exchange]]:
        """Every mail object that was sent whole, with the end of it and the reply to that."""
        reverse_path, forward_paths, chunks = "", list[str](), b""
        for position, exchange in enumerate(self.exchanges):
            done = exchange.code // 100 == 2
            if exchange.verb == "BDAT":
                chunks += self._chunk_of(position) if done else b""
                if done and exchange.argument.upper().endswith("LAST"):
                    envelope = Envelope(reverse_path, tuple(forward_paths))
                    yield MailObject(envelope, chunks), exchange
                    forward_paths = []
            elif exchange.kind is Kind.MAIL_DATA and not self._chunk_of(position - 1):
                envelope = Envelope(reverse_path, tuple(forward_paths))
                yield MailObject(envelope, _content(exchange.octets)), exchange
                forward_paths = []
            elif done and exchange.verb == "RCPT":
                forward_paths.append(_path(exchange))
            elif done and exchange.verb == "MAIL":
                reverse_path, forward_paths, chunks = _path(exchange), [], b""

    def _chunk_of(self, position: int) -> bytes:
        """The octets behind the BDAT at this place; without transparency (RFC 3030, 2)."""
        if position < 0 or self.exchanges[position].verb != "BDAT":
            return b""
        behind = self.exchanges[position + 1 : position + 2]
        return behind[0].octets if behind and behind[0].kind is Kind.MAIL_DATA else b""


class Evidence:
    """Read from the sandbox itself, after settling; nothing that a learner made counts."""

    def __init__(self, sandbox: Sandbox) -> None:
        sandbox.settle()
        self.sandbox = sandbox  # for queue, zones, policies, verdicts
        transcript = sandbox.transcript
        by_connection: dict[str, list[Event]] = {}
        for event in transcript.events:
            if event.end == "server":
                by_connection.setdefault(event.connection, []).append(event)
        shelves = Shelves(sandbox)
        read = (_conversation(transcript, events, shelves) for events in by_connection.values())
        self._all = tuple(one for one in read if one)
        self.conversations = self.of(LAPTOP)

    def of(self, source: str) -> tuple[Conversation, ...]:
        """The sessions that a host of the sandbox began; an exercise may send from elsewhere."""
        return tuple(one for one in self._all if one.source == source)

    def segments(self, one: Conversation) -> tuple[Segment, ...]:
        """What passed on the wire, as the server saw it; nothing if that is no longer kept."""
        try:
            return self.sandbox.transcript.wire(one.connection, "server").segments
        except KeyError:
            return ()

    def inbox(self, mailbox: str) -> tuple[StoredMail, ...]:
        return self.sandbox.inbox(mailbox)

    def arrived(self, mail: MailObject, mailbox: str) -> bool:
        """Whether this very content lies in the Inbox, with the same reverse-path."""
        return any(
            is_copy(stored, mail)
            and stored.envelope.reverse_path.lower() == mail.envelope.reverse_path.lower()
            for stored in self.inbox(mailbox)
        )

    def reports(self, mailbox: str, mail: MailObject) -> list[StoredMail]:
        """The reports in an Inbox that return the header section of this mail object.

        A report has the null reverse-path (RFC 5321, 4.5.5), and a server wrote it: what somebody
        handed in is none.
        """
        names = {box.name for box in self.sandbox.mailboxes}
        returned = header_section(mail.content)
        handed_in = [own for one in self.conversations for own in one.accepted()]
        return [
            stored
            for stored in (self.inbox(mailbox.lower()) if mailbox.lower() in names else ())
            if not stored.envelope.reverse_path
            and returned in stored.content
            and not any(is_copy(stored, own) for own in handed_in)
        ]


def is_copy(stored: StoredMail, mail: MailObject) -> bool:
    """Whether it is this content, with nothing but header fields of servers in front."""
    front = stored.content[: len(stored.content) - len(mail.content)]
    return stored.content.endswith(mail.content) and b"\r\n\r\n" not in front


def _conversation(
    transcript: Transcript, events: list[Event], shelves: Shelves
) -> Conversation | None:
    """The server's record of one connection; None unless it is whole and has octets behind it."""
    if events[0].kind is not Kind.CONNECT or not _is_real(transcript, events):
        return None
    codes = {e.step: _code(e.octets) for e in events if e.kind in _REPLIED}
    exchanges = tuple(
        Exchange(e.kind, shelves.octets_of(e), e.tls, codes.get(e.step, 0))
        for e in events
        if e.kind in _SENT
    )
    place = events[0].detail
    who = str(place["source"]), str(place["host"]), int(str(place["port"]))
    return Conversation(*who, exchanges, events[0].connection)


def _is_real(transcript: Transcript, events: list[Event]) -> bool:
    """Whether octets passed on the wire for these events, and none was slipped in later."""
    try:
        wire = transcript.wire(events[0].connection, "server")
    except KeyError:
        return False
    in_order = all(event.seq == n for n, event in enumerate(events))
    plain = [e for e in events if e.kind in _SENT and not e.tls and e.is_whole]
    sent = wire.octets("client")
    return in_order and bool(sent) and (wire.dropped > 0 or all(e.octets in sent for e in plain))


def _code(reply: bytes) -> int:
    """The code of a reply; for POP3 and IMAP, which have none, 250 where it says OK.

    >>> _code(b"354 Go on\\r\\n"), _code(b"+OK 2 messages\\r\\n"), _code(b"a1 OK Done\\r\\n")
    (354, 250, 250)
    """
    if reply[:3].isdigit():
        return int(reply[:3])
    words = reply[:_LONGEST_TAG].upper().split(maxsplit=2)
    return 250 if words[:1] == [b"+OK"] or words[1:2] == [b"OK"] else 0


def _content(mail_data: bytes) -> bytes:
    reader = ContentReader()
    reader.feed(mail_data)
    return reader.content


def _path(exchange: Exchange) -> str:
    """What stands between the angle brackets of MAIL or RCPT."""
    return exchange.argument.partition("<")[2].partition(">")[0]
