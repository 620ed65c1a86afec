"""The Authentication-Results header field: written, read back and explained (RFC 8601)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from smtplab.mail_object import header_section
from smtplab.sandbox.verdict import dkim_check, dmarc_facts, spf_facts
from smtplab.sandbox.verdict.dkim_check import Dkim
from smtplab.sandbox.verdict.dmarc_facts import Dmarc
from smtplab.sandbox.verdict.lookups import Step, shown
from smtplab.sandbox.verdict.results_grammar import Tokens, quoted
from smtplab.sandbox.verdict.spf_facts import Spf

NAME = "Authentication-Results"
WIDTH = 78  # RFC 5322, 2.1.1

METHODS = {
    "spf": ("SPF asks whether the connecting host may send for a domain", spf_facts.RESULTS),
    "dkim": ("DKIM asks whether a domain's signature fits the content", dkim_check.RESULTS),
    "dmarc": ("DMARC asks whether From belongs to an authenticated domain", dmarc_facts.RESULTS),
}
PROPERTIES = {  # RFC 8601, 2.7; RFC 6008, 4; RFC 9989, 9
    "smtp.mailfrom": "the reverse-path, as MAIL gave it",
    "smtp.helo": "the name that the SMTP client gave with EHLO or HELO",
    "header.d": "the domain that signed (d=)",
    "header.s": "the selector, which says where the key stands (s=)",
    "header.a": "the algorithm of the signature (a=)",
    "header.i": "on whose behalf the domain signed (i=)",
    "header.b": "the first characters of the signature, to tell it from others (b=)",
    "header.from": "the author's domain, from the header field From",
    "policy.dmarc": "what is to be done because of the domain's policy: nothing after a pass, "
    "whatever its record says; after a failure what the record asks for",
}


@dataclass(frozen=True)
class Property:
    """One thing that a result rests on: `smtp.mailfrom=alice@example.org`."""

    type: str  # smtp, header, body or policy
    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.type}.{self.name}={quoted(self.value, address=True)}"


@dataclass(frozen=True)
class Result:
    """One method, what it found, and why."""

    method: str
    result: str
    reason: str = ""
    properties: tuple[Property, ...] = ()

    def __str__(self) -> str:
        return " ".join(self.parts())

    def parts(self) -> list[str]:
        """What stands between the semicolons; the field may be folded between two parts."""
        reason = [f"reason={quoted(self.reason)}"] if self.reason else []
        return [f"{self.method}={self.result}", *reason, *map(str, self.properties)]


@dataclass(frozen=True)
class AuthenticationResults:
    """Who checked, and what came out."""

    authserv_id: str  # the host whose word this is
    results: tuple[Result, ...] = ()

    def __str__(self) -> str:
        """The header field, folded, with CRLF after each line (RFC 8601, 2.2)."""
        statements = [result.parts() for result in self.results] or [["none"]]
        lines = [f"{NAME}: {quoted(self.authserv_id)};"]
        for number, parts in enumerate(statements):
            parts[-1] += "" if number == len(statements) - 1 else ";"
            line = ""
            for part in parts:
                if line and len(line) + 1 + len(part) > WIDTH:
                    lines.append(line)
                    line = ""
                line += f" {part}"
            lines.append(line)
        return "".join(f"{line}\r\n" for line in lines)

    def octets(self) -> bytes:
        return self._octets

    @cached_property
    def _octets(self) -> bytes:
        return str(self).encode("ascii")


def from_checks(authserv_id: str, spf: Spf, dkim: Dkim, dmarc: Dmarc) -> AuthenticationResults:
    """The header field's statements about one content."""
    if spf.identity == "mailfrom" and not spf.null_reverse_path:
        identity = Property("smtp", "mailfrom", shown(spf.sender))
    else:
        identity = Property("smtp", "helo", shown(spf.domain))
    results = [Result("spf", spf.result, properties=(identity,))]
    results += [
        Result(
            "dkim",
            signature.result,
            signature.reason,
            tuple(
                Property("header", name, value)
                for name, value in (
                    ("d", signature.domain),
                    ("s", signature.selector),
                    ("a", signature.algorithm),
                    ("b", signature.start),
                )
                if value
            ),
        )
        for signature in dkim.signatures
    ] or [Result("dkim", "none")]
    about = [Property("header", "from", dmarc.domain)] if dmarc.domain else []
    if dmarc.policy:
        about.append(Property("policy", "dmarc", dmarc.disposition))
    results.append(Result("dmarc", dmarc.result, properties=tuple(about)))
    return AuthenticationResults(authserv_id, tuple(results))


def parse(field: str) -> AuthenticationResults:
    """Read a header field, its name included; raises ValueError (RFC 8601, 2.2)."""
    name, colon, body = field.partition(":")
    if not colon or name.strip().lower() != NAME.lower():
        raise ValueError(f"{shown(name)!r} is not the header field {NAME}")
    tokens = Tokens(body)
    authserv_id = tokens.value("an authserv-id")
    if tokens.next_is_digits():
        tokens.value("a version")
    results: list[Result] = []
    while tokens.take(";"):
        if tokens.at_end():
            break  # some write a last semicolon
        method = tokens.keyword("a method")
        if method == "none" and not results and tokens.at_end():
            break
        if tokens.take("/"):
            tokens.value("a version")
        tokens.demand("=")
        results.append(_result(method, tokens))
    tokens.demand_end()
    return AuthenticationResults(authserv_id, tuple(results))


def _result(method: str, tokens: Tokens) -> Result:
    result, reason, properties = tokens.keyword("a result"), "", []
    while tokens.next_is_word():
        word = tokens.keyword("a property")
        if word == "reason" and tokens.take("="):
            reason = tokens.value("a reason")
            continue
        tokens.demand(".")
        name = tokens.keyword("a property's name")
        tokens.demand("=")
        properties.append(Property(word, name, tokens.value("a property's value", address=True)))
    return Result(method, result, reason, tuple(properties))


def explain(field: AuthenticationResults) -> tuple[Step, ...]:
    """Each part of the header field in a sentence."""
    steps = [
        Step(
            f"{shown(field.authserv_id)} made these checks. Believe the header field only if that "
            "is your own server, and the field stands above all that came from outside.",
            "RFC 8601, 2.5 and 5",
        )
    ]
    if not field.results:
        steps.append(Step("none: nothing was checked.", "RFC 8601, 2.2"))
    for result in field.results:
        about, meanings = METHODS.get(result.method, ("A method that is not explained here", {}))
        meaning = meanings.get(result.result, "a result that is not explained here")
        head = f"{shown(result.method)}={shown(result.result)}: {about}; {meaning}."
        steps.append(Step(head, "RFC 8601, 2.7"))
        if result.reason:
            steps.append(Step(f"reason: {shown(result.reason)}.", "RFC 8601, 2.2"))
        for item in result.properties:
            key = f"{item.type}.{item.name}"
            told = PROPERTIES.get(key, "a property that is not explained here")
            steps.append(Step(f"{shown(key)}={shown(item.value)}: {told}.", "RFC 8601, 2.3"))
    return tuple(steps)


_FIELD = re.compile(
    rf"^{NAME}[ \t]*:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*".encode(), re.IGNORECASE | re.MULTILINE
)


def first(content: bytes, authserv_id: str) -> AuthenticationResults | None:
    """The topmost field of this host that can be read; what stands below may be forged."""
    for match in _FIELD.finditer(header_section(content)):
        try:
            found = parse(match[0].decode("ascii"))
        except ValueError:
            continue
        if found.authserv_id.lower() == authserv_id.lower():
            return found
    return None
