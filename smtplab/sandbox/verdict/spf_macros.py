"""Macros in SPF records: %{i} and the others, replaced by what is known (RFC 7208, 7)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from smtplab.sandbox.verdict.spf_record import MACRO

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_ESCAPES = {"%": "%", "_": " ", "-": "%20"}  # %%, %_ and %-
_LONGEST_NAME = 253
_LONGEST_EXPANSION = 65_536  # characters; what stands further left is cut away in any case


@dataclass(frozen=True)
class Values:
    """What the macro letters stand for (RFC 7208, 7.2)."""

    address: Address
    sender: str  # local-part@domain
    helo: str
    domain: str
    receiver: str
    seconds: int  # since 1970, by the world's clock
    validated: Callable[[], str]  # %{p} costs look-ups, so it waits until somebody asks

    def of(self, letter: str) -> str:
        local_part, _, sender_domain = self.sender.rpartition("@")
        match letter:
            case "s":
                return self.sender
            case "l":
                return local_part
            case "o":
                return sender_domain
            case "d":
                return self.domain
            case "i":
                return dotted(self.address)
            case "p":
                return self.validated()
            case "v":
                return "in-addr" if self.address.version == 4 else "ip6"
            case "h":
                return self.helo
            case "c":
                return str(self.address)
            case "r":
                return self.receiver
            case _:
                return str(self.seconds)


def dotted(address: Address) -> str:
    """An address as %{i} writes it: an IPv6 address is 32 digits with dots between them.

    Capital letters as in the openspf test suite; in a domain name their case means nothing.

    >>> dotted(ipaddress.ip_address("2001:db8::cb01"))[-15:]
    '0.0.0.0.C.B.0.1'
    """
    if address.version == 4:
        return str(address)
    return ".".join(address.exploded.replace(":", "").upper())


def reverse_name(address: Address) -> str:
    """Where the PTR records of an address stand.

    >>> reverse_name(ipaddress.ip_address("192.0.2.10"))
    '10.2.0.192.in-addr.arpa'
    """
    return address.reverse_pointer


def expand(text: str, values: Values) -> str:
    """Text with its macros replaced; the text has passed `check_macros` before."""
    parts: list[str] = []
    room, end = _LONGEST_EXPANSION, 0
    for match in MACRO.finditer(text):
        new = text[end : match.start()] + _value(match, values)
        parts.append(new)
        end = match.end()
        room -= len(new)
        if room < 0:
            break
    return "".join([*parts, text[end:]])


def _value(match: re.Match[str], values: Values) -> str:
    letter, digits, reverse, delimiters, escape = match.groups()
    if escape:
        return _ESCAPES[escape]
    value = values.of(letter.lower())
    if digits or reverse or delimiters:
        parts = re.split(f"[{re.escape(delimiters or '.')}]", value)
        if reverse:
            parts.reverse()
        if digits:
            parts = parts[-min(int(digits.lstrip("0")[:4]), len(parts)) :]
        value = ".".join(parts)
    return quote(value, safe="-._~") if letter.isupper() else value


def as_name(expanded: str) -> str:
    """An expanded domain-spec, short enough to be asked for: labels go from the left (7.3).

    >>> as_name("x." * 130 + "example.org") == "x." * 121 + "example.org"
    True
    """
    name = expanded.removesuffix(".")[-_LONGEST_EXPANSION:]
    if len(name) <= _LONGEST_NAME:
        return name
    tail = name[-_LONGEST_NAME:]
    if name[-_LONGEST_NAME - 1] == ".":
        return tail
    return tail.partition(".")[2]
