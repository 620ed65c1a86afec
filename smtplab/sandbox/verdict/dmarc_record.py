"""A DMARC policy record: what a domain asks receivers to do (RFC 9989, 4.7 and 4.8)."""

from __future__ import annotations

import re
from dataclasses import dataclass

POLICIES = {
    "none": "do nothing special",
    "quarantine": "treat it with suspicion: into Junk",
    "reject": "refuse it",
}
LOWER = {"reject": "quarantine", "quarantine": "none", "none": "none"}  # for t=y

# dmarc-version = "v" equals %s"DMARC1"; it must come first, and its value in capitals
_VERSION = re.compile(r"[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)")
# RFC 3986: a scheme, a colon, and the characters that a URI may hold
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+=%]*")


@dataclass(frozen=True)
class PolicyRecord:
    """A record, its tags with their defaults, and what is wrong with it."""

    text: str
    p: str
    sp: str  # "" where the tag is missing
    np: str
    adkim: str = "r"
    aspf: str = "r"
    psd: str = "u"
    testing: bool = False  # t=y
    pct: int = 100  # RFC 7489 only
    fault: str = ""  # why p, sp and np count as none, or why the record is of no use
    usable: bool = True

    def requested(self, below: bool, exists: bool = True) -> tuple[str, str]:
        """The tag that counts and its policy; `below`: for a subdomain (RFC 9989, 4.10.1).

        >>> record = parse("v=DMARC1; p=reject; sp=none; np=quarantine")
        >>> record.requested(False), record.requested(True), record.requested(True, False)
        (('p', 'reject'), ('sp', 'none'), ('np', 'quarantine'))
        """
        if below and not exists and self.np:
            return "np", self.np
        if below and self.sp:
            return "sp", self.sp
        return "p", self.p


def is_record(text: str) -> bool:
    """Whether a TXT record is a DMARC policy record: the version first, in capitals.

    >>> is_record("v=DMARC1; p=none"), is_record("v=dmarc1; p=none"), is_record("p=none")
    (True, False, False)
    """
    return _VERSION.match(text) is not None


def parse(text: str) -> PolicyRecord:
    """Read a record; unknown tags and broken values count as if they were not there (4.8)."""
    tags: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            tags.setdefault(name.strip().lower(), value.strip())

    def one_of(tag: str, allowed: str, default: str) -> str:
        value = tags.get(tag, default).lower()
        return value if value in allowed.split() else default

    policies = {tag: tags.get(tag, "").lower() for tag in ("p", "sp", "np")}
    bad = [t for t in policies if t in tags and policies[t] not in POLICIES]
    fault, usable = "", True
    if bad or "p" not in tags:
        usable = _has_report_address(tags.get("rua", ""))
        fault = f"{bad[0]}= is no policy" if bad else "there is no p="
        policies = {"p": "none", "sp": "", "np": ""}
    percent = tags.get("pct", "")
    return PolicyRecord(
        text,
        **policies,
        adkim=one_of("adkim", "r s", "r"),
        aspf=one_of("aspf", "r s", "r"),
        psd=one_of("psd", "y n u", "u"),
        testing=one_of("t", "y n", "n") == "y",
        pct=int(percent) if re.fullmatch("[0-9]{1,2}", percent) else 100,
        fault=fault,
        usable=usable,
    )


def _has_report_address(rua: str) -> bool:
    return any(_URI.fullmatch(item.strip()) for item in rua.split(","))
