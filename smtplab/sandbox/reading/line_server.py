"""What POP3 and IMAP servers share: lines in, replies out, TLS, time limit, all recorded.

A reply is made in pieces. The next piece waits until the client has room for it, so a client
that asks for everything and reads nothing costs no memory.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Iterator
from typing import Any, cast

from smtplab.sandbox.hosts import MailHost
from smtplab.sandbox.little_internet import Listener
from smtplab.sandbox.mailboxes import Mailbox
from smtplab.sandbox.tap import Tap
from smtplab.transcript import Kind, Recorder
from smtplab.transport.private_loop import server_side_tls

HIGH_WATER = 65_536  # octets read ahead before the client is slowed down
HEAD = 64  # octets kept of a line that is too long
MAX_BAD_COMMANDS = 100  # after so many the server closes
MAX_AUTH_FAILURES = 3  # of one connection, as on the submission port


class LineServer(asyncio.Protocol):
    """One connection; the protocol that is spoken fills in what raises `NotImplementedError`."""

    line_limit: int  # octets of one command line, its CR LF included
    idle: float  # seconds without a command

    def __init__(
        self,
        host: MailHost,
        listener: Listener,
        loop: asyncio.AbstractEventLoop,
        recorder: Recorder,
        tls_context: ssl.SSLContext | None,
    ) -> None:
        self.host, self.listener, self.loop, self.recorder = host, listener, loop, recorder
        self.tls_context = tls_context
        self.transport: Any = None
        self.tls = False
        self.mailbox: Mailbox | None = None  # whose it is who signed in
        self.literal = 0  # octets of the next unit that are no line
        self.wants_tls = False  # after this reply TLS begins
        self.done = False  # after this reply the server closes
        self.step = 0
        self._bad_commands = self._auth_failures = 0
        self._inbox = bytearray()
        self._searched = 0
        self._head: bytes | None = None  # of a line that is too long and has not ended
        self._replies: Iterator[bytes] | None = None
        self._working = self._paused = self._not_reading = False
        self._handshaking = self._eof = self._closed = False
        self._timer: asyncio.TimerHandle | None = None

    # What the protocol says.

    def greeting(self) -> bytes:
        raise NotImplementedError

    def obey(self, unit: bytes) -> Iterable[bytes]:
        """Do what one command line says; the pieces of the reply, each with its line end."""
        raise NotImplementedError

    def line_too_long(self, head: bytes) -> bytes:
        raise NotImplementedError

    def error_of_ours(self) -> bytes:
        raise NotImplementedError

    def farewell(self) -> bytes:
        """What is said when there was no command for too long; b"" is nothing."""
        raise NotImplementedError

    def secrets(self, unit: bytes) -> tuple[tuple[int, int], ...]:
        """The spans of a command line that views hide."""
        raise NotImplementedError

    @property
    def is_continued(self) -> bool:
        """Whether the next unit belongs to the command before it."""
        return False

    def released(self) -> None:
        """The connection has ended; give back what it held."""

    # Signing in.

    @property
    def needs_tls(self) -> bool:
        """Whether nobody may sign in yet. Without TLS in this Python a listener is private."""
        return self.tls_context is not None and not self.tls

    def sign_in(self, username: bytes, password: bytes) -> Mailbox | None:
        """The mailbox of an account; None if there is none with this password."""
        name = username.decode("utf-8", "replace")
        if self.host.knows(name, password.decode("utf-8", "replace")):
            return self.host.mailboxes[self.host.accounts[name].mailbox]
        self._auth_failures += 1
        self.done = self._auth_failures >= MAX_AUTH_FAILURES
        return None

    def count_bad(self) -> None:
        self._bad_commands += 1
        self.done = self.done or self._bad_commands >= MAX_BAD_COMMANDS

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        is_new, self._handshaking = not self._handshaking, False
        ssl_object = transport.get_extra_info("ssl_object")
        if ssl_object is not None:
            self.tls = self.recorder.tls = True
            protocol = (ssl_object.version() or "TLS").replace("TLSv", "TLS ")
            self.recorder.record(Kind.TLS, self.step, detail={"protocol": protocol})
        self._note_time()
        if is_new:
            self._say(self.greeting(), Kind.GREETING)

    def data_received(self, data: bytes) -> None:
        self._inbox += data
        self._work()

    def eof_received(self) -> bool:
        """What was asked for is still sent, where the transport can keep our direction open."""
        self._eof = True
        return self._replies is not None and not self.tls

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._work()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end("by the client")

    def never_began(self) -> None:
        """The transport has ended; if a TLS handshake failed, nothing else says so."""
        if self.transport is None or self._handshaking:
            self._end("in the TLS handshake")

    # One unit after the other.

    def _work(self) -> None:
        """Obey what has come, as long as the client takes the replies."""
        if self._working:
            return
        self._working = True
        while not (self._paused or self._closed or self._handshaking) and self._one_step():
            pass
        self._working = False
        if self._eof and not self._paused:
            self.hang_up("by the client")
        elif not (self._closed or self._handshaking):
            self._slow_down(len(self._inbox) > HIGH_WATER)

    def _slow_down(self, full: bool) -> None:
        if full and not self._not_reading:
            self.transport.pause_reading()
        elif self._not_reading and not full:
            self.transport.resume_reading()
        self._not_reading = full

    def _one_step(self) -> bool:
        """Say one piece, or begin with the next unit; False if there is nothing to do."""
        if self._replies is None:
            return self._begin()
        try:
            piece = next(self._replies, None)
        except Exception as error:  # a border: a fault of ours must not end the session
            self.host.report(error)
            piece, self._replies = self.error_of_ours(), iter(())
        if piece is not None:
            self._say(piece, Kind.CHALLENGE if piece.startswith(b"+ ") else Kind.REPLY)
            return True
        self._replies = None
        if self.done:
            self.hang_up("by the server")
        elif self.wants_tls:
            self._begin_tls()
        return True

    def _begin(self) -> bool:
        end = self._inbox.find(b"\n", max(self._searched, self.literal))
        limit = self.literal + self.line_limit
        if end < 0:
            if self._head is None and len(self._inbox) > limit:
                self._head = bytes(self._inbox[:HEAD])
            if self._head is not None:
                self._inbox.clear()
                self.literal = 0
            self._searched = len(self._inbox)
            return False
        unit = bytes(self._inbox[: end + 1])
        del self._inbox[: end + 1]
        self._searched = 0
        self.step += 1
        kind = Kind.RESPONSE if self.is_continued else Kind.COMMAND
        if self._head is not None or len(unit) > limit:
            head = unit[:HEAD] if self._head is None else self._head
            self._head, self.literal = None, 0
            self.recorder.record(kind, self.step)  # as an event it is empty: nobody read it
            self._replies = iter([self.line_too_long(head)])
            return True
        self.recorder.record(kind, self.step, unit, secrets=self.secrets(unit))
        self._replies = iter(self.obey(unit))
        return True

    def _say(self, piece: bytes, kind: Kind) -> None:
        self.recorder.record(kind, self.step, piece)
        self._note_time()
        self.transport.write(piece)

    # TLS, time, the end.

    def _begin_tls(self) -> None:
        assert self.tls_context is not None
        self.wants_tls, self._handshaking = False, True
        self._inbox.clear()  # what came in plain behind the command does not count
        self._searched = 0
        tap = cast(Tap, self.transport)
        layer = server_side_tls(self.loop, self, self.tls_context)
        tap.set_protocol(layer)
        layer.connection_made(tap)

    def _note_time(self) -> None:
        """The one timer looks at this when it fires, and is set again then."""
        self._active_at = self.loop.time()
        if self._timer is None and not self._closed:
            self._timer = self.loop.call_later(self.idle, self._time_is_up)

    def _time_is_up(self) -> None:
        left = self._active_at + self.idle - self.loop.time()
        # Once more when it is over: the last words may wait for a client that reads nothing.
        self._timer = self.loop.call_later(left if left > 0 else self.idle, self._time_is_up)
        if left > 0:
            return
        if self._paused or self._handshaking or self._closed:  # a farewell would wait for ever
            self._close_event("by the server: idle too long")
            self.transport.abort()
            return
        if farewell := self.farewell():
            self._say(farewell, Kind.REPLY)
        self.hang_up("by the server: idle too long")

    def hang_up(self, why: str) -> None:
        """Close from our side."""
        self._close_event(why)
        self.transport.close()

    def _end(self, why: str) -> None:
        self._close_event(why)
        if self._timer is not None:
            self._timer.cancel()
        self._replies = None
        self.released()

    def _close_event(self, why: str) -> None:
        if not self._closed:
            self._closed = True
            self.recorder.record(Kind.CLOSE, self.step, detail={"why": why})
