"""A mail server of 1982: HELO, no service extensions, no enhanced status codes (RFC 821)."""

from __future__ import annotations

import re

from smtplab.mail_object import ContentReader
from smtplab.sandbox.host_plan import HostPlan
from smtplab.sandbox.little_internet import Account, Listener
from smtplab.sandbox.policy import Policy
from smtplab.sandbox.server import Server

# RFC 821, 4.5.1 asks for the first seven; the others are in its list of commands, 4.1.1.
VERBS = frozenset("HELO MAIL RCPT DATA RSET NOOP QUIT HELP VRFY EXPN".split())

# What each code says in RFC 821, 4.2.2 and 4.5.3.
TEXTS = {
    221: "Service closing transmission channel",
    250: "OK",
    354: "Start mail input; end with <CRLF>.<CRLF>",
    421: "Service not available, closing transmission channel",
    451: "Requested action aborted: error in processing",
    500: "Syntax error, command unrecognized",
    501: "Syntax error in parameters or arguments",
    502: "Command not implemented",
    503: "Bad sequence of commands",
    504: "Command parameter not implemented",
    550: "Requested action not taken: mailbox unavailable",
    552: "Requested mail action aborted: exceeded storage allocation",
    553: "Requested action not taken: mailbox name not allowed",
    554: "Transaction failed",
}
_TOO_MANY = "552 Too many recipients"  # RFC 821, 4.5.3; RFC 5321, 4.5.3.1.10 asks for 452

_ENHANCED = re.compile(r"(?<=^\d{3}[ -])[245]\.\d{1,3}\.\d{1,3} ")
_SEVEN_BITS = bytes(octet & 0x7F for octet in range(256))


class SevenBitReader(ContentReader):
    """Drops the eighth bit: RFC 821, 4.5.2 wants it to be zero, and text was ASCII."""

    @property
    def content(self) -> bytes:
        return super().content.translate(_SEVEN_BITS)


class OldServer(Server):
    """Knows the verbs of RFC 821 and nothing that came later."""

    @property
    def _smtp_methods(self) -> dict[str, object]:
        return self._old_methods

    @_smtp_methods.setter
    def _smtp_methods(self, methods: dict[str, object]) -> None:
        self._old_methods = {verb: does for verb, does in methods.items() if verb in VERBS}

    def content_reader(self, limit: int) -> ContentReader:
        return SevenBitReader(limit)

    async def push(self, status: str | bytes) -> None:
        text = status.decode() if isinstance(status, bytes) else status
        await super().push(self._of_1982(text))

    def _of_1982(self, text: str) -> str:
        """A reply as RFC 821 has it: one line, no enhanced status code."""
        text = _ENHANCED.sub("", text)
        code = int(text[:3])
        if code == 452 and self.doing == "RCPT":
            return _TOO_MANY
        if code not in TEXTS or self.doing == "HELO" and code == 250:
            return text
        name = f"{self.hostname} " if code in (221, 421) else ""  # they name the host, 4.2.1
        return f"{code} {name}{TEXTS[code]}"


def plan() -> HostPlan:
    """old.example, where Oskar has his mailbox."""
    return HostPlan(
        name="mail.old.example",
        address="203.0.113.82",
        domains=("old.example",),
        listeners=(Listener("mail.old.example", 25, "none", False),),
        accounts=(Account("oskar@old.example", "punch-card"),),
        zones={
            "old.example": "$TTL 3600\n@ IN SOA ns postmaster 1 7200 900 1209600 3600\n"
            "@ IN NS ns\n@ IN MX 10 mail\nmail IN A 203.0.113.82\n"
        },
        policy=lambda: Policy(ident="Simple Mail Transfer Service Ready", size_limit=65_536),
        server=lambda: OldServer,
        says="An old server: HELO only, no enhanced status codes, no TLS, 7 bits, 64 KiB.",
    )
