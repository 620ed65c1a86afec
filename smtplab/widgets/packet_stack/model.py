"""The packets of one connection without a front end: those that the capture file holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from smtplab.client import Client
from smtplab.sandbox import Sandbox
from smtplab.sandbox.little_internet import ADDRESSES
from smtplab.transcript import Event, Transcript
from smtplab.transcript.capture import address_book, packets_of
from smtplab.transcript.packets import ACK, FIN, MSS, SYN, packed
from smtplab.transcript.passage import Passage, passages
from smtplab.transcript.tls_records import HEADER, Reader, is_client_hello
from smtplab.widgets.carried import carried
from smtplab.widgets.labels import in_one_line
from smtplab.widgets.packet_stack.layers import Frame, Part, take_apart

SHOWN = 200  # packets on one page of the list
OCTETS_AROUND = 36  # that a capture file adds to a packet, at most
LONGEST_LABEL = 60  # characters
_TCP_ALONE = {
    SYN: "SYN: opens the connection", SYN | ACK: "SYN, ACK: agrees", ACK: "ACK: received",
    FIN | ACK: "FIN, ACK: nothing more will come",
}  # fmt: skip


class Label(NamedTuple):
    """What a segment carries; its words are made when somebody reads them."""

    otherwise: str  # where it carries nothing that has a name
    handshake: tuple[str, ...] = ()  # names of TLS messages
    events: tuple[Sequence[Event], ...] = ()
    packets: int = 1  # that the segment takes

    def words(self, part: int) -> str:
        said = " · ".join(filter(None, map(_words, self.events)))
        told = [f"TLS handshake: {', '.join(self.handshake)}"] if self.handshake else []
        text = "; ".join([*told, said] if said else told) or self.otherwise
        return text if self.packets == 1 else f"{text} (part {part} of {self.packets})"


class Packet(NamedTuple):
    """One packet as the capture holds it, and what it carries."""

    number: int  # from 1, as Wireshark counts
    sender: str  # "C" or "S"
    octets: bytes  # from the IP header on
    parts: tuple[Part, ...]  # of its data
    label: Label
    part: int = 1  # of its segment

    @property
    def text(self) -> str:
        """What it carries in words."""
        return self.label.words(self.part)


class PacketModel:
    """Takes the packets of one connection from the same source as its capture file."""

    def __init__(
        self,
        transcript: Transcript,
        connection: str,
        addresses: Mapping[str, str],
        capture: Callable[[Sequence[str]], bytes],
    ) -> None:
        self.transcript, self.connection = transcript, connection
        self._addresses, self._capture = addresses, capture
        self.shown_from = 0  # place in `packets` of the first in the list
        self.chosen = 0
        self.field = -1  # place in the frame's fields; -1 for none
        self._seen = (-1, -1)  # how much was recorded at the last look
        self.refresh()
        self.choose(self._first_line() + 1)

    def refresh(self) -> None:
        """Take the packets as they are now; `ValueError` if the connection is not whole."""
        recorded = self._recorded()
        if recorded == self._seen:
            return
        passage = passages(self.transcript, [self.connection], secrets=False)[0]
        book = address_book([passage], self._addresses)
        self.names = {address: name for name, address in book.items()}
        self.passage = passage
        self.packets = tuple(_packets(self.transcript, passage, book))
        self._seen = recorded  # a look that failed is no look

    def _recorded(self) -> tuple[int, int]:
        """How many events, and octets on the wire: a reply is noted before it is written."""
        octets = 0
        for end in ("client", "server"):
            with suppress(KeyError):
                octets += self.transcript.wire(self.connection, end).memory
        return len(self.transcript), octets

    def choose(self, number: int) -> None:
        """Choose a packet by its number; `ValueError` says which there are."""
        if not 1 <= number <= len(self.packets):
            raise ValueError(f"packets are numbered 1 to {len(self.packets)}; there is no {number}")
        self.chosen, self.field = number - 1, -1
        if not self.shown_from <= self.chosen < self.shown_from + SHOWN:
            self.shown_from = self.chosen - self.chosen % SHOWN

    def step(self, by: int) -> None:
        """The next packet, or the one before; at an end nothing moves."""
        self.choose(min(max(1, self.packet.number + by), len(self.packets)))

    def step_field(self, by: int) -> None:
        """The next field, or the one before; before the first none is marked."""
        self.field = min(max(-1, self.field + by), len(self.frame.fields) - 1)

    def find(self, text: str) -> int:
        """The number of the first packet that carries a line which begins so; `ValueError`."""
        found = (one.number for one in self.packets if one.text.startswith(text))
        number = next(found, 0)
        if not number:
            raise ValueError(f"no packet carries a line that begins with {text!r}")
        return number

    def show_earlier(self) -> None:
        self.shown_from = max(0, self.shown_from - SHOWN)

    def show_later(self) -> None:
        if self.has_later:
            self.shown_from += SHOWN

    @property
    def has_later(self) -> bool:
        return self.shown_from + SHOWN < len(self.packets)

    @property
    def listed(self) -> tuple[Packet, ...]:
        """The packets of the page that is turned to."""
        return self.packets[self.shown_from : self.shown_from + SHOWN]

    @property
    def packet(self) -> Packet:
        return self.packets[self.chosen]

    @property
    def frame(self) -> Frame:
        """The chosen packet taken apart."""
        one = self.packet
        return take_apart(one.octets, one.parts, self.names, from_client=one.sender == "C")

    @property
    def is_tls(self) -> bool:
        return any(part.kind != "plain" for part in self.packet.parts)

    @property
    def size(self) -> int:
        """About how many octets the capture file has."""
        return sum(len(one.octets) + OCTETS_AROUND for one in self.packets)

    def capture(self) -> bytes:
        """This connection as a pcapng file, with the very packets that are shown."""
        return self._capture([self.connection])

    def _first_line(self) -> int:
        """The client's first line, because that is what a learner has sent."""
        found = (n for n, one in enumerate(self.packets) if one.parts and one.sender == "C")
        return next(found, 0)


def model_of(what: object, connection: str | None) -> PacketModel:
    """The model for whatever a learner has in hand; `ValueError` says what is missing."""
    if isinstance(what, Sandbox):
        what.settle()
        name = _name(what.transcript, connection)
        return PacketModel(what.transcript, name, what.addresses, what.to_pcapng)
    if isinstance(what, Client):
        connection, what = connection or what.connection, what.transcript
    if not isinstance(what, Transcript):
        raise ValueError(
            f"PacketStack shows a Client, a Transcript or a Sandbox, not {type(what).__name__}"
        )
    transcript = what

    def capture(names: Sequence[str]) -> bytes:
        return transcript.to_pcapng(names, addresses=ADDRESSES)

    return PacketModel(transcript, _name(transcript, connection), ADDRESSES, capture)


def _name(transcript: Transcript, connection: str | None) -> str:
    names = transcript.connections
    if not names:
        raise ValueError("nothing was recorded yet; connect first")
    if connection is not None and connection not in names:
        raise ValueError(f"no connection {connection!r}; there are {', '.join(names)}")
    return connection or names[-1]


def _packets(transcript: Transcript, passage: Passage, book: Mapping[str, str]) -> Iterator[Packet]:
    """Each packet of the capture, with the words of the segment that it is a part of."""
    labels = _labels(transcript, passage)
    cutters = {"C": Cutter(), "S": Cutter()}
    client = book[passage.source]
    in_tls = False
    for number, (_, octets) in enumerate(packets_of(passage, 0, book), 1):
        who = "C" if octets[12:16] == packed(client) else "S"
        data = octets[20 + (octets[32] >> 4) * 4 :]
        if not data:
            flags = octets[33]
            label = Label(_TCP_ALONE.get(flags, "TCP alone"))
            yield Packet(number, who, octets, (), label)
            continue
        in_tls = in_tls or (who == "C" and is_client_hello(data))
        parts = tuple(cutters[who].cut(data)) if in_tls else (Part("plain", 0, len(data)),)
        yield Packet(number, who, octets, parts, *next(labels))


def _labels(transcript: Transcript, passage: Passage) -> Iterator[tuple[Label, int]]:
    """A label for each packet with data, in order, and which part of its segment it is."""
    segments = [segment for segment, _ in passage.segments]
    of_it = transcript.of(passage.connection)
    end = "server" if any(event.end == "server" for event in of_it) else "client"
    events = [event for event in of_it if event.end == end]
    said: dict[int, tuple[Sequence[Event], ...]] = {}
    for place, who, together in carried(events, segments):
        if who:
            said[place] = (*said.get(place, ()), together)
    reader, in_tls = Reader(), False
    for place, segment in enumerate(segments):
        names: list[str] = []
        in_tls = in_tls or (segment.sender == "client" and is_client_hello(segment.octets))
        if in_tls:
            names, _ = reader.feed(segment.sender, segment.octets)
        otherwise = "TLS alert or part of a record" if in_tls else "part of a line"
        count = -(-len(segment.octets) // MSS)
        label = Label(otherwise, tuple(names), said.get(place, ()), count)
        yield from ((label, n) for n in range(1, count + 1))


def _words(events: Sequence[Event]) -> str:
    return " · ".join(in_one_line(event, LONGEST_LABEL) for event in events)


class Cutter:
    """Follows one direction inside TLS: which octets are record headers, and which are bodies."""

    def __init__(self) -> None:
        self._header = b""
        self._left = 0  # octets of the body that are still to come

    def cut(self, data: bytes) -> Iterator[Part]:
        """The parts of the next packet's data."""
        at = 0
        while at < len(data):
            if self._left:
                end = min(len(data), at + self._left)
                self._left -= end - at
                yield Part("body", at, end)
            else:
                end = min(len(data), at + HEADER - len(self._header))
                self._header += data[at:end]
                if len(self._header) == HEADER:
                    self._left, self._header = int.from_bytes(self._header[3:], "big"), b""
                yield Part("header", at, end)
            at = end
