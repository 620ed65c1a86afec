"""One packet taken apart: what each layer adds, field by field.

IPv4 (RFC 791), TCP (RFC 9293), TLS records (RFC 8446, 5.1), SMTP (RFC 5321, 2.3.7). The frame of
Ethernet around it is an illustration: a capture of this sandbox begins with the IP header.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import NamedTuple

from smtplab.transcript.packets import ACK, FIN, PSH, SYN
from smtplab.transcript.tls_records import HEADER as TLS_HEADER

# RFC 9542, 2.1.4: for documentation.
CLIENT_MAC, SERVER_MAC = bytes.fromhex("00005e005301"), bytes.fromhex("00005e005302")
IPV4_TYPE = b"\x08\x00"  # RFC 894
SHORTEST_PAYLOAD = 46  # octets of an Ethernet frame's data (RFC 894); shorter ones are filled up
ETHERNET, CHECK = 14, 4  # octets in front and behind

_SERVICES = {
    25: "SMTP between servers", 587: "submission", 465: "submission inside TLS",
    110: "POP3", 995: "POP3 inside TLS", 143: "IMAP", 993: "IMAP inside TLS",
}  # fmt: skip
_FLAGS = {SYN: "SYN", ACK: "ACK", PSH: "PSH", FIN: "FIN"}
_RECORDS = {
    20: "change cipher spec", 21: "alert", 22: "handshake", 23: "application data",
}  # fmt: skip


class Field(NamedTuple):
    """One field of a header; `start` and `end` are places in the frame."""

    name: str
    value: str
    meaning: str
    start: int
    end: int


@dataclass(frozen=True)
class Layer:
    """What one layer adds in front of (and behind) the octets from above."""

    letter: str
    name: str
    adds: int  # octets
    task: str
    fields: tuple[Field, ...]


class Part(NamedTuple):
    """Octets of a packet's data: those of TLS record headers, or of what they carry."""

    kind: str  # "plain", "header" or "body"
    start: int  # in the data
    end: int


@dataclass(frozen=True)
class Frame:
    """A packet with a frame of Ethernet around it."""

    octets: bytes
    layers: tuple[Layer, ...]  # from the application down to the network
    letters: str  # of each octet's layer

    @property
    def fields(self) -> tuple[tuple[Layer, Field], ...]:
        """Every field, as it stands in the frame."""
        found = [(layer, field) for layer in self.layers for field in layer.fields]
        return tuple(sorted(found, key=lambda pair: pair[1].start))


def take_apart(
    packet: bytes, parts: Sequence[Part], names: Mapping[str, str], *, from_client: bool
) -> Frame:
    """The layers of one packet; `names` gives the host of each address."""
    macs = (SERVER_MAC, CLIENT_MAC) if from_client else (CLIENT_MAC, SERVER_MAC)
    padding = bytes(max(0, SHORTEST_PAYLOAD - len(packet)))
    inside = b"".join(macs) + IPV4_TYPE + packet + padding
    octets = inside + struct.pack("<I", zlib.crc32(inside))  # IEEE 802.3, 3.2.9
    tcp_length = (packet[32] >> 4) * 4
    data = packet[20 + tcp_length :]
    base = ETHERNET + 20 + tcp_length
    ports = struct.unpack_from(">HH", packet, 20)
    layers = [
        *_application(data, parts, base, f"App layer ({_spoken(ports)})"),
        _tcp(packet[20:], ETHERNET + 20, tcp_length),
        _ip(packet, names),
        _ethernet(octets, len(padding)),
    ]
    marks = bytearray(b"L" * ETHERNET + b"I" * 20 + b"T" * tcp_length + b"A" * len(data))
    marks += b"L" * (len(padding) + CHECK)
    for part in parts:
        if part.kind == "header":
            marks[base + part.start : base + part.end] = b"R" * (part.end - part.start)
    return Frame(octets, tuple(layers), marks.decode())


# From the top of the stack to the bottom.


def _spoken(ports: tuple[int, int]) -> str:
    named = (_SERVICES.get(port, "").split(" ")[0] for port in ports)
    return next((name for name in named if name in ("POP3", "IMAP")), "SMTP")


def _application(data: bytes, parts: Sequence[Part], base: int, name: str) -> Iterator[Layer]:
    plain = [part for part in parts if part.kind == "plain"]
    if not data or plain:
        fields = [Field(*_line(line, at + base)) for line, at in _lines(data)]
        yield Layer("A", name, len(data), _TASK_OF_APP, tuple(fields[:MOST_LINES]))
        return
    bodies = [part for part in parts if part.kind == "body"]
    headers = [part for part in parts if part.kind == "header"]
    hidden = sum(part.end - part.start for part in bodies)
    fields = [
        Field("Encrypted", f"{part.end - part.start} octets", _UNREADABLE, base + part.start,
              base + part.end)
        for part in bodies[:MOST_LINES]
    ]  # fmt: skip
    yield Layer("A", f"{name}, encrypted", hidden, _TASK_OF_APP, tuple(fields))
    fields = [field for part in headers[:MOST_LINES] for field in _record(data, part, base)]
    yield Layer(
        "R", "TLS record layer", sum(part.end - part.start for part in headers), _TASK_OF_TLS,
        tuple(fields),
    )  # fmt: skip


MOST_LINES = 8  # lines or records of one packet that are named
_TASK_OF_APP = "says what is wanted: commands, replies, the content"
_TASK_OF_TLS = "hides and protects what is above it; its header stays readable"
_TASK_OF_TCP = "brings every octet once and in order, from one port to another"
_TASK_OF_IP = "brings the packet from one address to another, over any network between"
_TASK_OF_LINK = "brings the frame to the next device on the same cable or radio; an illustration"
_UNREADABLE = "nobody on the way can read these octets"


def _lines(data: bytes) -> Iterator[tuple[bytes, int]]:
    at = 0
    for line in data.splitlines(keepends=True):
        yield line, at
        at += len(line)


def _line(line: bytes, at: int) -> tuple[str, str, str, int, int]:
    text = line.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
    ended = line.endswith(b"\r\n")
    meaning = "a line; CR LF ends it" if ended else "the line goes on in the next packet"
    return "Line", text, meaning, at, at + len(line)


def _record(data: bytes, part: Part, base: int) -> Iterator[Field]:
    header, at = data[part.start : part.end], base + part.start
    if len(header) < TLS_HEADER:
        yield Field("Part of a record's header", header.hex(" "), "cut by the packet", at,
                    at + len(header))  # fmt: skip
        return
    kind, length = header[0], int.from_bytes(header[3:5], "big")
    named = _RECORDS.get(kind, "unknown")
    yield Field("Type", f"{kind} ({named})", "TLS 1.3 hides the true type", at, at + 1)
    yield Field("Version", header[1:3].hex(" "), "03 03 in TLS 1.2 and 1.3 alike", at + 1, at + 3)
    yield Field("Length", f"{length}", "octets of the record that follow", at + 3, at + 5)


def _tcp(tcp: bytes, at: int, length: int) -> Layer:
    source, to, seq, ack, _, bits, window, total, urgent = struct.unpack(">HHIIBBHHH", tcp[:20])
    flags = ", ".join(name for bit, name in _FLAGS.items() if bits & bit)
    rows = [
        ("Source port", f"{source}", _port(source), 0, 2),
        ("Destination port", f"{to}", _port(to), 2, 4),
        ("Sequence number", f"{seq}", "the number of the first octet of this packet", 4, 8),
        ("Acknowledgment number", f"{ack}", _acknowledged(bits), 8, 12),
        ("Data offset", f"{length}", "octets of this header", 12, 13),
        ("Flags", flags, _flags(bits), 13, 14),
        ("Window", f"{window}", "octets that the sender of this packet can take now", 14, 16),
        ("Checksum", f"{total:#06x}", "over addresses, header and data", 16, 18),
        ("Urgent pointer", f"{urgent}", "not used", 18, 20),
    ]
    if length > 20:
        size = int.from_bytes(tcp[22:24], "big")
        rows.append(("Option: MSS", f"{size}", "octets of data that one packet may hold", 20, 24))
    return Layer("T", "TCP", length, _TASK_OF_TCP, _fields(rows, at))


def _ip(packet: bytes, names: Mapping[str, str]) -> Layer:
    total, number, fragment, ttl, protocol, check = struct.unpack(">HHHBBH", packet[2:12])
    source, to = (str(IPv4Address(packet[n : n + 4])) for n in (12, 16))
    whole = "may not be cut" if fragment & 0x4000 else "may be cut"
    rows = [
        ("Version and header length", "4, 20 octets", "IPv4; 5 words of 4 octets", 0, 1),
        ("Type of service", f"{packet[1]}", "nothing special asked for", 1, 2),
        ("Total length", f"{total}", "octets from here to the end of the data", 2, 4),
        ("Identification", f"{number}", "this sender's packet of that number", 4, 6),
        ("Flags, fragment offset", f"{fragment:#06x}", f"this packet {whole}", 6, 8),
        ("Time to live", f"{ttl}", "routers that it may still pass", 8, 9),
        ("Protocol", f"{protocol}", "6 is TCP", 9, 10),
        ("Header checksum", f"{check:#06x}", "over this header", 10, 12),
        ("Source address", source, names.get(source, "a host"), 12, 16),
        ("Destination address", to, names.get(to, "a host"), 16, 20),
    ]
    return Layer("I", "IP", 20, _TASK_OF_IP, _fields(rows, ETHERNET))


def _ethernet(octets: bytes, padding: int) -> Layer:
    end = len(octets)
    rows = [
        ("Destination MAC address", _mac(octets[:6]), "the next device's card", 0, 6),
        ("Source MAC address", _mac(octets[6:12]), "this device's card", 6, 12),
        ("Type", "0x0800", "what is inside: IPv4", 12, 14),
    ]
    if padding:
        fill = "a frame has at least 46 octets inside"
        rows.append(("Padding", f"{padding} octets", fill, end - 4 - padding, end - 4))
    check = octets[-4:].hex(" ")
    rows.append(("Frame check sequence", check, "over the whole frame", end - 4, end))
    name = "Network (Ethernet, Wi-Fi …)"
    return Layer("L", name, ETHERNET + padding + CHECK, _TASK_OF_LINK, _fields(rows, 0))


def _fields(rows: Sequence[tuple[str, str, str, int, int]], at: int) -> tuple[Field, ...]:
    return tuple(Field(*row[:3], row[3] + at, row[4] + at) for row in rows)


def _mac(octets: bytes) -> str:
    return octets.hex(":")


def _port(number: int) -> str:
    return _SERVICES.get(number, "chosen by the client for this connection")


def _acknowledged(bits: int) -> str:
    return "the next octet that is expected" if bits & ACK else "nothing was received yet"


def _flags(bits: int) -> str:
    told = {
        SYN: "opens one direction", FIN: "ends one direction", PSH: "hand it over at once",
        ACK: "acknowledges",
    }  # fmt: skip
    return ", ".join(text for bit, text in told.items() if bits & bit)
