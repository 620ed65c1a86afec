"""Mail objects: envelope and content, transparency, end of mail data (RFC 5321, 2.3.1, 4.5.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage, Message
from email.parser import HeaderParser
from email.utils import getaddresses
from io import BytesIO

from smtplab.errors import LocalProtocolError
from smtplab.line_rules import (
    BARE_OR_NUL,
    LONG_LINE,
    MAX_TEXT_LINE,
    has_bare_line_end,
    has_long_line,
)

END_OF_MAIL_DATA = b".\r\n"

# What a message loses before it is sent: RFC 5322, 3.6.3 and 3.6.6; RFC 5321, 4.4.
_NOT_SENT = re.compile(
    rb"^(?:Bcc|Resent-Bcc|Return-Path)[ \t]*:.*(?:\r\n|\Z)(?:[ \t].*(?:\r\n|\Z))*", re.I | re.M
)

_BEFORE_COLON = re.compile(rb"^([!-9;-~]+)[ \t]+:", re.M)  # the obsolete form (RFC 5322, 4.5)


@dataclass(frozen=True, slots=True)
class Envelope:
    """Where a mail object goes and where its bounces go; the null reverse-path is "".

    `parameters` came with MAIL, and `recipient_parameters` with RCPT, by forward-path: keywords in
    upper case, values as on the wire, None for a keyword without one (RFC 5321, 4.1.2).
    """

    reverse_path: str
    forward_paths: tuple[str, ...]
    parameters: Mapping[str, str | None] = field(default_factory=dict)
    recipient_parameters: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Parameters only where there are any."""
        shown = [f"reverse_path={self.reverse_path!r}", f"forward_paths={self.forward_paths!r}"]
        if self.parameters:
            shown.append(f"parameters={dict(self.parameters)!r}")
        if self.recipient_parameters:
            shown.append(f"recipient_parameters={dict(self.recipient_parameters)!r}")
        return f"Envelope({', '.join(shown)})"


@dataclass(frozen=True, slots=True)
class MailObject:
    """An envelope and a content (RFC 5321, 2.3.1); POP3 and IMAP show the content later."""

    envelope: Envelope
    content: bytes


def header_section(content: bytes) -> bytes:
    r"""The header section of a content, without a copy of its body (RFC 5322, 2.1).

    >>> header_section(b"Subject: x\r\n\r\nbody"), header_section(b"\r\nbody")
    (b'Subject: x', b'')
    """
    if content.startswith(b"\r\n"):
        return b""
    end = content.find(b"\r\n\r\n")
    return content if end < 0 else content[:end]


def encode_content(content: bytes) -> bytes:
    """The octets to send after 354: transparency applied, end of mail data added.

    A line that starts with a dot gets a second dot in front. A missing last CR LF is added.
    Nothing else is changed (RFC 5321, 4.5.2 and 4.1.1.4).

    >>> encode_content(b"a\\r\\n.b")
    b'a\\r\\n..b\\r\\n.\\r\\n'
    """
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    if stuffed and not stuffed.endswith(b"\r\n"):
        stuffed += b"\r\n"
    return stuffed + END_OF_MAIL_DATA


def from_email(message: EmailMessage | Message) -> MailObject:
    """A mail object from Python's own message class: envelope read off, Bcc taken out.

    The reverse-path is Sender, else From; the forward-paths are To, Cc and Bcc, each once.
    Lines end in CR LF. Raises `LocalProtocolError` when there is no From or no recipient.
    """
    envelope = _envelope_of(message)
    hidden = message.get_all("Bcc")
    del message["Bcc"]
    try:
        content = message.as_bytes(policy=policy.SMTP)
    finally:
        for value in hidden or ():
            message["Bcc"] = value
    return MailObject(envelope, content)


def from_eml(octets: bytes) -> MailObject:
    r"""A mail object from the octets of an .eml file: its envelope is read off as by `from_email`.

    The content keeps its octets, except that every line ends in CR LF, and that Bcc and
    Return-Path are taken out (RFC 5322, 3.6.3; RFC 5321, 4.4). Raises `LocalProtocolError` when
    there is no From or no recipient.

    >>> from_eml(b"From: a@b.example\nBcc: c@d.example\n\nHi\n").content
    b'From: a@b.example\r\n\r\nHi\r\n'
    """
    octets = re.sub(rb"\r\n|\r|\n", b"\r\n", octets)
    end = 0 if octets.startswith(b"\r\n") else octets.find(b"\r\n\r\n") + 2
    fields, rest = (octets, b"") if end == 1 else (octets[:end], octets[end:])
    plain = _BEFORE_COLON.sub(rb"\1:", fields).decode("utf-8", "replace")
    header_section = HeaderParser().parsestr(plain)
    return MailObject(_envelope_of(header_section), _NOT_SENT.sub(b"", fields) + rest)


def _envelope_of(message: EmailMessage | Message) -> Envelope:
    reverse = [mailbox for _, mailbox in getaddresses(_fields(message, "Sender", "From"))]
    forward = [mailbox for _, mailbox in getaddresses(_fields(message, "To", "Cc", "Bcc"))]
    forward = [mailbox for mailbox in dict.fromkeys(forward) if mailbox]
    if not reverse or not reverse[0]:
        raise LocalProtocolError("the message has no From header field, so no reverse-path")
    if not forward:
        raise LocalProtocolError("the message names no recipient in To, Cc or Bcc")
    return Envelope(reverse[0], tuple(forward))


def _fields(message: EmailMessage | Message, *names: str) -> list[str]:
    return [str(value) for name in names for value in message.get_all(name, [])]


class ContentReader:
    """Reads mail data up to its end: takes transparency away, remembers what was wrong.

    Octets past `limit` (None: no bound) and lines past `MAX_TEXT_LINE` are counted, not kept.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        self.size = 0
        self.ended = False
        self.bare_line_end = False
        self.long_line = False
        self.nul = False
        self._kept = BytesIO()  # it grows in place, and hands its octets out without a copy
        self._line = b""  # the unfinished last line
        self._skipping = False  # inside a line that is too long to keep

    @property
    def too_big(self) -> bool:
        return self.limit is not None and self.size > self.limit

    @property
    def content(self) -> bytes:
        return self._kept.getvalue()

    @property
    def fault(self) -> str:
        """What is wrong with its lines; "" if nothing is."""
        if self.bare_line_end or self.nul:
            return BARE_OR_NUL
        return LONG_LINE if self.long_line else ""

    def take(self) -> bytes:
        """The content, once: the reader keeps nothing, so that it is not in memory twice."""
        content = self.content
        self._kept = BytesIO()
        return content

    def feed(self, data: bytes | bytearray) -> bytes:
        """Take mail data; returns what stands behind its end, which is not mail data.

        >>> reader = ContentReader()
        >>> reader.feed(b"a\\r\\n..b\\r\\n.\\r\\nQUIT\\r\\n"), reader.content
        (b'QUIT\\r\\n', b'a\\r\\n.b\\r\\n')
        """
        start = 0
        if self._line or self._skipping:
            # The unfinished line is looked at alone: the others stay where they lie, uncopied.
            start = _end_of_line(self._line, data)
            rest = self._look_at(self._line + data[:start], 0)
            if self.ended:
                return rest + data[start:]
            if start == len(data):
                return b""
        return self._look_at(data, start)

    def _look_at(self, window: bytes | bytearray, start: int) -> bytes:
        """Take what follows `start`, where a line starts; what stands behind the end comes back."""
        if self._skipping:
            start = window.find(b"\r\n") + 2
            if start < 2:
                self._skip_unfinished(window)
                return b""
            self._skip(window[: start - 2])
            self._skipping = False
            self.size += 2  # the CR LF
        # No dot, no end of mail data: a look at single octets is ten times as fast.
        has_dot = window.find(b".", start) >= 0
        if has_dot and (end := _end_of_mail_data(window, start)) >= 0:
            self._keep(window, start, end, has_dot)
            self.ended = True
            return bytes(window[end + 3 :])
        last_end = window.rfind(b"\r\n", start)
        whole_lines = last_end + 2 if last_end >= 0 else start
        self._keep(window, start, whole_lines, has_dot)
        self._line = bytes(window[whole_lines:])
        text = self._line.removeprefix(b".")
        if len(text) > MAX_TEXT_LINE + 1:  # one more may be the CR of its CR LF
            self._skip_unfinished(text)
        return b""

    def _keep(self, window: bytes | bytearray, start: int, end: int, has_dot: bool) -> None:
        """Keep the whole lines up to `end`, each without the dot that transparency added.

        A large content passes here in large pieces, so nothing is copied without need.
        """
        if start == end:
            return
        lines = memoryview(window)[start:end]
        self.bare_line_end = self.bare_line_end or has_bare_line_end(lines)
        self.nul = self.nul or window.find(b"\0", start, end) >= 0
        if has_dot:
            window = bytes(lines).removeprefix(b".").replace(b"\r\n.", b"\r\n")
            lines, start, end = memoryview(window), 0, len(window)
        self.long_line = self.long_line or has_long_line(window, start, end)
        self.size += len(lines)
        if self.too_big or self.long_line:
            self._kept = BytesIO()
        else:
            self._kept.write(lines)

    def _skip_unfinished(self, part: bytes | bytearray) -> None:
        """Skip what does not end its line; a last CR may belong to its CR LF, so it waits."""
        self._skipping = True
        self._line = b"\r" if part.endswith(b"\r") else b""
        self._skip(part.removesuffix(b"\r"))

    def _skip(self, part: bytes | bytearray) -> None:
        """Count a part of an over-long line and keep nothing."""
        self.long_line = True
        self._kept = BytesIO()
        self.size += len(part)
        self.nul = self.nul or b"\0" in part
        self.bare_line_end = self.bare_line_end or b"\n" in part or b"\r" in part


class ChunkedContent:
    """Gathers the chunks of BDAT: octets as they are, without transparency (RFC 3030, 2).

    Nothing is kept of what is larger than `limit` octets.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self._kept = BytesIO()

    def has_room_for(self, size: int) -> bool:
        return self.size + size <= self.limit

    def feed(self, octets: bytes) -> None:
        self.size += len(octets)
        if self.size <= self.limit:
            self._kept.write(octets)

    def take(self) -> bytes:
        """The content, once."""
        content = self._kept.getvalue()
        self._kept = BytesIO()
        return content


def _end_of_line(begun: bytes, data: bytes | bytearray) -> int:
    """Where in `data` the line that has begun ends; the end of `data` if it does not."""
    if begun.endswith(b"\r") and data.startswith(b"\n"):
        return 1
    end = data.find(b"\r\n") + 2
    return end if end > 1 else len(data)


def _end_of_mail_data(window: bytes | bytearray, start: int) -> int:
    """Where its dot is, seen from `start`, where a line starts; negative if there is none."""
    if window.startswith(END_OF_MAIL_DATA, start):
        return start
    before = window.find(b"\r\n" + END_OF_MAIL_DATA, start)
    return before + 2 if before >= 0 else before
