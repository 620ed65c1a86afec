"""What `openssl s_client` prints, with the lines that a terminal echoed between."""

from __future__ import annotations

import re
from collections.abc import Iterator

from smtplab.importing.bare import Speakers
from smtplab.importing.said import Format, Lines, Said, Who, octets

_MARK = re.compile(
    r"CONNECTED\(|-----BEGIN CERTIFICATE|depth=\d|verify (?:return|error)[:]|SSL handshake has read"
    r"|Verify return code: |Verification(?: error)?: |Certificate chain$|Connecting to "
)
_PROTOCOL = re.compile(r"(?:New, |    Protocol +: )(TLSv[\d.]+|SSLv\d)")
_VERDICT = re.compile(r" *Verify return code: (\d+)")
_BLOCK = re.compile(r"Post-Handshake New Session Ticket|SSL-Session:|-----BEGIN ")
_CHATTER = re.compile(
    r"read R BLOCK|DONE$|---$|(?:read|write):errno|Can't use SSL|Connecting to |[0-9A-F]{8,}:error"
)
_CLOSED = re.compile(r"closed$")


def read(lines: Lines) -> Iterator[Said]:
    """The dialogue; certificates and the rest of the handshake become one note.

    With -starttls the greeting, EHLO and STARTTLS are openssl's own and are not printed but for
    the last line of the EHLO reply, which is passed over.
    """
    speakers = Speakers()
    protocol, verdict, begun, typed = "TLS", "", False, False
    in_block, in_reply = False, False
    for number, line in lines:
        if not speakers.in_content:
            if in_block or _BLOCK.match(line):
                in_block = line != "---" and not line.startswith(("-----END ", "read R BLOCK"))
                verdict = _found(_VERDICT, line) or verdict
                protocol = _found(_PROTOCOL, line) or protocol
                continue
            if line.startswith("CONNECTED("):
                begun = True  # until the verdict nothing is dialogue
                yield Said(number, Who.CONNECT, b"openssl > the server:?")
                continue
            if _MARK.match(line) or _PROTOCOL.match(line) or _CHATTER.match(line):
                protocol = _found(_PROTOCOL, line) or protocol
                verdict = _found(_VERDICT, line) or verdict
                begun = begun and not _VERDICT.match(line)
                continue
            if begun or not line.strip():
                continue
            if _CLOSED.match(line):
                yield Said(number, Who.CLOSE)
                continue
        who = speakers.who(line)
        lone = line.startswith("250 ") and not in_reply
        in_reply = line.startswith("250-")
        if who is Who.SERVER and lone and not typed:
            continue
        if protocol:
            verified = {"0": "yes", "": "unknown"}.get(verdict, "no")
            yield Said(number, Who.TLS, octets(protocol), verified=verified)
            protocol = ""
        typed = typed or who is Who.CLIENT
        yield Said(number, who, octets(line))


def _found(pattern: re.Pattern[str], line: str) -> str:
    found = pattern.match(line)
    return found[1] if found else ""


FORMAT = Format("openssl", "openssl s_client output", _MARK.match, read)
