"""What Authentication-Results is written with: tokens, quoted strings, comments (RFC 8601, 2.2).

A value is a token (RFC 2045, 5.1) or a quoted string; comments and folding may stand anywhere.
"""

from __future__ import annotations

import re

from smtplab.sandbox.verdict.lookups import shown

LONGEST_FIELD = 65_536  # characters: our own limit

_TOKEN = r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+"  # RFC 2045, 5.1: no tspecials
# What may stand unquoted as a property's value: a value, or [ [ local-part ] "@" ] domain-name.
_ADDRESS = rf"(?:{_TOKEN})?@{_TOKEN}"
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_KEYWORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?")
_WORD = re.compile(_TOKEN)
_ADDRESS_OR_WORD = re.compile(f"{_ADDRESS}|{_TOKEN}")
_SPACE = re.compile(r"[ \t\r\n]+")


def quoted(value: str, address: bool = False) -> str:
    r"""A value as the field may hold it; what no header field may hold becomes a question mark.

    >>> quoted("pass"), quoted('two "words"'), quoted("a@example.org", True), quoted("\r\nX: y")
    ('pass', '"two \\"words\\""', 'a@example.org', '"??X: y"')
    """
    plain = "".join(c if " " <= c <= "~" else "?" for c in value)
    if (_ADDRESS_OR_WORD if address else _WORD).fullmatch(plain):
        return plain
    return '"' + re.sub(r'(["\\])', r"\\\1", plain) + '"'


class Tokens:
    """The rest of a header field that is still to be read; every fault is a ValueError."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST_FIELD:
            raise ValueError("the header field is too long")
        self._text, self._at = text, 0
        self._skip()

    def at_end(self) -> bool:
        return self._at == len(self._text)

    def next_is_word(self) -> bool:
        return _WORD.match(self._text, self._at) is not None

    def next_is_digits(self) -> bool:
        match = _WORD.match(self._text, self._at)
        return match is not None and match[0].isdigit()

    def take(self, mark: str) -> bool:
        """Whether the mark comes next; it is read then."""
        if not self._text.startswith(mark, self._at):
            return False
        self._at += len(mark)
        self._skip()
        return True

    def demand(self, mark: str) -> None:
        if not self.take(mark):
            raise ValueError(f"{mark!r} is missing before {shown(self._text[self._at :])!r}")

    def demand_end(self) -> None:
        if not self.at_end():
            raise ValueError(f"{shown(self._text[self._at :])!r} was not expected here")

    def keyword(self, what: str) -> str:
        """Letters, digits and hyphens, in lower case."""
        return self._matched(_KEYWORD, what)[0].lower()

    def value(self, what: str, address: bool = False) -> str:
        if self._text.startswith('"', self._at):
            return re.sub(r"\\(.)", r"\1", self._matched(_QUOTED, what)[1], flags=re.DOTALL)
        return self._matched(_ADDRESS_OR_WORD if address else _WORD, what)[0]

    def _matched(self, pattern: re.Pattern[str], what: str) -> re.Match[str]:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise ValueError(f"{what} is missing before {shown(self._text[self._at :])!r}")
        self._at = match.end()
        self._skip()
        return match

    def _skip(self) -> None:
        """Go past white space and comments, which may stand inside each other."""
        while True:
            if match := _SPACE.match(self._text, self._at):
                self._at = match.end()
            if not self._text.startswith("(", self._at):
                return
            depth, at = 1, self._at + 1
            while depth:
                if at >= len(self._text):
                    raise ValueError("a comment does not end")
                depth += {"(": 1, ")": -1}.get(self._text[at], 0)
                at += 2 if self._text[at] == "\\" else 1
            self._at = min(at, len(self._text))
