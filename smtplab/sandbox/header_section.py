"""The header section of a content as octets: what is not touched stays as it came (RFC 5322, 2.2).

Python's own message class would fold and encode anew what it reads, and break every signature.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*")
_UNFOLD = re.compile(r"\r\n(?=[ \t])")
_TRACE = frozenset({b"return-path", b"received", b"delivered-to"})  # RFC 5321, 4.4; RFC 9228


class Fields:
    """The header fields of a content, in order, to be read, taken out and added."""

    def __init__(self, content: bytes) -> None:
        at = 0
        self._fields: list[bytes] = []
        while field := _FIELD.match(content, at):
            self._fields.append(field[0])
            at = field.end()
        self._body = content[at:].removeprefix(b"\r\n")

    def all(self, name: str) -> list[str]:
        """The values of every field of a name, unfolded, topmost first.

        >>> Fields(b"Subject: a\\r\\n b\\r\\n\\r\\nSubject: body\\r\\n").all("subject")
        ['a b']
        """
        return list(self._values(name))

    def get(self, name: str) -> str:
        """The topmost value of a field; "" if there is none."""
        return next(self._values(name), "")

    def _values(self, name: str) -> Iterator[str]:
        key = _key(name)
        for field in self._fields:
            if _name(field) == key:
                value = field.partition(b":")[2].decode("utf-8", "replace")
                yield _UNFOLD.sub("", value).strip()

    def remove(self, *names: str) -> None:
        keys = {_key(name) for name in names}
        self._fields = [field for field in self._fields if _name(field) not in keys]

    def add(self, name: str, value: str) -> None:
        """Put one field in front of the others, below the trace fields."""
        place = 0
        while place < len(self._fields) and _name(self._fields[place]) in _TRACE:
            place += 1
        self._fields.insert(place, f"{name}: {value}\r\n".encode("utf-8", "replace"))

    def __bytes__(self) -> bytes:
        return b"".join(self._fields) + b"\r\n" + self._body


def _name(field: bytes) -> bytes:
    return field.partition(b":")[0].strip().lower()


def _key(name: str) -> bytes:
    return name.lower().encode("ascii")
