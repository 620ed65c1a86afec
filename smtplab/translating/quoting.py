r"""Octets from the wire as words of a shell script: whatever they are, they stay data.

The scripts are for bash: `$'\x1b'` and `coproc` are not in every shell.
"""

from __future__ import annotations

from base64 import b64encode
from shlex import quote
from textwrap import wrap

from smtplab.transcript.rendering import visible

USER, PASSWORD, CONTENT = "SMTPLAB_USER", "SMTPLAB_PASSWORD", "content.eml"
WIDTH = 96  # columns of a comment


class CannotSay(Exception):
    """No argument of a program can hold it; the message says what."""


def is_plain(text: str) -> bool:
    """Whether text can be shown, copied and pasted without a surprise."""
    return text.isprintable()


def quoted(octets: bytes) -> str:
    r"""One word of a shell command; `CannotSay` if it holds NUL.

    >>> quoted(b"alice@example.org"), quoted(b"a b"), quoted(b"it's"), quoted(b"\x1b")
    ('alice@example.org', "'a b'", '\'it\'"\'"\'s\'', "$'\\x1b'")
    """
    if b"\0" in octets:
        raise CannotSay(f"{visible(octets.decode('utf-8', 'backslashreplace'))} holds NUL")
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        text = "\x1b"  # any that is not plain
    if is_plain(text):
        return quote(text)
    return "$'" + "".join(f"\\x{octet:02x}" for octet in octets) + "'"


def writing(octets: bytes) -> str:
    r"""A shell command that writes exactly these octets.

    >>> print(writing(b"Subject: tea\r\n\r\n"))
    printf '%s\r\n' \
      'Subject: tea' \
      ''
    >>> writing(b"\0\n")
    'printf %s AAo= | base64 -d'
    """
    *lines, rest = octets.split(b"\r\n")
    if lines and not rest and _all_plain(lines):
        return " \\\n  ".join(["printf '%s\\r\\n'", *(quoted(line) for line in lines)])
    return f"printf %s {quote(b64encode(octets).decode())} | base64 -d"


def _all_plain(lines: list[bytes]) -> bool:
    try:
        return all(is_plain(line.decode()) for line in lines)
    except UnicodeDecodeError:
        return False


def comment(text: str) -> list[str]:
    """Lines that a shell and Python pass over, whatever the text holds."""
    shown = visible(text)
    return [f"# {line}" for line in wrap(shown, WIDTH, break_on_hyphens=False)] or ["#"]


def command(*words: str) -> str:
    """A command of words that are quoted already, one option a line."""
    lines: list[str] = []
    for word in words:
        if word.startswith("--") or not lines:
            lines.append(word)
        else:
            lines[-1] += f" {word}"
    return " \\\n  ".join(lines)
