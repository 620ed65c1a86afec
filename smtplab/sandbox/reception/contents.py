"""The rules for a content at the end of mail data: Inbox, Junk or a refusal (RFC 5321, 4.2.5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smtplab.sandbox.reception.switches import Switches
from smtplab.sandbox.verdict.lookups import shown

if TYPE_CHECKING:
    from smtplab.sandbox.reception.score import Score
    from smtplab.sandbox.verdict.judge import Verdict


@dataclass(frozen=True)
class Case:
    """What is known about a content when it is decided about."""

    switches: Switches
    has_author: bool  # exactly one From that can be read
    checks: Verdict | None
    score: Score | None


@dataclass(frozen=True)
class Decision:
    """What one rule wants: Junk, or a refusal with this reply."""

    why: str
    reply: str = ""  # "" for Junk


@dataclass(frozen=True)
class ContentRule:
    """One thing that is asked about a content; None where it has nothing to say."""

    name: str
    explanation: str
    source: str
    ask: Callable[[Case], Decision | None]


def _author(case: Case) -> Decision | None:
    if case.has_author or case.switches.no_author == "accept":
        return None
    why = "The content has not exactly one From header field that can be read."
    if case.switches.no_author == "junk":
        return Decision(why)
    return Decision(why, "550 5.6.0 The content needs one From header field that can be read")


def _dmarc(case: Case) -> Decision | None:
    checks = case.checks
    if checks is None or case.switches.dmarc != "follow" or checks.dmarc.result != "fail":
        return None
    domain, disposition = shown(checks.dmarc.domain), checks.dmarc.disposition
    if disposition == "quarantine":
        return Decision(f"DMARC fails, and {domain} asks to treat such mail as suspicious.")
    if disposition == "reject":
        why = f"DMARC fails, and {domain} asks to refuse such mail."
        return Decision(why, f"550 5.7.1 Refused by the DMARC policy of {domain}"[:480])
    return None


_SPF_REPLIES = {  # RFC 7372, 3.2; RFC 7208, 8.4, 8.6 and 8.7
    "fail": "550 5.7.23 SPF validation failed",
    "temperror": "451 4.7.24 SPF validation error",
    "permerror": "550 5.7.24 SPF validation error",
}


def _authentication(case: Case) -> Decision | None:
    """SPF and DKIM by themselves; two failures have a code of their own (RFC 7372, 3.4 and 4)."""
    checks, switches = case.checks, case.switches
    if checks is None:
        return None
    replies = []
    if switches.spf_fail == "refuse" and checks.spf.result in _SPF_REPLIES:
        replies.append(_SPF_REPLIES[checks.spf.result])
    if switches.dkim_missing == "refuse" and checks.dkim.result != "pass":
        replies.append(
            "451 4.7.5 A DKIM key could not be looked up"
            if checks.dkim.result == "temperror"
            else "550 5.7.20 No passing DKIM signature found"
        )
    if not replies:
        return None
    transient = [reply for reply in replies if reply.startswith("4")]
    reply = (transient or replies)[0]
    if len(replies) > 1 and not transient:
        reply = "550 5.7.26 Multiple authentication checks failed"
    results = f"SPF is {checks.spf.result} and DKIM is {checks.dkim.result}"
    return Decision(f"{results}, and this host refuses such mail.", reply)


def _score(case: Case) -> Decision | None:
    if case.score is None:
        return None
    points, switches = case.score.points, case.switches
    if switches.refuse_from is not None and points >= switches.refuse_from:
        why = f"The content has {points} points; {switches.refuse_from} are refused."
        return Decision(why, f"550 5.7.1 The content scores {points}, too much for this host")
    if switches.junk_from is not None and points >= switches.junk_from:
        return Decision(
            f"The content has {points} points; from {switches.junk_from} on it is Junk."
        )
    return None


CONTENT = (
    ContentRule(
        "author",
        "Each content has one From, which says who wrote it. DMARC can say nothing without it.",
        "RFC 5322, 3.6; RFC 9989, 5.3.1",
        _author,
    ),
    ContentRule(
        "DMARC policy",
        "The author's domain says what to do with mail that claims to be its own and is not.",
        "RFC 9989, 4.7",
        _dmarc,
    ),
    ContentRule(
        "SPF and DKIM alone",
        "A host may refuse by one of them, without the author's domain having asked for it. "
        "Forwarded mail suffers from that.",
        "RFC 7208, 8.4; RFC 6376, 6.1; RFC 7372, 3",
        _authentication,
    ),
    ContentRule(
        "content score",
        "Ten named rules give points.",
        "own judgement",
        _score,
    ),
)
