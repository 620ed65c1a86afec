"""AUTH at the server: mechanisms by aiosmtpd, challenges and limits by us (RFC 4954)."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import Any

from aiosmtpd.smtp import MISSING, AuthResult, LoginPassword, syntax

from smtplab import session
from smtplab.commands import MAX_AUTH_LINE
from smtplab.sandbox.transaction import MailTransaction
from smtplab.transcript import Kind
from smtplab.transcript.hiding import response_secrets

MAX_AUTH_FAILURES = 3


class Authentication(MailTransaction):
    """Decides who the session belongs to."""

    AuthLoginUsernameChallenge = "Username:"
    AuthLoginPasswordChallenge = "Password:"

    _auth_failures = 0

    def _offers_auth(self) -> bool:
        """Without any TLS in this Python the listener is private, and AUTH goes without it."""
        return self.listener.auth and (self.tls or self.tls_context is None)

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
        if initial == ["="] and mechanism.upper() in self._auth_methods:
            self._auth_failures += 1  # an empty initial response: no mechanism here takes one
            await self.push("535 5.7.8 An empty initial response signs nobody in")
        else:
            await super().smtp_AUTH(" ".join((mechanism.upper(), *initial)))
        if self.session.authenticated:
            data = self.session.auth_data
            self.identity = data.login.decode("utf-8", "replace")
        elif self._auth_failures >= MAX_AUTH_FAILURES:
            await self.push("421 4.7.0 Too many failed attempts to sign in; closing")

    def _authenticate(self, mechanism: str, auth_data: LoginPassword) -> AuthResult:
        """What aiosmtpd's mechanisms ask when they have a username and a password."""
        username, password = (octets.decode("utf-8", "replace") for octets in auth_data)
        known = self.host.knows(username, password)
        if not known:
            self._auth_failures += 1
        return AuthResult(success=known, handled=False, auth_data=auth_data)

    async def challenge_auth(
        self, challenge: str | bytes, encode_to_b64: bool = True, log_client_response: bool = False
    ) -> Any:
        """Send a 334 challenge and read the response (RFC 4954, 4); MISSING if it is none."""
        octets = challenge.encode() if isinstance(challenge, str) else challenge
        await self.push(b"334 " + (b64encode(octets) if encode_to_b64 else octets))
        line = await self.read_line(MAX_AUTH_LINE)
        self.step += 1
        if line is None:
            raise ConnectionResetError
        if isinstance(line, type):
            await self.push("500 5.5.6 Authentication exchange line is too long")
            return MISSING
        response = line.rstrip(b"\r\n")
        self.recorder.record(Kind.RESPONSE, self.step, line, secrets=response_secrets(line))
        await self.begin(session.CHALLENGE)
        if response == b"*":
            await self.push("501 5.7.0 Authentication cancelled")
            return MISSING
        try:
            return b64decode(response, validate=True)
        except Base64Error:
            await self.push("501 5.5.2 The response is not base64")
            return MISSING
