"""The fault dial at a server: between the engine, which it disturbs, and the mail transaction."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from smtplab import session
from smtplab.replies import Reply
from smtplab.sandbox.course import NEXT_OCTETS
from smtplab.sandbox.engine import Engine
from smtplab.sandbox.faults import magic
from smtplab.sandbox.faults.actions import Action, Cut, Delay, Extra, Raw, Simple, Split
from smtplab.sandbox.faults.dial import FaultDial
from smtplab.sandbox.faults.rules import MAIL_DATA, TLS_AT_CONNECT, Circumstances, Fault, Refused
from smtplab.sandbox.stock import STOCK_REPLIES
from smtplab.transcript import Kind

if TYPE_CHECKING:
    from smtplab.grammar import Path
    from smtplab.sandbox.little_internet import Listener
    from smtplab.sandbox.tap import Tap

GAP = 0.001  # seconds between two segments of one reply, so that a reader gets each alone
HANDSHAKE_FAILURE = bytes.fromhex("15 03 03 00 02 02 28")  # a fatal alert (RFC 8446, 6 and B.2)
NO_TLS = b"500 5.5.2 Command is not known\r\n"  # what a server without TLS says to a ClientHello
_WHY = "by the server: fault dial"
_AT_ONCE = (Simple.STALL, Simple.DROP, Simple.RESET, Simple.PLAINTEXT, Simple.BROKEN_TLS)


class Interference(Engine):
    """Asks the dial at the begin of each step, and does what the rule that strikes says."""

    listener: Listener
    reverse_path: Path | None = None
    paths: list[Path]

    faults = FaultDial()  # an empty one; the world sets its own
    tap: Tap
    source = ""  # the host that the client counts as
    _action: Action | None = None  # what the next reply has to suffer
    _at_connect: Action | None = None
    _has_magic_path = False
    _merging = False

    # When a step begins.

    async def begin(self, step: str, line: bytes = b"") -> None:
        self.doing = step
        if step == "RCPT" and magic.IN_A_COMMAND in line.lower():
            self._has_magic_path = magic.DOMAIN in self.host.domains  # others only pass it on
        if self.faults.entries or self._has_magic_path:
            fault = self._choose(step, line)
            if fault is not None:
                await self._strike(step, fault.action)

    def meets_fault(self, faults: FaultDial, tap: Tap, source: str) -> bool:
        """Get to know the dial; whether a rule strikes before an octet is said, TLS included."""
        self.faults, self.tap, self.source = faults, tap, source
        if faults.entries:
            fault = self._choose("connect", b"")
            self._at_connect = fault.action if fault else None
        return self._at_connect is not None

    def _choose(self, step: str, line: bytes) -> Fault | None:
        now = self._circumstances(step, line)
        fault = self.faults.choose(now) or magic.strikes(now)
        if fault is not None:
            self.recorder.record(Kind.FAULT, self.step, detail={"fault": str(fault)})
        return fault

    def _circumstances(self, step: str, line: bytes) -> Circumstances:
        phases: tuple[str, ...] = (step,)
        if step == session.BDAT_LAST:
            phases = ("BDAT", session.END_OF_DATA)
        elif step == "connect" and self.listener.tls == "implicit" and self.tls_context:
            phases = (step, TLS_AT_CONNECT)
        argument = line.decode("utf-8", "surrogateescape").partition(" ")[2].rstrip("\r\n")
        peer = self.session.peer[0] if self.session else ""  # at connect there is no session
        reverse_path = None if self.reverse_path is None else self.reverse_path.mailbox
        forward_paths = tuple(path.mailbox for path in self.paths)
        if step == "MAIL":
            reverse_path = magic.mailbox_in(argument)
        elif step == "RCPT":
            named = magic.mailbox_in(argument)
            forward_paths = () if named is None else (named,)
        sources = (self.source.lower(), peer.lower())
        return Circumstances(
            phases, self.listener.key, sources, argument, reverse_path, forward_paths
        )

    async def _strike(self, step: str, action: Action) -> None:
        """Do what happens instead of the step; keep what happens to its reply."""
        if isinstance(action, Reply) and action.code >= 400:
            raise Refused(action.octets.removesuffix(b"\r\n"))
        if action in _AT_ONCE:
            await self._end_at_once(action)
        if step == MAIL_DATA:  # which has no reply of its own
            assert isinstance(action, Delay)
            await self._wait(action)
        else:
            self._action = action

    async def _end_at_once(self, action: Action) -> None:
        if action in (Simple.PLAINTEXT, Simple.BROKEN_TLS):
            if self.doing == "STARTTLS":
                await Engine.push(self, "220 2.0.0 Ready to start TLS")
            await self._answer_client_hello(NO_TLS if action is Simple.PLAINTEXT else None)
        else:
            await Engine.flush(self)  # replies to earlier commands of a group still go out
        if action is Simple.STALL:
            await self._stall()
        elif action is Simple.RESET:
            self._close_event(_WHY)
            self.tap.reset()
        else:
            self.hang_up(_WHY)
        raise ConnectionAbortedError

    # When its reply is due.

    async def push(self, status: str | bytes) -> None:
        self._merging = False
        if self._action is None:
            await Engine.push(self, status)
        else:
            action, self._action = self._action, None
            await self._reply_by(action, status)

    async def _reply_by(self, action: Action, status: str | bytes) -> None:
        status = STOCK_REPLIES.get(status, status)
        refused = status[:1] in ("4", "5", b"4", b"5")
        match action:
            case Reply() if not refused:
                self._say(status, action.octets)
            case Raw(raw) if not (refused and raw[:1] in (b"2", b"3")):
                self._say(status, raw)
            case Delay():
                await Engine.flush(self)
                await self._wait(action)
                self._say(status)
            case Split() | Cut():
                await Engine.flush(self)
                self._say(status)
                await self._send_in_pieces(action)
            case Simple.LOSE:
                await Engine.flush(self)
                self.hang_up(_WHY)
                raise ConnectionAbortedError
            case _:
                self._say(status)
        if isinstance(action, Extra):
            self._outgoing.append(action.reply.octets)
            self.recorder.record(Kind.REPLY, self.step, action.reply.octets, self.state.note)
        self._merging = action is Simple.MERGE
        await self.flush()
        if action in (Simple.DROP_AFTER, Simple.RESET_AFTER):
            self._close_event(_WHY)
            self.hang_up(_WHY) if action is Simple.DROP_AFTER else self.tap.reset()
            raise ConnectionAbortedError
        if action is Simple.HALF_CLOSE:
            self.tap.write_eof()

    async def flush(self) -> None:
        if not self._merging:
            await Engine.flush(self)

    async def _send_in_pieces(self, action: Split | Cut) -> None:
        pieces = action.pieces(b"".join(self._outgoing))
        for piece in pieces:
            self._outgoing[:] = [piece]
            await Engine.flush(self)
            await asyncio.sleep(GAP)

    # Time.

    async def _wait(self, delay: Delay) -> None:
        longest = self.faults.longest_delay
        cut_short = longest is not None and not delay.in_full
        self._stop_timer()  # it is not the client who lets us wait
        await asyncio.sleep(min(delay.seconds, longest or 0) if cut_short else delay.seconds)
        self._timeout_handle = None
        self._reset_timeout()

    async def _stall(self) -> None:
        """Say nothing, and read on only to see the client go."""
        self._stop_timer()
        while not self._eof:
            self._inbox.clear()
            await self._until_woken()

    async def _answer_client_hello(self, octets: bytes | None) -> None:
        while not (self._inbox or self._eof):
            await self._until_woken()
        if self._inbox:
            self.tap.write(octets or HANDSHAKE_FAILURE)

    async def _until_woken(self) -> None:
        if self._reading_paused:
            self._reading_paused = False
            self.transport.resume_reading()
        await NEXT_OCTETS

    # At connect.

    async def _handle_client(self) -> None:
        if self._at_connect is None:
            await super()._handle_client()
            return
        try:
            await self._end_at_once(self._at_connect)
        except ConnectionError:
            pass  # as the rule wants it
        self.hang_up("by the client")
