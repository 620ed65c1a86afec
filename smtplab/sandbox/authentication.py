"""AUTH at the server: the command, its challenges and its limits (RFC 4954)."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error

from aiosmtpd.smtp import syntax

from smtplab import session
from smtplab.commands import MAX_AUTH_LINE
from smtplab.sandbox.auth import MECHANISMS, Desk, Exchange, Refused
from smtplab.sandbox.little_internet import Account
from smtplab.sandbox.transaction import MailTransaction
from smtplab.sasl.channel_binding import server_end_point
from smtplab.sasl.scram_keys import PLUS
from smtplab.transcript import Kind
from smtplab.transcript.hiding import response_secrets


class Authentication(MailTransaction):
    """Decides who the session belongs to."""

    _desk: Desk | None = None

    def _offers_auth(self) -> bool:
        """Without any TLS in this Python the listener is private, and AUTH goes without it."""
        is_safe = self.tls or self.tls_context is None
        return self.listener.auth and is_safe and bool(self._mechanisms())

    def _mechanisms(self) -> list[str]:
        """Those that are on, in the order of the EHLO reply; -PLUS needs TLS to bind to."""
        policy = self.host.policy
        names = policy.auth_mechanisms if policy.offers("AUTH") else ()
        return [n for n in names if n in MECHANISMS and (self.tls or not n.endswith(PLUS))]

    @syntax("AUTH mechanism [initial-response]")
    async def smtp_AUTH(self, arg: str) -> None:
        if not self._offers_auth():
            await self.push("502 5.5.1 AUTH is not offered here")
            return
        if self.session.authenticated:
            await self.push(f"503 5.5.1 Already signed in as {self.identity}")
            return
        if not arg or len(arg.split()) > 2:
            await self.push("501 5.5.4 AUTH wants a mechanism, and may have an initial response")
            return
        if not self.session.extended_smtp:
            await self.push("503 5.5.1 Bad sequence of commands: AUTH needs EHLO instead of HELO")
            return
        mechanism, *initial = arg.split()
        if mechanism.upper() not in self._mechanisms():
            await self.push("504 5.5.4 Unrecognized authentication type")
            return
        desk = self._desk = self._desk or self._new_desk()
        desk.mechanism = mechanism.upper()
        try:
            account = await self._sign_in(desk, initial)
        except Refused as refused:
            await self.push(refused.reply)
        else:
            self.session.authenticated = True
            self.identity = account.username
            await self.push("235 2.7.0 Authentication successful")
        failures = max(desk.failures.values(), default=0)
        if failures >= self.host.policy.max_auth_failures and not self.session.authenticated:
            await self.push("421 4.7.0 Too many failed attempts to sign in; closing")

    async def _sign_in(self, desk: Desk, initial: list[str]) -> Account:
        """Play one exchange to its end; `Refused` if it fails."""
        first = None
        if initial == ["="]:  # RFC 4954, 4: present, and empty
            if desk.mechanism != "CRAM-MD5":
                raise desk.refused()  # no mechanism here signs anybody in with nothing
            first = b""
        elif initial:
            first = _from_base64(initial[0].encode("utf-8", "surrogateescape"))
        exchange: Exchange = MECHANISMS[desk.mechanism](desk, first)
        try:
            challenge = next(exchange)
            while True:
                challenge = exchange.send(await self._ask(challenge))
        except StopIteration as ended:
            account: Account = ended.value
            return account

    async def _ask(self, challenge: bytes) -> bytes:
        """Send a 334 challenge and read the response (RFC 4954, 4)."""
        await self.push(b"334 " + b64encode(challenge))
        line = await self.read_line(MAX_AUTH_LINE)
        self.step += 1
        if line is None:
            raise ConnectionResetError
        if isinstance(line, type):
            raise Refused("500 5.5.6 Authentication exchange line is too long")
        self.recorder.record(Kind.RESPONSE, self.step, line, secrets=response_secrets(line))
        await self.begin(session.CHALLENGE)
        response = line.rstrip(b"\r\n")
        if response == b"*":
            raise Refused("501 5.7.0 Authentication cancelled")
        return _from_base64(response)

    def _new_desk(self) -> Desk:
        """Kept for the connection, so that attempts add up."""
        here = self.transport.get_extra_info("sockname")  # None in memory
        use = f"nonces of the server in {self.recorder.connection}"
        return Desk(
            directory=self.host.directory,
            host=self.host.name,
            ports=(self.listener.port, here[1]) if here else (self.listener.port,),
            now=self.host.now,
            nonce=self.host.directory.chance.nonces(use),
            bindings=self._bindings(),
            plus_offered=any(name.endswith(PLUS) for name in self._mechanisms()),
        )

    def _bindings(self) -> dict[str, bytes]:
        """What SCRAM can be tied to in this TLS connection; tls-unique up to TLS 1.2 only."""
        tls = self.transport.get_extra_info("ssl_object")
        if tls is None:
            return {}
        end_point = server_end_point(self.host.certificate)
        unique = None if tls.version() == "TLSv1.3" else tls.get_channel_binding("tls-unique")
        found = {"tls-server-end-point": end_point, "tls-unique": unique}
        return {name: octets for name, octets in found.items() if octets}


def _from_base64(text: bytes) -> bytes:
    try:
        return b64decode(text, validate=True)
    except Base64Error:
        raise Refused("501 5.5.2 The response is not base64") from None
