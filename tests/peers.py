"""Scripted peers: an SMTP server that is a list of byte strings, on loopback, for one client."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from itertools import count
from types import TracebackType
from typing import Self

import trustme

from smtplab.client import Client, Settings
from smtplab.timeouts import Timeouts
from smtplab.transport import Stream, StreamFacts, StreamWrapper
from smtplab.transport.tcp import TCPStream

HOST = "smtp.example.org"
WORLD_TIME = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PATIENCE = 120.0  # seconds after which a stuck peer gives up, so that nothing hangs


class Cut(Enum):
    """How a script ends a connection."""

    AFTER_HEARING = 1
    AT_ONCE = 2


Item = bytes | Cut | ssl.SSLContext | threading.Event
"""Octets to send, a way to end, a TLS context: then a handshake begins, or a signal to wait for."""


class Peer:
    """Plays a script to one client; it is a `Network`, and what it was sent is in `heard`.

    The first item is played at once (after a handshake, if that stands first); each later one
    after one more line from the client, after the end of mail data where 354 was sent, or after
    the signal that stands before it. Only the peer's own thread writes: two threads in one TLS
    session disturb each other.
    """

    def __init__(self, *script: Item) -> None:
        self.heard: list[bytes] = []
        self.tls_error: ssl.SSLError | None = None
        self._script = script
        self._wrap: Callable[[Stream], Stream] = lambda stream: stream
        self._streams: list[Stream] = []
        self._error: Exception | None = None
        self._buffer = b""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self._client_end = socket.create_connection(listener.getsockname()[:2], PATIENCE)
            self._socket, _ = listener.accept()
        self._socket.settimeout(PATIENCE)
        self._thread = threading.Thread(target=self._play, name="scripted peer")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for stream in self._streams:
            stream.close()
        self._client_end.close()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the scripted peer is stuck"
        if self._error:
            raise self._error

    def through(self, wrap: Callable[[Stream], Stream]) -> Self:
        """Put a wrapper around the client's stream, to disturb it."""
        self._wrap = wrap
        return self

    def open(self, host: str, port: int, *, source: str | None, timeout: float) -> Stream:
        facts = StreamFacts(
            connection="c1",
            source=source or "laptop.example.org",
            local_name="laptop.example.org",
            now=lambda: WORLD_TIME,
            trusted=trusting,
        )
        self._streams.append(TCPStream(self._client_end, facts, timeout))
        return self._wrap(self._streams[-1])

    def connect(self, port: int = 587, *, host: str = HOST, settings: Settings | None = None):
        """A client that has read the greeting of this peer."""
        return Client.connect(host, port, network=self, settings=settings or Settings())

    @property
    def commands(self) -> list[bytes]:
        """What was heard, once the peer has heard the end; wait for it outside the block."""
        assert not self._thread.is_alive(), "the peer may still hear more"
        return self.heard

    def _play(self) -> None:
        try:
            self._play_script()
        except OSError as error:  # ssl.SSLError too: the client went away, or refused
            self.tls_error = error if isinstance(error, ssl.SSLError) else None
        except Exception as error:  # raised again in the test's own thread
            self._error = error
        finally:
            self._socket.close()

    def _play_script(self) -> None:
        to_hear = b""  # what must come before the next item is played
        for place, item in enumerate(self._script):
            if isinstance(item, threading.Event):
                item.wait(PATIENCE)
                to_hear = b""
                continue
            if to_hear and item is not Cut.AT_ONCE and not self._hear(to_hear):
                return
            to_hear = b""
            if item is Cut.AT_ONCE:
                return
            if item is Cut.AFTER_HEARING:
                self._socket.shutdown(socket.SHUT_WR)
                break
            if isinstance(item, ssl.SSLContext):
                self._socket = item.wrap_socket(
                    self._socket, server_side=True, suppress_ragged_eofs=False
                )
                continue
            self._socket.sendall(item)
            follows = self._script[place + 1 : place + 2]
            if not any(isinstance(one, ssl.SSLContext) for one in follows):
                to_hear = b"\r\n.\r\n" if item.startswith(b"354") else b"\r\n"
        while self._hear(b"\r\n"):
            pass

    def _hear(self, end: bytes) -> bool:
        """Read up to `end` and keep it as one unit; False when the client has closed first."""
        while not (unit := self._first_unit(end)):
            octets = self._socket.recv(65536)
            if not octets:
                self.heard += [self._buffer] if self._buffer else []
                self._buffer = b""
                return False
            self._buffer += octets
        self.heard.append(unit)
        self._buffer = self._buffer.removeprefix(unit)
        return True

    def _first_unit(self, end: bytes) -> bytes:
        if end == b"\r\n.\r\n" and self._buffer.startswith(b".\r\n"):
            return b".\r\n"  # an empty content
        before, found, _ = self._buffer.partition(end)
        return before + found if found else b""


@dataclass(frozen=True)
class ImpatientAfter(Timeouts):
    """Waits long for the first replies, and only `seconds` for each later one.

    What a peer does say may be late on a busy machine; what it never says need not be waited for.
    """

    replies: int = 0
    seconds: float = 0.05
    _waits: Iterator[int] = field(default_factory=count)

    def of(self, step: str) -> float:
        return super().of(step) if next(self._waits) < self.replies else self.seconds


class Interrupted(StreamWrapper):
    """A stream whose nth read or write is interrupted, as by the stop button."""

    def __init__(self, inner: Stream, *, read: int = 0, write: int = 0) -> None:
        super().__init__(inner)
        self._until_read, self._until_write = read, write

    def read(self, n: int) -> bytes:
        self._until_read -= 1
        if self._until_read == 0:
            raise KeyboardInterrupt
        return super().read(n)

    def write(self, octets: bytes) -> None:
        self._until_write -= 1
        if self._until_write == 0:
            raise KeyboardInterrupt
        super().write(octets)


@lru_cache
def authority() -> trustme.CA:
    return trustme.CA()


def trusting() -> ssl.SSLContext:
    """A client's context that trusts `authority()` and nobody else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority().configure_trust(context)
    return context


@lru_cache
def server_context(host: str = HOST) -> ssl.SSLContext:
    """A server's context with a good certificate for `host`."""
    return with_certificate(authority().issue_cert(host))


def with_certificate(leaf: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    return context
