"""What swaks prints: an arrow before each line, `~` for TLS, `*` for a reply it did not want."""

from __future__ import annotations

import re
from collections.abc import Iterator

from smtplab.importing.said import Format, Lines, Said, Who, octets

# Four characters stand before the text; "-" is plaintext and "~" TLS.
_LINE = re.compile(r"(?: (?:->|~>)|(<-|<~|<\*\*|<~\*) ?)(?: |$)")
_CONNECTED = re.compile(r"=== Trying (.+):(\d{1,5})\.\.\.$")
_TLS = re.compile(r"=== TLS started with cipher ([^:]+)")


def read(lines: Lines) -> Iterator[Said]:
    """Lines of swaks, its notes included."""
    for number, line in lines:
        if arrow := _LINE.match(line):
            yield Said(number, Who.SERVER if arrow[1] else Who.CLIENT, octets(line[4:]))
        elif place := _CONNECTED.match(line):
            yield Said(number, Who.CONNECT, octets(f"swaks > {place[1]}:{place[2]}"))
        elif tls := _TLS.match(line):
            yield Said(number, Who.TLS, octets(tls[1]))
        elif line.startswith("=== Connection closed"):
            yield Said(number, Who.CLOSE)
        elif line.strip() and not line.startswith(("===", "***")):
            yield Said(number, Who.UNREAD)


FORMAT = Format("swaks", "swaks output", _LINE.match, read)
