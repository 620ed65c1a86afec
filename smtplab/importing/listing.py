"""A plain listing as an RFC prints it: `C:` and `S:`; also ours, with notes behind `--`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from smtplab.importing.said import Format, Lines, Said, Who, octets
from smtplab.transcript.rendering import CHECKS

_LINE = re.compile(
    r"[ \t]{0,20}(?:(C|CLIENT|Client|>>>)|(?:S|SERVER|Server|<<<))(?:(?<=[<>])|:)(?: |$)"
)
# The notes of our own listing.
_CONNECT = re.compile(r"-- (.*) connects to (.*) : (.*)")
_TLS = re.compile(r"-- TLS begins: ([^,]*), (.*)")
_CLOSE = re.compile(r"-- connection closed: (.*)")
_VERIFIED = {words: verified for verified, words in CHECKS.items()}


def read(lines: Lines) -> Iterator[Said]:
    """Lines of a listing; what has no speaker is passed over as prose."""
    for number, line in lines:
        if speaker := _LINE.match(line):
            who = Who.CLIENT if speaker[1] else Who.SERVER
            yield Said(number, who, octets(line[speaker.end() :]))
        elif place := _CONNECT.match(line):
            yield Said(number, Who.CONNECT, octets(f"{place[1]} > {place[2]}:{place[3]}"))
        elif tls := _TLS.match(line):
            verified = _VERIFIED.get(tls[2], "unknown")
            yield Said(number, Who.TLS, octets(tls[1]), verified=verified)
        elif close := _CLOSE.match(line):
            yield Said(number, Who.CLOSE, octets(close[1]))


FORMAT = Format("listing", "a listing with C: and S:", _LINE.match, read)
