"""An SPF record as terms: every syntax error is found before anything is looked up (RFC 7208, 12).

A record is a list of mechanisms, each with the result that a match gives, and of modifiers.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from smtplab.sandbox.verdict.lookups import shown

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

QUALIFIERS = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}  # RFC 7208, 4.6.2

# macro-expand = ( "%{" macro-letter transformers *delimiter "}" ) / "%%" / "%_" / "%-"
MACRO = re.compile(r"%(?:\{([a-z])([0-9]*)(r?)([-.+,/_=]*)\}|([%_-]))", re.IGNORECASE)
# macro-string = *( macro-expand / macro-literal ); macro-literal is visible and no "%"
_MACRO_STRING = re.compile(rf"(?:{MACRO.pattern}|[!-$&-~])*", re.IGNORECASE)
# modifier: name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ), then "="
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=(.*)", re.DOTALL)
# directive = [ qualifier ] mechanism
_DIRECTIVE = re.compile(
    r"([-+?~]?)(all|include|a|mx|ptr|ip4|ip6|exists)([:/].*)?", re.IGNORECASE | re.DOTALL
)
# dual-cidr-length = [ ip4-cidr-length ] [ "/" ip6-cidr-length ]
_PREFIXES = re.compile(r"(?:/([0-9]+))?(?://([0-9]+))?\Z")

_LETTERS = "slodiphv"  # RFC 7208, 7.2: allowed everywhere
_EXPLAIN_LETTERS = "crt"  # allowed in an explanation's text only


class SyntaxFault(ValueError):
    """The record breaks the grammar: the result is permerror (RFC 7208, 4.6)."""


@dataclass(frozen=True)
class Directive:
    """A mechanism, and the result if it matches."""

    text: str
    result: str
    mechanism: str
    domain_spec: str = ""  # "" stands for the domain that the record belongs to
    prefix4: int = 32
    prefix6: int = 128
    network: Network | None = None


@dataclass(frozen=True)
class Record:
    """All terms of one record."""

    directives: tuple[Directive, ...]
    redirect: str = ""
    explanation: str = ""


def is_record(text: str) -> bool:
    """Whether a TXT record is an SPF record: the version, then a space or the end (4.5).

    >>> is_record("V=spf1 -all"), is_record("v=spf10 -all")
    (True, False)
    """
    version, space, _ = text.partition(" ")
    return version.lower() == "v=spf1"


def parse(text: str) -> Record:
    """The terms of a record; raises `SyntaxFault`."""
    directives: list[Directive] = []
    modifiers: dict[str, str] = {}
    for term in text.split(" ")[1:]:
        if not term:
            continue  # terms are separated by one space or more
        if modifier := _MODIFIER.fullmatch(term):
            name, value = modifier[1].lower(), modifier[2]
            if name in ("redirect", "exp"):
                if name in modifiers:
                    raise SyntaxFault(f"the modifier {name} stands twice")
                check_domain_spec(value, term)
                modifiers[name] = value
            elif not _MACRO_STRING.fullmatch(value):
                raise SyntaxFault(f"{shown(term)} holds a character or a % that is not allowed")
        else:
            directives.append(_directive(term))
    return Record(tuple(directives), modifiers.get("redirect", ""), modifiers.get("exp", ""))


def _directive(term: str) -> Directive:
    match = _DIRECTIVE.fullmatch(term)
    if match is None:
        raise SyntaxFault(f"{shown(term)} is neither a mechanism nor a modifier")
    result = QUALIFIERS[match[1] or "+"]
    mechanism, argument = match[2].lower(), match[3] or ""
    if mechanism in ("ip4", "ip6"):
        network = _network(mechanism, argument, term)
        return Directive(term, result, mechanism, network=network)
    prefix4, prefix6 = 32, 128
    if mechanism in ("a", "mx"):
        argument, prefix4, prefix6 = _without_prefixes(argument, term)
    if argument and (not argument.startswith(":") or mechanism == "all"):
        raise SyntaxFault(f"{shown(term)}: {mechanism} does not take {shown(argument)}")
    if argument:
        check_domain_spec(argument[1:], term)
    elif mechanism in ("include", "exists"):
        raise SyntaxFault(f"{shown(term)}: {mechanism} needs a domain")
    return Directive(term, result, mechanism, argument[1:], prefix4, prefix6)


def _without_prefixes(argument: str, term: str) -> tuple[str, int, int]:
    match = _PREFIXES.search(argument)
    assert match is not None, "the pattern matches the empty string at the end"
    prefix4 = _prefix(match[1], 32, term)
    prefix6 = _prefix(match[2], 128, term)
    return argument[: match.start()], prefix4, prefix6


def _prefix(digits: str | None, longest: int, term: str) -> int:
    if digits is None:
        return longest
    if len(digits) > 3 or (len(digits) > 1 and digits[0] == "0") or int(digits) > longest:
        raise SyntaxFault(f"{shown(term)}: a prefix is a number from 0 to {longest}")
    return int(digits)


def _network(mechanism: str, argument: str, term: str) -> Network:
    address, slash, digits = argument[1:].partition("/")
    if not argument.startswith(":") or (slash and not re.fullmatch("[0-9]+", digits)):
        raise SyntaxFault(f"{shown(term)}: {mechanism} needs an address, perhaps with a prefix")
    try:
        if mechanism == "ip4":
            four = ipaddress.IPv4Address(address)
            return ipaddress.IPv4Network((four, _prefix(digits or None, 32, term)), strict=False)
        if "%" in address:
            raise SyntaxFault(f"{shown(term)}: an address here has no zone")
        six = ipaddress.IPv6Address(address)
        return ipaddress.IPv6Network((six, _prefix(digits or None, 128, term)), strict=False)
    except ipaddress.AddressValueError:
        raise SyntaxFault(f"{shown(term)}: {shown(address)} is no {mechanism} address") from None


def check_domain_spec(text: str, term: str) -> None:
    """domain-spec = macro-string domain-end; raises `SyntaxFault` (RFC 7208, 7.1)."""
    check_macros(text, term, _LETTERS)
    flat = MACRO.sub("\0", text)  # so that a dot inside a macro does not count
    if flat.endswith("\0"):
        return
    _, dot, top = flat.removesuffix(".").rpartition(".")
    if not dot or not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?", top):
        raise SyntaxFault(f"{shown(term)}: the domain must end in a dot and a label, or a macro")
    if top.isdigit():
        raise SyntaxFault(f"{shown(term)}: the last label may not be a number")


def check_macros(text: str, term: str, letters: str = _LETTERS + _EXPLAIN_LETTERS) -> None:
    """Raise `SyntaxFault` where text is no macro-string with these macro letters."""
    if not _MACRO_STRING.fullmatch(text):
        raise SyntaxFault(f"{shown(term)} holds a character or a % that is not allowed")
    for letter, digits, _, _, _ in MACRO.findall(text):
        if letter and letter.lower() not in letters:
            raise SyntaxFault(f"{shown(term)}: the macro %{{{letter}}} is not allowed here")
        if digits and not digits.strip("0"):
            raise SyntaxFault(f"{shown(term)}: a macro keeps at least one part, not {digits[:9]}")
