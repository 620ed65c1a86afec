"""The sandbox's DNS: one zone a domain, read from zone files, and a log of what was asked.

Zones may be changed while the servers run: a changed zone takes the place of the old one at
once, so nobody ever sees half of a change.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

import dns.exception
import dns.name
import dns.rdatatype
import dns.zone

from smtplab.sandbox.verdict.lookups import NoSuchName, TemporaryFailure

_T = TypeVar("_T")

MOST_QUERIES = 100_000  # kept in the log, as many as a transcript keeps events
MOST_KNOWN = 10_000  # answers remembered: a hostile content may name many domains
MOST_ALIASES = 8  # a chain of CNAME records that is longer is taken for a loop


class Query(NamedTuple):
    """One look-up and what came back; `failure` says why nothing could be said."""

    name: str
    type: str
    records: tuple[str, ...]
    failure: str = ""  # "", "no such name" or "temporary failure"

    def __repr__(self) -> str:
        told = f", failure={self.failure!r}" if self.failure else ""
        return f"Query(name={self.name!r}, type={self.type!r}, records={self.records!r}{told})"


class Exchange(NamedTuple):
    """One MX record: a lower preference is tried first (RFC 5321, 5.1)."""

    preference: int
    host: str  # "" in a null MX (RFC 7505, 3)


class Zones:
    """All zones of the little internet; each is read when somebody first asks it."""

    def __init__(self, zone_texts: Mapping[str, str]) -> None:
        self.log: deque[Query] = deque(maxlen=MOST_QUERIES)
        self.asked = 0  # how often ever, also what fell out of the log
        self._texts = {dns.name.from_text(domain): text for domain, text in zone_texts.items()}
        self._zones: dict[dns.name.Name, dns.zone.Zone] = {}
        self._failing: set[dns.name.Name] = set()
        self._signed: set[dns.name.Name] = set()
        self._known: dict[tuple[str, str], Query] = {}  # the same question has the same answer

    # Asking.

    def ask(self, name: str, type_: str) -> tuple[str, ...]:
        """The records of one type at a name, as zone-file text; () if it has none.

        Follows CNAME. Raises `NoSuchName` where nothing stands at or below the name, and
        `TemporaryFailure` where the zone cannot say now.
        """
        query = self._query(name, type_)
        self.log.append(query)
        self.asked += 1
        if query.failure == "no such name":
            raise NoSuchName(name)
        if query.failure:
            raise TemporaryFailure(name)
        return query.records

    def look_up(self, name: str, type_: str) -> tuple[str, ...]:
        """As `ask`, but () whatever the reason."""
        try:
            return self.ask(name, type_)
        except (NoSuchName, TemporaryFailure):
            return ()

    def exists(self, name: str) -> bool:
        """Whether a name, or one below it, has records of any type (RFC 8020); not logged."""
        try:
            return self._exists(dns.name.from_text(name))
        except dns.exception.DNSException:  # no DNS name at all: an over-long or empty label
            return False

    def mail_hosts(self, domain: str) -> tuple[Exchange, ...]:
        """The hosts that take mail for a domain, best first (RFC 5321, 5.1).

        Equal preferences stand in the order of their names: the RFC wants them shuffled, and
        the sandbox wants each run to be like the last one. Without MX the domain itself is the
        host, if it has an address. Raises as `ask` does.
        """
        records = (record.split() for record in self.ask(domain, "MX"))
        found = sorted(Exchange(int(n), host.rstrip(".").lower()) for n, host in records)
        if found:
            return tuple(found)
        return (Exchange(0, domain),) if self.ask(domain, "A") else ()

    def addresses(self, host: str) -> tuple[str, ...]:
        """The IPv4 addresses of a host, in order; the sandbox has no IPv6. Raises as `ask`."""
        return tuple(sorted(self.ask(host, "A")))

    @property
    def answers(self) -> object:
        """Another object after each change of a zone: who remembers can tell by it."""
        return self._known

    def zone_of(self, name: str) -> str:
        """The domain whose zone answers for a name; `KeyError` if there is none."""
        origin = self._zone_of(_name(name))
        if origin is None:
            raise KeyError(f"no zone holds the name {name!r}")
        return str(origin.to_text(omit_final_dot=True))

    # Changing, also while the servers run.

    def text(self, domain: str) -> str:
        """The zone file of a domain; `KeyError` names the domains there are."""
        return self._texts[self._origin(domain)]

    def set(self, domain: str, text: str) -> None:
        """Publish a zone file for a domain, in place of its old one if it has one.

        Raises `ValueError`, and changes nothing, where the text is no zone file.
        """
        origin = _name(domain)
        zone = _read(origin, text)
        self._texts = {**self._texts, origin: text}
        self._zones[origin] = zone
        self._known = {}

    def add(self, domain: str, records: str) -> None:
        """Add records to a zone, as lines of a zone file: `zones.add("example.net", "www A …")`."""
        self.set(domain, f"{self.text(domain).rstrip()}\n{records.strip()}\n")

    def replace(self, domain: str, records: str) -> None:
        """Put records in place of those of the same name and type."""
        origin = self._origin(domain)
        new = _read(origin, f"$TTL 3600\n{records.strip()}\n")
        for name, rdataset in new.iterate_rdatasets():
            self._remove(origin, name, rdataset.rdtype)
        self.add(domain, records)

    def remove(self, domain: str, name: str, type_: str) -> None:
        """Take away all records of one type at a name; `KeyError` if there are none."""
        origin = self._origin(domain)
        wanted = dns.name.from_text(name, origin)
        if not self._remove(origin, wanted, _type(type_)):
            raise KeyError(f"{name!r} has no {type_} records in the zone {domain}")

    def fail(self, domain: str) -> None:
        """From now on every question to this zone ends in a temporary failure."""
        self._failing = self._failing | {self._origin(domain)}
        self._known = {}

    def mend(self, domain: str) -> None:
        """The zone answers again."""
        self._failing = self._failing - {self._origin(domain)}
        self._known = {}

    def sign(self, domain: str) -> None:
        """Mark a zone as secured by DNSSEC. No signature is made or checked: the mark stands for
        an answer that a validating resolver has found good (RFC 4035, 4.3)."""
        self._signed = self._signed | {self._origin(domain)}

    def is_signed(self, name: str) -> bool:
        """Whether the zone of a name is marked as secured by DNSSEC."""
        try:
            return self._zone_of(dns.name.from_text(name)) in self._signed
        except dns.exception.DNSException:
            return False

    # Inside.

    def _query(self, name: str, type_: str) -> Query:
        known = self._known  # a change replaces it, so an old answer never gets into the new one
        query = known.get((name, type_))
        if query is None:
            query = self._find(name, type_)
            if len(known) >= MOST_KNOWN:
                known.clear()
            known[name, type_] = query
        return query

    def _find(self, name: str, type_: str) -> Query:
        try:
            wanted, rdtype = dns.name.from_text(name), dns.rdatatype.from_text(type_)
            for _ in range(MOST_ALIASES):
                origin = self._zone_of(wanted)
                if origin in self._failing:
                    return Query(name, type_, (), "temporary failure")
                if origin is None or not self._exists(wanted):
                    return Query(name, type_, (), "no such name")
                zone = self._read_zone(origin)
                found = zone.get_rdataset(wanted, rdtype)
                if found:
                    return Query(name, type_, tuple(record.to_text() for record in found))
                alias = zone.get_rdataset(wanted, dns.rdatatype.CNAME)
                if not alias:
                    return Query(name, type_, ())
                wanted = alias[0].target
        except dns.exception.DNSException:  # no DNS name at all: an over-long or empty label
            return Query(name, type_, (), "no such name")
        return Query(name, type_, (), "temporary failure")  # CNAME records in a circle

    def _exists(self, name: dns.name.Name) -> bool:
        origin = self._zone_of(name)
        if origin is None:
            return False
        zone = self._read_zone(origin)
        return name in zone.nodes or any(node.is_subdomain(name) for node in zone.nodes)

    def _zone_of(self, name: dns.name.Name) -> dns.name.Name | None:
        """The zone nearest above a name: www.example.org may have one of its own."""
        origins = [origin for origin in self._texts if name.is_subdomain(origin)]
        return max(origins, key=len) if origins else None

    def _read_zone(self, origin: dns.name.Name) -> dns.zone.Zone:
        zone = self._zones.get(origin)
        if zone is None:
            zone = self._zones.setdefault(origin, _read(origin, self._texts[origin]))
        return zone

    def _origin(self, domain: str) -> dns.name.Name:
        origin = _name(domain)
        if origin not in self._texts:
            there = ", ".join(known.to_text(omit_final_dot=True) for known in self._texts)
            raise KeyError(f"no zone {domain!r}; there are {there}")
        return origin

    def _remove(
        self, origin: dns.name.Name, name: dns.name.Name, type_: dns.rdatatype.RdataType
    ) -> bool:
        zone = _read(origin, self._texts[origin])  # a copy of our own
        found = zone.get_rdataset(name, type_) is not None
        if found:
            zone.delete_rdataset(name, type_)
            self.set(origin.to_text(), zone.to_text(relativize=False))
        return found


def _read(origin: dns.name.Name, text: str) -> dns.zone.Zone:
    return _or_value_error(
        lambda: dns.zone.from_text(text, origin=origin, relativize=False, check_origin=False),
        f"this is no zone file for {origin.to_text(omit_final_dot=True)}",
    )


def _name(domain: str) -> dns.name.Name:
    return _or_value_error(lambda: dns.name.from_text(domain), f"{domain!r} is no domain name")


def _type(type_: str) -> dns.rdatatype.RdataType:
    return _or_value_error(
        lambda: dns.rdatatype.from_text(type_), f"{type_!r} is no type of DNS record"
    )


def _or_value_error(action: Callable[[], _T], problem: str) -> _T:
    """dnspython's errors are many; ours is one sentence."""
    try:
        return action()
    except (dns.exception.DNSException, ValueError, OverflowError) as error:
        raise ValueError(f"{problem}: {error}") from None
