"""What an SPF check is told, and what it concludes (RFC 7208, 2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from smtplab.sandbox.verdict.lookups import Step

RESULTS = {  # RFC 7208, 2.6
    "none": "the domain publishes no SPF record, or there is no domain to ask",
    "neutral": "the domain says nothing about this address",
    "pass": "the domain names this address as one of its own",
    "fail": "the domain says that this address may not send for it",
    "softfail": "the domain says that this address probably may not send for it",
    "temperror": "the DNS could not be asked; a later try may work",
    "permerror": "the published records cannot be used until somebody mends them",
}


@dataclass(frozen=True)
class SpfFacts:
    """What the SMTP server knows about its client when MAIL has been accepted."""

    address: str  # the SMTP client's
    helo: str
    reverse_path: str  # "" for the null reverse-path
    receiver: str = "unknown"  # this server's name, for %{r}
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)  # world time, for %{t}


@dataclass(frozen=True)
class Spf:
    """The result of one check, and how it came about."""

    result: str
    identity: str  # "mailfrom" or "helo"
    sender: str  # the mailbox that was checked
    domain: str
    steps: tuple[Step, ...]
    mechanism: str = ""  # the term that decided
    explanation: str = ""  # the domain's own words about a fail: not to be trusted (11.5.2)
    null_reverse_path: bool = False
