"""One connection at the server's end, as octets: its life, reading from it, its time-outs.

Of aiosmtpd's protocol class it keeps the STARTTLS upgrade, and sets what that looks at. It makes no
reader, no writer and no task, and does not look through all methods and hooks, as aiosmtpd's
constructor does: the short session of a mail server consists of little else.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Coroutine
from typing import Any

from aiosmtpd.smtp import SMTP

from smtplab.sandbox.course import NEXT_OCTETS, Course
from smtplab.sandbox.stock import QuietSession

IDLE = 300.0  # seconds without a command (RFC 5321, 4.5.3.2.7)
HIGH_WATER = 262_144  # octets read ahead before the client is slowed down
LINES_IN_A_ROW = 100  # of one client, then the others have their turn


class TooLong:
    """Stands for a command line that was too long to keep."""


class Connection(SMTP):
    """Octets in, lines out; what is said on it is `Engine`'s."""

    session: Any  # aiosmtpd's types allow None for both, also where they never are
    transport: Any
    _handler_coroutine: Any  # a `Course` here
    _original_transport: Any

    def __init__(self, loop: asyncio.AbstractEventLoop, tls_context: ssl.SSLContext | None) -> None:
        # aiosmtpd's own, without its constructor.
        self.loop = loop
        self.tls_context = tls_context
        self.session = self.transport = None
        self._original_transport = self._tls_protocol = None
        self._handler_coroutine = None
        self._timeout_handle = None
        # Ours.
        self._inbox = bytearray()
        self._searched = 0
        self._in_a_row = 0  # lines since others had their turn
        self._arrived = 0  # octets ever
        self._eof = False
        self._reading_paused = False
        self._writing_paused = False  # the client reads more slowly than we write
        self._writable: asyncio.Future[None] | None = None

    # What a subclass adds.

    def _handle_client(self) -> Coroutine[Any, Any, None]:
        raise NotImplementedError

    async def flush(self) -> None:
        raise NotImplementedError

    def tls_begun(self, ssl_object: ssl.SSLObject) -> None:
        raise NotImplementedError

    def idle_too_long(self) -> None:
        raise NotImplementedError

    # asyncio's protocol.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The client is there; after STARTTLS a second time, and all was forgotten by then."""
        self._set_rset_state()  # type: ignore[no-untyped-call]
        self.session = QuietSession(self.loop)
        self.session.peer = transport.get_extra_info("peername")
        self.transport = transport
        self._reset_timeout()
        ssl_object = transport.get_extra_info("ssl_object")
        if ssl_object is not None:
            self._tls_protocol = self._tls_protocol or ssl_object
            self._inbox.clear()  # RFC 3207, 5: nothing from before TLS counts
            self.tls_begun(ssl_object)
        if self._handler_coroutine is None:
            self._handler_coroutine = Course(self.loop, self._handle_client())

    @property
    def tls(self) -> bool:
        return self._tls_protocol is not None

    def data_received(self, data: bytes) -> None:
        self._inbox += data
        self._arrived += len(data)
        if len(self._inbox) > HIGH_WATER and not self._reading_paused:
            self._reading_paused = True
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        self._eof = True
        self._wake()
        return not self.tls  # keep our direction open: what was received is still answered

    def pause_writing(self) -> None:
        self._writing_paused = True

    def resume_writing(self) -> None:
        self._writing_paused = False
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    async def drained(self) -> None:
        """Wait for a client that reads slowly, so that replies to it do not fill memory."""
        self._writable = self.loop.create_future()
        await self._writable

    def connection_lost(self, error: Exception | None) -> None:
        self._stop_timer()
        if self._original_transport is not None:  # STARTTLS left it below the TLS layer
            self._original_transport.close()
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()
        self.transport = None

    # Time.

    def _reset_timeout(self, duration: float | None = None) -> None:
        """Note the time. The one timer looks at it when it fires, and is set again then."""
        self._active_at = self.loop.time()
        if self._timeout_handle is None:
            self._timeout_handle = self.loop.call_later(IDLE, self._timeout_cb)

    def _timeout_cb(self) -> None:
        left = self._active_at + IDLE - self.loop.time()
        # Once more when it is over: the last words may wait for a client that reads nothing.
        self._timeout_handle = self.loop.call_later(left if left > 0 else IDLE, self._timeout_cb)
        if left <= 0:
            self.idle_too_long()

    def _stop_timer(self) -> None:
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()

    # Reading.

    async def read_line(self, limit: int) -> bytes | type[TooLong] | None:
        """The next line with its end; `TooLong` instead of a longer one; None at the end."""
        too_long = False
        self._in_a_row += 1
        if self._in_a_row > LINES_IN_A_ROW:
            self._in_a_row = 0
            await asyncio.sleep(0)
        while True:
            end = self._inbox.find(b"\n", self._searched)
            if end >= 0:
                line = bytes(self._inbox[: end + 1])
                del self._inbox[: end + 1]
                self._searched = 0
                return TooLong if too_long or len(line) > limit else line
            if len(self._inbox) > limit:
                too_long = True
                self._inbox.clear()
            self._searched = len(self._inbox)
            if not await self._more():
                return None

    async def _more(self) -> bool:
        """Wait for octets; held replies go out first, because the client may wait for them."""
        arrived = self._arrived
        await self.flush()
        if self._reading_paused:
            self._reading_paused = False
            self.transport.resume_reading()
        if self._arrived == arrived and not self._eof:
            self._reset_timeout()
            self._in_a_row = 0
            await NEXT_OCTETS
        return self._arrived != arrived

    def _wake(self) -> None:
        if self._handler_coroutine is not None:
            self._handler_coroutine.octets_came()
