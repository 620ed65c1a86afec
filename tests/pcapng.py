"""A reader of capture files for the tests, apart from the code that writes them."""

import struct
from collections.abc import Iterator
from typing import NamedTuple


def blocks(capture: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(capture):
        kind, length = struct.unpack_from("<II", capture, at)
        assert length % 4 == 0
        assert struct.unpack_from("<I", capture, at + length - 4) == (length,)
        yield kind, capture[at + 8 : at + length - 4]
        at += length


class Packet(NamedTuple):
    time: int  # microseconds since 1970
    number: int  # its sender's identification of it
    source: tuple[str, int]
    destination: tuple[str, int]
    seq: int
    ack: int
    flags: int
    data: bytes


def packets(capture: bytes) -> list[Packet]:
    return [packet(body) for kind, body in blocks(capture) if kind == 6]


def packet(body: bytes) -> Packet:
    interface, high, low, kept, length = struct.unpack_from("<IIIII", body)
    assert interface == 0 and kept == length
    raw = body[20 : 20 + kept]
    assert raw[0] == 0x45 and int.from_bytes(raw[2:4], "big") == kept and raw[9] == 6
    assert ones_sum(raw[:20]) == 0xFFFF
    tcp = raw[20:]
    pseudo = raw[12:20] + struct.pack(">HH", 6, len(tcp))
    assert ones_sum(pseudo + tcp) == 0xFFFF
    here, there, seq, ack, offset, flags = struct.unpack_from(">HHIIBB", tcp)
    number = int.from_bytes(raw[4:6], "big")
    ends = [".".join(map(str, raw[start : start + 4])) for start in (12, 16)]
    data = tcp[offset >> 4 << 2 :]
    time = (high << 32) + low
    return Packet(time, number, (ends[0], here), (ends[1], there), seq, ack, flags, data)


def ones_sum(octets: bytes) -> int:
    """RFC 1071, word by word."""
    total = 0
    for (word,) in struct.iter_unpack(">H", octets + b"\0" * (len(octets) % 2)):
        total += word
        total = (total & 0xFFFF) + (total >> 16)
    return total
