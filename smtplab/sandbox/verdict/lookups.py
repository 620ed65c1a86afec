"""What the verdict asks the DNS, and the steps that explain it (RFC 7208, 4.4; RFC 1035, 5.1)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

LookUp = Callable[[str, str], tuple[str, ...]]
"""(name, record type) -> the records as zone-file text, as `Zones.look_up` gives them.

() means that the name has no such record. It may raise `NoSuchName` where no record of any type
stands at the name or below it (NXDOMAIN), and `TemporaryFailure` where nobody can say now.
"""

SHOWN = 160  # characters of foreign text in a step; a record may hold 65,535 octets
MOST_STEPS = 200  # a hostile record may hold thousands of terms


class NoSuchName(LookupError):
    """NXDOMAIN: neither the name nor any name below it exists (RFC 8020)."""


class TemporaryFailure(LookupError):
    """No DNS server could say, for now: a time-out or SERVFAIL."""


@dataclass(frozen=True)
class Step:
    """One thing that was looked up, compared or concluded, and the section that asks for it."""

    text: str
    section: str  # "RFC 7208, 5.3"

    def __str__(self) -> str:
        return f"{self.text} ({self.section})"


class Steps:
    """The steps of one check, in order, bounded; all of one RFC unless a step says otherwise."""

    def __init__(self, rfc: int) -> None:
        self._rfc = rfc
        self._steps: list[Step] = []
        self._left_out = 0

    def add(self, text: str, section: str, rfc: int | None = None) -> None:
        if len(self._steps) < MOST_STEPS:
            self._steps.append(Step(text, f"RFC {rfc or self._rfc}, {section}"))
        else:
            self._left_out += 1

    def all(self) -> tuple[Step, ...]:
        if not self._left_out:
            return tuple(self._steps)
        note = Step(f"{self._left_out} more steps are left out here.", f"RFC {self._rfc}")
        return (*self._steps, note)


def shown(text: str) -> str:
    r"""Foreign text as a step may show it: printable, on one line, not too long.

    >>> shown("v=spf1\r\nX: y")
    'v=spf1\\x0d\\x0aX: y'
    """
    plain = "".join(c if " " <= c <= "~" else f"\\x{ord(c):02x}" for c in text[: SHOWN + 1])
    return plain if len(plain) <= SHOWN else f"{plain[:SHOWN]}…"


# RFC 1035, 5.1: quoted and bare character-strings, \DDD and \X escapes.
_STRINGS = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s"]+)', re.DOTALL)
_ESCAPE = re.compile(r"\\([0-9]{3}|.)", re.DOTALL)


def joined(record: str) -> str:
    r"""A TXT record's character-strings as one, an octet a character (RFC 7208, 3.3).

    >>> joined('"v=spf1 ip4:192.0.2" ".10 -all"')
    'v=spf1 ip4:192.0.2.10 -all'
    >>> joined(r'"\"caf\195\169\""') == '"caf\xc3\xa9"'
    True
    """

    def octet(match: re.Match[str]) -> str:
        text = match[1]
        return chr(int(text) & 0xFF) if len(text) == 3 else text

    strings = (quoted or bare for quoted, bare in _STRINGS.findall(record))
    return _ESCAPE.sub(octet, "".join(strings))


def texts(look_up: LookUp, name: str) -> tuple[str, ...]:
    """The TXT records at a name, each joined; () also where the name does not exist."""
    try:
        return tuple(joined(record) for record in look_up(name, "TXT"))
    except NoSuchName:
        return ()


def is_domain_name(name: str) -> bool:
    """Whether the DNS can be asked for it: labels of 1 to 63 octets, 253 in all (RFC 1035, 2.3.4).

    >>> [is_domain_name(n) for n in ("example.org", "a..example", "x" * 64 + ".example", "")]
    [True, False, False, False]
    """
    name = name.removesuffix(".")
    return len(name) <= 253 and all(1 <= len(label) <= 63 for label in name.split("."))


def normal(domain: str) -> str:
    """A domain as it is compared: lower case, no root dot."""
    return domain.removesuffix(".").lower()


def is_at_or_below(domain: str, ancestor: str) -> bool:
    """
    >>> is_at_or_below("news.example.org", "Example.ORG"), is_at_or_below("badexample.org",
    ...     "example.org")
    (True, False)
    """
    return f".{normal(domain)}".endswith(f".{normal(ancestor)}")


def ascii_domain(domain: str) -> str | None:
    """A domain with its U-labels as A-labels, or None where that cannot be (RFC 5890, 2.3.2.1).

    >>> ascii_domain("bücher.example"), ascii_domain("example.org")
    ('xn--bcher-kva.example', 'example.org')
    """
    if domain.isascii():
        return domain
    if len(domain) > 253:
        return None
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None
