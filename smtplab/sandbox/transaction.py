"""The mail transaction at the server: MAIL, RCPT, DATA (RFC 5321, 3.3 and 4.1.1)."""

from __future__ import annotations

import asyncio
import ssl

from aiosmtpd.smtp import syntax

from smtplab import session
from smtplab.errors import LocalProtocolError
from smtplab.grammar import Path, parse_parameters, parse_path
from smtplab.mail_object import Envelope, MailObject
from smtplab.sandbox.engine import Engine
from smtplab.sandbox.hosts import Arrival, MailHost
from smtplab.sandbox.little_internet import Listener
from smtplab.transcript import Recorder


class MailTransaction(Engine):
    """Takes an envelope and a content, and hands them to the host."""

    def __init__(
        self,
        host: MailHost,
        listener: Listener,
        loop: asyncio.AbstractEventLoop,
        recorder: Recorder,
        tls_context: ssl.SSLContext | None,
    ) -> None:
        super().__init__(host, loop, recorder, tls_context)
        self.listener = listener
        self.identity: str | None = None
        self.ehlo_name = ""
        self.paths: list[Path] = []
        self.reverse_path: Path | None = None

    def _set_rset_state(self) -> None:
        super()._set_rset_state()  # type: ignore[no-untyped-call]
        self.reverse_path = None
        self.paths = []

    @syntax("MAIL FROM:<reverse-path>", extended=" [SP parameters]")
    async def smtp_MAIL(self, arg: str) -> None:
        if self.listener.auth and not self.session.authenticated:
            await self.push("530 5.7.0 Authentication required")
            return
        if arg[:5].upper() != "FROM:":
            await self.push("501 5.5.4 The form is MAIL FROM:<local-part@domain>")
            return
        try:
            path, rest = parse_path(arg[5:])
        except LocalProtocolError as error:
            await self.push(f"501 5.1.7 {_short(error)}")
            return
        refusal = self._refusal_of_parameters(rest)
        if refusal is None and not (path.domain or path.is_null):
            refusal = "501 5.1.7 A reverse-path needs a domain"
        if refusal is None and not path.is_ascii:
            refusal = "553 5.6.7 SMTPUTF8 is not offered here, so paths are ASCII"
        if refusal is None:
            self.reverse_path = path
            refusal = "250 2.1.0 Mail transaction opened"
        await self.push(refusal)

    def _refusal_of_parameters(self, text: str) -> str | None:
        try:
            parameters = parse_parameters(text)
        except LocalProtocolError as error:
            return f"501 5.5.4 {_short(error)}"
        if parameters and not self.session.extended_smtp:
            return "555 5.5.4 Parameters need EHLO instead of HELO"
        limit = self.host.policy.size_limit
        for keyword, value in parameters.items():
            if keyword == "SIZE":
                if value is None or not (value.isascii() and value.isdigit() and len(value) <= 20):
                    return "501 5.5.4 SIZE wants a number of octets"
                if int(value) > limit:
                    return f"552 5.3.4 The content may hold {limit} octets"
            elif keyword == "BODY":
                if (value or "").upper() not in ("7BIT", "8BITMIME"):
                    return "501 5.5.4 BODY is 7BIT or 8BITMIME"
            else:
                return f"555 5.5.4 The parameter {keyword[:40]} is not known"
        return None

    @syntax("RCPT TO:<forward-path>", extended=" [SP parameters]")
    async def smtp_RCPT(self, arg: str) -> None:
        if arg[:3].upper() != "TO:":
            await self.push("501 5.5.4 The form is RCPT TO:<local-part@domain>")
            return
        try:
            path, rest = parse_path(arg[3:])
        except LocalProtocolError as error:
            await self.push(f"501 5.1.3 {_short(error)}")
            return
        try:
            parameters = parse_parameters(rest)
        except LocalProtocolError as error:
            await self.push(f"501 5.5.4 {_short(error)}")
            return
        await self.push(self._recipient(path, parameters))

    def _recipient(self, path: Path, parameters: dict[str, str | None]) -> str:
        """Take one recipient or say why not."""
        if path.is_null:
            return "501 5.1.3 A forward-path cannot be empty"
        if parameters:
            return f"555 5.5.4 The parameter {next(iter(parameters))[:40]} is not known"
        if not path.is_ascii:
            return "553 5.6.7 SMTPUTF8 is not offered here, so paths are ASCII"
        limit = self.host.policy.max_recipients
        if len(self.paths) >= limit:
            return f"452 4.5.3 Too many recipients; {limit} fit into one mail transaction"
        if self.host.is_local(path.domain):
            if not self.host.takes(path):
                return f"550 5.1.1 No mailbox {path.mailbox} here"
        elif not self.identity:
            return f"550 5.7.1 Relaying denied: {path.domain} is not a domain of this server"
        self.paths.append(path)
        return "250 2.1.5 Recipient accepted"

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:
        if arg:
            await self.push("501 5.5.4 DATA takes no argument")
            return
        await self.push("354 Send the content; end it with a line that holds one dot")
        limit = self.host.policy.size_limit
        reader = await self.read_mail_data(limit)
        if reader is None:
            return
        self.doing = session.END_OF_DATA
        if reader.bare_line_end or reader.nul:
            status = "554 5.6.0 The content holds a bare CR, a bare LF or a NUL"
        elif reader.long_line:
            status = "554 5.6.0 A line of the content is longer than 998 octets"
        elif reader.too_big:
            status = f"552 5.3.4 The content may hold {limit} octets"
        else:
            status = self._accept(reader.take())
        self._set_rset_state()
        await self.push(status)

    def _accept(self, content: bytes) -> str:
        """Store first, then say 250: from here on the mail object is ours (RFC 5321, 6.1)."""
        assert self.reverse_path is not None
        forward_paths = tuple(dict.fromkeys(path.mailbox for path in self.paths))
        mail = MailObject(Envelope(self.reverse_path.mailbox, forward_paths), content)
        arrival = Arrival(
            self.ehlo_name, self.session.peer[0], self._protocol_name(), self.recorder.connection
        )
        if self.listener.auth:
            return f"250 2.0.0 Queued as {self.host.submit(mail, arrival)}"
        return f"250 2.0.0 Accepted as {self.host.store(mail, self.paths, arrival)}"

    def _protocol_name(self) -> str:
        """RFC 3848."""
        if not self.session.extended_smtp:
            return "SMTP"
        return f"ESMTP{'S' if self.tls else ''}{'A' if self.identity else ''}"


def _short(error: LocalProtocolError) -> str:
    """An error that fits into a reply line: 512 octets with code (RFC 5321, 4.5.3.1.5)."""
    return str(error).encode("ascii", "backslashreplace")[:480].decode()
