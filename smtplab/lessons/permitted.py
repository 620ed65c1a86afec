"""Whom an SPF record lets in: asked of the zones as they are now (RFC 7208, 4)."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address

from smtplab.lessons.evidence import Evidence
from smtplab.sandbox.dns import Zones
from smtplab.sandbox.verdict import spf
from smtplab.sandbox.verdict.spf_facts import SpfFacts

SHOP = "shop.example"
DOMAINS = (SHOP, "example.org", "example.net", "codes.example", "bank.example", "spam.example")


def spf_now(evidence: Evidence, addresses: Iterable[str]) -> dict[str, str]:
    """What the shop's record says of addresses; asked of a copy, which logs nothing."""
    zones = Zones({domain: evidence.sandbox.zones.text(domain) for domain in DOMAINS})
    return {
        address: spf.check(SpfFacts(address, SHOP, f"news@{SHOP}"), zones.ask).result
        for address in addresses
    }


def lets_in_others(evidence: Evidence, *own: str) -> bool:
    """Whether another host of this internet may send, or a neighbour of one's own addresses.

    Every range that is wider than an address takes in the one whose last bit differs.
    """
    neighbours = {str(IPv4Address(int(IPv4Address(address)) ^ 1)) for address in own}
    others = (set(evidence.sandbox.addresses.values()) | neighbours) - set(own)
    return not set(spf_now(evidence, others).values()) <= {"fail", "softfail"}
