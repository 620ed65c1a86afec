"""What a DMARC evaluation is told, and what it concludes (RFC 9989, 3.2 and 5.3)."""

from __future__ import annotations

from dataclasses import dataclass

from smtplab.sandbox.verdict.dkim_check import Dkim
from smtplab.sandbox.verdict.dmarc_record import PolicyRecord
from smtplab.sandbox.verdict.lookups import Step, normal
from smtplab.sandbox.verdict.spf_facts import Spf

RESULTS = {  # RFC 9989, 9
    "none": "no DMARC policy applies to the author's domain",
    "pass": "an authenticated domain belongs to the author's domain",
    "fail": "no authenticated domain belongs to the author's domain",
    "temperror": "a look-up that matters failed; a later try may work",
}


@dataclass(frozen=True)
class DmarcFacts:
    """What is known when DMARC's turn comes."""

    author_domains: tuple[str, ...]  # author.author_domains(content)
    spf: Spf
    dkim: Dkim
    public_suffixes: frozenset[str] = frozenset()
    """For RFC 7489 only: suffixes of two labels or more; single labels are suffixes anyway."""


@dataclass(frozen=True)
class Earlier:
    """What RFC 7489 would conclude from the same facts."""

    result: str
    policy_domain: str
    organizational_domain: str
    policy: str
    pct: int  # to how many of 100 failing contents the policy applies; the next lower to the rest


@dataclass(frozen=True)
class Dmarc:
    """The result, and what the domain asks for."""

    result: str
    domain: str  # the author's
    steps: tuple[Step, ...] = ()
    policy_domain: str = ""  # where the policy record stands
    organizational_domain: str = ""  # the author's; "" where it is unknown
    tag: str = ""  # the tag of the record that counts: p, sp or np
    policy: str = ""  # its value
    disposition: str = "none"  # what is asked for this content: none, quarantine or reject
    aligned: tuple[str, ...] = ()  # "spf example.org", "dkim example.org"
    alignments: tuple[Alignment, ...] = ()  # of each domain that was compared with the author's
    rfc7489: Earlier | None = None  # only where it decides differently
    differences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Identifier:
    """A domain that SPF or DKIM has authenticated, or could not for now (RFC 9989, 4.4)."""

    mechanism: str  # "spf" or "dkim"
    domain: str
    result: str  # "pass" or "temperror"

    def __str__(self) -> str:
        return f"{self.mechanism} {self.domain}"

    def is_strict(self, record: PolicyRecord) -> bool:
        return (record.aspf if self.mechanism == "spf" else record.adkim) == "s"


@dataclass(frozen=True)
class Alignment:
    """How an authenticated domain stands to the author's (RFC 9989, 4.4)."""

    identifier: Identifier
    mode: str  # "strict" or "relaxed": what the policy record asks for, or its default
    aligned: bool | None  # None: nobody can say now
    organizational_domain: str = ""  # the identifier's; "" where nobody had to ask for it


def identifiers(facts: DmarcFacts) -> tuple[Identifier, ...]:
    """SPF counts for the MAIL FROM identity only (RFC 9989, 4.4.2); each signature counts."""
    found = [Identifier("dkim", normal(s.domain), s.result) for s in facts.dkim.signatures]
    if facts.spf.identity == "mailfrom":
        found.insert(0, Identifier("spf", normal(facts.spf.domain), facts.spf.result))
    return tuple(dict.fromkeys(i for i in found if i.result in ("pass", "temperror") and i.domain))
