"""Mail objects: envelope and content, transparency, end of mail data (RFC 5321, 2.3.1, 4.5.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage, Message
from email.parser import HeaderParser
from email.utils import getaddresses
from io import BytesIO, IncrementalNewlineDecoder

from smtplab.errors import LocalProtocolError

END_OF_MAIL_DATA = b".\r\n"
MAX_TEXT_LINE = 998  # octets without CR LF (RFC 5322, 2.1.1; RFC 5321, 4.5.3.1.6)

# What may be wrong with the lines of a content.
BARE_OR_NUL = "a bare CR, a bare LF or a NUL"
LONG_LINE = f"a line longer than {MAX_TEXT_LINE} octets"

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
    plain = _BEFORE_COLON.sub(rb"\1:", fields).decode("utf-8", "surrogateescape")
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
        window = self._line + data
        if self._skipping:
            end_of_line = window.find(b"\r\n")
            if end_of_line < 0:
                self._skip_unfinished(window)
                return b""
            self._skip(window[:end_of_line])
            self._skipping = False
            window = window[end_of_line + 2 :]
            self.size += 2  # the CR LF
        # From here on `window` starts at the start of a line.
        if b"." in window:  # else no end of mail data: a look at single octets is ten times as fast
            end = 0 if window.startswith(END_OF_MAIL_DATA) else window.find(b"\r\n.\r\n") + 2
            if end > 1 or window.startswith(END_OF_MAIL_DATA):
                self._keep(window, end)
                self.ended = True
                return window[end + 3 :]
        whole_lines = window.rfind(b"\r\n") + 2 if b"\r\n" in window else 0
        self._keep(window, whole_lines)
        self._line = window[whole_lines:]
        text = self._line.removeprefix(b".")
        if len(text) > MAX_TEXT_LINE + 1:  # one more may be the CR of its CR LF
            self._skip_unfinished(text)
        return b""

    def _keep(self, window: bytes, end: int) -> None:
        """Keep the whole lines up to `end`, each without the dot that transparency added.

        A large content passes here in large pieces, so nothing is copied without need.
        """
        if not end:
            return
        lines = memoryview(window)[:end]
        self.bare_line_end = self.bare_line_end or _has_bare_line_end(lines)
        self.nul = self.nul or window.find(b"\0", 0, end) >= 0
        if window.find(b".", 0, end) >= 0:
            window = window[:end].removeprefix(b".").replace(b"\r\n.", b"\r\n")
            lines = memoryview(window)
        self.long_line = self.long_line or _has_long_line(window, len(lines))
        self.size += len(lines)
        if self.too_big or self.long_line:
            self._kept = BytesIO()
        else:
            self._kept.write(lines)

    def _skip_unfinished(self, part: bytes) -> None:
        """Skip what does not end its line; a last CR may belong to its CR LF, so it waits."""
        self._skipping = True
        self._line = b"\r" if part.endswith(b"\r") else b""
        self._skip(part.removesuffix(b"\r"))

    def _skip(self, part: bytes) -> None:
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


def breaks_line_rules(content: bytes) -> str:
    """What is wrong with the lines of a text; "" if nothing is (RFC 5321, 2.3.8 and 4.5.3.1.6).

    >>> breaks_line_rules(b"a\\nb\\r\\n"), breaks_line_rules(b"the last line may lack its end")
    ('a bare CR, a bare LF or a NUL', '')
    """
    if _has_bare_line_end(content) or b"\0" in content:
        return BARE_OR_NUL
    whole_lines = content.rfind(b"\r\n") + 2 if b"\r\n" in content else 0
    if _has_long_line(content, whole_lines) or len(content) - whole_lines > MAX_TEXT_LINE:
        return LONG_LINE
    return ""


def _has_bare_line_end(lines: bytes | memoryview) -> bool:
    """Whether a CR or an LF stands alone; Python's newline decoder notes what it saw, in one pass.

    >>> [_has_bare_line_end(b) for b in (b"a\\r\\n", b"a\\n\\r\\n", b"a\\r\\r\\n")]
    [False, True, True]
    """
    decoder = IncrementalNewlineDecoder(None, translate=False)
    decoder.decode(str(lines, "latin-1"), final=True)
    return decoder.newlines not in (None, "\r\n")


def _has_long_line(lines: bytes, end: int) -> bool:
    """Whether one of the whole lines up to `end` is over-long: the next line end is looked for from
    behind, as far away as it may be, so that short lines are passed over many at a time."""
    position = 0
    while position < end:
        line_end = lines.rfind(b"\r\n", position, min(end, position + MAX_TEXT_LINE + 2))
        if line_end < 0:
            return True
        position = line_end + 2
    return False
