"""The dialogue under the client: octets out, one reply in, everything recorded."""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING

from smtplab import session
from smtplab.errors import (
    ConnectionLost,
    RemoteProtocolError,
    SMTPLabError,
    StepInterrupted,
)
from smtplab.replies import ReplyParser
from smtplab.session import Session, State
from smtplab.step_reply import StepReply
from smtplab.timeouts import Timeouts
from smtplab.transcript import Kind, Transcript
from smtplab.transcript.events import Span
from smtplab.transcript.hiding import command_secrets, response_secrets
from smtplab.transport import Stream, Wiretap

if TYPE_CHECKING:
    import ssl

READ = 8192  # octets asked for at a time; replies are short, and a large buffer takes time to make

_SECRET = ("AUTH", session.CHALLENGE)  # steps whose octets hold secrets
# Found once: until Python 3.12 an Enum looks its members up anew, in a thousand instructions.
_COMMAND, _REPLY, _CHALLENGE = Kind.COMMAND, Kind.REPLY, Kind.CHALLENGE
_KINDS = {session.GREETING: Kind.GREETING}
_CLOSED = State.CLOSED
_ENDED = (_CLOSED, State.OUT_OF_STEP)
_OUT_OF_STEP = "a reply is missing on this connection; close it and connect again"


class Dialogue:
    """One end of one connection; every step is whole or the session is out of step."""

    def __init__(self, host: str, port: int, stream: Stream, transcript: Transcript) -> None:
        facts = stream.facts
        self.host, self.port = host, port
        self.connection = facts.connection
        self.transcript = transcript
        self.session = Session()
        self._recorder = transcript.recorder(facts.connection, "client")
        self._stream: Stream = Wiretap(stream, self._recorder)
        self._parser = ReplyParser()
        self._step = 0
        self._lock = RLock()
        self._is_closed = False
        self.round_trips = 0  # how often the client has waited for the server
        self._timeouts: Timeouts | None = None  # None: the stream's own, for each step
        place = {"source": facts.source, "host": host, "port": port}
        self._recorder.record(Kind.CONNECT, 0, detail=place)

    @property
    def state(self) -> State:
        return self.session.state

    def _exchange(
        self, step: str, octets: bytes, kind: Kind = _COMMAND, chunk: bytes = b""
    ) -> StepReply:
        """Send octets, record them, and read the reply to them.

        A `chunk` goes out behind its BDAT command line, and is recorded as mail data. All that can
        wait is done after the write, while the server works on its reply.
        """
        with self._lock:
            self._check_open()
            self._look_for_unasked()
            if self._timeouts is not None:
                self._stream.timeout = self._timeouts.write
            try:
                try:
                    self._stream.write(octets + chunk if chunk else octets)
                finally:
                    self._note_sent(step, octets, kind, chunk)
            except OSError as error:
                return self._after_failed_write(error, step)
            except BaseException as error:  # an interrupt: nobody knows how much went out
                raise self._broken_off(error, f"{step} was being sent") from None
            return self._read_reply()

    def _look_for_unasked(self) -> None:
        """Before a write: what has come already would be taken for the reply to it."""
        early = self._stream.waiting()
        if early:
            self._parser.feed(early)
        if self._parser.in_reply and not self._content_is_refused():
            self._met_unasked()

    def _content_is_refused(self) -> bool:
        """Some servers refuse the content before they have read it: that answers it all the same.

        An acceptance of what was not yet sent does not.
        """
        return self.state is State.DATA and self._parser.pending[:1] in (b"4", b"5")

    def _met_unasked(self) -> None:
        """Octets came that answer nothing; 421 may (RFC 5321, 3.8), and then the server closes."""
        early = self._parser.pending[:80]
        self.session.out_of_step()
        reply = self._parser.next_reply()
        if reply is None or reply.code != 421:
            raise RemoteProtocolError(
                f"the server sent {early!r} before it was asked; {_OUT_OF_STEP}"
            )
        self._recorder.record(Kind.REPLY, self._step, self._parser.octets, State.CLOSED.note)
        self._closed("by the server")
        raise ConnectionLost(f"{self.host} ended the session: {reply}; connect again")

    def _note_sent(self, step: str, octets: bytes, kind: Kind, chunk: bytes) -> None:
        self.session.sent(step)
        self._step += 1
        self.round_trips += 1
        # send_raw() may hold several lines, and AUTH in one of them.
        lines = kind is _COMMAND and octets.find(b"\n") < len(octets) - 1
        secrets = _places(kind, octets) if lines or step in _SECRET else ()
        self._recorder.record(kind, self._step, octets, secrets=secrets)
        if chunk:
            self._recorder.record(Kind.MAIL_DATA, self._step, chunk)

    def _after_failed_write(self, error: OSError, step: str) -> StepReply:
        """The server may have said why it closed before our octets reached it."""
        if not isinstance(error, TimeoutError):
            try:
                return self._read_reply()
            except SMTPLabError:
                pass
        self._closed("lost while sending")
        raise ConnectionLost(
            f"{self.host} took no more octets while {step} was being sent; connect again"
        ) from None

    def _read_reply(self) -> StepReply:
        parser = self._parser
        if self._timeouts is not None:
            self._stream.timeout = self._timeouts.of(self._waited_for())
        try:
            reply = parser.next_reply() if parser.in_reply else None
            while reply is None:
                octets = self._stream.read(READ)
                if not octets:
                    raise ConnectionResetError
                reply = parser.reply_after(octets)
        except TimeoutError:
            advice = self._after_silence()  # it goes by the state, so it comes first
            self.session.out_of_step()
            raise ConnectionLost(
                f"{self.host} sent no reply to {self._waited_for()} within "
                f"{self._stream.timeout:g} seconds; {advice}"
            ) from None
        except OSError:
            why = f"by the server, before its reply to {self._waited_for()}"
            message = f"{self.host} closed the connection before its reply to {self._waited_for()}"
            self._closed(why)
            raise ConnectionLost(f"{message}; connect again") from None
        except BaseException as error:  # or a malformed reply: the rest of it may still come
            during = f"the reply to {self._waited_for()} was awaited"
            raise self._broken_off(error, during) from None
        now = self.session
        step = now.received(reply)
        kind = _CHALLENGE if reply.code == 334 else _KINDS.get(step, _REPLY)
        answered = self._step - now.unanswered
        self._recorder.record(kind, answered, parser.octets, now.state.note)
        if now.state is _CLOSED:
            self._closed("by the server")
        return StepReply(reply.code, reply.texts, step, now.snapshot)

    def _broken_off(self, error: BaseException, during: str) -> BaseException:
        """The session is out of step; who stopped it by hand is told so in one sentence."""
        self.session.out_of_step()
        if not isinstance(error, KeyboardInterrupt):
            return error
        return StepInterrupted(
            f"stopped while {during}; {self.host} may still act on it. "
            f"The session is now: {self.state.value}; connect again"
        )

    def _waited_for(self) -> str:
        awaited = self.session.awaited
        return awaited[0] if awaited else "nothing"

    def _after_silence(self) -> str:
        """The next step after a time-out."""
        if self._waited_for() == session.GREETING and not self.session.tls:
            return (
                "it may expect TLS first, as on port 465: "
                "connect again with Settings(implicit_tls=True)"
            )
        if self.state is State.DATA:
            return (
                "after 354 it takes everything for content, until a line that holds one dot; "
                "close this connection and connect again"
            )
        said = self.transcript.of(self.connection, "client")
        lines = [one.octets for one in said if one.kind in (Kind.COMMAND, Kind.RESPONSE)]
        if lines and not lines[-1].endswith(b"\r\n"):
            return (
                "what was sent does not end in CR LF, which is b'\\r\\n', so the server may wait "
                "for the rest of the line; close this connection and connect again"
            )
        return _OUT_OF_STEP

    def _begin_tls(self, context: ssl.SSLContext | None) -> None:
        """RFC 3207, 5: octets that came before the handshake may be an attacker's."""
        if self._step:  # else the handshake comes first, and says itself what came instead
            self._parser.feed(self._stream.waiting())
        if self._parser.in_reply:
            early = self._parser.pending
            self._closed("by the client: octets came before TLS")
            raise RemoteProtocolError(
                f"the server sent {early[:80]!r} in plaintext after it agreed to TLS; somebody on "
                "the way may have injected it, so the connection was closed"
            )
        try:
            self._stream = self._stream.start_tls(context, self.host)
        except BaseException as error:  # the next command must not go out in plaintext
            self._closed("in the TLS handshake")
            raise self._broken_off(error, "TLS was being begun") from None
        from smtplab.transport.tls import TLSStream

        assert isinstance(self._stream, TLSStream)
        verified = "yes" if self._stream.verified else "no"
        detail = {"protocol": self._stream.protocol, "verified": verified}
        self._recorder.tls = True
        self._recorder.record(Kind.TLS, self._step, detail=detail)
        self.session.tls_began()

    def _check_open(self) -> None:
        if self.session.state in _ENDED:
            closed = "this session is closed; connect again"
            raise ConnectionLost(closed if self.state is _CLOSED else _OUT_OF_STEP)

    def _closed(self, why: str) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._recorder.record(Kind.CLOSE, self._step, detail={"why": why})
            self.session.connection_lost()
            self._stream.close()


def _places(kind: Kind, octets: bytes) -> tuple[Span, ...]:
    return response_secrets(octets) if kind is Kind.RESPONSE else command_secrets(octets)
