"""The words of IMAP commands and replies: atoms, strings, sets of numbers (RFC 3501, 9)."""

from __future__ import annotations

import re
from datetime import date

MAX_NUMBER = 2**32 - 1
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# ASTRING-CHAR = ATOM-CHAR / "]"; an ATOM-CHAR is none of ( ) { SP CTL % * " \ ]
_ASTRING_CHAR = rb"[!#$&'+,\-./0-9:;<=>?@A-Z\[\]^_`a-z|}~]"
TAG = re.compile(_ASTRING_CHAR.replace(b"+,", b",") + rb"+")  # 1*<any ASTRING-CHAR except "+">
_ASTRING = re.compile(_ASTRING_CHAR + b"+")
_LIST_MAILBOX = re.compile(_ASTRING_CHAR.replace(b"!", b"!%*") + b"+")
_WORD = re.compile(rb"[A-Za-z][A-Za-z0-9.]*")
_NUMBER = re.compile(rb"[0-9]{1,10}")
# quoted = DQUOTE *QUOTED-CHAR DQUOTE; no CR, LF, NUL and nothing of eight bits
_QUOTED = re.compile(rb'"((?:[^"\\\r\n\0\x80-\xff]|\\["\\])*)"')
_LITERAL = re.compile(rb"\{([0-9]{1,10})\}\r\n")  # literal = "{" number "}" CRLF *CHAR8
_SEQUENCE_SET = re.compile(rb"(?:[1-9][0-9]*|\*)(?:[:,](?:[1-9][0-9]*|\*))*")
_DATE = re.compile(rb'("?)([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4})\1')
# Also in commands that are refused: whatever follows the user's name, or the mechanism.
_SIGNING_IN = re.compile(rb"\s*\S+\s+(?:LOGIN|AUTHENTICATE)\s+", re.I)
_NAME = re.compile(rb'"(?:[^"\\]|\\.)*"\s|[^\s"{]+\s|\{([0-9]{1,10})\}\r\n', re.S)
_SHORT = re.compile(rb"[\x20-\x7e]{0,200}")  # what goes into quotes in a reply

Ranges = list[tuple[int | None, int | None]]  # None is "*"


class Bad(Exception):
    """The command is not as the grammar says, or does not fit here: BAD."""


class No(Exception):
    """The command is well formed and cannot be done: NO."""


class Arguments:
    """What stands behind a command's verb, read from left to right; a literal is read in place."""

    def __init__(self, octets: bytes) -> None:
        self._octets, self._at = octets, 0

    def match(self, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
        found = pattern.match(self._octets, self._at)
        if found:
            self._at = found.end()
        return found

    def take(self, octets: bytes) -> bool:
        """Go past these octets, in any case, if they come next."""
        end = self._at + len(octets)
        if self._octets[self._at : end].upper() != octets:
            return False
        self._at = end
        return True

    def need(self, octets: bytes) -> None:
        if not self.take(octets):
            raise Bad(f"{octets.decode()!r} is wanted {self._where()}")

    def space(self) -> None:
        if not self.take(b" "):
            raise Bad(f"A space and an argument are wanted {self._where()}")

    def end(self) -> None:
        if self._at < len(self._octets):
            raise Bad(f"Nothing more is wanted {self._where()}")

    def _where(self) -> str:
        rest = self._octets[self._at : self._at + 20]
        return f"at {rest.decode('ascii', 'replace')!a}" if rest else "at the end"

    def word(self) -> str:
        """A keyword, in upper case."""
        found = self.match(_WORD)
        if found is None:
            raise Bad(f"A keyword is wanted {self._where()}")
        return found[0].decode().upper()

    def number(self) -> int:
        found = self.match(_NUMBER)
        if found is None or int(found[0]) > MAX_NUMBER:
            raise Bad(f"A number of 32 bits is wanted {self._where()}")
        return int(found[0])

    def astring(self) -> bytes:
        """An atom, a quoted string or a literal."""
        return self._string_or(_ASTRING)

    def list_mailbox(self) -> bytes:
        """The same, and an atom may hold the wildcards % and *."""
        return self._string_or(_LIST_MAILBOX)

    def _string_or(self, atom: re.Pattern[bytes]) -> bytes:
        if found := self.match(_QUOTED):
            return re.sub(rb"\\(.)", rb"\1", found[1])
        if found := self.match(_LITERAL):
            end = self._at + int(found[1])
            if end > len(self._octets):
                raise Bad("The literal is not whole")
            octets, self._at = self._octets[self._at : end], end
            return octets
        if found := self.match(atom):
            return found[0]
        raise Bad(f"A string is wanted {self._where()}")

    def at_sequence_set(self) -> bool:
        return _SEQUENCE_SET.match(self._octets, self._at) is not None

    def sequence_set(self) -> Ranges:
        found = self.match(_SEQUENCE_SET)
        if found is None:
            raise Bad(f"A set of numbers such as 1,3:* is wanted {self._where()}")
        ranges: Ranges = []
        for part in found[0].split(b","):
            ends = [None if end == b"*" else _bounded(end) for end in part.split(b":")]
            if len(ends) > 2:
                raise Bad("A range has two ends, such as 1:3")
            ranges.append((ends[0], ends[-1]))
        return ranges

    def date(self) -> date:
        found = self.match(_DATE)
        try:
            if found is None:
                raise ValueError
            month = MONTHS.index(found[3].decode().capitalize()) + 1
            return date(int(found[4]), month, int(found[2]))
        except ValueError:
            raise Bad(f"A date such as 2-Mar-2026 is wanted {self._where()}") from None


def _bounded(digits: bytes) -> int:
    if len(digits) > 10 or int(digits) > MAX_NUMBER:
        raise Bad("A number of 32 bits is wanted in a set")
    return int(digits)


def numbers_in(ranges: Ranges, largest: int) -> set[int]:
    """The numbers from 1 to `largest` that a set names; "*" is `largest` itself.

    >>> sorted(numbers_in([(2, None), (9, 7)], 4))
    [2, 3, 4]
    """
    numbers: set[int] = set()
    for ends in ranges:
        first, last = sorted(largest if end is None else end for end in ends)
        if len(numbers) < largest:
            numbers.update(range(max(first, 1), min(last, largest) + 1))
    return numbers


def literal(octets: bytes) -> bytes:
    return b"{%d}\r\n%b" % (len(octets), octets)


def string(octets: bytes) -> bytes:
    r"""A quoted string, or a literal for what cannot stand in quotes.

    >>> string(b'say "hi"'), string("café".encode())
    (b'"say \\"hi\\""', b'{5}\r\ncaf\xc3\xa9')
    """
    if _SHORT.fullmatch(octets):
        return b'"' + octets.replace(b"\\", rb"\\").replace(b'"', rb"\"") + b'"'
    return literal(octets)


def start_of_password(command: bytes) -> int | None:
    """Where a command that signs in has its password; None if it is another command.

    A name that is not well formed counts as part of the password.

    >>> start_of_password(b"a1 LOGIN bob secret")
    13
    """
    begun = _SIGNING_IN.match(command)
    if begun is None:
        return None
    name = _NAME.match(command, begun.end())
    if name is None:
        return begun.end()
    return name.end() if name[1] is None else name.end() + int(name[1]) + 1  # literal, space
