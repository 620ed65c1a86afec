"""What `exim -v` and `exim -d` print of a delivery, and `exim -d` of a session that they take."""

from __future__ import annotations

import re
from collections.abc import Iterator

from smtplab.importing.said import Format, Lines, Said, Who, octets

# With -d the time and the process may stand before a line. `|` and `+` join what goes out together.
_HEAD = r"(?:\d\d:\d\d:\d\d(?:\.\d+)? )?(?: *(\d{1,10}))? *"
_LINE = re.compile(_HEAD + r"SMTP[<>|+][<>](?: (.*)|$)")
_MORE = re.compile(_HEAD + r" {7}([2-5]\d\d[ -].*)")  # of a reply, below its first line
_CLOSE = re.compile(_HEAD + r"SMTP(?:\((closed?)\)|>>\(close on process exit\))")
_CONNECTING = re.compile(_HEAD + r"Connecting to (\S+) \[([^\]]+)\](?::(\d{1,5}))?")
_REPLY = re.compile(r"[2-5]\d\d[ -]")
_WRITING = ("(writing message)", "writing message and terminating")


def read(lines: Lines) -> Iterator[Said]:
    """Lines of Exim, each process a connection; no content and no chunk is printed."""
    in_reply: set[str] = set()  # the processes whose last line was one of a reply
    for number, line in lines:
        if found := _LINE.match(line):
            process, text = found[1] or "", found[2] or ""
            is_reply = bool(_REPLY.match(text))
            (in_reply.add if is_reply else in_reply.discard)(process)
            if not text.startswith(_WRITING):
                # Exim may be either end, so the words tell who speaks.
                who = Who.SERVER if is_reply else Who.CLIENT
                yield Said(number, who, octets(text), process)
        elif (more := _MORE.match(line)) and (more[1] or "") in in_reply:
            yield Said(number, Who.SERVER, octets(more[2]), more[1] or "")
        elif place := _CONNECTING.match(line):
            where = octets(f"Exim > {place[2]}:{place[4] or 25}")
            yield Said(number, Who.CONNECT, where, place[1] or "")
        elif closed := _CLOSE.match(line):
            by = {"close": b"by the client", "closed": b"by the server"}.get(closed[2], b"")
            yield Said(number, Who.CLOSE, by, closed[1] or "")


FORMAT = Format("exim", "exim -v output", _LINE.match, read, prints_chunks=False)
