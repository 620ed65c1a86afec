"""SPF: may this host send mail with this reverse-path, does its domain say (RFC 7208)?"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from smtplab.sandbox.verdict.lookups import (
    LookUp,
    NoSuchName,
    Steps,
    TemporaryFailure,
    ascii_domain,
    is_at_or_below,
    is_domain_name,
    joined,
    normal,
    shown,
    texts,
)
from smtplab.sandbox.verdict.spf_facts import RESULTS, Spf, SpfFacts
from smtplab.sandbox.verdict.spf_macros import Address, Values, as_name, expand, reverse_name
from smtplab.sandbox.verdict.spf_record import (
    Directive,
    Record,
    SyntaxFault,
    check_macros,
    is_record,
    parse,
)

__all__ = ["RESULTS", "Spf", "SpfFacts", "check", "check_helo"]

MOST_TERMS = 10  # that look something up (RFC 7208, 4.6.4)
MOST_VOID = 2  # look-ups that find nothing (4.6.4)
MOST_HOSTS = 10  # MX or PTR names of one term (4.6.4)
LONGEST_EXPLANATION = 400  # characters, so that it fits into a reply line (6.2)


def check(facts: SpfFacts, look_up: LookUp) -> Spf:
    """Check the MAIL FROM identity; for the null reverse-path postmaster at the EHLO name (2.4)."""
    sender = facts.reverse_path or f"postmaster@{facts.helo}"
    return _Check(facts, sender, look_up).run("mailfrom")


def check_helo(facts: SpfFacts, look_up: LookUp) -> Spf:
    """Check the HELO identity: the name that the client gave with EHLO (2.3)."""
    return _Check(facts, f"postmaster@{facts.helo}", look_up).run("helo")


class _Permanent(Exception):
    """Something that ends the check with permerror."""


@dataclass(frozen=True)
class _Outcome:
    result: str
    mechanism: str = ""
    explanation: str = ""  # the exp modifier's domain-spec
    domain: str = ""  # of the record that decided


class _Check:
    """check_host() for one sender: counts its look-ups and writes its steps down (RFC 7208, 4)."""

    def __init__(self, facts: SpfFacts, sender: str, look_up: LookUp) -> None:
        address: Address = ipaddress.ip_address(facts.address)
        if isinstance(address, ipaddress.IPv6Address):
            address = address.ipv4_mapped or address  # RFC 7208, 5
        local_part, _, domain = sender.rpartition("@")
        self._facts, self._look_up, self._address = facts, look_up, address
        self._domain = ascii_domain(domain) or domain
        self._sender = f"{local_part or 'postmaster'}@{self._domain}"  # 4.3
        self._steps = Steps(7208)
        self._terms = self._void = 0

    def run(self, identity: str) -> Spf:
        say = self._steps.add
        who = "its EHLO name" if identity == "helo" else "the reverse-path's domain"
        say(f"May {self._address} send for {shown(self._domain)}, {who}?", "2.3, 2.4")
        domain, outcome, explanation = self._domain, _Outcome("none"), ""
        if "." not in domain.strip(".") or domain[:1] == "[" or not is_domain_name(domain):
            say(f"{shown(domain)!r} is no domain name of two labels or more: result none.", "4.3")
        else:
            try:
                outcome = self._evaluate(domain)
            except _Permanent as fault:
                say(f"{fault}: result permerror.", "2.6.7")
                outcome = _Outcome("permerror")
            except TemporaryFailure:
                say("No DNS server could say: result temperror.", "2.6.6")
                outcome = _Outcome("temperror")
        if outcome.result == "fail" and outcome.explanation:
            explanation = self._explain(outcome)
        say(f"Result {outcome.result}: {RESULTS[outcome.result]}.", "2.6")
        return Spf(
            outcome.result,
            identity,
            self._sender,
            normal(domain),
            self._steps.all(),
            outcome.mechanism,
            explanation,
            not self._facts.reverse_path,
        )

    def _evaluate(self, domain: str) -> _Outcome:
        """One record, with the records that it includes or redirects to (RFC 7208, 4.4 to 4.7)."""
        record = self._record(domain)
        if record is None:
            return _Outcome("none")
        for directive in record.directives:
            if self._matches(directive, domain):
                self._steps.add(f"{shown(directive.text)} matches: {directive.result}.", "4.6.2")
                return _Outcome(directive.result, directive.text, record.explanation, domain)
        if not record.redirect:
            self._steps.add("Nothing matches: neutral.", "4.7")
            return _Outcome("neutral")
        self._count_term(f"redirect={record.redirect}")
        target = self._name(record.redirect, domain)
        self._steps.add(f"Nothing matches; redirect: the record of {shown(target)} decides.", "6.1")
        outcome = self._evaluate(target) if is_domain_name(target) else _Outcome("none")
        if outcome.result == "none":
            raise _Permanent(f"redirect leads to {shown(target)}, which has no SPF record")
        return outcome

    def _record(self, domain: str) -> Record | None:
        found = [text for text in texts(self._look_up, domain) if is_record(text)]
        if not found:
            self._steps.add(f"TXT at {shown(domain)}: no SPF record.", "4.5")
            return None
        self._steps.add(f"TXT at {shown(domain)}: {shown(found[0])}", "4.4")
        if len(found) > 1:
            raise _Permanent(f"{shown(domain)} has {len(found)} SPF records, and one is allowed")
        try:
            return parse(found[0])
        except SyntaxFault as fault:
            raise _Permanent(str(fault)) from None

    # The mechanisms (RFC 7208, 5).

    def _matches(self, directive: Directive, domain: str) -> bool:
        match directive.mechanism:
            case "all":
                return True
            case "ip4" | "ip6":
                network = directive.network
                assert network is not None, "the parser gives these mechanisms a network"
                matches = network.version == self._address.version and self._address in network
                if not matches:
                    self._steps.add(f"{self._address} is not in {network}.", "5.6")
                return matches
        self._count_term(directive.text)
        target = self._name(directive.domain_spec, domain) if directive.domain_spec else domain
        match directive.mechanism:
            case "include":
                return self._included(target)
            case "a":
                return self._is_one_of(target, directive, "5.3")
            case "mx":
                return self._is_mail_host(target, directive)
            case "ptr":
                return self._is_named(target)
            case _:
                found = self._ask(target, "A")
                self._steps.add(f"A at {shown(target)}: {_listed(found)}.", "5.7")
                return bool(found)

    def _included(self, target: str) -> bool:
        self._steps.add(f"include: what does the record of {shown(target)} say?", "5.2")
        outcome = self._evaluate(target) if is_domain_name(target) else _Outcome("none")
        if outcome.result == "none":
            raise _Permanent(f"include names {shown(target)}, which has no SPF record")
        matches = outcome.result == "pass"
        text = "a match" if matches else "no match, go on"
        self._steps.add(f"The included record says {outcome.result}: {text}.", "5.2")
        return matches

    def _is_one_of(self, host: str, directive: Directive, section: str) -> bool:
        type_ = "A" if self._address.version == 4 else "AAAA"
        prefix = directive.prefix4 if self._address.version == 4 else directive.prefix6
        found = self._ask(host, type_)
        shared = f", compared in the first {prefix} bits" if prefix < _bits(self._address) else ""
        self._steps.add(f"{type_} at {shown(host)}: {_listed(found)}{shared}.", section)
        return any(_agree(self._address, record, prefix) for record in found)

    def _is_mail_host(self, domain: str, directive: Directive) -> bool:
        found = self._ask(domain, "MX")
        hosts = [record.split()[-1].removesuffix(".") for record in found]
        self._steps.add(f"MX at {shown(domain)}: {_listed(hosts)}.", "5.4")
        if len(hosts) > MOST_HOSTS:
            raise _Permanent(f"{shown(domain)} has more than {MOST_HOSTS} mail hosts")
        return any(self._is_one_of(host, directive, "5.4") for host in hosts if host)

    def _is_named(self, target: str) -> bool:
        names = self._validated_names(counted=True)
        self._steps.add(f"Names of {self._address} that lead back to it: {_listed(names)}.", "5.5")
        return any(is_at_or_below(name, target) for name in names)

    def _validated_names(self, counted: bool) -> list[str]:
        """Names in the address's PTR records whose own records hold the address (5.5)."""
        own = reverse_name(self._address)
        type_ = "A" if self._address.version == 4 else "AAAA"
        names = []
        try:
            found = self._ask(own, "PTR") if counted else self._ask_uncounted(own, "PTR")
        except TemporaryFailure:
            return []
        for record in found[:MOST_HOSTS]:
            try:
                addresses = self._ask_uncounted(record, type_)
            except TemporaryFailure:
                continue  # this name is skipped
            if any(_agree(self._address, other, _bits(self._address)) for other in addresses):
                names.append(normal(record))
        return names

    # Look-ups, macros and limits.

    def _count_term(self, term: str) -> None:
        self._terms += 1
        if self._terms > MOST_TERMS:
            raise _Permanent(f"{shown(term)} would be look-up {self._terms}, after {MOST_TERMS}")

    def _ask(self, name: str, type_: str) -> tuple[str, ...]:
        found = self._ask_uncounted(name, type_)
        if not found:
            self._void += 1
            if self._void > MOST_VOID:
                raise _Permanent(f"{type_} at {shown(name)} is the third look-up to find nothing")
        return found

    def _ask_uncounted(self, name: str, type_: str) -> tuple[str, ...]:
        try:
            return self._look_up(name, type_) if is_domain_name(name) else ()
        except NoSuchName:
            return ()

    def _name(self, domain_spec: str, domain: str) -> str:
        return as_name(expand(domain_spec, self._values(domain)))

    def _values(self, domain: str) -> Values:
        def validated() -> str:
            names = self._validated_names(counted=False)
            names.sort(key=lambda name: (name != normal(domain), not is_at_or_below(name, domain)))
            return names[0] if names else "unknown"

        facts = self._facts
        seconds = int(facts.now.timestamp())
        return Values(
            self._address, self._sender, facts.helo, domain, facts.receiver, seconds, validated
        )

    def _explain(self, outcome: _Outcome) -> str:
        """The domain's explanation of a fail; "" where it cannot be had (RFC 7208, 6.2)."""
        target = self._name(outcome.explanation, outcome.domain)
        try:
            found = [joined(record) for record in self._ask_uncounted(target, "TXT")]
            if len(found) != 1:
                raise SyntaxFault(f"{len(found)} TXT records instead of one")
            check_macros(found[0].replace(" ", "x"), "the explanation")
        except (SyntaxFault, TemporaryFailure) as fault:
            self._steps.add(f"exp: TXT at {shown(target)} gives no explanation: {fault}", "6.2")
            return ""
        text = expand(found[0], self._values(outcome.domain))
        text = "".join(c if " " <= c <= "~" else "?" for c in text[:LONGEST_EXPLANATION])
        self._steps.add(f"exp: the domain explains the fail in its own words: {shown(text)}", "6.2")
        return text


def _bits(address: Address) -> int:
    return address.max_prefixlen


def _agree(address: Address, record: str, prefix: int) -> bool:
    """Whether an address record holds the address, as far as the prefix reaches."""
    other = ipaddress.ip_address(record)
    if other.version != address.version:
        return False
    return (int(other) ^ int(address)) >> (_bits(address) - prefix) == 0


def _listed(items: list[str] | tuple[str, ...]) -> str:
    text = ", ".join(shown(item) for item in items[:MOST_HOSTS])
    return (text + (", …" if len(items) > MOST_HOSTS else "")) or "nothing"
