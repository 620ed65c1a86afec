"""Authentication-Results that came from outside and claim to be ours (RFC 8601, 5)."""

from __future__ import annotations

import re

from smtplab.sandbox.verdict.results_grammar import LONGEST_FIELD

NAME = b"authentication-results"
# One header field with its folded lines.
_FIELD = re.compile(
    rb"^authentication-results[ \t]*:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*(?:\r\n|\n|\Z)",
    re.IGNORECASE | re.MULTILINE,
)

_PIECE = re.compile(r"\\(.)|([()])|[^\\()]+", re.DOTALL)  # escaped, of a comment, plain


def without_forged(content: bytes, host: str) -> tuple[bytes, int]:
    r"""The content without result fields that carry `host` as authserv-id, and how many there were.

    What cannot be read but begins with the name counts too: who sees it might read it.

    >>> without_forged(b"Authentication-Results: mx.example.net; dmarc=pass\r\nA: b\r\n\r\n",
    ...     "mx.example.net")
    (b'A: b\r\n\r\n', 1)
    """
    if content.startswith(b"\r\n"):
        return content, 0
    end = content.find(b"\r\n\r\n")
    head = content if end < 0 else content[: end + 2]
    if NAME not in head.lower():
        return content, 0
    removed = 0

    def keep(field: re.Match[bytes]) -> bytes:
        nonlocal removed
        if not _claims(field[0], host):
            return field[0]
        removed += 1
        return b""

    kept = _FIELD.sub(keep, head)
    if not removed:
        return content, 0
    return (kept if end < 0 else kept + content[end + 2 :]), removed


def _claims(field: bytes, host: str) -> bool:
    """Whether the authserv-id, quoted or behind comments as it may be, is `host`'s."""
    value = field.partition(b":")[2].decode("utf-8", "replace")
    words = _without_comments(value[:LONGEST_FIELD]).partition(";")[0].replace('"', "").split()
    return bool(words) and words[0].lower().removesuffix(".") == host.lower()


def _without_comments(text: str) -> str:
    r"""A backslash makes the next character an ordinary one (RFC 5322, 3.2.1), and goes.

    >>> _without_comments("(a; (b) \\)) mx.example.net (c) 1")
    ' mx.example.net  1'
    """
    depth, kept = 0, []
    for piece in _PIECE.finditer(text):
        escaped, bracket = piece.groups()
        if bracket:
            depth = max(0, depth + (1 if bracket == "(" else -1))
        elif not depth:
            kept.append(escaped or piece[0])
    return "".join(kept)
