"""What Python's smtplib prints with set_debuglevel(1), and with the time at level 2."""

from __future__ import annotations

import re
from collections.abc import Iterator

from smtplab.importing.said import Format, Lines, Said, Who, octets

_LINE = re.compile(r"(?:\d\d:\d\d:\d\d\.\d+ )?(send|reply|data|connect): (.*)", re.DOTALL)
# What repr() writes: quotes of one kind around it, and "b" before octets.
_LITERAL = re.compile(r"(b?)(['\"])(.*)\2", re.DOTALL)
_CONNECT = re.compile(r"(?:to )?\('([^']*)', (\d{1,5})\)")
_ESCAPE = re.compile(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U000[0-9a-f]{5}|[nrt\\'\"])")
_SHORT = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", '"': '"'}
_PASSED_OVER = ("retcode (", "(")  # the reply once more, as smtplib understood it


def read(lines: Lines) -> Iterator[Said]:
    """Lines of smtplib; it tells nothing of TLS, which begins after the reply to STARTTLS."""
    for number, line in lines:
        found = _LINE.match(line)
        if found is None:
            continue  # what the program printed itself
        what, text = found.groups()
        if what == "connect":
            if place := _CONNECT.match(text):
                yield Said(number, Who.CONNECT, octets(f"smtplib > {place[1]}:{place[2]}"))
        elif literal := _LITERAL.fullmatch(text):
            who = Who.CLIENT if what == "send" else Who.SERVER
            for part in _octets(literal[1], literal[3]).removesuffix(b"\r\n").split(b"\r\n"):
                yield Said(number, who, part)
        elif not text.startswith(_PASSED_OVER):
            yield Said(number, Who.UNREAD)


def _octets(prefix: str, text: str) -> bytes:
    """What repr() made this text of."""
    plain = _ESCAPE.sub(_meant, text)
    return plain.encode("latin-1", "replace") if prefix else octets(plain)


def _meant(escape: re.Match[str]) -> str:
    return _SHORT.get(escape[1]) or chr(int(escape[1][1:], 16))


FORMAT = Format("smtplib", "smtplib debug output", _LINE.match, read)
