"""The rules for connecting, greeting, and naming a reverse-path (RFC 5321, 3.1, 4.1.4 and 3.3)."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from smtplab.sandbox.reception.visit import Rule, Visit
from smtplab.sandbox.verdict.lookups import NoSuchName, TemporaryFailure, joined, shown

if TYPE_CHECKING:
    from smtplab.sandbox.reception.desk import Reception


def _connections(desk: Reception, visit: Visit) -> str | None:
    most, by_one = desk.switches.connections, desk.switches.connections_per_source
    if most is None and by_one is None:
        return None
    addresses = desk.open_addresses()
    if by_one is not None and addresses.count(visit.address) > by_one:
        return f"421 4.7.0 Too many connections from {visit.address}; {by_one} may be open at once"
    if most is not None and len(addresses) > most:
        return f"421 4.3.2 Too many connections; {most} may be open at once"
    return None


def listing(desk: Reception, address: str, zone: str) -> str | None:
    """Why a DNS blocklist has an address; None where it has not (RFC 5782, 2.1)."""
    reversed_name = ipaddress.ip_address(address).reverse_pointer
    name = f"{reversed_name.removesuffix('.in-addr.arpa').removesuffix('.ip6.arpa')}.{zone}"
    if not any(record.startswith("127.") for record in desk.zones.look_up(name, "A")):
        return None
    reasons = desk.zones.look_up(name, "TXT")
    return shown(joined(reasons[0])) if reasons else "no reason is given"


def _blocklist(desk: Reception, visit: Visit) -> str | None:
    zone = desk.switches.blocklist
    if not zone:
        return None
    reason = listing(desk, visit.address, zone)
    if reason is None:
        visit.note(f"{visit.address} is not listed at {zone}.", "RFC 5782, 2.1")
        return None
    return f"554 5.7.1 {visit.address} is listed at {zone}: {reason}"


def _own_name(desk: Reception, visit: Visit) -> str | None:
    if desk.switches.refuse_own_name and visit.ehlo_name.lower() == desk.host:
        return f"550 5.7.1 {desk.host} is this server, and you are not"
    return None


def _rate(desk: Reception, visit: Visit) -> str | None:
    most = desk.switches.messages_an_hour
    if most is None:
        return None
    now = desk.now()
    if desk.rates.within_hour(visit.who, now) >= most:
        free = desk.rates.free_again(visit.who)
        when = f"; try again after {free:%H:%M}" if free is not None else ""
        return f"450 4.7.1 {visit.who} has sent {most} messages within an hour{when}"
    desk.rates.count(visit.who, now, most)
    return None


def _unknown_domain(desk: Reception, visit: Visit) -> str | None:
    domain = visit.reverse_path.rpartition("@")[2]
    if not desk.switches.refuse_unknown_domains or not domain or domain.startswith("["):
        return None
    try:
        exchanges = desk.zones.mail_hosts(domain)
    except NoSuchName:
        exchanges = ()
    except TemporaryFailure:
        return f"451 4.4.3 Nobody can say now who takes mail for {domain}"
    if any(exchange.host for exchange in exchanges):
        return None
    if exchanges:  # RFC 7505, 4.2
        return f"550 5.7.27 {domain} takes no mail, so no reply could reach you"
    return f"550 5.1.8 Nobody takes mail for {domain}, so no reply could reach you"


CONNECT = (
    Rule(
        "connection limit",
        "A host keeps only so many connections open at once, so that one client cannot keep the "
        "others out.",
        "RFC 5321, 7.8",
        _connections,
    ),
    Rule(
        "blocklist",
        "A DNS zone lists addresses that were seen sending spam: the octets of the address in "
        "reverse order, then the zone's name. An A record there means that it is listed.",
        "RFC 5782, 2.1",
        _blocklist,
    ),
)
EHLO = (
    Rule(
        "own name",
        "A client that greets a server with the server's own name is lying. Any other name must "
        "not be a reason to refuse.",
        "RFC 5321, 4.1.4",
        _own_name,
    ),
)
MAIL = (
    Rule(
        "rate limit",
        "One address, or one user, may start only so many mail transactions within an hour of "
        "the world clock.",
        "RFC 5321, 7.8",
        _rate,
    ),
    Rule(
        "unknown domain",
        "A report of failure could never reach a reverse-path whose domain has neither MX nor A.",
        "RFC 5321, 3.6.2 and 7.9; RFC 7505, 4.2",
        _unknown_domain,
    ),
)
