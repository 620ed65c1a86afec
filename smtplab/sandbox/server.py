"""The server: what is in order, and the verbs around the mail transaction (RFC 5321, 4.1)."""

from __future__ import annotations

from aiosmtpd.smtp import syntax

from smtplab.commands import MAX_AUTH_LINE, MAX_COMMAND_LINE
from smtplab.grammar import is_ehlo_name
from smtplab.parameters import line_limit
from smtplab.sandbox.authentication import Authentication
from smtplab.sandbox.chunking import Chunking
from smtplab.sandbox.connection import TooLong
from smtplab.sandbox.enquiries import Enquiries
from smtplab.session import LEGAL, State

MAX_BAD_COMMANDS = 100  # after so many the server closes; a learner gets there only by a script

_BEFORE_TLS = frozenset({"EHLO", "NOOP", "STARTTLS", "QUIT"})  # RFC 3207, 4
_OUT_OF_ORDER = {
    State.GREETED: "send EHLO first",
    State.READY: "there is no mail transaction; send MAIL first",
    State.MAIL: "the mail transaction has no recipient yet; send RCPT first",
    State.RCPT: "a mail transaction is open; RSET drops it",
    State.BDAT: "the content is coming in chunks; go on with BDAT, or drop them with RSET",
    State.BDAT_FAILED: "a chunk failed; send RSET",
    State.REFUSED: "this server takes no mail; QUIT is all that is left",
}


class Server(Authentication, Chunking, Enquiries):
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
        if self.doing == "BDAT" and self.knows("BDAT") and isinstance(line, bytes):
            await self.refuse_chunk(line[4:].decode("latin-1").strip(), refusal)
        else:
            await self.push(refusal)
        if self._bad_commands >= MAX_BAD_COMMANDS and self.state is not State.CLOSED:
            await self.push("421 4.7.0 Too many commands that cannot be done; closing")

    def _refusal_of(self, line: bytes | type[TooLong]) -> str | None:
        """Why a line is refused before its verb is looked at more closely; None if it is not."""
        verb = self.doing
        if isinstance(line, type) or self._is_too_long(line):
            return "500 5.5.2 The command line is too long"
        if not line.endswith(b"\r\n") or b"\r" in line[:-2] or b"\0" in line:
            return "500 5.5.2 A command line ends in CR LF, and holds no CR, LF or NUL before it"
        if not self.knows(verb) or line[: len(verb)].upper() != verb.encode():
            return f"500 5.5.2 Command {verb[:20]!a} is not known; HELP lists what is"
        if self._needs_tls() and verb not in _BEFORE_TLS:
            return "530 5.7.0 Must issue a STARTTLS command first"
        if verb not in LEGAL[self.state] and not (verb == "ETRN" and self.state is State.READY):
            if verb == "MAIL" and self.state in (State.MAIL, State.RCPT):
                return "503 5.5.1 Nested MAIL command; a mail transaction is open already"
            return f"503 5.5.1 Bad sequence of commands: {_advice(self.state, verb)}"
        return None

    def _is_too_long(self, line: bytes) -> bool:
        if len(line) <= MAX_COMMAND_LINE:  # nearly always; the offer need not be looked at
            return False
        limit = MAX_AUTH_LINE if self.doing == "AUTH" else line_limit(self.doing, self.offer)
        return len(line) > limit

    def _needs_tls(self) -> bool:
        return self.listener.auth and "STARTTLS" in self.offer

    # The session.

    @syntax("EHLO domain")
    async def smtp_EHLO(self, arg: str) -> None:
        if not (arg.isascii() and is_ehlo_name(arg)):  # RFC 6531, 3.7.1: A-labels
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
        if not (arg.isascii() and is_ehlo_name(arg)):
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
        offer = self.offer
        keywords = offer.lines(self.host.now)
        if "AUTH" in offer:
            keywords.append(f"AUTH {' '.join(self._mechanisms())}")
        return [*keywords, "HELP"] if "HELP" in offer else keywords

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

    @syntax("QUIT")
    async def smtp_QUIT(self, arg: str) -> None:
        if arg:
            await self.push("501 5.5.4 QUIT takes no argument")
        else:
            await self.push(f"221 2.0.0 {self.hostname} closes the connection")


def _advice(state: State, verb: str) -> str:
    """Why `verb` cannot be done now, and what can.

    RFC 3207 leaves open what STARTTLS does inside a mail transaction. The handshake would make the
    server forget it (4.2), so it is refused there, as RFC 4954, 4 wants it for AUTH.
    """
    if state is State.MAIL and verb not in ("DATA", "BDAT"):
        state = State.RCPT  # a recipient would not help
    return _OUT_OF_ORDER[state]
