"""What `exim -v` and `exim -d` print of a delivery or of a session that they take."""

from __future__ import annotations

import re
from collections.abc import Iterator

from smtplab.importing.said import Format, Lines, Said, Who, octets

# With -d the time and the process may stand before it. `|` joins commands that go out together.
_LINE = re.compile(
    r"(?:\d\d:\d\d:\d\d(?:\.\d+)? )?(?: *\d{1,10})? *SMTP([<>|(])(?:[<>]|close\)>>) ?(.*)"
)
_MORE = re.compile(r" +([2-5]\d\d[ -].*)")  # further lines of a reply stand below its first
_REPLY = re.compile(r"[2-5]\d\d[ -]")
_CONNECTING = re.compile(r"Connecting to (\S+) \[([^\]]+)\](?::(\d{1,5}))?")


def read(lines: Lines) -> Iterator[Said]:
    """Lines of Exim; content is not printed."""
    in_reply = False
    for number, line in lines:
        if found := _LINE.match(line):
            arrow, text = found.groups()
            in_reply = bool(_REPLY.match(text))
            if arrow == "(":
                yield Said(number, Who.CLOSE, b"by the client")
            elif not text.startswith("writing message and terminating"):
                # Exim may be either end, so the words tell who speaks.
                yield Said(number, Who.SERVER if in_reply else Who.CLIENT, octets(text))
        elif in_reply and (more := _MORE.match(line)):
            yield Said(number, Who.SERVER, octets(more[1]))
        elif place := _CONNECTING.match(line):
            yield Said(number, Who.CONNECT, octets(f"Exim > {place[1]}:{place[3] or 25}"))


FORMAT = Format("exim", "exim -v output", _LINE.match, read)
