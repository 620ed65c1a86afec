"""Packets and capture files as octets: IPv4 (RFC 791), TCP (RFC 9293), pcapng."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address

MSS = 1460  # octets of data in one packet: 1500 of Ethernet, less 20 of IPv4 and 20 of TCP
WINDOW = 65535  # octets that may be on their way; the most without window scaling
TTL = 64  # hops (RFC 1122, 3.2.1.7, and the IANA registry of IP parameters)

FIN, SYN, PSH, ACK = 0x01, 0x02, 0x08, 0x10  # RFC 9293, 3.1
MSS_OPTION = struct.pack(">BBH", 2, 4, MSS)  # RFC 9293, 3.2

# Block types of pcapng, and what stands in them.
SECTION, INTERFACE, NAMES, SECRETS, PACKET = 0x0A0D0D0A, 1, 4, 0x0A, 6
BYTE_ORDER_MAGIC = 0x1A2B3C4D
LINKTYPE_RAW = 101  # each packet begins with its IP header
TLS_KEY_LOG = 0x544C534B  # "TLSK"
APPLICATION_OPTION = 4  # which program wrote the file


@dataclass
class Side:
    """One side of a TCP connection, and how far it has come."""

    address: str
    port: int
    next_seq: int  # the sequence number of its next octet
    packets: int = 0  # sent; also the identification of the next one
    unacknowledged: int = 0  # packets that came from the other side since its last ACK

    def packet(self, other: Side, flags: int, data: bytes = b"") -> bytes:
        """The next packet to the other side; it acknowledges all that came from there."""
        options = MSS_OPTION if flags & SYN else b""
        acknowledged = other.next_seq % 2**32 if flags & ACK else 0
        offset = (20 + len(options)) // 4 << 4
        header = struct.pack(
            ">HHIIBBHHH",
            self.port, other.port, self.next_seq % 2**32, acknowledged, offset, flags, WINDOW, 0, 0,
        )  # fmt: skip
        ends = packed(self.address) + packed(other.address)
        pseudo = ends + struct.pack(">HH", 6, len(header) + len(options) + len(data))
        total = checksum(pseudo + header + options + data)
        segment = header[:16] + struct.pack(">H", total) + header[18:] + options + data
        self.next_seq += len(data) + bool(flags & (SYN | FIN))
        self.unacknowledged = 0
        other.unacknowledged += 1 if data else 0
        self.packets += 1
        return ipv4_header(ends, len(segment), self.packets) + segment


@cache
def packed(address: str) -> bytes:
    """The four octets of an IPv4 address; every packet of a connection has the same two."""
    return IPv4Address(address).packed


def ipv4_header(ends: bytes, length: int, identification: int) -> bytes:
    """The header of a packet that carries `length` octets of TCP and may not be cut."""
    dont_fragment, tcp = 0x4000, 6
    header = struct.pack(
        ">BBHHHBBH",
        0x45, 0, 20 + length, identification % 2**16, dont_fragment, TTL, tcp, 0,
    )  # fmt: skip
    return header[:10] + struct.pack(">H", checksum(header + ends)) + ends


def checksum(octets: bytes) -> int:
    """The Internet checksum (RFC 1071): the sum of 16-bit words in ones' complement, inverted.

    >>> hex(checksum(bytes.fromhex("0001f203f4f5f6f7")))
    '0x220d'
    """
    padded = octets + b"\0" * (len(octets) % 2)
    # 2**16 is 1 modulo 65535, so the sum of the words is the one big number modulo 65535.
    total = int.from_bytes(padded, "big") % 0xFFFF
    if total == 0 and any(padded):
        total = 0xFFFF
    return total ^ 0xFFFF


def block(kind: int, body: bytes) -> bytes:
    """A block of pcapng, with its length at both ends."""
    body = _padded(body)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def file_head(names: Iterable[tuple[str, str]], key_log: str) -> bytes:
    """Everything before the packets: the file, the interface, host names, TLS secrets."""
    program = b"smtplab"
    application = struct.pack("<HH", APPLICATION_OPTION, len(program)) + _padded(program)
    unknown_length = -1
    head = block(
        SECTION,
        struct.pack("<IHHq", BYTE_ORDER_MAGIC, 1, 0, unknown_length) + application + bytes(4),
    )
    head += block(INTERFACE, struct.pack("<HHI", LINKTYPE_RAW, 0, 0))
    if records := b"".join(_name_record(address, name) for address, name in names):
        head += block(NAMES, records + bytes(4))
    if key_log:
        secrets = key_log.encode("ascii")
        head += block(SECRETS, struct.pack("<II", TLS_KEY_LOG, len(secrets)) + secrets)
    return head


def packet_block(packet: bytes, microseconds: int) -> bytes:
    """One packet with its time since 1970."""
    high, low = divmod(microseconds, 2**32)
    size = len(packet)
    return block(PACKET, struct.pack("<IIIII", 0, high, low, size, size) + packet)


def _name_record(address: str, name: str) -> bytes:
    ipv4_record = 1
    value = packed(address) + name.encode("ascii", "backslashreplace") + b"\0"
    return struct.pack("<HH", ipv4_record, len(value)) + _padded(value)


def _padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 4)
