"""The server: what is in order, and the verbs around the mail transaction (RFC 5321, 4.1)."""

from __future__ import annotations

from aiosmtpd.smtp import syntax

from smtplab.commands import MAX_COMMAND_LINE
from smtplab.grammar import is_ehlo_name
from smtplab.sandbox.authentication import Authentication
from smtplab.sandbox.engine import TooLong
from smtplab.session import LEGAL, State

MAX_BAD_COMMANDS = 100  # after so many the server closes; a learner gets there only by a script

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


class Server(Authentication):
    """One connection to one listener."""

    _bad_commands = 0

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
        if (refusal := self.host.reception.at("EHLO", self.visit())) is not None:
            await self.push(refusal)
            return
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
        if (refusal := self.host.reception.at("EHLO", self.visit())) is not None:
            await self.push(refusal)
            return
        await self.push(f"250 {self.hostname} greets {arg}")

    def _named(self, name: str, *, extended: bool) -> None:
        self._set_rset_state()
        self.ehlo_name = self.session.host_name = name
        self.session.extended_smtp = extended

    def _keywords(self) -> list[str]:
        limit = self.host.policy.size_limit
        keywords = [f"SIZE {limit}", "8BITMIME", "PIPELINING", "ENHANCEDSTATUSCODES"]
        if self.tls_context is not None and not self.tls:
            keywords.append("STARTTLS")
        if self._offers_auth():
            keywords.append(f"AUTH {' '.join(self._mechanisms())}")
        return [*keywords, "HELP"]

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
