"""Replies: code, enhanced status code, text, and a strict bounded parser (RFC 5321, 4.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property, lru_cache

from smtplab.errors import RemoteProtocolError

# RFC 5321, 4.5.3.1.5 allows 512 octets a reply line. Servers exceed it now and then, and a
# learner should then see the line, so the parser allows eight times as much.
MAX_REPLY_LINE = 4096
MAX_REPLY_OCTETS = 65536  # one whole reply; ours to choose: no RFC bounds the number of lines

# Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
# Reply-code = %x32-35 %x30-35 %x30-39;  textstring = 1*(%d09 / %d32-126)  (RFC 5321, 4.2)
# RFC 6531, 3.7.4.2 adds UTF-8 to textstring.
_REPLY_LINE = re.compile(rb"([2-5][0-5][0-9])(?:([ -])([\t\x20-\x7e\x80-\xff]*))?")

# The usual reply, one line of ASCII; reading it at once saves half of the parser's time.
_USUAL_REPLY = re.compile(rb"([2-5][0-5][0-9]) ([\t\x20-\x7e]{0,506})\r\n")

# status-code = class "." subject "." detail;  class = "2"/"4"/"5"
# subject = 1*3digit;  detail = 1*3digit                                   (RFC 3463, 2)
_ENHANCED = re.compile(r"([245])\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})(?= |\Z)")


class Severity(IntEnum):
    """What the first digit of a reply code says (RFC 5321, 4.2.1)."""

    POSITIVE_COMPLETION = 2
    POSITIVE_INTERMEDIATE = 3
    TRANSIENT_NEGATIVE = 4
    PERMANENT_NEGATIVE = 5

    @property
    def meaning(self) -> str:
        return _SEVERITY_WORDS[self]


_SEVERITY_WORDS = {
    Severity.POSITIVE_COMPLETION: "done",
    Severity.POSITIVE_INTERMEDIATE: "go on",
    Severity.TRANSIENT_NEGATIVE: "not now, try again later",
    Severity.PERMANENT_NEGATIVE: "no, and it will fail again in the same situation",
}


@dataclass(frozen=True, slots=True, order=True)
class EnhancedStatusCode:
    """Class, subject and detail, such as 5.7.1 (RFC 3463, 2)."""

    class_: int
    subject: int
    detail: int

    @classmethod
    def at_start_of(cls, text: str) -> EnhancedStatusCode | None:
        """The enhanced status code that `text` starts with, or None.

        >>> str(EnhancedStatusCode.at_start_of("5.7.1 Relaying denied"))
        '5.7.1'
        """
        match = _ENHANCED.match(text)
        return cls(*map(int, match.groups())) if match else None

    def __str__(self) -> str:
        return f"{self.class_}.{self.subject}.{self.detail}"


@dataclass(frozen=True)
class Reply:
    """One reply of one or more lines; `texts` are the octets behind code and separator.

    >>> reply = Reply(250, (b"smtp.example.org", b"STARTTLS"))
    >>> print(reply)
    250-smtp.example.org
    250 STARTTLS
    """

    code: int
    texts: tuple[bytes, ...] = (b"",)

    @property
    def octets(self) -> bytes:
        """The reply as it stands on the wire, each line with its CR LF."""
        code, last = b"%d" % self.code, len(self.texts) - 1
        return b"".join(
            code + (b"-" if n < last else b" ") + text + b"\r\n"
            for n, text in enumerate(self.texts)
        )

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The text of each line, without the code and without an enhanced status code."""
        mark = str(self.enhanced) if self.enhanced else None
        decoded = (text.decode("utf-8", "backslashreplace") for text in self.texts)
        return tuple(
            line[len(mark) + 1 :] if mark and (line + " ").startswith(mark + " ") else line
            for line in decoded
        )

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @cached_property
    def enhanced(self) -> EnhancedStatusCode | None:
        """The enhanced status code, if the text starts with one of the code's own class.

        It goes only with 2yz, 4yz and 5yz (RFC 2034, 4).
        """
        found = EnhancedStatusCode.at_start_of(self.texts[0].decode("ascii", "replace"))
        return found if found and found.class_ == self.code // 100 else None

    @property
    def severity(self) -> Severity:
        return Severity(self.code // 100)

    @property
    def is_positive(self) -> bool:
        """Whether the code is 2yz or 3yz."""
        return self.code < 400

    def __str__(self) -> str:
        return (
            self.octets.decode("utf-8", "backslashreplace")
            .removesuffix("\r\n")
            .replace("\r\n", "\n")
        )


class ReplyParser:
    """Turns octets, in pieces of any size, into replies.

    Raises nothing but `RemoteProtocolError`; after one the parser is of no more use.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._code = b""
        self._texts: list[bytes] = []
        self._lines: list[bytes] = []  # of the reply that is under way, with their ends
        self._octets = 0
        self.octets = b""  # of the last whole reply, as they came
        self.in_reply = False  # whether octets came that belong to no finished reply

    @property
    def pending(self) -> bytes:
        """Octets that came and belong to no finished reply."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> None:
        self._buffer += data
        self.in_reply = self.in_reply or bool(data)

    def reply_after(self, data: bytes) -> Reply | None:
        """Feed octets; then the next whole reply, or None if more are needed."""
        if not self.in_reply and (usual := usual_reply(data)):
            self.octets = data
            return usual
        self.feed(data)
        return self.next_reply()

    def next_reply(self) -> Reply | None:
        """The next whole reply, or None if more octets are needed."""
        buffer = self._buffer
        while True:
            end = buffer.find(b"\n", self._searched)
            if end < 0:
                self._searched = len(buffer)
                if len(buffer) > MAX_REPLY_LINE:
                    raise RemoteProtocolError(
                        f"the server sent {len(buffer)} octets without an end of line: "
                        f"{bytes(buffer[:40])!r}…; {MAX_REPLY_LINE} are allowed"
                    )
                return None
            line = bytes(buffer[: end + 1])
            del buffer[: end + 1]
            self._searched = 0
            if self._take(line):
                reply = Reply(int(self._code), tuple(self._texts))
                self.octets = b"".join(self._lines) if self._lines[1:] else line
                self._texts.clear()
                self._lines.clear()
                self._octets = 0
                self.in_reply = bool(buffer)
                return reply

    def _take(self, line: bytes) -> bool:
        """Check one line, keep its text, and tell whether it was the last of its reply."""
        if not line.endswith(b"\r\n"):
            raise RemoteProtocolError(f"a reply line ends in LF without CR: {_short(line)}")
        self._octets += len(line)
        if len(line) > MAX_REPLY_LINE or self._octets > MAX_REPLY_OCTETS:
            raise RemoteProtocolError(
                f"the reply is too long: a line may hold {MAX_REPLY_LINE} octets and a reply "
                f"{MAX_REPLY_OCTETS}; it starts with {_short(line)}"
            )
        match = _REPLY_LINE.fullmatch(line, 0, len(line) - 2)
        if match is None:
            raise RemoteProtocolError(
                f"this is not an SMTP reply line: {_short(line)}; it should be three digits, "
                "a space or hyphen, and text"
            )
        code, separator, text = match.groups()
        if self._texts and code != self._code:
            raise RemoteProtocolError(
                f"the code changed inside one reply, from {self._code.decode()} to {_short(line)}"
            )
        if text and not text.isascii():
            _check_utf8(text, line)
        self._code = code
        self._texts.append(text or b"")
        self._lines.append(line)
        return separator != b"-"


@lru_cache(256)  # a server says the same again and again
def usual_reply(octets: bytes) -> Reply | None:
    """The reply that these octets are, if it is one whole line of ASCII as they usually are."""
    usual = _USUAL_REPLY.fullmatch(octets)
    return Reply(int(usual[1]), (usual[2],)) if usual else None


def _check_utf8(text: bytes, line: bytes) -> None:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        raise RemoteProtocolError(
            f"a reply line holds octets that are neither ASCII nor UTF-8: {_short(line)}"
        ) from None


def _short(line: bytes) -> str:
    return repr(line if len(line) <= 80 else line[:80] + b"...")
