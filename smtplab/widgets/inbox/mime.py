"""The parts of a content as MIME nests them, read with bounds (RFC 2045, RFC 2046).

Python's own parser builds every part, and fails on a content that is nested a thousand deep.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.utils import collapse_rfc2231_value

from smtplab.sandbox.reading.content import header_fields, value_of
from smtplab.widgets.inbox.decoding import decoded, text_of, value_as_text

# Ours to choose: what a page shows of a content that wants to be too much.
MAX_PARTS = 100
MAX_DEPTH = 12
MAX_HEADER = 65_536  # octets of a header section that are read
MAX_FIELDS = 1_000
MAX_DELIMITERS = 20_000
MAX_STRUCTURED = 1_000  # octets of Content-Type and the like: parameters cost quadratic time

_OWN_FIELDS = (b"content-type", b"content-transfer-encoding", b"content-disposition")
_UNSAFE_IN_A_NAME = re.compile(r"[^\w .()+@-]|^[. ]+|[. ]+$")
_RESERVED_NAME = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
LONGEST_NAME = 80


@dataclass(frozen=True)
class Part:
    """One part: where its body stands in the content, and what its header section says of it."""

    number: str  # "1.2", as IMAP counts; "" for the whole (RFC 9051, 6.4.5.1)
    depth: int
    start: int
    end: int
    fields: tuple[tuple[str, bytes], ...]  # names as they came, values unfolded
    message: Message

    @property
    def type(self) -> str:
        return self.message.get_content_type()

    @property
    def encoding(self) -> str:
        """The transfer encoding; 7bit where none is named (RFC 2045, 6.1)."""
        return str(self.message.get("Content-Transfer-Encoding", "7bit")).strip().lower()

    @property
    def size(self) -> int:
        """Octets of its body as it stands there."""
        return self.end - self.start

    @property
    def file_name(self) -> str:
        """The name that the sender gave it, decoded and not to be trusted; "" for none."""
        name = self.message.get_filename("")
        plain = collapse_rfc2231_value(name)
        return value_as_text(plain.encode("utf-8", "replace"))

    @property
    def is_attachment(self) -> bool:
        """Whether a mail program lists it instead of showing it (RFC 2183, 2)."""
        if self.type.startswith("multipart/"):
            return False
        shown = self.type in ("text/plain", "text/html") and not self.file_name
        return self.message.get_content_disposition() == "attachment" or not shown

    def octets(self, content: bytes, limit: int) -> bytes:
        """At most about `limit` octets of its body, decoded."""
        return decoded(content[self.start : min(self.end, self.start + limit)], self.encoding)

    def text(self, content: bytes, limit: int) -> str:
        charset = str(self.message.get_param("charset", ""))
        return text_of(self.octets(content, limit), charset)


@dataclass(frozen=True)
class Structure:
    """All parts that were read, each before the parts inside it."""

    parts: tuple[Part, ...]
    left_out: int  # at least so many parts more
    unread: int  # octets of the header section that were not read

    @property
    def whole(self) -> Part:
        return self.parts[0]

    def first(self, type_: str) -> Part | None:
        """The first part of a type that is shown in the message itself."""
        return next((p for p in self.parts if p.type == type_ and not p.is_attachment), None)

    @property
    def attachments(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.is_attachment)


def structure(content: bytes) -> Structure:
    """Read the structure of a content; never raises."""
    parts: list[Part] = []
    left_out = 0
    waiting = [(0, len(content), 0, "")]
    while waiting:
        start, end, depth, number = waiting.pop()
        if len(parts) == MAX_PARTS:
            left_out += 1 + len(waiting)
            break
        part = _part(content, (start, end), depth, number)
        parts.append(part)
        inner = _inside(content, part)
        if depth == MAX_DEPTH:
            left_out += len(inner)
            continue
        left_out += max(0, len(inner) - MAX_PARTS)
        named = [
            (first, last, depth + 1, f"{number}.{n}".lstrip("."))
            for n, (first, last) in enumerate(inner[:MAX_PARTS], 1)
        ]
        waiting += reversed(named)
    whole = parts[0]
    return Structure(tuple(parts), left_out, max(0, whole.start - MAX_HEADER))


def safe_name(part: Part, number: int) -> str:
    """A name under which an attachment may be saved: no folder, no control, no trick.

    The text direction of a name can be turned round, so that `exe.gpj` reads like a picture.
    """
    name = part.file_name.replace("\\", "/").rpartition("/")[2]
    name = _UNSAFE_IN_A_NAME.sub("_", name)
    if not name.strip("_ ."):
        return f"attachment-{number}"
    if len(name) > LONGEST_NAME:
        stem, dot, ending = name.rpartition(".")
        name = f"{(stem or ending)[: LONGEST_NAME - 10]}{dot}{ending[:9]}" if stem else name
        name = name[:LONGEST_NAME]
    return f"_{name}" if _RESERVED_NAME.fullmatch(name) else name


def _part(content: bytes, place: tuple[int, int], depth: int, number: str) -> Part:
    start, end = place
    header_end = _end_of_header(content, start, end)
    fields: list[tuple[str, bytes]] = []
    message = Message()
    for key, octets in header_fields(content[start : min(header_end, start + MAX_HEADER)]):
        if len(fields) == MAX_FIELDS:
            break
        name, value = octets.partition(b":")[0], value_of(octets)
        fields.append((name.decode("utf-8", "replace").strip(), value))
        if key in _OWN_FIELDS and key.decode() not in message:
            message[key.decode()] = value[:MAX_STRUCTURED].decode("utf-8", "replace")
    return Part(number, depth, header_end, end, tuple(fields), message)


def _end_of_header(content: bytes, start: int, end: int) -> int:
    """Where the body begins, behind the empty line."""
    if content.startswith(b"\r\n", start, end):
        return start + 2
    found = content.find(b"\r\n\r\n", start, end)
    return end if found < 0 else found + 4


def _inside(content: bytes, part: Part) -> list[tuple[int, int]]:
    """Where the parts inside a part stand."""
    if part.type == "message/rfc822" and part.size:
        return [(part.start, part.end)]
    boundary = part.message.get_boundary("")
    if not part.type.startswith("multipart/") or not boundary:
        return []
    marks = list(_delimiters(content, part, boundary.encode("utf-8", "replace")))
    ends = [start for start, _ in marks[1:]] + [part.end]
    return [(after, max(after, end)) for (_, after), end in zip(marks, ends, strict=True) if after]


def _delimiters(content: bytes, part: Part, boundary: bytes) -> Iterator[tuple[int, int]]:
    """Where each delimiter line begins, CR LF in front included, and where the part behind it
    does; 0 behind the last one (RFC 2046, 5.1.1)."""
    mark = b"\r\n--" + boundary
    at = part.start - 2  # the first may stand right behind the empty line
    for _ in range(MAX_DELIMITERS):
        at = content.find(mark, max(at, 0), part.end)
        if at < 0:
            return
        after = at + len(mark)
        line_end = content.find(b"\r\n", after, min(part.end, after + 1_000))
        line_end = part.end if line_end < 0 else line_end
        rest = content[after:line_end].strip(b" \t")
        if rest == b"--":
            yield at, 0
            return
        if not rest:
            yield at, min(line_end + 2, part.end)
        at = after
