"""How safely mail goes to a host: opportunistic TLS, or what somebody requires.

The receiving domain requires it by DANE (RFC 7672), which goes first, or by MTA-STS (RFC 8461);
the sender by REQUIRETLS (RFC 8689). Otherwise TLS is used where it is offered, and nobody is
authenticated (RFC 3207, 4.1; RFC 7435). DNSSEC and the web server of MTA-STS are simulated:
see `Zones.sign` and `policy_host.py`. Certificates and handshakes are real.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from smtplab.sandbox.certificates import Authority, unchecked_context
from smtplab.sandbox.dns import Zones
from smtplab.sandbox.mta import dane
from smtplab.sandbox.mta.dsn import header_section_of
from smtplab.sandbox.mta.mta_sts import MTASTS
from smtplab.sandbox.mta.outcome import HostRefusal
from smtplab.sandbox.mta.policy_host import PolicyHosts
from smtplab.sandbox.mta.route import NextHop
from smtplab.sandbox.queue import QueueItem
from smtplab.sandbox.verdict.lookups import TemporaryFailure

# tls-required-header-field = "TLS-Required:" [FWS] "No" CRLF                 (RFC 8689, 3)
_TLS_OPTIONAL = re.compile(rb"^TLS-Required:[ \t]*No[ \t]*\r$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class TLSRule:
    """What one session has to keep to."""

    context: ssl.SSLContext | None  # None: there is no TLS in this world
    required_by: str = ""  # "" for opportunistic TLS
    check: Callable[[bytes], bool] = lambda certificate: True  # of the leaf, in DER
    authenticates: bool = False  # by certificate or key, so that the host is who it says
    is_final: bool = False  # a failure is told to the sender at once (RFC 8689, 4.2.1)

    @property
    def is_required(self) -> bool:
        return bool(self.required_by)

    def refuse(self, why: str) -> HostRefusal:
        """What a session that cannot keep to it ends with."""
        text = f"{why}; TLS is required by {self.required_by}"
        if self.is_final:
            return HostRefusal(550, f"5.7.10 {text}")
        return HostRefusal(451, f"4.7.5 {text}")  # RFC 8461, 5 and RFC 7672, 2.2: try again later


class TLSPolicy:
    """The rules of one sending host, and the MTA-STS policies that it remembers."""

    def __init__(
        self, zones: Zones, policy_hosts: PolicyHosts, now: Callable[[], datetime]
    ) -> None:
        self._zones = zones
        self._mta_sts = MTASTS(zones, policy_hosts, now)

    def rule(self, hop: NextHop, item: QueueItem, authority: Authority | None) -> TLSRule:
        """The rule for one hop; `HostRefusal` where there can be no session at all."""
        required = requires_tls(item)
        if authority is None:
            rule = TLSRule(None, "REQUIRETLS" if required else "", is_final=True)
            if required:
                raise rule.refuse("there is no TLS here")
            return rule
        if not required and _TLS_OPTIONAL.search(header_section_of(item.mail.content)):
            return TLSRule(unchecked_context())  # RFC 8689, 4.2.2
        published = self._published(hop, authority, required)
        if not required:
            return published
        if not (published.is_required or self._zones.is_signed(hop.domain)):
            why = f"the mail hosts of {hop.domain} are vouched for by neither DNSSEC nor MTA-STS"
            raise TLSRule(None, "REQUIRETLS", is_final=True).refuse(why)
        if not published.authenticates:
            published = TLSRule(authority.client_context(), authenticates=True)
        return replace(published, required_by="REQUIRETLS", is_final=True)

    def _published(self, hop: NextHop, authority: Authority, required: bool) -> TLSRule:
        """What the receiving domain asks for."""
        records = self._tlsa_records(hop)
        if records is not None:
            return _by_dane(hop, records, authority)
        policy = self._mta_sts.policy_of(hop.domain, authority)
        if policy is None or policy.mode == "none":
            return TLSRule(unchecked_context())
        problem = "" if policy.names(hop.host) else f"{hop.host} is not in the MTA-STS policy"
        why = f"the MTA-STS policy of {hop.domain}"
        rule = TLSRule(authority.client_context(), why, authenticates=True)
        if policy.mode == "enforce" or (required and not problem):
            if problem:
                raise rule.refuse(problem)
            return rule
        return TLSRule(unchecked_context())  # "testing": RFC 8461, 5.1 delivers all the same

    def _tlsa_records(self, hop: NextHop) -> tuple[dane.TLSA, ...] | None:
        """The TLSA records, or None without DNSSEC or without any (RFC 7672, 2.2)."""
        if not (self._zones.is_signed(hop.domain) and self._zones.is_signed(hop.host)):
            return None
        try:
            records = dane.look_up(self._zones, hop.host)
        except TemporaryFailure:  # RFC 7672, 2.1.2: somebody may be hiding them
            raise HostRefusal(
                451, f"4.4.3 The DNS cannot say now whether {hop.host} has TLSA records"
            ) from None
        return records


def requires_tls(item: QueueItem) -> bool:
    """Whether REQUIRETLS binds us: a report about such a mail only asks for it (RFC 8689, 5)."""
    envelope = item.mail.envelope
    return "REQUIRETLS" in envelope.parameters and bool(envelope.reverse_path)


def _by_dane(hop: NextHop, records: tuple[dane.TLSA, ...], authority: Authority) -> TLSRule:
    why = f"the TLSA records of {hop.host}"
    ends = [record for record in records if record.usage == dane.DANE_EE]
    anchors = [record for record in records if record.usage == dane.DANE_TA]
    if ends:  # RFC 7672, 3.1.1: neither name nor dates count, only the key
        pinned = lambda leaf: any(one.matches(leaf) for one in ends)  # noqa: E731
        return TLSRule(unchecked_context(), why, pinned, authenticates=True)
    if anchors:  # there is one authority in this world, so it is the anchor or nothing is
        found = any(one.matches(authority.own_certificate) for one in anchors)
        return TLSRule(authority.client_context(), why, lambda leaf: found, authenticates=True)
    return TLSRule(unchecked_context(), why)  # RFC 7672, 2.2: unusable ones still ask for TLS
