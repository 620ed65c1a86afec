"""POP3: one mailbox's Inbox, to take mail out of (RFC 1939, 2449; STLS: RFC 2595, 4).

The service on 110 offers STLS and lets nobody sign in before it; 995 begins with TLS (RFC 8314).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from smtplab.mail_object import END_OF_MAIL_DATA, encode_content
from smtplab.sandbox.mailboxes import StoredMail
from smtplab.sandbox.reading.content import split
from smtplab.sandbox.reading.line_server import LineServer

# Also in lines that the server refuses: AUTH and APOP are not offered, yet may be tried.
_SECRET = re.compile(rb"\s*(?:PASS\s?|AUTH\s+\S+\s|APOP\s+\S+\s)\s*(.*?)(?:\r?\n)?", re.I | re.S)


class Refused(Exception):
    """What a command is refused with, behind -ERR."""


class POP3Server(LineServer):
    """One session: AUTHORIZATION, then TRANSACTION; QUIT there is the UPDATE state."""

    line_limit = 255  # RFC 2449, 4
    idle = 600.0  # RFC 1939, 3: at least ten minutes

    username: bytes | None = None
    maildrop: tuple[StoredMail, ...] = ()  # as it was when the session signed in
    deleted: frozenset[int] = frozenset()  # message numbers

    def greeting(self) -> bytes:
        return f"+OK {self.host.name} POP3 smtplab\r\n".encode()

    def line_too_long(self, head: bytes) -> bytes:
        self.count_bad()
        return f"-ERR The command line is longer than {self.line_limit} octets\r\n".encode()

    def error_of_ours(self) -> bytes:
        return b"-ERR [SYS/TEMP] Local error in processing; it was kept for you to look at\r\n"

    def farewell(self) -> bytes:
        return b""  # RFC 1939, 3: close, and say nothing

    def secrets(self, unit: bytes) -> tuple[tuple[int, int], ...]:
        found = _SECRET.fullmatch(unit)
        return (found.span(1),) if found else ()

    def released(self) -> None:
        if self.mailbox is not None and self.mailbox.reader is self:
            self.mailbox.reader = None

    def obey(self, unit: bytes) -> Iterator[bytes]:
        try:
            lines = self._reply_to(unit)
        except Refused as refusal:
            yield f"-ERR {refusal}{'; closing' if self.done else ''}\r\n".encode()
        else:
            yield b"+OK " + lines

    def _reply_to(self, unit: bytes) -> bytes:
        line = unit.removesuffix(b"\r\n")
        if line == unit or b"\r" in line or b"\0" in line:
            self.count_bad()
            raise Refused("A command line ends in CR LF, and holds no CR, LF or NUL before it")
        verb, _, argument = line.partition(b" ")
        name = verb.decode("ascii", "replace").upper()
        before, after = _BEFORE.get(name), _AFTER.get(name)
        method = before if self.mailbox is None else after
        if method is not None:
            return method(self, argument)
        self.count_bad()
        if before or after:
            raise Refused(f"{name} comes {'before' if before else 'after'} signing in")
        raise Refused(f"Command {name[:20]!a} is not known; CAPA lists what is")

    # AUTHORIZATION.

    def capabilities(self, argument: bytes) -> bytes:
        _nothing(argument)
        offered = ["TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "EXPIRE NEVER"]
        if self.needs_tls:
            offered.append("STLS")
        else:
            offered.append("USER")
        return _lines("Capabilities follow", [*offered, "IMPLEMENTATION smtplab"])

    def stls(self, argument: bytes) -> bytes:
        _nothing(argument)
        if self.tls:
            raise Refused("TLS is active already")
        if self.tls_context is None:
            raise Refused("STLS is not offered here")
        self.wants_tls = True
        return b"Begin TLS\r\n"

    def user(self, argument: bytes) -> bytes:
        self._check_privacy()
        if not argument:
            raise Refused("USER wants a name")
        self.username = argument
        return b"The password is next: PASS\r\n"  # for every name, so that none is given away

    def password(self, argument: bytes) -> bytes:
        self._check_privacy()
        username, self.username = self.username, None
        if username is None:
            raise Refused("USER comes first")
        mailbox = self.sign_in(username, argument)
        if mailbox is None:
            raise Refused("[AUTH] The name or the password is wrong")
        if mailbox.reader is not None:  # RFC 1939, 4: one session at a time
            raise Refused("[IN-USE] Another POP3 session has this mailbox open")
        mailbox.reader, self.mailbox = self, mailbox
        self.maildrop = mailbox.folder("Inbox")
        return f"Signed in; {self._counts()}\r\n".encode()

    def _check_privacy(self) -> None:
        if self.needs_tls:
            raise Refused("STLS comes first; without TLS a password could be read on the way")

    def leave(self, argument: bytes) -> bytes:
        _nothing(argument)
        self.done = True
        return f"{self.host.name} closes the connection\r\n".encode()

    # TRANSACTION.

    def status(self, argument: bytes) -> bytes:
        _nothing(argument)
        left = [size(mail) for _, mail in self._left()]
        return f"{len(left)} {sum(left)}\r\n".encode()

    def sizes(self, argument: bytes) -> bytes:
        return self._listing(argument, lambda mail: str(size(mail)))

    def unique_ids(self, argument: bytes) -> bytes:
        return self._listing(argument, lambda mail: f"inbox-{mail.uid}")

    def _listing(self, argument: bytes, about: Callable[[StoredMail], str]) -> bytes:
        """About one message in one line, or about all that are left, one a line."""
        if argument:
            number, mail = self._message(argument)
            return f"{number} {about(mail)}\r\n".encode()
        return _lines(self._counts(), [f"{n} {about(mail)}" for n, mail in self._left()])

    def retrieve(self, argument: bytes) -> bytes:
        mail = self._message(argument)[1]
        return f"{size(mail)} octets\r\n".encode() + encode_content(mail.content)

    def top(self, argument: bytes) -> bytes:
        first, _, count = argument.partition(b" ")
        mail = self._message(first)[1]
        header_section, body = split(mail.content)
        lines = body.removesuffix(b"\r\n").split(b"\r\n") if body else []
        wanted = b"".join(line + b"\r\n" for line in lines[: _number(count)])
        return b"The top of the message follows\r\n" + encode_content(header_section + wanted)

    def delete(self, argument: bytes) -> bytes:
        number = self._message(argument)[0]
        self.deleted |= {number}
        return f"Message {number} is marked; QUIT removes it, RSET takes the mark away\r\n".encode()

    def reset(self, argument: bytes) -> bytes:
        _nothing(argument)
        self.deleted = frozenset()
        return f"No message is marked; {self._counts()}\r\n".encode()

    def nothing(self, argument: bytes) -> bytes:
        _nothing(argument)
        return b"Nothing done\r\n"

    def update(self, argument: bytes) -> bytes:
        """QUIT after signing in: only now are the marked messages removed (RFC 1939, 6)."""
        said = self.leave(argument)
        assert self.mailbox is not None
        self.mailbox.remove("Inbox", {self.maildrop[n - 1].uid for n in self.deleted})
        self.released()
        return said

    def _left(self) -> list[tuple[int, StoredMail]]:
        return [(n, mail) for n, mail in enumerate(self.maildrop, 1) if n not in self.deleted]

    def _counts(self) -> str:
        left = [size(mail) for _, mail in self._left()]
        plural = "" if len(left) == 1 else "s"
        return f"{len(left)} message{plural}, {sum(left)} octets"

    def _message(self, argument: bytes) -> tuple[int, StoredMail]:
        number = _number(argument)
        if not 1 <= number <= len(self.maildrop):
            raise Refused(f"There is no message {number}; there are {len(self.maildrop)}")
        if number in self.deleted:
            raise Refused(f"Message {number} is marked as deleted")
        return number, self.maildrop[number - 1]


def size(mail: StoredMail) -> int:
    """Octets of a content as RETR sends it, before transparency: its last line has an end."""
    lacks_line_end = mail.content and not mail.content.endswith(b"\r\n")
    return len(mail.content) + (2 if lacks_line_end else 0)


def _lines(first: str, rest: list[str]) -> bytes:
    text = "".join(f"{line}\r\n" for line in (first, *rest))
    return text.encode() + END_OF_MAIL_DATA


def _nothing(argument: bytes) -> None:
    if argument:
        raise Refused("This command takes no argument")


def _number(argument: bytes) -> int:
    if not re.fullmatch(rb"[0-9]{1,9}", argument):
        raise Refused("A number is wanted here")
    return int(argument)


Method = Callable[[POP3Server, bytes], bytes]
_BEFORE: dict[str, Method] = {
    "CAPA": POP3Server.capabilities, "STLS": POP3Server.stls, "USER": POP3Server.user,
    "PASS": POP3Server.password, "QUIT": POP3Server.leave,
}  # fmt: skip
_AFTER: dict[str, Method] = {
    "CAPA": POP3Server.capabilities, "STAT": POP3Server.status, "LIST": POP3Server.sizes,
    "UIDL": POP3Server.unique_ids, "RETR": POP3Server.retrieve, "TOP": POP3Server.top,
    "DELE": POP3Server.delete, "RSET": POP3Server.reset, "NOOP": POP3Server.nothing,
    "QUIT": POP3Server.update,
}  # fmt: skip
