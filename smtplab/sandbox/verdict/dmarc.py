"""DMARC: does what SPF or DKIM has shown belong to the domain in From (RFC 9989)?

Where RFC 7489, which it replaces, would decide otherwise, the verdict shows both.
"""

from __future__ import annotations

from dataclasses import replace

from smtplab.sandbox.verdict.dmarc_7489 import differences, evaluate_7489
from smtplab.sandbox.verdict.dmarc_facts import (
    RESULTS,
    Alignment,
    Dmarc,
    DmarcFacts,
    Earlier,
    Identifier,
    identifiers,
)
from smtplab.sandbox.verdict.dmarc_record import LOWER, POLICIES, PolicyRecord
from smtplab.sandbox.verdict.dmarc_tree import Tree, Walk
from smtplab.sandbox.verdict.lookups import (
    LookUp,
    Steps,
    TemporaryFailure,
    is_at_or_below,
    is_domain_name,
    normal,
    shown,
)

__all__ = ["RESULTS", "Dmarc", "DmarcFacts", "Earlier", "evaluate"]


def evaluate(facts: DmarcFacts, look_up: LookUp) -> Dmarc:
    """The verdict by RFC 9989, and by RFC 7489 where that differs."""
    steps = Steps(9989)
    domains = tuple(normal(domain) for domain in facts.author_domains)
    if len(domains) != 1 or not is_domain_name(domains[0]) or "[" in domains[0]:
        steps.add("From does not name exactly one domain: no policy can apply, so none.", "5.3.1")
        return Dmarc("none", "", steps.all())
    author = domains[0]
    steps.add(f"The author's domain, from the header field From, is {shown(author)}.", "5.3.1")
    tree = Tree(look_up, steps)
    verdict = _Evaluation(facts, author, tree, steps).run()
    steps.add(f"Result {verdict.result}: {RESULTS[verdict.result]}.", "5.3.5")
    earlier = evaluate_7489(facts, author, tree.aside())
    differs = differences(verdict, earlier)
    for difference in differs:
        steps.add(difference, "C")
    return replace(
        verdict,
        steps=steps.all(),
        rfc7489=earlier if differs else None,
        differences=differs,
    )


class _Evaluation:
    """One evaluation by RFC 9989, 5.3."""

    def __init__(self, facts: DmarcFacts, author: str, tree: Tree, steps: Steps) -> None:
        self._facts, self._author, self._tree, self._say = facts, author, tree, steps.add

    def run(self) -> Dmarc:
        walk = self._tree.walk(self._author)
        if not walk.complete and walk.own is None:
            self._say("Nobody can say now which policy applies.", "5.3.6")
            return Dmarc("temperror", self._author)
        if (found := walk.policy) is None:
            self._say("No policy record on the way up: DMARC does not apply.", "5.3.2")
            return Dmarc("none", self._author)
        policy_domain, record = found
        organizational = walk.organizational if walk.complete else ""
        self._say(
            f"The record at {shown(policy_domain)} counts; the Organizational Domain is "
            f"{shown(organizational) or 'unknown'}.",
            "4.10.1, 4.10.2",
        )
        if record.fault:
            told = "none is taken, because rua= is there" if record.usable else "it is of no use"
            self._say(f"In this record {record.fault}: {told}.", "4.10.1")
        if not record.usable:
            return Dmarc("none", self._author)
        alignments = self._alignments(walk, record)
        aligned = tuple(
            str(one.identifier)
            for one in alignments
            if one.aligned and one.identifier.result == "pass"
        )
        unknown = any(
            one.aligned is None or (one.aligned and one.identifier.result == "temperror")
            for one in alignments
        )
        verdict = Dmarc(
            "pass" if aligned else "temperror" if unknown else "fail",
            self._author,
            policy_domain=policy_domain,
            organizational_domain=organizational,
            aligned=aligned,
            alignments=alignments,
        )
        return self._with_policy(verdict, record)

    def _alignments(self, walk: Walk, record: PolicyRecord) -> tuple[Alignment, ...]:
        """Each authenticated domain, compared with the author's (RFC 9989, 4.10.2)."""
        candidates = identifiers(self._facts)
        if not candidates:
            self._say("Neither SPF nor DKIM has authenticated a domain.", "5.3.3")
        return tuple(self._compared(one, walk, record) for one in candidates)

    def _compared(self, identifier: Identifier, walk: Walk, record: PolicyRecord) -> Alignment:
        mode = "strict" if identifier.is_strict(record) else "relaxed"
        domain, who = identifier.domain, f"{identifier.mechanism.upper()}'s {identifier.domain}"
        who = shown(who)
        if identifier.result == "temperror":
            who += ", which could not be checked now,"
        if domain == self._author:
            self._say(f"{who} is the author's domain: strictly aligned.", "4.4")
            return Alignment(identifier, mode, True, walk.organizational if walk.complete else "")
        if mode == "strict":
            tag = "aspf" if identifier.mechanism == "spf" else "adkim"
            self._say(f"{who} is another name, and {tag}=s wants the same.", "4.4")
            return Alignment(identifier, mode, False)
        if walk.complete and not is_at_or_below(domain, walk.organizational):
            self._say(f"{who} is not below {shown(walk.organizational)}: not aligned.", "4.10.2")
            return Alignment(identifier, mode, False)
        other = self._tree.walk(domain)
        if not walk.complete or not other.complete:
            self._say(f"{who}: its Organizational Domain or the author's is unknown.", "5.3.6")
            return Alignment(identifier, mode, None)
        same = other.organizational == walk.organizational
        told = "the author's too: aligned" if same else "another than the author's: not aligned"
        self._say(f"{who} belongs to {shown(other.organizational)}, {told}.", "4.10.2")
        return Alignment(identifier, mode, same, other.organizational)

    def _with_policy(self, verdict: Dmarc, record: PolicyRecord) -> Dmarc:
        """Which tag counts, and what it asks for (RFC 9989, 4.7 and 4.10.1)."""
        below, exists = verdict.policy_domain != self._author, True
        if below and record.np and record.requested(True) != record.requested(True, False):
            try:
                exists = self._tree.exists(self._author)
            except TemporaryFailure:
                self._say("Nobody can say now whether the author's domain exists.", "5.3.6")
                return replace(verdict, result="pass" if verdict.aligned else "temperror")
            there = "is" if exists else "is not"
            self._say(f"{shown(self._author)} {there} in the DNS.", "3.2.13")
        tag, policy = record.requested(below, exists)
        disposition = "none"
        if verdict.result == "fail":
            disposition = LOWER[policy] if record.testing else policy
            self._say(f"The policy for a failure is {tag}={policy}: {POLICIES[policy]}.", "4.7")
            if record.testing and disposition != policy:
                self._say(f"t=y: the domain is testing, so one level less: {disposition}.", "4.7")
        return replace(verdict, tag=tag, policy=policy, disposition=disposition)
