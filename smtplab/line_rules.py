"""What may be wrong with the lines of a content (RFC 5321, 2.3.8 and 4.5.3.1.6).

A content may be large, so each question is asked of many lines at a time.
"""

from __future__ import annotations

import re
from io import IncrementalNewlineDecoder

MAX_TEXT_LINE = 998  # octets without CR LF (RFC 5322, 2.1.1; RFC 5321, 4.5.3.1.6)

BARE_OR_NUL = "a bare CR, a bare LF or a NUL"
LONG_LINE = f"a line longer than {MAX_TEXT_LINE} octets"

LARGE = 16_384  # octets; of fewer, a look at each costs next to nothing

# As far ahead as one line may go, and back from there to a line end; then on from that one.
_SHORT_LINES = re.compile(rb"(?s:.{0,%d}\r\n)*+" % MAX_TEXT_LINE)


def breaks_line_rules(content: bytes) -> str:
    """What is wrong with the lines of a text; "" if nothing is.

    >>> breaks_line_rules(b"a\\nb\\r\\n"), breaks_line_rules(b"the last line may lack its end")
    ('a bare CR, a bare LF or a NUL', '')
    """
    if has_bare_line_end(content) or b"\0" in content:
        return BARE_OR_NUL
    whole_lines = content.rfind(b"\r\n") + 2 if b"\r\n" in content else 0
    if has_long_line(content, 0, whole_lines) or len(content) - whole_lines > MAX_TEXT_LINE:
        return LONG_LINE
    return ""


def has_long_line(lines: bytes | bytearray, start: int, end: int) -> bool:
    """Whether a line is over-long between the start of one and the end of one.

    >>> [has_long_line(b"x" * n + b"\\r\\n", 0, n + 2) for n in (998, 999)]
    [False, True]
    """
    short = _SHORT_LINES.match(lines, start, end)
    return short is None or short.end() < end


def has_bare_line_end(lines: bytes | memoryview) -> bool:
    """Whether a CR or an LF stands alone; Python's newline decoder notes what it saw, in one pass.

    >>> [has_bare_line_end(b) for b in (b"a\\r\\n", b"a\\n\\r\\n", b"a\\r\\r\\n")]
    [False, True, True]
    """
    if len(lines) > LARGE and _are_all_of_one_length(lines):
        return False
    decoder = IncrementalNewlineDecoder(None, translate=False)
    decoder.decode(str(lines, "latin-1"), final=True)
    return decoder.newlines not in (None, "\r\n")


def _are_all_of_one_length(lines: bytes | memoryview) -> bool:
    """Whether each line is as long as the first, and no CR or LF stands elsewhere.

    Large contents are mostly base64, whose lines are so (RFC 2045, 6.8), and this is three times
    as fast as a look at each octet.
    """
    octets = bytearray(lines)
    length = octets.find(b"\r\n") + 2
    if length < 2:
        return False
    count = len(octets) // length
    for place, octet in ((length - 2, b"\r"), (length - 1, b"\n")):
        if octets[place::length] != octet * count:
            return False
        octets[place::length] = b"." * count
    return b"\r" not in octets and b"\n" not in octets
