"""A transcript as a capture file (pcapng) that Wireshark reads.

The octets and their order are true. Everything below them is made up around them: addresses of
the documentation ranges, the TCP handshake, acknowledgements, and the time from packet to packet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from smtplab.transcript.packets import ACK, FIN, MSS, PSH, SYN, Side, file_head, packet_block
from smtplab.transcript.passage import Passage, passages
from smtplab.transcript.tls_records import client_random, is_client_hello

if TYPE_CHECKING:
    from smtplab.transcript.transcript import Transcript

STEP = timedelta(milliseconds=1)  # between two packets; the world clock stands still meanwhile
FIRST_CLIENT_PORT = 49152  # RFC 6335, 6: the dynamic ports begin here
LAST_PORT = 65535
# Any numbers would do; these are easy to tell apart in a list of packets.
CLIENT_ISN, SERVER_ISN = 1_000_000, 2_000_000
# RFC 5737: for hosts whose address nobody told us.
UNKNOWN_HOSTS = [
    f"{net}.{n}" for net in ("203.0.113", "198.51.100", "192.0.2") for n in range(1, 255)
]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

NO_ADDRESSES: Mapping[str, str] = {}

Timed = tuple[datetime, bytes]


def pcapng(
    transcript: Transcript,
    connections: Sequence[str] | None = None,
    *,
    addresses: Mapping[str, str] = NO_ADDRESSES,
    key_log: str = "",
    secrets: bool = False,
) -> bytes:
    """The connections (by name, or all) as a capture file.

    `addresses` gives the IPv4 address of each host. The lines of `key_log` that belong to these
    connections go into the file, so that their TLS can be read. `ValueError` names a connection
    that is not whole any more, and a real server whose secrets are given without `secrets`.
    """
    found = passages(transcript, connections, secrets=secrets)
    addresses_used = address_book(found, addresses)
    lines = "".join(_lines_for(passage, key_log, secrets) for passage in found)
    packets = [
        timed
        for number, passage in enumerate(found)
        for timed in packets_of(passage, number, addresses_used)
    ]
    packets.sort(key=_time_of)  # keeps the order of those that have one time
    names = [(address, name) for name, address in addresses_used.items() if name != address]
    return file_head(names, lines) + b"".join(_with_steps(packets))


def address_book(found: Sequence[Passage], known: Mapping[str, str]) -> dict[str, str]:
    """An address for each host, in the order of their appearance."""
    hosts = dict.fromkeys(host for passage in found for host in (passage.source, passage.host))
    taken = {*known.values(), *hosts}
    free = (address for address in UNKNOWN_HOSTS if address not in taken)
    return {host: known.get(host) or (host if _is_ipv4(host) else next(free)) for host in hosts}


def _is_ipv4(host: str) -> bool:
    try:
        IPv4Address(host)
    except ValueError:
        return False
    return True


def _lines_for(passage: Passage, key_log: str, secrets: bool) -> str:
    """The lines of a key log that belong to one connection: LABEL, client random, secret."""
    hello = next((o for who, o in passage.flights if who == "client" and is_client_hello(o)), b"")
    random = client_random(hello).hex()
    lines = [
        f"{line}\n" for line in key_log.splitlines() if hello and line.split(" ")[1:2] == [random]
    ]
    if lines and not (secrets or passage.is_practice):
        raise ValueError(
            f"connection {passage.connection} went to {passage.host}, a real server; pass "
            "secrets=True if its TLS secrets shall be in the file"
        )
    return "".join(lines)


def packets_of(passage: Passage, number: int, addresses: Mapping[str, str]) -> Iterator[Timed]:
    """All packets of one connection, each with its world time.

    `number` is the place of the connection in the file: each has its own port at the client.
    """
    port = FIRST_CLIENT_PORT + number % (LAST_PORT + 1 - FIRST_CLIENT_PORT)
    client = Side(addresses[passage.source], port, CLIENT_ISN)
    server = Side(addresses[passage.host], passage.port, SERVER_ISN)
    sides = {"client": (client, server), "server": (server, client)}
    time = passage.opened
    yield time, client.packet(server, SYN)
    yield time, server.packet(client, SYN | ACK)
    yield time, client.packet(server, ACK)
    for segment, time in passage.segments:
        sender, receiver = sides[segment.sender]
        for start in range(0, len(segment.octets), MSS):
            data = segment.octets[start : start + MSS]
            is_last = start + MSS >= len(segment.octets)
            yield time, sender.packet(receiver, ACK | (PSH if is_last else 0), data)
            if receiver.unacknowledged == 2:  # RFC 9293, 3.8.6.3: at least every second one
                yield time, receiver.packet(sender, ACK)
    if passage.closed_by:
        first, second = sides[passage.closed_by]
        time = passage.closed
        yield time, first.packet(second, FIN | ACK)
        yield time, second.packet(first, FIN | ACK)
        yield time, first.packet(second, ACK)


def _time_of(timed: Timed) -> datetime:
    return timed[0]


def _with_steps(packets: Sequence[Timed]) -> Iterator[bytes]:
    """The packets as blocks; where the world clock stands still, a small step lies between."""
    last = None
    for time, packet in packets:
        last = time if last is None else max(time, last + STEP)
        yield packet_block(packet, (last - _EPOCH) // timedelta(microseconds=1))
