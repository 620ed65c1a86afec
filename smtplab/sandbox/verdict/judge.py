"""All checks of one arriving content, and the header field that tells of them (RFC 8601)."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from smtplab.sandbox.verdict import dkim_check, dmarc, spf
from smtplab.sandbox.verdict.author import author_domains
from smtplab.sandbox.verdict.dkim_check import Dkim
from smtplab.sandbox.verdict.dmarc_facts import Dmarc, DmarcFacts, identifiers
from smtplab.sandbox.verdict.lookups import LookUp, Step
from smtplab.sandbox.verdict.results import AuthenticationResults, from_checks
from smtplab.sandbox.verdict.spf_facts import Spf, SpfFacts

Conclude = Callable[[Hashable, Callable[[], Any]], Any]
"""(facts, action) -> what the action gives, which is a function of the facts and of the DNS."""


def _afresh(facts: Hashable, action: Callable[[], Any]) -> Any:
    return action()


@dataclass(frozen=True)
class Arrival:
    """What an SMTP server knows at the end of mail data."""

    address: str  # the SMTP client's
    helo: str
    reverse_path: str  # "" for the null reverse-path
    content: bytes
    receiver: str  # this server's name: %{r} and authserv-id
    now: datetime  # world time
    public_suffixes: frozenset[str] = frozenset()  # for the comparison with RFC 7489


@dataclass(frozen=True)
class Verdict:
    """Every check's result, and the header field to put in front of the content."""

    spf: Spf
    dkim: Dkim
    dmarc: Dmarc
    field: AuthenticationResults

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in order: SPF, each DKIM signature, DMARC."""
        signatures = (step for signature in self.dkim.signatures for step in signature.steps)
        return (*self.spf.steps, *self.dkim.steps, *signatures, *self.dmarc.steps)


def judge(arrival: Arrival, look_up: LookUp, conclude: Conclude = _afresh) -> Verdict:
    """Check an arrival; what to do about the outcome is the server's own policy.

    `conclude` may know already what the same facts gave before.
    """
    facts = SpfFacts(
        arrival.address, arrival.helo, arrival.reverse_path, arrival.receiver, arrival.now
    )
    authors = author_domains(arrival.content)

    def concluded() -> Verdict:
        by_spf: Spf = conclude(facts, lambda: spf.check(facts, look_up))
        by_dkim = dkim_check.check(arrival.content, look_up, arrival.now)
        about = DmarcFacts(authors, by_spf, by_dkim, arrival.public_suffixes)
        by_dmarc: Dmarc = conclude(
            (authors, arrival.public_suffixes, identifiers(about)),
            lambda: dmarc.evaluate(about, look_up),
        )
        field = from_checks(arrival.receiver, by_spf, by_dkim, by_dmarc)
        return Verdict(by_spf, by_dkim, by_dmarc, field)

    if dkim_check.is_signed(arrival.content):  # signatures differ from content to content
        return concluded()
    verdict: Verdict = conclude((facts, authors, arrival.public_suffixes), concluded)
    return verdict
