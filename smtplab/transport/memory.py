"""An in-memory pair: a server's asyncio transport and its client's stream, in one thread."""

from __future__ import annotations

import asyncio
from threading import RLock

from smtplab.transport.private_loop import PrivateLoop, give
from smtplab.transport.stream import Stream, StreamFacts

SEGMENT = 65536  # octets handed over at a time, as a TCP connection would


class MemoryTransport(asyncio.Transport):
    """The server's end: what an asyncio protocol needs of a transport."""

    def __init__(self, loop: PrivateLoop, protocol: asyncio.BaseProtocol) -> None:
        super().__init__()
        self.loop = loop
        self._protocol = protocol
        self._closing = False
        self._reading = True
        self._inbox = bytearray()
        self.outbox = bytearray()
        self.ended = False
        self.lost: Exception | None = None
        loop.call_soon(protocol.connection_made, self)

    def feed(self, octets: bytes) -> None:
        """Octets from the client; kept back while the server does not read."""
        if self._closing:
            return
        if self._reading:
            give(self._protocol, octets)
        else:
            self._inbox += octets

    def feed_eof(self) -> None:
        """The client has ended its direction."""
        if not self._closing and not self._protocol.eof_received():  # type: ignore[attr-defined]
            self.close()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._closing:
            self.outbox += data

    def write_eof(self) -> None:
        self.ended = True

    def can_write_eof(self) -> bool:
        return True

    def close(self) -> None:
        self._close(None)

    def abort(self) -> None:
        self._close(None)

    def _force_close(self, exc: Exception | None) -> None:  # asyncio's TLS layer calls it
        self._close(exc)

    def _close(self, exc: Exception | None) -> None:
        if not self._closing:
            self._closing = self.ended = True
            self.loop.call_soon(self._protocol.connection_lost, exc)

    def is_closing(self) -> bool:
        return self._closing

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def pause_reading(self) -> None:
        self._reading = False

    def resume_reading(self) -> None:
        self._reading = True
        if self._inbox:
            octets = bytes(self._inbox)
            self._inbox.clear()
            self.loop.call_soon(self.feed, octets)

    def is_reading(self) -> bool:
        return self._reading and not self._closing

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """What is written waits for the client without bound; the client is one of ours."""


class MemoryStream(Stream):
    """The client's end. Reads pump the loop; waiting moves the loop's clock, not the real one."""

    def __init__(
        self, transport: MemoryTransport, lock: RLock, facts: StreamFacts, timeout: float
    ) -> None:
        self._loop, self._transport, self._lock = transport.loop, transport, lock
        self.facts = facts
        self.timeout = timeout
        with lock:
            self._loop.pump()

    def read(self, n: int) -> bytes:
        with self._lock:
            outbox = self._transport.outbox
            left = self.timeout
            while not outbox:
                if self._transport.ended or self._loop.is_closed():
                    return b""
                before = self._loop.time()
                if not self._loop.advance(left):
                    raise TimeoutError
                left -= self._loop.time() - before
            octets = bytes(outbox[:n])
            del outbox[:n]
            return octets

    def waiting(self) -> bytes:
        with self._lock:
            octets = bytes(self._transport.outbox)
            self._transport.outbox.clear()
            return octets

    def write(self, octets: bytes) -> None:
        with self._lock:
            for start in range(0, len(octets), SEGMENT):
                if self._transport.is_closing() or self._loop.is_closed():
                    raise BrokenPipeError
                self._loop.call_soon(self._transport.feed, octets[start : start + SEGMENT])
                self._loop.pump()

    def close(self) -> None:
        with self._lock:
            if not self._loop.is_closed() and not self._transport.is_closing():
                self._loop.call_soon(self._transport.feed_eof)
                self._loop.pump()
                self._transport.abort()
                self._loop.pump()
