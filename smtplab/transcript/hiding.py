"""Secrets: found by their place in AUTH, and by value in plain and base64 form (RFC 4954, 4)."""

from __future__ import annotations

import re
from base64 import b64encode

from smtplab.transcript.events import Span

SHORTEST = 4  # octets; a shorter secret would hide half of every line, so it is hidden by state
HIDDEN = b"********"  # always eight, so that the length of a secret is not told


# AUTH may also stand behind other lines or spaces, in what somebody sent by hand.
_AUTH = re.compile(rb"^[ \t]*AUTH[ \t]+\S+[ \t\r\n]+", re.IGNORECASE | re.MULTILINE)


def command_secrets(octets: bytes) -> tuple[Span, ...]:
    """What is secret in command lines by its place: all that follows the mechanism in AUTH.

    >>> command_secrets(b"auth plain AGEAYg==\\r\\n"), command_secrets(b"NOOP\\r\\n")
    (((11, 19),), ())
    """
    command = _AUTH.search(octets) if b"AUTH" in octets.upper() else None
    end = len(octets.rstrip(b"\r\n"))
    return ((command.end(), end),) if command and command.end() < end else ()


def response_secrets(octets: bytes) -> tuple[Span, ...]:
    """What is secret in a response to a challenge: all of it, unless it cancels with `*`."""
    end = len(octets.rstrip(b"\r\n"))
    return ((0, end),) if end and octets.strip() != b"*" else ()


class SecretValues:
    """The secrets known so far; a value is searched as it is and inside any base64."""

    def __init__(self) -> None:
        self._patterns: dict[bytes, None] = {}

    def add(self, value: str) -> None:
        octets = value.encode("utf-8", "surrogateescape")
        if len(octets) >= SHORTEST:
            self._patterns.update(dict.fromkeys((octets, *base64_forms(octets))))

    def spans(self, octets: bytes) -> tuple[Span, ...]:
        """Where secrets stand in `octets`."""
        if not self._patterns:
            return ()
        found: list[Span] = []
        for pattern in self._patterns:
            start = octets.find(pattern)
            while start >= 0:
                found.append((start, start + len(pattern)))
                start = octets.find(pattern, start + 1)
        return tuple(found)


def base64_forms(octets: bytes) -> tuple[bytes, ...]:
    """The base64 of `octets` at each of three alignments, without the characters that also
    depend on what stands beside them.

    >>> all(form in b64encode(b"x" * n + b"secret" + b"yy") for n, form in
    ...     enumerate(base64_forms(b"secret")))
    True
    """
    forms = []
    for offset in range(3):
        first = (0, 2, 3)[offset]  # ceil(8 * offset / 6)
        last = (offset + len(octets)) * 8 // 6
        forms.append(b64encode(b"\0" * offset + octets)[first:last])
    return tuple(form for form in forms if len(form) >= SHORTEST)


def hide(octets: bytes, spans: tuple[Span, ...]) -> bytes:
    """`octets` with each span replaced by a mark of fixed length.

    >>> hide(b"AUTH PLAIN AGEAYg==", ((11, 19),))
    b'AUTH PLAIN ********'
    """
    parts, at = [], 0
    for start, end in _merged(spans):
        parts += [octets[at:start], HIDDEN]
        at = end
    return b"".join((*parts, octets[at:]))


def hidden_places(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """Where the marks stand after `hide()`.

    >>> hidden_places(((11, 14), (20, 40)))
    ((11, 19), (25, 33))
    """
    places, moved = [], 0
    for start, end in _merged(spans):
        places.append((start + moved, start + moved + len(HIDDEN)))
        moved += len(HIDDEN) - (end - start)
    return tuple(places)


def _merged(spans: tuple[Span, ...]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
