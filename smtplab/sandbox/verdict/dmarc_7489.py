"""DMARC as RFC 7489 had it until 2026: by public suffixes and with pct=, for comparison only."""

from __future__ import annotations

from smtplab.sandbox.verdict.dmarc_facts import Dmarc, DmarcFacts, Earlier, identifiers
from smtplab.sandbox.verdict.dmarc_record import LOWER
from smtplab.sandbox.verdict.dmarc_tree import Tree
from smtplab.sandbox.verdict.lookups import TemporaryFailure, shown


def organizational_domain(domain: str, suffixes: frozenset[str]) -> str:
    """The public suffix and one label more (RFC 7489, 3.2).

    >>> organizational_domain("a.shop.co.example", frozenset({"co.example"}))
    'shop.co.example'
    >>> organizational_domain("a.shop.co.example", frozenset())
    'co.example'
    """
    labels = domain.split(".")
    for start in range(len(labels)):
        if ".".join(labels[start:]) in suffixes:
            return ".".join(labels[max(start - 1, 0) :])
    return ".".join(labels[-2:])


def evaluate_7489(facts: DmarcFacts, author: str, tree: Tree) -> Earlier:
    """The same facts by RFC 7489, 6.6.2 and 6.6.3."""
    organizational = organizational_domain(author, facts.public_suffixes)
    nothing = Earlier("none", "", organizational, "", 100)
    try:
        policy_domain, records = author, tree.records(author)
        if not records and organizational != author:
            policy_domain, records = organizational, tree.records(organizational)
    except TemporaryFailure:
        return Earlier("temperror", "", organizational, "", 100)
    if len(records) != 1 or not records[0].usable:
        return nothing  # several records end the search here; RFC 9989 walks on
    record = records[0]
    policy = record.sp if record.sp and policy_domain != author else record.p
    result = "fail"
    for identifier in identifiers(facts):
        domain = identifier.domain
        same = organizational_domain(domain, facts.public_suffixes) == organizational
        if domain == author or (same and not identifier.is_strict(record)):
            result = identifier.result if result != "pass" else result
    return Earlier(result, policy_domain, organizational, policy, record.pct)


def differences(verdict: Dmarc, earlier: Earlier) -> tuple[str, ...]:
    """Where the two would not decide alike, a sentence each."""
    found = []
    if verdict.result != earlier.result:
        found.append(f"By RFC 7489 the result would be {earlier.result}, not {verdict.result}.")
    if "none" in (verdict.result, earlier.result) or verdict.result == "temperror":
        return tuple(found)
    if verdict.policy_domain != earlier.policy_domain:
        found.append(f"By RFC 7489 the record at {shown(earlier.policy_domain)} would count.")
    if verdict.organizational_domain != earlier.organizational_domain:
        found.append(
            "By RFC 7489 a list of public suffixes makes "
            f"{shown(earlier.organizational_domain)} the Organizational Domain; "
            f"the tree walk finds {shown(verdict.organizational_domain)}."
        )
    if earlier.result != "fail":
        return tuple(found)
    asked = earlier.policy
    if earlier.pct < 100 and asked != "none":
        found.append(
            f"By RFC 7489 pct={earlier.pct} asks for {asked} for {earlier.pct} of 100 failures "
            f"and for {LOWER[asked]} for the others; RFC 9989 has no pct=."
        )
    elif verdict.result == "fail" and verdict.disposition != asked:
        found.append(f"By RFC 7489 a failure asks for {asked}, not {verdict.disposition}.")
    return tuple(found)
