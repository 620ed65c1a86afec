"""The Received header fields of a content, oldest first, each clause read (RFC 5321, 4.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

CLAUSES = ("from", "by", "via", "with", "id", "for")
MAX_LENGTH = 2_000  # characters of one field that are read
MAX_HOPS = 30  # fields that are shown
_TOKEN = re.compile(r"\([^()]*\)|[^\s()]+")

# RFC 5321, 4.4 and RFC 3848; the last two are used for what came by no SMTP.
_BASE = {
    "SMTP": "SMTP of 1982: the client said HELO",
    "ESMTP": "E: the client said EHLO, so service extensions are known",
    "UTF8SMTP": "the mail object used SMTPUTF8 (RFC 6531, 4.3)",
    "LMTP": "LMTP, for delivery within one site (RFC 2033)",
}
_SUFFIX = {
    "": "no TLS, nobody signed in",
    "S": "S: inside TLS",
    "A": "A: the client signed in with AUTH",
    "SA": "S: inside TLS; A: the client signed in with AUTH",
}
PROTOCOLS = {
    f"{base}{suffix}": f"{meaning}; {more}"
    for base, meaning in _BASE.items()
    for suffix, more in _SUFFIX.items()
    if base != "SMTP" or not suffix
} | {"HTTP": "a web page handed it in", "LOCAL": "it was written on this host"}


@dataclass(frozen=True)
class Hop:
    """One Received field: what a host noted when it took the content."""

    clauses: dict[str, str]
    stamp: str
    time: datetime | None

    def clause(self, name: str) -> str:
        return self.clauses.get(name, "")

    @property
    def protocol(self) -> str:
        """What the keyword behind "with" means."""
        keyword = self.clause("with").partition(" ")[0]
        if not keyword:
            return "no protocol named: the host sent on what it had already"
        return PROTOCOLS.get(keyword.upper(), "a word that RFC 3848 does not list")


def hop(value: str) -> Hop:
    """Read the value of one Received field; what it does not have is left out.

    >>> one = hop("from a.example ([192.0.2.1]) by b.example with ESMTPS id q1; Mon, 2 Mar 2026")
    >>> one.clause("from"), one.clause("with"), one.time
    ('a.example ([192.0.2.1])', 'ESMTPS', None)
    """
    said, _, stamp = value[:MAX_LENGTH].rpartition(";")
    clauses: dict[str, str] = {}
    current = ""
    for token in _TOKEN.findall(said or stamp):
        word = token.lower()
        if word in CLAUSES and word not in clauses and clauses.get(current, " "):
            current = word
            clauses[current] = ""
        elif current:
            clauses[current] = f"{clauses[current]} {token}".strip()
    return Hop(clauses, stamp.strip() if said else "", _time(stamp))


def _time(stamp: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(stamp.strip()[:100])
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else None


def waited(before: Hop, after: Hop) -> str:
    """The time between two hops, in words; "" if it cannot be told."""
    if before.time is None or after.time is None:
        return ""
    seconds = round((after.time - before.time).total_seconds())
    if seconds < 0:
        return f"the clocks disagree by {-seconds} s"
    if seconds < 60:
        return f"{seconds} s later"
    minutes, hours = seconds // 60, seconds // 3600
    return f"{minutes} min later" if minutes < 60 else f"{hours} h {minutes % 60} min later"
