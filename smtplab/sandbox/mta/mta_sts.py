"""MTA-STS at the sender: policies that are found, read, and remembered (RFC 8461, 3 to 5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from smtplab.sandbox.certificates import Authority
from smtplab.sandbox.dns import Zones
from smtplab.sandbox.mta.policy_host import PolicyHosts
from smtplab.sandbox.verdict.lookups import TemporaryFailure, texts

MODES = ("enforce", "testing", "none")  # RFC 8461, 5
MAX_AGE = 31_557_600  # seconds, about a year (RFC 8461, 3.2)
MOST_OCTETS = 65_536  # of a policy; RFC 8461, 3.3 suggests 64 KiB

# sts-text-record = sts-version 1*(sts-field-delim sts-field) [sts-field-delim]
# sts-version = %s"v=STSv1"; sts-id = 1*32(ALPHA / DIGIT)                     (RFC 8461, 3.1)
_RECORD = re.compile(r"v=STSv1[ \t]*;.*?\bid[ \t]*=[ \t]*([A-Za-z0-9]{1,32})[ \t]*(?:;|\Z)")


@dataclass(frozen=True)
class STSPolicy:
    """What a domain asks of those who send to it."""

    mode: str
    mx: tuple[str, ...]
    max_age: int  # seconds

    def names(self, host: str) -> bool:
        """Whether a host is one of the domain's (RFC 8461, 4.1): `*.` stands for one label.

        >>> policy = STSPolicy("enforce", ("mx.example.net", "*.mail.example.net"), 60)
        >>> [policy.names(f"{x}example.net") for x in ("mx.", "a.mail.", "a.b.mail.", "mail.")]
        [True, True, False, False]
        """
        name = host.lower().rstrip(".")
        parent = name.partition(".")[2]
        return any(
            name == pattern or (pattern.startswith("*.") and pattern[2:] == parent)
            for pattern in self.mx
        )


def read_policy(text: str) -> STSPolicy:
    """Read a policy file; `ValueError` says what is wrong with it (RFC 8461, 3.2).

    >>> read_policy("version: STSv1\\nmode: none\\nmax_age: 60\\n")
    STSPolicy(mode='none', mx=(), max_age=60)
    """
    fields: dict[str, str] = {}
    mx = []
    for line in text.splitlines():
        name, colon, value = (part.strip() for part in line.partition(":"))
        if name == "mx" and colon:
            mx.append(value.lower().rstrip("."))
        elif colon:
            fields.setdefault(name, value)  # RFC 8461, 3.2: of the same key the first counts
    if fields.get("version") != "STSv1":
        raise ValueError("the policy's version is not STSv1")
    mode, age = fields.get("mode", ""), fields.get("max_age", "")
    if mode not in MODES:
        raise ValueError(f"the policy's mode {mode!r} is not one of {', '.join(MODES)}")
    if re.fullmatch("[0-9]{1,10}", age) is None:
        raise ValueError(f"the policy's max_age {age!r} is no number of seconds")
    if mode != "none" and not mx:
        raise ValueError("the policy names no mx")
    return STSPolicy(mode, tuple(mx), min(int(age), MAX_AGE))


@dataclass(frozen=True)
class _Remembered:
    id: str
    policy: STSPolicy
    until: datetime


class MTASTS:
    """What one sending host knows of the policies of others."""

    def __init__(
        self, zones: Zones, policy_hosts: PolicyHosts, now: Callable[[], datetime]
    ) -> None:
        self._zones, self._policy_hosts, self._now = zones, policy_hosts, now
        self._known: dict[str, _Remembered] = {}

    def policy_of(self, domain: str, authority: Authority) -> STSPolicy | None:
        """The policy that counts now: a remembered one also where nothing can be learnt."""
        domain = domain.lower()
        known = self._known.get(domain)
        if known is not None and known.until <= self._now():
            known = None
        published = self._published_id(domain)
        if published and (known is None or known.id != published):
            known = self._fetch(domain, published, authority) or known
        if known is None:
            self._known.pop(domain, None)
            return None
        self._known[domain] = known
        return known.policy

    def _published_id(self, domain: str) -> str:
        """The id in the TXT record; "" where there is none, or more than one (RFC 8461, 3.1)."""
        try:
            records = texts(self._zones.ask, f"_mta-sts.{domain}")
        except TemporaryFailure:
            return ""
        found = [record for record in records if record.startswith("v=STSv1")]
        match = _RECORD.fullmatch(found[0]) if len(found) == 1 else None
        return match[1] if match else ""

    def _fetch(self, domain: str, published: str, authority: Authority) -> _Remembered | None:
        text = self._policy_hosts.fetch(domain, authority)
        if text is None or len(text) > MOST_OCTETS:
            return None
        try:
            policy = read_policy(text)
        except ValueError:
            return None
        return _Remembered(published, policy, self._now() + timedelta(seconds=policy.max_age))
