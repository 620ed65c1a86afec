"""The engine under the server: aiosmtpd's protocol class with reading, timing and recording.

It takes from aiosmtpd the life of a connection, the STARTTLS upgrade and the dispatch to `smtp_*`
methods. Reading lines and mail data, reply batching, time-outs and the
end of a connection are done here, because the stock ones lose data or break the rules.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from aiosmtpd.smtp import SMTP, Session, TLSSetupException

from smtplab import session
from smtplab.commands import MAX_AUTH_LINE, MAX_COMMAND_LINE, verb_of
from smtplab.mail_object import ContentReader
from smtplab.sandbox.by_name import ByName
from smtplab.sandbox.course import NEXT_OCTETS, Course
from smtplab.sandbox.faults.rules import MAIL_DATA, Refused
from smtplab.sandbox.line_ends import content_reader
from smtplab.sandbox.offer import reply_octets
from smtplab.sandbox.stock import STOCK_REPLIES, NoHooks, QuietSession
from smtplab.session import State, next_state
from smtplab.transcript import Kind, Recorder
from smtplab.transcript.hiding import command_secrets

if TYPE_CHECKING:
    from smtplab.sandbox.hosts import MailHost

IDLE = 300.0  # seconds without a command (RFC 5321, 4.5.3.2.7)
HIGH_WATER = 262_144  # octets read ahead before the client is slowed down
MAX_HELD_REPLIES = 65_536  # octets of replies held back for one segment (RFC 2920, 3.2)


class TooLong:
    """Stands for a command line that was too long to keep."""


class Engine(SMTP):
    """One connection at the server's end: octets in, lines out, replies back, all recorded."""

    session: Any  # aiosmtpd's types allow None for both, also where they never are
    transport: Any
    _handler_coroutine: Any  # a `Course` here
    _smtp_methods: Any  # `ByName` here
    _paused: bool  # asyncio's: the client reads more slowly than we write
    _original_transport: Any

    def __init__(
        self,
        host: MailHost,
        loop: asyncio.AbstractEventLoop,
        recorder: Recorder,
        tls_context: ssl.SSLContext | None,
    ) -> None:
        self.command_size_limits = defaultdict(lambda: MAX_COMMAND_LINE)  # not the shared one
        super().__init__(
            NoHooks(),
            hostname=host.name,
            ident=host.policy.ident,
            tls_context=tls_context,
            auth_require_tls=False,  # the server itself looks, before aiosmtpd would
            loop=loop,
        )
        self._smtp_methods = ByName(self, "smtp_")
        self.host = host
        self.recorder = recorder
        self.step = 0
        self._inbox = bytearray()
        self._outgoing: list[bytes] = []
        self._held = 0  # octets in it
        self._searched = 0
        self._arrived = 0  # octets ever
        self._eof = False
        self._reading_paused = False
        self._close_recorded = False
        self.state = State.CONNECTED
        self.doing = session.GREETING  # the step that the next reply is the reply to

    # aiosmtpd's protocol, as far as ours differs.

    def __dir__(self) -> list[str]:
        """aiosmtpd looks through this at each connection; `ByName` has found it all before."""
        return []

    def _create_session(self) -> Session:
        return QuietSession(self.loop)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        is_first = self._handler_coroutine is None  # after STARTTLS there is a second
        if is_first:
            self._set_up(transport)
        else:
            super().connection_made(transport)
        ssl_object = transport.get_extra_info("ssl_object")
        if ssl_object is not None:
            self._tls_protocol = self._tls_protocol or ssl_object
            self._inbox.clear()  # RFC 3207, 5: nothing from before TLS counts
            self.recorder.tls = True
            protocol = (ssl_object.version() or "TLS").replace("TLSv", "TLS ")
            self.recorder.record(Kind.TLS, self.step, detail={"protocol": protocol})
        if is_first:
            self._handler_coroutine = Course(self.loop, self._handle_client())

    def _set_up(self, transport: asyncio.BaseTransport) -> None:
        """What aiosmtpd does for a new connection, but for its task."""
        self._set_rset_state()  # type: ignore[no-untyped-call]
        self.session = self._create_session()
        self.session.peer = transport.get_extra_info("peername")
        self._reset_timeout()
        asyncio.StreamReaderProtocol.connection_made(self, transport)
        self.transport = transport

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

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(None)  # an error that nobody fetches would be logged
        self._close_event("by the client")

    def _reset_timeout(self, duration: float | None = None) -> None:
        """Note the time. The one timer looks at it when it fires, and is set again then."""
        self._active_at = self.loop.time()
        if self._timeout_handle is None:
            self._timeout_handle = self.loop.call_later(IDLE, self._timeout_cb)

    def _timeout_cb(self) -> None:
        """RFC 5321, 3.8: the server says why before it closes."""
        left = self._active_at + IDLE - self.loop.time()
        if left > 0:
            self._timeout_handle = self.loop.call_later(left, self._timeout_cb)
            return
        self._say(f"421 4.4.2 {self.hostname} closes: no command for {IDLE:.0f} seconds")
        self._write_held()
        self.hang_up("by the server: idle too long")

    # Reading.

    async def read_line(self, limit: int) -> bytes | type[TooLong] | None:
        """The next line with its end; `TooLong` instead of a longer one; None at the end."""
        too_long = False
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

    async def read_mail_data(self, limit: int) -> ContentReader | None:
        """Everything up to the end of mail data; None if the client went away before it."""
        reader, keeper = self.content_reader(limit), self.recorder.keeper()
        self.step += 1
        while not reader.ended:
            if not self._inbox and not await self._more():
                return None
            if not keeper.length:
                await self.begin(MAIL_DATA)
            octets, self._inbox = self._inbox, bytearray()
            rest = reader.feed(octets)
            keeper.feed(octets[: len(octets) - len(rest)] if rest else octets)
            self._inbox += rest
        self.recorder.record_kept(Kind.MAIL_DATA, self.step, keeper)
        await self.begin(session.END_OF_DATA)
        return reader

    def content_reader(self, limit: int) -> ContentReader:
        return content_reader(self.host.policy.line_ends, limit)  # strict, unless it is lax

    async def _more(self) -> bool:
        """Wait for octets; held replies go out first, because the client may wait for them."""
        arrived = self._arrived
        if self._outgoing:
            await self.flush()
        if self._reading_paused:
            self._reading_paused = False
            self.transport.resume_reading()
        if self._arrived == arrived and not self._eof:
            self._reset_timeout()
            await NEXT_OCTETS
        return self._arrived != arrived

    def _wake(self) -> None:
        if self._handler_coroutine is not None:
            self._handler_coroutine.octets_came()

    # Replying.

    async def push(self, status: str | bytes) -> None:
        """Say one reply; it goes out with the next ones when the client has more in store."""
        self._say(STOCK_REPLIES.get(status, status))
        alone = self.doing == "STARTTLS" or not self.host.policy.offers("PIPELINING")
        if alone or self._held > MAX_HELD_REPLIES:
            await self.flush()

    async def flush(self) -> None:
        if self._outgoing:
            self._write_held()
            if self._paused:
                await self._writer.drain()

    def _say(self, status: str | bytes, instead: bytes | None = None) -> None:
        """Say a reply, or other octets in its place; the state moves by the reply's code."""
        octets = reply_octets(status, self.host.policy)
        code = int(octets[:3])
        self.state = next_state(self.state, self.doing, code)
        kind = Kind.GREETING if self.doing == session.GREETING else Kind.REPLY
        if code == 334:
            kind, self.doing = Kind.CHALLENGE, session.CHALLENGE
        if instead is not None:
            octets = instead
        self.recorder.record(kind, self.step, octets, self.state.note)
        self._outgoing.append(octets)
        self._held += len(octets)

    def _write_held(self) -> None:
        held = b"".join(self._outgoing)
        self._outgoing.clear()
        self._held = 0
        if self.transport is not None:
            self.transport.write(held)

    def hang_up(self, why: str) -> None:
        """Close from our side."""
        self._close_event(why)
        if self.transport is not None:
            self.transport.close()

    def never_began(self) -> None:
        """The connection has ended; if TLS from the first octet failed, nothing else says so."""
        self._close_event("in the TLS handshake")

    def _close_event(self, why: str) -> None:
        if not self._close_recorded:
            self._close_recorded = True
            self.state = State.CLOSED
            self.recorder.record(Kind.CLOSE, self.step, detail={"why": why})

    # The course of a connection.

    def greeting(self) -> str:
        """421 and 554 turn a client away (RFC 5321, 3.1)."""
        return f"220 {self.hostname} {self.__ident__}"

    async def _handle_client(self) -> None:
        try:
            await self._greet()
            while self.state is not State.CLOSED:
                line = await self.read_line(MAX_AUTH_LINE)
                if line is None:
                    break
                await self._obey(line)
            await self.flush()
        except ConnectionError:
            pass  # the client has gone; there is nobody left to tell
        except TLSSetupException:
            self._close_event("in the TLS handshake")
            if self._original_transport is not None:
                self._original_transport.abort()
        self.hang_up("by the server" if self.state is State.CLOSED else "by the client")

    async def _greet(self) -> None:
        try:
            await self.begin(session.GREETING)
            await self.push(self.greeting())
        except Refused as refused:
            await self.push(refused.status)

    async def begin(self, step: str, line: bytes = b"") -> None:
        """A step that a reply ends; `Refused` if it is not to be done. BDAT's follows its chunk."""
        self.doing = step

    async def _obey(self, line: bytes | type[TooLong]) -> None:
        self.step += 1
        octets = b"" if isinstance(line, type) else line
        self.doing = verb_of(octets)
        self.recorder.record(Kind.COMMAND, self.step, octets, secrets=command_secrets(octets))
        try:
            if self.doing != "BDAT":
                await self.begin(self.doing, octets)
            await self.obey(line)
        except (ConnectionError, TLSSetupException):
            raise
        except Refused as refused:
            if self.doing == session.END_OF_DATA:  # any reply to mail data ends the transaction
                self._set_rset_state()  # type: ignore[no-untyped-call]
            await self.push(refused.status)
        except Exception as error:  # a border: a fault of ours must not end the session
            self.host.report(error)
            if self.doing == session.END_OF_DATA:  # any reply to mail data ends the transaction
                self._set_rset_state()  # type: ignore[no-untyped-call]
            await self.push("451 4.3.0 Local error in processing; it was kept for you to look at")

    async def obey(self, line: bytes | type[TooLong]) -> None:
        """Do what one command line says."""
        raise NotImplementedError
