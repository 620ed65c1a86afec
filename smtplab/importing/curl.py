"""What `curl -v` prints: `>` the client, `<` the server, `*` notes, `{` and `}` sizes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from smtplab.importing.said import Format, Lines, Said, Who, octets

# The time stands before it with --trace-time; content is not printed.
_LINE = re.compile(r"(?:\d\d:\d\d:\d\d\.\d+ )?([<>*{}])(?: |$)")
_MARK = re.compile(r"(?:\d\d:\d\d:\d\d\.\d+ )?(?:< [2-5]\d\d[ -]|[<>*{}] )")
_CONNECTED = re.compile(r"Connected to (\S+) .*port (\d{1,5})")
_TLS = re.compile(r"SSL connection using (\S+)")
_VERIFIED = {" SSL certificate verify ok.": "yes", " SSL certificate verify result": "no"}
_CLOSED = re.compile(r"(?:Closing connection|shutting down connection|Connection #\d+ .*closed)")


def read(lines: Lines) -> Iterator[Said]:
    """Lines of curl; whether the certificate was checked stands some lines below the protocol."""
    tls: Said | None = None
    for number, line in lines:
        mark = _LINE.match(line)
        if mark is None:
            continue  # what curl printed of the transfer itself
        text = line[mark.end() :]
        if mark[1] in "<>":
            if tls is not None:
                yield tls
                tls = None
            yield Said(number, Who.SERVER if mark[1] == "<" else Who.CLIENT, octets(text))
        elif mark[1] == "*":
            if place := _CONNECTED.match(text):
                yield Said(number, Who.CONNECT, octets(f"curl > {place[1]}:{place[2]}"))
            elif begun := _TLS.match(text):
                tls = Said(number, Who.TLS, octets(begun[1]))
            elif _CLOSED.match(text):
                yield Said(number, Who.CLOSE)
            for start, verified in _VERIFIED.items():
                if tls is not None and text.startswith(start):
                    tls = tls._replace(verified=verified)


FORMAT = Format("curl", "curl -v output", _MARK.match, read)
