"""Whole conversations to step through, one line at a time; every line is really sent (RFC 5321, D).

They say what a client sends and never what a server says: the replies are the sandbox's own.
"""

from __future__ import annotations

from dataclasses import dataclass

CONTENT = "(the content)"
CHUNK = "(a chunk of the content)"
LAST_CHUNK = "(the last chunk of the content)"
READY = ("EHLO", "HELO", "AUTH")  # lines that depend on who speaks: the palette's ready ones

_TO_TRANSACTION = ("EHLO", "STARTTLS", "EHLO", "AUTH")
_MAIL = "MAIL FROM:<alice@example.org>"
_TO_BOB = "RCPT TO:<bob@example.net>"
_SEND = (_MAIL, _TO_BOB, "DATA", CONTENT, "QUIT")
_MX = "mx.example.net"
_MSA = "smtp.example.org"


@dataclass(frozen=True, slots=True)
class Script:
    """What a client says to one server; a line may stand for the ready content or a chunk."""

    name: str
    host: str
    port: int
    lines: tuple[str, ...]


SCRIPTS = (
    Script("A whole mail on 25", _MX, 25, ("EHLO", *_SEND)),
    Script("Sign in and send on 587", _MSA, 587, (*_TO_TRANSACTION, *_SEND)),
    Script("Sign in and send on 465", _MSA, 465, ("EHLO", "AUTH", *_SEND)),
    Script(
        "The content in chunks, with BDAT", _MX, 25,
        ("EHLO", _MAIL, _TO_BOB, CHUNK, LAST_CHUNK, "QUIT"),
    ),
    Script(
        "One recipient is refused", _MX, 25,
        ("EHLO", _MAIL, "RCPT TO:<nobody@example.net>", *_SEND[1:]),
    ),
    Script(
        "Relaying is denied", _MX, 25,
        ("EHLO", _MAIL, "RCPT TO:<somebody@example.com>", "RSET", "QUIT"),
    ),
    Script(
        "Everything in the wrong order", _MX, 25,
        ("RCPT TO:<bob@example.net>", "EHLO", "DATA", _MAIL, _MAIL, "DATA", "RSET", "QUIT"),
    ),
    Script(
        "Two mails in one session", _MX, 25,
        ("EHLO", *_SEND[:-1], "MAIL FROM:<>", "RCPT TO:<postmaster@example.net>", *_SEND[2:]),
    ),
)  # fmt: skip


def script(name: str) -> Script:
    """A script by its name; `KeyError` lists the names."""
    for one in SCRIPTS:
        if one.name == name:
            return one
    raise KeyError(f"no script {name!r}; there are {', '.join(one.name for one in SCRIPTS)}")


class Playing:
    """A script and how far it is."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.at = 0

    @property
    def next_line(self) -> str | None:
        """What the next step sends; None at the end."""
        return self.script.lines[self.at] if self.at < len(self.script.lines) else None

    @property
    def told(self) -> str:
        """How far it is, in words."""
        return f"line {min(self.at + 1, len(self.script.lines))} of {len(self.script.lines)}"
