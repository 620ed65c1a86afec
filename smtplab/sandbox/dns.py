"""The sandbox's DNS: one zone a domain, read from zone files, and a log of what was asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import dns.exception
import dns.name
import dns.rdatatype
import dns.zone


class Query(NamedTuple):
    """One look-up and what came back."""

    name: str
    type: str
    records: tuple[str, ...]


class Zones:
    """All zones of the little internet."""

    def __init__(self, zone_texts: Mapping[str, str]) -> None:
        self.log: list[Query] = []
        self._zones = {
            dns.name.from_text(domain): dns.zone.from_text(
                text, origin=domain, relativize=False, check_origin=False
            )
            for domain, text in zone_texts.items()
        }

    def look_up(self, name: str, type_: str) -> tuple[str, ...]:
        """The records of one type at a name, as zone-file text; () if there are none."""
        try:
            records = self._find(dns.name.from_text(name), dns.rdatatype.from_text(type_))
        except dns.exception.DNSException:  # no DNS name at all: an over-long or empty label
            records = ()
        self.log.append(Query(name, type_, records))
        return records

    def mail_hosts(self, domain: str) -> tuple[str, ...]:
        """The hosts that take mail for a domain, best first (RFC 5321, 5.1)."""
        exchanges = [record.split() for record in self.look_up(domain, "MX")]
        exchanges.sort(key=lambda exchange: int(exchange[0]))
        if exchanges:
            return tuple(host.rstrip(".") for _, host in exchanges)
        return (domain,) if self.look_up(domain, "A") else ()

    def address(self, host: str) -> str | None:
        records = self.look_up(host, "A")
        return records[0] if records else None

    def _find(self, name: dns.name.Name, type_: dns.rdatatype.RdataType) -> tuple[str, ...]:
        for origin, zone in self._zones.items():
            if name.is_subdomain(origin):
                found = zone.get_rdataset(name, type_)
                return tuple(record.to_text() for record in found) if found else ()
        return ()
