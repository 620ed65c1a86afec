"""The server's verbs: grammar, order, and a reply with its enhanced code to each (RFC 5321, 4)."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

from aiosmtpd.smtp import AuthResult, LoginPassword, syntax

from smtplab import session
from smtplab.commands import MAX_COMMAND_LINE
from smtplab.errors import LocalProtocolError
from smtplab.grammar import Path, is_ehlo_name, parse_parameters, parse_path
from smtplab.mail_object import Envelope, MailObject
from smtplab.sandbox.engine import Engine, TooLong
from smtplab.sandbox.hosts import Arrival, MailHost
from smtplab.sandbox.little_internet import Listener
from smtplab.session import LEGAL, State
from smtplab.transcript import Recorder

SIZE_LIMIT = 10 * 2**20  # octets of one content
MAX_RECIPIENTS = 100  # RFC 5321, 4.5.3.1.8 asks for at least this many
MAX_BAD_COMMANDS = 100  # after so many the server closes; a learner gets there only by a script
MAX_AUTH_FAILURES = 3

# Longer lines that extensions allow (RFC 1870, 3; RFC 6531, 3.4; RFC 4954, 4 and 5).
_LINE_LIMITS = {"AUTH": 12288, "MAIL": 512 + 26 + 10 + 500, "RCPT": 512 + 500}
_BEFORE_TLS = frozenset({"EHLO", "NOOP", "STARTTLS", "QUIT"})  # RFC 3207, 4
_OUT_OF_ORDER = {
    State.GREETED: "send EHLO first",
    State.READY: "there is no mail transaction; send MAIL first",
    State.MAIL: "the mail transaction has no recipient yet; send RCPT first",
    State.RCPT: "a mail transaction is open; RSET drops it",
    State.REFUSED: "this server takes no mail; QUIT is all that is left",
}


class Server(Engine):
    """One connection to one listener."""

    AuthLoginUsernameChallenge = "Username:"
    AuthLoginPasswordChallenge = "Password:"

    def __init__(
        self,
        host: MailHost,
        listener: Listener,
        loop: asyncio.AbstractEventLoop,
        recorder: Recorder,
        tls_context: ssl.SSLContext | None,
    ) -> None:
        super().__init__(host, loop, recorder, tls_context)
        self._authenticator = self._check_password
        self.listener = listener
        self.identity: str | None = None
        self.ehlo_name = ""
        self.paths: list[Path] = []
        self.reverse_path: Path | None = None
        self._bad_commands = 0
        self._auth_failures = 0

    def _set_rset_state(self) -> None:
        super()._set_rset_state()  # type: ignore[no-untyped-call]
        self.reverse_path = None
        self.paths = []

    # From a line to a verb.

    async def obey(self, line: bytes | type[TooLong]) -> None:
        refusal = self._refusal_of(line)
        if refusal is None:
            assert isinstance(line, bytes)
            argument = line[len(self.doing) :].decode("utf-8", "surrogateescape")
            await self._smtp_methods[self.doing](argument.rstrip(" \t\r\n").removeprefix(" "))
            return
        self._bad_commands += 1
        await self.push(refusal)
        if self._bad_commands >= MAX_BAD_COMMANDS:
            await self.push("421 4.7.0 Too many commands that cannot be done; closing")

    def _refusal_of(self, line: bytes | type[TooLong]) -> str | None:
        """Why a line is refused before its verb is looked at more closely; None if it is not."""
        verb = self.doing
        if isinstance(line, type) or len(line) > _LINE_LIMITS.get(verb, MAX_COMMAND_LINE):
            return "500 5.5.2 The command line is too long"
        if not line.endswith(b"\r\n") or b"\r" in line[:-2] or b"\0" in line:
            return "500 5.5.2 A command line ends in CR LF, and holds no CR, LF or NUL before it"
        if verb not in self._smtp_methods or line[: len(verb)].upper() != verb.encode():
            return f"500 5.5.2 Command {verb[:20]!a} is not known; HELP lists what is"
        if self._needs_tls() and verb not in _BEFORE_TLS:
            return "530 5.7.0 Must issue a STARTTLS command first"
        if verb not in LEGAL[self.state]:
            if verb == "MAIL" and self.state is not State.GREETED:
                return "503 5.5.1 Nested MAIL command; a mail transaction is open already"
            return f"503 5.5.1 Bad sequence of commands: {_OUT_OF_ORDER[self.state]}"
        return None

    def _needs_tls(self) -> bool:
        return self.listener.auth and self.tls_context is not None and not self.tls

    # The session.

    @syntax("EHLO domain")
    async def smtp_EHLO(self, arg: str) -> None:
        if not is_ehlo_name(arg):
            await self.push("501 5.5.4 EHLO wants one domain or address literal")
            return
        self._named(arg, extended=True)
        lines = [f"{self.hostname} greets {arg}", *self._keywords()]
        last = len(lines) - 1
        text = "\r\n".join(f"250{'-' if n < last else ' '}{x}" for n, x in enumerate(lines))
        await self.push(text)

    @syntax("HELO domain")
    async def smtp_HELO(self, arg: str) -> None:
        if not is_ehlo_name(arg):
            await self.push("501 5.5.4 HELO wants one domain")
            return
        self._named(arg, extended=False)
        await self.push(f"250 {self.hostname} greets {arg}")

    def _named(self, name: str, *, extended: bool) -> None:
        self._set_rset_state()
        self.ehlo_name = self.session.host_name = name
        self.session.extended_smtp = extended

    def _keywords(self) -> list[str]:
        keywords = [f"SIZE {SIZE_LIMIT}", "8BITMIME", "PIPELINING", "ENHANCEDSTATUSCODES"]
        if self.tls_context is not None and not self.tls:
            keywords.append("STARTTLS")
        if self._offers_auth():
            keywords.append("AUTH PLAIN LOGIN")
        return [*keywords, "HELP"]

    def _offers_auth(self) -> bool:
        """Without any TLS in this Python the listener is private, and AUTH goes without it."""
        return self.listener.auth and (self.tls or self.tls_context is None)

    @syntax("STARTTLS", when="tls_context")
    async def smtp_STARTTLS(self, arg: str) -> None:
        if arg:
            await self.push("501 5.5.4 STARTTLS takes no argument")
        elif self.tls:
            await self.push("503 5.5.1 TLS is active already")
        elif self.tls_context is None:
            await self.push("502 5.5.1 STARTTLS is not implemented here")
        else:
            await super().smtp_STARTTLS("")

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

    def _check_password(
        self, server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        username, password = (octets.decode("utf-8", "replace") for octets in data)
        known = self.host.knows(username, password)
        if not known:
            self._auth_failures += 1
        return AuthResult(success=known, handled=False, auth_data=data)

    # The mail transaction.

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
        for keyword, value in parameters.items():
            if keyword == "SIZE":
                if value is None or not (value.isascii() and value.isdigit() and len(value) <= 20):
                    return "501 5.5.4 SIZE wants a number of octets"
                if int(value) > SIZE_LIMIT:
                    return f"552 5.3.4 The content may hold {SIZE_LIMIT} octets"
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
        if len(self.paths) >= MAX_RECIPIENTS:
            return f"452 4.5.3 Too many recipients; {MAX_RECIPIENTS} fit into one mail transaction"
        if self.host.is_local(path.domain):
            if self.host.mailbox_of(path) is None:
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
        reader = await self.read_mail_data(SIZE_LIMIT)
        if reader is None:
            return
        self.doing = session.END_OF_DATA
        if reader.bare_line_end or reader.nul:
            status = "554 5.6.0 The content holds a bare CR, a bare LF or a NUL"
        elif reader.long_line:
            status = "554 5.6.0 A line of the content is longer than 998 octets"
        elif reader.too_big:
            status = f"552 5.3.4 The content may hold {SIZE_LIMIT} octets"
        else:
            status = self._accept(reader.content)
        self._set_rset_state()
        await self.push(status)

    def _accept(self, content: bytes) -> str:
        """Store first, then say 250: from here on the mail object is ours (RFC 5321, 6.1)."""
        assert self.reverse_path is not None
        forward_paths = tuple(path.mailbox for path in self.paths)
        mail = MailObject(Envelope(self.reverse_path.mailbox, forward_paths), content)
        arrival = Arrival(self.ehlo_name, self.session.peer[0], self._protocol_name())
        if self.listener.auth:
            return f"250 2.0.0 Queued as {self.host.submit(mail, arrival)}"
        return f"250 2.0.0 Accepted as {self.host.store(mail, self.paths, arrival)}"

    def _protocol_name(self) -> str:
        """RFC 3848."""
        if not self.session.extended_smtp:
            return "SMTP"
        return f"ESMTP{'S' if self.tls else ''}{'A' if self.identity else ''}"

    # The rest.

    @syntax("RSET")
    async def smtp_RSET(self, arg: str) -> None:
        if arg:
            await self.push("501 5.5.4 RSET takes no argument")
            return
        self._set_rset_state()
        await self.push("250 2.0.0 Nothing is open")

    @syntax("NOOP [text]")
    async def smtp_NOOP(self, arg: str) -> None:
        await self.push("250 2.0.0 Nothing done")

    @syntax("VRFY mailbox")
    async def smtp_VRFY(self, arg: str) -> None:
        if not arg:
            await self.push("501 5.5.4 VRFY wants a mailbox")
        else:  # RFC 5321, 7.3: 252 gives nothing away
            await self.push("252 2.0.0 Not told here; send mail and see")

    @syntax("EXPN list")
    async def smtp_EXPN(self, arg: str) -> None:
        await self.push("502 5.5.1 EXPN is not implemented here")

    @syntax("HELP [verb]")
    async def smtp_HELP(self, arg: str) -> None:
        """RFC 5321, 4.1.1.8: 214 is for a human."""
        method = self._smtp_methods.get(arg.upper())
        if arg and method is None:
            await self.push(f"504 5.5.4 There is no help on {arg[:40]!r}")
        elif method is not None:
            await self.push(f"214 2.0.0 {method.__smtp_syntax__}")
        else:
            await self.push(f"214 2.0.0 Verbs here: {' '.join(sorted(self._smtp_methods))}")

    @syntax("QUIT")
    async def smtp_QUIT(self, arg: str) -> None:
        if arg:
            await self.push("501 5.5.4 QUIT takes no argument")
        else:
            await self.push(f"221 2.0.0 {self.hostname} closes the connection")


def _short(error: LocalProtocolError) -> str:
    """An error that fits into a reply line: 512 octets with code (RFC 5321, 4.5.3.1.5)."""
    return str(error).encode("ascii", "backslashreplace")[:480].decode()
