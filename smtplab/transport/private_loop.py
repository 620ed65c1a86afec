"""An event loop without sockets and threads, pumped by whoever waits for it; a virtual clock.

Every private name of asyncio that smtplab uses stands in this file, each with a contract test.
It works inside a running loop, in a notebook's kernel and in a browser's Python.
"""

from __future__ import annotations

import asyncio
from asyncio import sslproto
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket
    import ssl


class PrivateLoop(asyncio.BaseEventLoop):
    """Runs what is ready when pumped; its time moves only by `advance`."""

    def __init__(self) -> None:
        super().__init__()
        self.set_debug(False)
        self._selector = self  # BaseEventLoop asks it what is ready
        self._clock_resolution = 1e-6  # the real clock's is lost beside a large virtual time
        self._virtual_time = 0.0
        self._next_timer: float | None = None  # seconds to the next timer when last idle

    # What BaseEventLoop expects of a selector and of its subclass.
    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None or timeout > 0:  # nothing is ready
            self._next_timer = timeout
            self.stop()
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        """There are no file descriptors, so there are no events."""

    def _write_to_self(self) -> None:
        """Nobody sleeps in a selector, so nobody must be woken."""

    def time(self) -> float:
        return self._virtual_time

    def pump(self) -> None:
        """Run everything that is ready, then return."""
        with _no_running_loop():
            self.run_forever()

    def advance(self, limit: float) -> bool:
        """Let time pass to the next timer, at most `limit` seconds; False if none was due."""
        wait = self._next_timer
        if wait is None or wait > limit:
            self._virtual_time += limit
            self._next_timer = None if wait is None else wait - limit
            return False
        self._virtual_time += wait
        self.pump()
        return True


@contextmanager
def _no_running_loop() -> Iterator[None]:
    """Hide the loop that is running around us, and its task, while ours runs."""
    outer = asyncio._get_running_loop()
    task = asyncio.current_task(outer) if outer is not None else None
    if outer is not None and task is not None:  # CPython 3.14 refuses to nest tasks otherwise
        asyncio.tasks._leave_task(outer, task)
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(outer)
        if outer is not None and task is not None:
            asyncio.tasks._enter_task(outer, task)


def server_side_tls(
    loop: asyncio.AbstractEventLoop, protocol: asyncio.Protocol, context: ssl.SSLContext
) -> asyncio.BaseProtocol:
    """asyncio's TLS layer in front of a server's `protocol`, for a transport of our own."""
    nobody_waits: Any = None
    return sslproto.SSLProtocol(loop, protocol, context, nobody_waits, server_side=True)


def socket_transport(
    loop: asyncio.AbstractEventLoop, sock: socket.socket, protocol: asyncio.BaseProtocol
) -> asyncio.Transport:
    """asyncio's transport for a socket that was accepted, without a task that waits for it."""
    made: asyncio.Transport = loop._make_socket_transport(sock, protocol)  # type: ignore[attr-defined]
    return made


def giver(protocol: asyncio.BaseProtocol) -> Callable[[bytes], None]:
    """What hands octets to a protocol of either kind, as asyncio's own transports do."""
    if isinstance(protocol, asyncio.BufferedProtocol):
        return partial(_give_buffered, protocol)
    give: Callable[[bytes], None] = protocol.data_received  # type: ignore[attr-defined]
    return give


def give(protocol: asyncio.BaseProtocol, octets: bytes) -> None:
    """Hand octets to a protocol of either kind."""
    giver(protocol)(octets)


def _give_buffered(protocol: asyncio.BufferedProtocol, octets: bytes) -> None:
    rest = memoryview(octets)
    while rest:
        room = memoryview(protocol.get_buffer(len(rest)))
        n = min(len(room), len(rest))
        room[:n] = rest[:n]
        protocol.buffer_updated(n)
        rest = rest[n:]
