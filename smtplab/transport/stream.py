"""What a stream is: four verbs, and the facts that the network knows about it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import ssl

    from smtplab.transcript import Recorder


def _secret_nonce() -> str:
    """24 printable characters without a comma (RFC 5802, 5.1), which nobody can foresee."""
    from secrets import token_urlsafe

    return token_urlsafe(18)


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What a network knows about a stream that it opened."""

    connection: str  # its name in transcripts, such as "c1"
    source: str  # the host or address it comes from
    local_name: str  # what the client says in EHLO when nobody tells it otherwise
    now: Callable[[], datetime]  # the clock that its events are stamped with
    trusted: Callable[[], ssl.SSLContext]  # makes a context that checks certificates
    nonce: Callable[[], str] = _secret_nonce  # the sandbox's comes from its seed


class Stream(ABC):
    """A connection as its client sees it: octets out, octets in, in order."""

    facts: StreamFacts
    timeout: float  # seconds that one read or write may wait

    @abstractmethod
    def read(self, n: int) -> bytes:
        """Up to `n` octets; b"" at the end. `TimeoutError` or another `OSError` if none come."""

    @abstractmethod
    def write(self, octets: bytes) -> None:
        """Send all octets; `TimeoutError` or another `OSError` if that cannot be done."""

    @abstractmethod
    def close(self) -> None:
        """End the connection; a second call does nothing."""

    def waiting(self) -> bytes:
        """Octets that have come already, or b""; it waits for none, and tells of no end."""
        return b""

    def start_tls(self, context: ssl.SSLContext | None, server_name: str) -> Stream:
        """Begin TLS; the returned stream takes this one's place.

        Without a context the certificate is checked against what the network trusts.
        `RemoteProtocolError` if the handshake fails.
        """
        from smtplab.transport.tls import TLSStream

        return TLSStream(self, context or self.facts.trusted(), server_name)


class Network(Protocol):
    """Whatever can open a stream to a host: the sandbox, or the real internet."""

    def open(self, host: str, port: int, *, source: str | None, timeout: float) -> Stream:
        """Connect; `ConnectionLost` says why if that cannot be done."""


class StreamWrapper(Stream):
    """A stream around another one; as it is, reads and writes pass unchanged.

    `waiting()` is not passed on: what a wrapper makes of a read must not be gone round. One that
    only looks, as `Wiretap`, passes it on itself.
    """

    def __init__(self, inner: Stream) -> None:
        self.inner = inner
        self.facts = inner.facts

    @property
    def timeout(self) -> float:
        return self.inner.timeout

    @timeout.setter
    def timeout(self, seconds: float) -> None:
        self.inner.timeout = seconds

    def read(self, n: int) -> bytes:
        return self.inner.read(n)

    def write(self, octets: bytes) -> None:
        self.inner.write(octets)

    def close(self) -> None:
        self.inner.close()


class Wiretap(StreamWrapper):
    """Records what passes on the wire; under TLS it sees what an eavesdropper sees."""

    def __init__(self, inner: Stream, recorder: Recorder) -> None:
        super().__init__(inner)
        self._read, self._write, self._waiting = inner.read, inner.write, inner.waiting
        self._recorder, self._add = recorder, recorder.wire.add

    def read(self, n: int) -> bytes:
        octets = self._read(n)
        if octets:
            self._add("server", octets, self._recorder.seq)
        return octets

    def waiting(self) -> bytes:
        octets = self._waiting()
        if octets:
            self._add("server", octets, self._recorder.seq)
        return octets

    def write(self, octets: bytes) -> None:
        try:
            self._write(octets)
        finally:
            self._add("client", octets, self._recorder.seq)
