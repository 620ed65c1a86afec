"""The engine under the server: replies, steps and the course of a connection, all recorded.

Reading mail data, reply batching and the end of a connection are done here, because aiosmtpd's own
lose data or break the rules.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Any

from aiosmtpd.smtp import TLSSetupException

from smtplab import session
from smtplab.commands import MAX_AUTH_LINE, verb_of
from smtplab.mail_object import ContentReader
from smtplab.sandbox.by_name import ByName
from smtplab.sandbox.connection import IDLE, Connection, TooLong
from smtplab.sandbox.faults.rules import MAIL_DATA, Refused
from smtplab.sandbox.line_ends import content_reader
from smtplab.sandbox.offer import reply_octets
from smtplab.sandbox.stock import STOCK_REPLIES
from smtplab.session import State, next_state
from smtplab.transcript import Kind, Recorder
from smtplab.transcript.hiding import command_secrets

if TYPE_CHECKING:
    from smtplab.sandbox.hosts import MailHost

# Found once: until Python 3.12 an Enum looks its members up anew each time.
_COMMAND, _REPLY, _CLOSED = Kind.COMMAND, Kind.REPLY, State.CLOSED
MAX_HELD_REPLIES = 65_536  # octets of replies held back for one segment (RFC 2920, 3.2)


class Engine(Connection):
    """What is said on one connection: lines in, replies back, all recorded."""

    _smtp_methods: Any  # `ByName` here

    def __init__(
        self,
        host: MailHost,
        loop: asyncio.AbstractEventLoop,
        recorder: Recorder,
        tls_context: ssl.SSLContext | None,
    ) -> None:
        super().__init__(loop, tls_context)
        self._smtp_methods = ByName(self, "smtp_")
        self.hostname = host.name
        self.host = host
        self.recorder = recorder
        self.step = 0
        self._outgoing: list[bytes] = []
        self._held = 0  # octets in it
        self._close_recorded = False
        self.state = State.CONNECTED
        self.doing = session.GREETING  # the step that the next reply is the reply to

    # The connection below.

    def tls_begun(self, ssl_object: ssl.SSLObject) -> None:
        self.recorder.tls = True
        protocol = (ssl_object.version() or "TLS").replace("TLSv", "TLS ")
        shown = self.host.policy.certificate  # which kind; a lesson asks whether it was good
        self.recorder.record(
            Kind.TLS, self.step, detail={"protocol": protocol, "certificate": shown}
        )

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._close_event("by the client")

    def idle_too_long(self) -> None:
        """RFC 5321, 3.8: the server says why before it closes. Who reads nothing is cut off."""
        if self._writing_paused or self.transport.is_closing():
            self._close_event("by the server: idle too long")
            self.transport.abort()
            return
        self._say(f"421 4.4.2 {self.hostname} closes: no command for {IDLE:.0f} seconds")
        self._write_held()
        self.hang_up("by the server: idle too long")

    # Mail data.

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
            if self._writing_paused:
                await self.drained()

    def _say(self, status: str | bytes, instead: bytes | None = None) -> None:
        """Say a reply, or other octets in its place; the state moves by the reply's code."""
        octets = reply_octets(status, self.host.policy)
        code = int(octets[:3])
        self.state = next_state(self.state, self.doing, code)
        kind = Kind.GREETING if self.doing == session.GREETING else _REPLY
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
        if self.transport is not None and not self.transport.is_closing():  # the client may be gone
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
        return f"220 {self.hostname} {self.host.policy.ident}"

    async def _handle_client(self) -> None:
        try:
            await self._greet()
            while self.state is not _CLOSED:
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
        self.recorder.record(_COMMAND, self.step, octets, secrets=command_secrets(octets))
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
