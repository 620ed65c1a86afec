"""How the authenticated domains stand to the one in From (RFC 9989, 4.4): facts for a drawing."""

from __future__ import annotations

from dataclasses import dataclass

from smtplab.sandbox.verdict.dmarc_facts import Alignment, Dmarc
from smtplab.sandbox.verdict.judge import Verdict
from smtplab.sandbox.verdict.lookups import normal


@dataclass(frozen=True)
class Tie:
    """One authenticated domain beside the author's domain."""

    who: str  # "SPF domain" or "DKIM d="
    domain: str
    result: str  # of SPF, or of this signature
    aligned: bool | None  # None: it does not count, or nobody asked
    told: str

    @property
    def word(self) -> str:
        """Aligned or not, in a word or two."""
        if self.aligned is not None:
            return "aligned" if self.aligned else "not aligned"
        if self.result not in ("pass", "temperror"):
            return "does not count"
        return "unknown" if self.told.startswith("unknown") else "not asked"


def ties(checks: Verdict) -> tuple[Tie, ...]:
    """SPF's domain first, then that of each signature."""
    spf, dmarc = checks.spf, checks.dmarc
    where = "the EHLO name, since the reverse-path is null" if spf.null_reverse_path else ""
    found = [_tie(dmarc, ("spf", "SPF domain"), normal(spf.domain), spf.result, where)]
    for one in checks.dkim.signatures:
        found.append(_tie(dmarc, ("dkim", "DKIM d="), normal(one.domain), one.result, ""))
    return tuple(found)


def _tie(dmarc: Dmarc, who: tuple[str, str], domain: str, result: str, where: str) -> Tie:
    mechanism, label = who
    met = (
        one
        for one in dmarc.alignments
        if (one.identifier.mechanism, one.identifier.domain) == (mechanism, domain)
        and one.identifier.result == result
    )
    alignment = next(met, None)
    if alignment is not None:
        return Tie(label, domain, result, alignment.aligned, _said(alignment, dmarc) + _in(where))
    if result not in ("pass", "temperror"):
        told = f"the result is {result}, so no domain is authenticated"
    elif dmarc.result == "none":
        told = "no DMARC policy applies"
    else:
        told = "nobody compared it"
    return Tie(label, domain, result, None, told + _in(where))


def _in(where: str) -> str:
    return f" ({where})" if where else ""


def _said(one: Alignment, dmarc: Dmarc) -> str:
    tag = "aspf" if one.identifier.mechanism == "spf" else "adkim"
    asked = f"{one.mode}, {tag}={one.mode[0]}"
    if one.aligned is None:
        return f"unknown for now ({asked}): an Organizational Domain could not be looked up"
    if one.aligned and one.identifier.domain == dmarc.domain:
        told = f"the same name ({asked})"
    elif one.aligned:
        told = f"the same Organizational Domain, {one.organizational_domain} ({asked})"
    elif one.mode == "strict":
        told = f"another name ({asked})"
    else:
        told = f"another Organizational Domain ({asked})"
    if one.aligned and one.identifier.result == "temperror":
        told += "; but it could not be checked for now"
    return told


def compared_with_7489(dmarc: Dmarc) -> tuple[tuple[str, str, str], ...]:
    """(what, by RFC 9989, by RFC 7489) where the two differ; () where they agree."""
    earlier = dmarc.rfc7489
    if earlier is None:
        return ()
    asked = earlier.policy + (f", pct={earlier.pct}" if earlier.pct < 100 else "")
    rows = (
        ("result", dmarc.result, earlier.result),
        ("policy record at", dmarc.policy_domain, earlier.policy_domain),
        ("Organizational Domain", dmarc.organizational_domain, earlier.organizational_domain),
        ("policy for a failure", f"{dmarc.tag}={dmarc.policy}" if dmarc.tag else "", asked),
    )
    return tuple((what, new or "none", old or "none") for what, new, old in rows)
