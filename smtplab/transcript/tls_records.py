"""What anyone can read of TLS without its secrets (RFC 8446, 4 and 5; RFC 5246; RFC 6066, 3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA = 20, 21, 22, 23  # RFC 8446, 5.1
CLIENT_HELLO, SERVER_HELLO = 1, 2  # RFC 8446, 4
SERVER_NAME, SUPPORTED_VERSIONS = 0, 43  # RFC 8446, 4.2
TLS_1_3 = b"\x03\x04"  # RFC 8446, 4.2.1
HEADER = 5  # octets of a record's header
ADDED_BY_TLS_1_3 = 17  # octets of a record: 1 for its true type, 16 for the tag (RFC 8446, 5.2)
CLOSE_ALERT = 2 + ADDED_BY_TLS_1_3  # octets of an encrypted alert; no SMTP line is that short

MESSAGES = {
    1: "ClientHello",
    2: "ServerHello",
    4: "NewSessionTicket",
    11: "Certificate",
    12: "ServerKeyExchange",
    13: "CertificateRequest",
    14: "ServerHelloDone",
    15: "CertificateVerify",
    16: "ClientKeyExchange",
    20: "Finished",
    22: "CertificateStatus",
}  # RFC 8446, B.3 and RFC 5246, 7.4

ENCRYPTED = "encrypted handshake messages"


@dataclass(frozen=True)
class Record:
    """One TLS record, its header taken off."""

    type: int
    body: bytes


def is_client_hello(octets: bytes) -> bool:
    """Whether these octets begin with a record that begins with a ClientHello.

    >>> is_client_hello(bytes.fromhex("160301002b01000027")), is_client_hello(b"EHLO a.example")
    (True, False)
    """
    return octets[:2] == b"\x16\x03" and octets[HEADER : HEADER + 1] == bytes([CLIENT_HELLO])


def split_records(octets: bytes) -> tuple[list[Record], bytes]:
    """The whole records at the front, and the octets of an unfinished one."""
    found = []
    at = 0
    while len(octets) - at >= HEADER:
        end = at + HEADER + int.from_bytes(octets[at + 3 : at + HEADER], "big")
        if end > len(octets):
            break
        found.append(Record(octets[at], octets[at + HEADER : end]))
        at = end
    return found, octets[at:]


def client_random(octets: bytes) -> bytes:
    """The random value of the ClientHello at the front: by it a key log finds its session."""
    return octets[HEADER + 6 : HEADER + 38]


@dataclass
class Reader:
    """Follows one TLS session from outside; feed it each side's octets in order."""

    server_name: str = ""  # what the ClientHello asks for, readable for anyone
    is_tls_1_3: bool = False
    _rest: dict[str, bytes] = field(default_factory=lambda: {"client": b"", "server": b""})
    _handshake: dict[str, bytes] = field(default_factory=lambda: {"client": b"", "server": b""})
    _encrypted: set[str] = field(default_factory=set)  # sides that said ChangeCipherSpec
    _finished: bool = False  # the client has sent its last handshake message

    def feed(self, sender: str, octets: bytes) -> tuple[list[str], list[int]]:
        """The names of the handshake messages in these octets, and the application records'
        lengths."""
        records, self._rest[sender] = split_records(self._rest[sender] + octets)
        names: list[str] = []
        lengths: list[int] = []
        for record in records:
            if record.type == CHANGE_CIPHER_SPEC:
                self._encrypted.add(sender)
            elif record.type == HANDSHAKE and (self.is_tls_1_3 or sender not in self._encrypted):
                names += self._messages(sender, record.body)
            elif record.type == HANDSHAKE or self._is_hidden_handshake(sender, record):
                names.append(ENCRYPTED)
            elif record.type == APPLICATION_DATA and not self._is_close(record):
                lengths.append(len(record.body))
        return list(dict.fromkeys(names)), lengths

    def _is_hidden_handshake(self, sender: str, record: Record) -> bool:
        """TLS 1.3 dresses its later handshake messages as application data; order tells."""
        if not self.is_tls_1_3 or record.type != APPLICATION_DATA or self._finished:
            return False
        self._finished = sender == "client"
        return True

    def _is_close(self, record: Record) -> bool:
        return self.is_tls_1_3 and len(record.body) == CLOSE_ALERT

    def _messages(self, sender: str, body: bytes) -> Iterator[str]:
        waiting = self._handshake[sender] + body
        while len(waiting) >= 4:
            end = 4 + int.from_bytes(waiting[1:4], "big")
            if end > len(waiting):
                break
            kind, message, waiting = waiting[0], waiting[4:end], waiting[end:]
            self._learn(kind, message)
            yield MESSAGES.get(kind, "another message")
        self._handshake[sender] = waiting

    def _learn(self, kind: int, message: bytes) -> None:
        if kind == CLIENT_HELLO:
            name = _extensions(kind, message).get(SERVER_NAME, b"")
            self.server_name = name[5:].decode("ascii", "backslashreplace")  # RFC 6066, 3
        elif kind == SERVER_HELLO:
            self.is_tls_1_3 = _extensions(kind, message).get(SUPPORTED_VERSIONS) == TLS_1_3


def _extensions(kind: int, message: bytes) -> dict[int, bytes]:
    """The extensions of a ClientHello or ServerHello; a malformed one has fewer."""
    at = 34  # version and random
    at += 1 + _number(message, at, 1)  # session id
    if kind == CLIENT_HELLO:
        at += 2 + _number(message, at, 2)  # cipher suites
        at += 1 + _number(message, at, 1)  # compression methods
    else:
        at += 3  # the cipher suite and the compression method that were chosen
    at += 2
    found = {}
    while at + 4 <= len(message):
        end = at + 4 + _number(message, at + 2, 2)
        found[_number(message, at, 2)] = message[at + 4 : end]
        at = end
    return found


def _number(octets: bytes, at: int, size: int) -> int:
    return int.from_bytes(octets[at : at + size], "big")
