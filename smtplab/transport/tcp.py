"""Streams over TCP, and the network of real servers."""

from __future__ import annotations

import errno
import select
import socket
import ssl
import struct
import sys
import weakref
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from time import monotonic, time
from typing import Any, TypeVar

from smtplab.errors import ConnectionLost
from smtplab.transport.stream import Stream, StreamFacts

_T = TypeVar("_T")
POLL = 0.2  # seconds; so often a waiting read lets the stop button through, on Windows too
LOOKS = 40  # half a microsecond each
_NO_ROUTE = "no way leads there from this network"
_CAUSES = {  # by the names that all systems share; their words and their numbers differ
    errno.ENETUNREACH: _NO_ROUTE,
    errno.EHOSTUNREACH: _NO_ROUTE,
    errno.EACCES: "this system or its firewall forbids the connection",
    errno.EPERM: "this system or its firewall forbids the connection",
}
MOST_WAITING = 8192  # octets that one look takes; more stay for the next read


class TCPStream(Stream):
    """A stream over a connected socket, which it owns.

    Before a read sleeps it looks a few times, because a near server replies sooner than the system
    wakes a sleeper. A server in this very process would wait for us meanwhile; then `looks` is 0.
    """

    def __init__(
        self, connected: socket.socket, facts: StreamFacts, timeout: float, looks: int = 0
    ) -> None:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _wait_at_most(connected, min(POLL, timeout))
        self._socket = connected
        self._recv, self._send = connected.recv, connected.send
        self._look = _look_at(connected)
        self._looks = range(looks if self._look else 0)
        self.facts = facts
        self.timeout = timeout
        weakref.finalize(self, connected.close)  # a cell that is run again forgets its client

    def read(self, n: int) -> bytes:
        for _ in self._looks:
            if self._look is None or self._look(0):
                break
        try:
            return self._recv(n)
        except (BlockingIOError, TimeoutError):
            return self._again(lambda: self._recv(n))

    def write(self, octets: bytes) -> None:
        try:
            sent = self._send(octets)
        except (BlockingIOError, TimeoutError):
            sent = 0
        while sent < len(octets):
            rest = memoryview(octets)[sent:] if sent else octets
            try:
                sent += self._send(rest)
            except (BlockingIOError, TimeoutError):
                sent += self._again(lambda: self._send(rest))  # noqa: B023  (run at once)

    def waiting(self) -> bytes:
        if self._look is None or not self._look(0):
            return b""
        try:
            return self._recv(MOST_WAITING)
        except OSError:  # the next read or write tells what is wrong
            return b""

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _again(self, action: Callable[[], _T]) -> _T:
        """Try until the time is over; between two tries an interrupt gets through."""
        deadline = monotonic() + self.timeout - POLL
        while monotonic() < deadline:
            with suppress(BlockingIOError, TimeoutError):
                return action()
        raise TimeoutError


def _wait_at_most(connected: socket.socket, seconds: float) -> None:
    """Bound each system call. Where the kernel can do it, that saves a poll before each."""
    seconds = max(seconds, 0.001)  # to the kernel, 0 means for ever
    if sys.platform == "win32":
        connected.settimeout(seconds)
        return
    connected.settimeout(None)
    whole = int(seconds)
    bound = struct.pack("@ll", whole, int((seconds - whole) * 1e6))  # struct timeval
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, bound)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, bound)


def _look_at(connected: socket.socket) -> Callable[[int], list[tuple[int, int]]] | None:
    """A look whether octets have come: half a microsecond, a read that fails takes five times as
    long. Windows has none."""
    if not hasattr(select, "poll"):
        return None
    looking = select.poll()
    looking.register(connected, select.POLLIN)
    return looking.poll


class WallClock:
    """The real time. Recorders note its seconds: a date takes four times as long to make."""

    seconds = staticmethod(time)

    def __call__(self) -> datetime:
        return datetime.now(UTC)


WALL_CLOCK = WallClock()


class Internet:
    """The network of real servers; `ConnectionLost` says why a connection is not to be had.

    `ip_version` is 4 or 6; None tries each address that the name has, in the system's order.
    """

    _numbers = count(1)  # of all its connections, so that each has a name of its own

    def __init__(self, ip_version: int | None = None) -> None:
        self._family = _FAMILIES[ip_version]

    def open(self, host: str, port: int, *, source: str | None, timeout: float) -> Stream:
        deadline = monotonic() + timeout
        try:
            addresses = socket.getaddrinfo(host, port, self._family, socket.SOCK_STREAM)
            connected = _first_that_answers(addresses, source, deadline)
        except OSError as error:
            raise ConnectionLost(why_no_connection(error, host, port)) from None
        address = connected.getsockname()[0]
        facts = StreamFacts(
            connection=f"c{next(self._numbers)}",
            source=address,
            local_name=address_literal(address),
            now=WALL_CLOCK,
            trusted=ssl.create_default_context,
        )
        return TCPStream(connected, facts, timeout, LOOKS)


_FAMILIES = {None: socket.AF_UNSPEC, 4: socket.AF_INET, 6: socket.AF_INET6}


def _first_that_answers(
    addresses: list[tuple[Any, ...]], source: str | None, deadline: float
) -> socket.socket:
    """One address after the other; each has an equal share of the time that is left."""
    failure: OSError = TimeoutError()
    for number, (family, kind, protocol, _, address) in enumerate(addresses):
        left = max(0.001, deadline - monotonic()) / (len(addresses) - number)
        connected = socket.socket(family, kind, protocol)
        try:
            connected.settimeout(left)
            if source:
                connected.bind((source, 0))
            connected.connect(address)
            return connected
        except OSError as error:
            connected.close()
            failure = error
    raise failure


def why_no_connection(error: OSError, host: str, port: int) -> str:
    """One sentence on why connecting failed: the cause and the next step."""
    where = f"{host} port {port}"
    if isinstance(error, socket.gaierror):
        return f"no address is known for {host}; check the spelling, or the name server"
    hint = " (many networks block port 25; try 587 or 465)" if port == 25 else ""
    if isinstance(error, TimeoutError):
        return f"{where} did not take the connection in time; a firewall may drop it{hint}"
    if isinstance(error, ConnectionRefusedError):
        return f"{where} refused the connection; no server listens there"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{where}: this machine has no address to connect from; check the source address"
    cause = _CAUSES.get(error.errno or 0, f"{type(error).__name__}, number {error.errno}")
    return f"{where} cannot be reached: {cause}{hint}"


def address_literal(address: str) -> str:
    """An IP address as EHLO takes it when the client has no name (RFC 5321, 4.1.3).

    >>> address_literal("192.0.2.1"), address_literal("2001:db8::1")
    ('[192.0.2.1]', '[IPv6:2001:db8::1]')
    """
    bare = address.partition("%")[0]
    return f"[IPv6:{bare}]" if ":" in bare else f"[{bare}]"
