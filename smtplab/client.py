"""The step-by-step SMTP client: one method a step, each returns the reply (RFC 5321, 4.1)."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

from smtplab import commands, sasl, session
from smtplab.auth_exchange import AuthExchange
from smtplab.errors import LocalProtocolError, SMTPLabError, check_octets, check_text
from smtplab.group import Group, windows
from smtplab.guard import check_door, internet
from smtplab.mail_object import encode_content
from smtplab.pipelining import Pipelining
from smtplab.replay import step_of
from smtplab.session import State
from smtplab.step_reply import StepReply
from smtplab.timeouts import Timeouts
from smtplab.transcript import Kind, Transcript
from smtplab.transport import Network, Stream

if TYPE_CHECKING:
    import ssl

    from smtplab.commands import Parameters
    from smtplab.extensions import Extensions
    from smtplab.transport.tls_report import TLSReport

_DATA, _MAIL_DATA = State.DATA, Kind.MAIL_DATA  # found once, as in `dialogue`
IMPLICIT_TLS_PORT = 465  # RFC 8314, 7.3: TLS from the first octet


@dataclass(frozen=True)
class Settings:
    """How to connect. Left alone: 30 seconds, the network's own EHLO name, TLS by port."""

    timeout: float | Timeouts = 30.0  # seconds that a step may wait, or those of each phase
    source: str | None = None  # host or address to connect from
    name: str | None = None  # what EHLO says
    implicit_tls: bool | None = None  # None: TLS from the first octet on port 465 only
    tls_context: ssl.SSLContext | None = None  # None: certificates are checked
    transcript: Transcript | None = None  # None: a new one
    ip_version: int | None = None  # 4 or 6, for real servers; None: whichever answers first


_DEFAULTS = Settings()


class Client(Pipelining):
    """One session with one SMTP server."""

    def __init__(self, host: str, port: int, stream: Stream, settings: Settings) -> None:
        transcript = settings.transcript
        if transcript is None:  # an empty one is false, too
            transcript = Transcript(stream.facts.now)
        super().__init__(host, port, stream, transcript)
        self.name = settings.name or stream.facts.local_name
        self.greeting: StepReply
        self._tls_context = settings.tls_context
        self._timeouts = settings.timeout if isinstance(settings.timeout, Timeouts) else None
        self._nonce = stream.facts.nonce
        self._clear_passwords_allowed = True

    @classmethod
    def connect(
        cls,
        host: str = "smtp.example.org",
        port: int = 587,
        *,
        network: Network | None = None,
        real: bool = False,
        settings: Settings = _DEFAULTS,
    ) -> Client:
        """Connect and read the greeting; on port 465 TLS begins first (RFC 8314, 3.3).

        `network` is the sandbox; without it the server is a real one, and then `real=True` is
        asked for outside this machine. Raises `ConnectionLost`, `RemoteProtocolError` or
        `LocalProtocolError`, each with the next step in its message.
        """
        check_door(host, port)
        network = network or internet(host, real=real, ip_version=settings.ip_version)
        limit = settings.timeout
        seconds = limit.connect if isinstance(limit, Timeouts) else limit
        stream = network.open(host, port, source=settings.source, timeout=seconds)
        client = cls(host, port, stream, settings)
        client._clear_passwords_allowed = not real
        implicit = settings.implicit_tls
        try:
            if implicit or (implicit is None and port == IMPLICIT_TLS_PORT):
                client._begin_tls(settings.tls_context)
            client.greeting = client._read_reply()
        except BaseException:
            client.close()  # the caller never gets it, so nobody else could
            raise
        return client

    def use_tls_context(self, context: ssl.SSLContext | None) -> None:
        """Decide how `starttls()` checks the certificate; None: as the network trusts."""
        self._tls_context = context

    @property
    def extensions(self) -> Extensions | None:
        """What the last EHLO reply offered; None before it."""
        return self.session.extensions

    @property
    def tls_report(self) -> TLSReport | None:
        """Protocol, cipher and certificate chain, for a person to read; None without TLS."""
        report: TLSReport | None = getattr(self._stream, "report", None)
        return report

    # One method a step.

    def ehlo(self, name: str | None = None) -> StepReply:
        """Name the client and ask for the service extensions (RFC 5321, 4.1.1.1)."""
        return self._exchange("EHLO", commands.ehlo(self.name if name is None else name))

    def helo(self, name: str | None = None) -> StepReply:
        """Name the client in the way of 1982, without extensions (RFC 5321, 4.1.1.1)."""
        return self._exchange("HELO", commands.helo(self.name if name is None else name))

    def starttls(self) -> StepReply:
        """Ask for TLS and, on 220, begin it; EHLO is next (RFC 3207, 4)."""
        with self._lock:
            reply = self._exchange("STARTTLS", commands.starttls())
            if reply.code == 220:
                self._begin_tls(self._tls_context)
            return reply

    def auth(
        self,
        username: str,
        password: str = "",
        mechanism: str | None = None,
        *,
        token: str = "",
        initial_response: bool = True,
    ) -> StepReply:
        """Sign in by `mechanism`, or by the first that both ends know (RFC 4954, 4).

        With `token`, an OAuth access token, no password is sent. `initial_response=False` leaves
        it to the server to ask first. `RemoteProtocolError` if the server cannot prove itself
        where the mechanism demands that, or asks what makes no sense.
        """
        with self._lock:
            return self.begin_auth(
                username, password, mechanism, token=token, initial_response=initial_response
            ).run()

    def begin_auth(
        self,
        username: str,
        password: str = "",
        mechanism: str | None = None,
        *,
        token: str = "",
        initial_response: bool = True,
    ) -> AuthExchange:
        """The same step by step; nothing is sent before the first `step()` of the exchange."""
        self._check_password_may_go()
        who = sasl.Credentials(username, password, token)
        for secret in (password, token):
            self.transcript.secrets.add(secret)
        offered = self.extensions.auth_mechanisms if self.extensions else ()
        binding = self._channel_binding()
        name = check_text(mechanism or sasl.choose(offered, who, binding), "auth()").upper()
        where = sasl.Surroundings(
            nonce=self._nonce,
            host=self.host,
            port=self.port,
            binding=binding,
            plus_offered=any(one.endswith(sasl.PLUS) for one in offered),
        )
        made = sasl.make(name, who, where)

        def begin(octets: bytes) -> StepReply:
            self.session.claimed = who.username
            return self._exchange("AUTH", octets)

        return AuthExchange(self, made, begin, initial_response=initial_response)

    def respond(self, response: bytes) -> StepReply:
        """Answer one AUTH challenge by hand; `response` is sent in base64 (RFC 4954, 4)."""
        return self._exchange(session.CHALLENGE, b64encode(response) + b"\r\n", Kind.RESPONSE)

    def mail(self, reverse_path: str, parameters: Parameters | None = None) -> StepReply:
        """Open a mail transaction; "" is the null reverse-path (RFC 5321, 4.1.1.2)."""
        return self._exchange("MAIL", commands.mail(reverse_path, parameters))

    def rcpt(self, forward_path: str, parameters: Parameters | None = None) -> StepReply:
        """Add one recipient (RFC 5321, 4.1.1.3)."""
        return self._exchange("RCPT", commands.rcpt(forward_path, parameters))

    def data(self) -> StepReply:
        """Ask to send the content; 354 says go on with `content()` (RFC 5321, 4.1.1.4)."""
        return self._exchange("DATA", commands.data())

    def content(self, octets: bytes) -> StepReply:
        """Send the content with transparency and the end of mail data (RFC 5321, 4.5.2)."""
        if self.session.state is not _DATA:
            raise LocalProtocolError(
                "the server has not asked for mail data, so it would take each line as a command; "
                "send DATA and read 354 first, or use send_raw() to see what happens"
            )
        check_octets(octets, "content()")
        return self._exchange(session.END_OF_DATA, encode_content(octets), _MAIL_DATA)

    def group(self, *lines: bytes) -> Group:
        """Send commands at once and match the replies to them (RFC 2920, 3.1).

        The lines come from `smtplab.commands`: `client.group(mail(…), rcpt(…), data())`. Whether
        the server offers PIPELINING is not looked at: what happens without it is a lesson too.
        """
        replies: list[StepReply] = []
        before = self.round_trips
        for part in windows(lines):
            replies += self._exchange_group(tuple(map(step_of, part)), part)
            if self.state is State.CLOSED:
                break
        return Group(lines, tuple(replies), self.round_trips - before)

    def bdat(self, octets: bytes, *, last: bool = False) -> StepReply:
        """Send one chunk of the content as it is; `last` ends the content (RFC 3030, 2)."""
        if self.extensions is None or "CHUNKING" not in self.extensions:
            raise LocalProtocolError(
                "the server has not offered CHUNKING, so it would take each line of the chunk as a "
                "command; use data() and content(), or send_raw() to see what happens"
            )
        check_octets(octets, "bdat()")
        step = session.BDAT_LAST if last else "BDAT"
        return self._exchange(step, commands.bdat(len(octets), last=last), chunk=octets)

    def rset(self) -> StepReply:
        """Drop the mail transaction (RFC 5321, 4.1.1.5)."""
        return self._exchange("RSET", commands.rset())

    def noop(self, text: str = "") -> StepReply:
        """Do nothing, and get a reply (RFC 5321, 4.1.1.9)."""
        return self._exchange("NOOP", commands.noop(text))

    def vrfy(self, text: str) -> StepReply:
        """Ask whether a mailbox exists (RFC 5321, 4.1.1.6)."""
        return self._exchange("VRFY", commands.vrfy(text))

    def expn(self, text: str) -> StepReply:
        """Ask who is on a mailing list (RFC 5321, 4.1.1.7)."""
        return self._exchange("EXPN", commands.expn(text))

    def help(self, topic: str = "") -> StepReply:
        """Ask for help (RFC 5321, 4.1.1.8)."""
        return self._exchange("HELP", commands.help_(topic))

    def quit(self) -> StepReply:
        """End the session, wait for 221, and close (RFC 5321, 4.1.1.10)."""
        return self._exchange("QUIT", commands.quit_())

    def send_raw(self, octets: bytes) -> StepReply:
        """Send exactly these octets, whatever they are, and read one reply.

        For lessons that break the rules; `read_reply()` reads any further replies.
        """
        check_octets(octets, "send_raw()")
        if self.state is State.AUTH:
            return self._exchange(session.CHALLENGE, octets, Kind.RESPONSE)
        if self.state is State.DATA:
            return self._exchange(session.END_OF_DATA, octets, Kind.MAIL_DATA)
        return self._exchange(step_of(octets), octets)

    def read_reply(self) -> StepReply:
        """Read one more reply, without sending anything."""
        with self._lock:
            self._check_open()
            return self._read_reply()

    def close(self) -> None:
        """Close the connection without QUIT; what the server has not accepted is dropped."""
        self._closed("by the client")

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if kind is None and "QUIT" in self.session.legal_next():
                self.quit()
        except SMTPLabError:
            pass  # the block is over and its result stands; a failed QUIT changes nothing
        finally:
            self.close()

    def __repr__(self) -> str:
        tls = ", inside TLS" if self.session.tls else ""
        return f"<Client of {self.host} : {self.port}, {self.state.value}{tls}>"

    def _check_password_may_go(self) -> None:
        if not (self.session.tls or self._clear_passwords_allowed):
            raise LocalProtocolError(
                "the password would cross the network readable for anyone; use starttls() first, "
                "or port 465"
            )

    def _channel_binding(self) -> sasl.Binding | None:
        """What an exchange can be tied to: up to TLS 1.2 tls-unique, else the certificate."""
        if not self.session.tls:
            return None
        from smtplab.sasl.channel_binding import server_end_point
        from smtplab.transport.tls import TLSStream

        assert isinstance(self._stream, TLSStream)
        if self._stream.unique is not None:
            return sasl.Binding("tls-unique", self._stream.unique)
        end_point = server_end_point(self._stream.certificate)
        return None if end_point is None else sasl.Binding("tls-server-end-point", end_point)
