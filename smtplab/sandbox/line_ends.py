"""Dialects of the end of mail data: what servers have taken for a line end (RFC 5321, 2.3.8).

RFC 5321, 4.1.1.4 knows one end of mail data: CR LF, dot, CR LF. A server that takes more for it
sees two mail objects where its peer sees one: SMTP smuggling (CVE-2023-51764 and its relatives).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO

from smtplab.mail_object import ContentReader

STRICT = "strict"


@dataclass(frozen=True)
class LineEnds:
    """What one dialect takes for a line end, as patterns: before the dot, and behind it."""

    before: bytes
    behind: bytes
    says: str
    repair: tuple[bytes, bytes] | None = None  # how a line end of its own is stored as CR LF


# A CR that is the last octet so far waits for the next one: it may belong to a CR LF.
_CR_ALONE = rb"\r(?=[^\n])"

DIALECTS = {
    "keep": LineEnds(
        rb"\r\n",
        rb"\r\n",
        "Ends mail data as RFC 5321 says, and keeps bare CR and LF as they come: the half of "
        "smuggling that the sending side needs.",
    ),
    "lf-dot-crlf": LineEnds(
        rb"\n",
        rb"\r\n",
        "Takes LF dot CR LF for the end, too (CVE-2023-51764, CVE-2023-51766).",
        (rb"(?<!\r)\n", b"\r\n"),
    ),
    "bare-lf": LineEnds(
        rb"\n",
        rb"\r?\n",
        "Takes a bare LF for a line end everywhere (CVE-2023-51765).",
        (rb"(?<!\r)\n", b"\r\n"),
    ),
    "bare-cr": LineEnds(
        rb"\r\n?",
        rb"\r\n|" + _CR_ALONE,
        "Takes a bare CR for a line end everywhere.",
        (rb"\r(?!\n)", b"\r\n"),
    ),
    "any": LineEnds(
        rb"[\r\n]",
        rb"\r\n|\n|" + _CR_ALONE,
        "Takes CR, LF and CR LF for a line end, each alone.",
        (rb"\r\n|\r|\n", b"\r\n"),
    ),
}

_HELD = 5  # octets of the longest end that may be unfinished, and the one behind a CR


class LaxReader(ContentReader):
    """Reads mail data as a dialect has it, and refuses nothing but what is too big."""

    def __init__(self, dialect: LineEnds, limit: int | None = None) -> None:
        super().__init__(limit)
        self._dialect = dialect
        self._end = re.compile(rb"(?:%b)(?P<dot>\.)(?:%b)" % (dialect.before, dialect.behind))
        self._held = b"\r\n"  # the first line starts as if behind a line end

    def feed(self, data: bytes | bytearray) -> bytes:
        """Take mail data; returns what stands behind its end, as this dialect sees it.

        >>> reader = LaxReader(DIALECTS["bare-lf"])
        >>> reader.feed(b"a\\n.\\nQUIT\\r\\n"), reader.content
        (b'QUIT\\r\\n', b'a\\r\\n')
        """
        window = self._held + data
        found = self._end.search(window)
        if found is None:
            self._take(window[:-_HELD])
            self._held = window[-_HELD:]
            return b""
        self.ended = True
        self._take(window[: found.start("dot")])
        return window[found.end() :]

    def _take(self, octets: bytes) -> None:
        self.size += len(octets)
        if self.limit is not None and self.size - 2 > self.limit:
            self._kept = BytesIO()
        else:
            self._kept.write(octets)

    @property
    def too_big(self) -> bool:
        return self.limit is not None and self.size - 2 > self.limit

    @property
    def content(self) -> bytes:
        """The content without transparency, each line end of the dialect stored as CR LF."""
        content = re.sub(rb"(%b)\." % self._dialect.before, rb"\1", self._kept.getvalue())[2:]
        if self._dialect.repair is not None:
            content = re.sub(*self._dialect.repair, content)
        return content


def content_reader(dialect: str, limit: int | None) -> ContentReader:
    """The reader of a dialect, "strict" among them; `KeyError` names the dialects there are."""
    if dialect == STRICT:
        return ContentReader(limit)
    if dialect not in DIALECTS:
        there = ", ".join((STRICT, *DIALECTS))
        raise KeyError(f"no dialect {dialect!r} of line ends; there are {there}")
    return LaxReader(DIALECTS[dialect], limit)
