"""Which hosts take mail for a domain: MX, A, null MX, and the way out of loops (RFC 5321, 5.1)."""

from __future__ import annotations

from dataclasses import dataclass

from smtplab.replies import Reply
from smtplab.sandbox.dns import Exchange, Zones
from smtplab.sandbox.mta.outcome import refusal
from smtplab.sandbox.verdict.lookups import NoSuchName, TemporaryFailure


@dataclass(frozen=True)
class NextHop:
    """A host to try, with its addresses, and the domain on whose behalf."""

    host: str
    addresses: tuple[str, ...]
    domain: str


class NoRoute(Exception):
    """There is no host to try; `reply` says why, and whether that may change."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply))
        self.reply = reply


@dataclass(frozen=True)
class Sender:
    """The host that asks: by either mark it knows itself in a list of mail hosts."""

    name: str
    address: str


def next_hops(zones: Zones, domain: str, sender: Sender) -> tuple[NextHop, ...]:
    """The hosts to try, best first; raises `NoRoute`.

    A sender that is in the list itself tries only hosts that are preferred to it: else two
    backups could send to each other for ever (RFC 5321, 5.1).
    """
    exchanges = _exchanges(zones, domain)
    found: list[tuple[int, NextHop]] = []
    own: int | None = None  # the sender's own preference
    is_failing = False
    for exchange in exchanges:
        try:
            addresses = zones.addresses(exchange.host)
        except NoSuchName:
            addresses = ()
        except TemporaryFailure:
            addresses, is_failing = (), True
        if exchange.host == sender.name or sender.address in addresses:
            own = exchange.preference
            break
        if addresses:
            found.append((exchange.preference, NextHop(exchange.host, addresses, domain)))
    hops = tuple(hop for preference, hop in found if own is None or preference < own)
    if hops:
        return hops
    names = ", ".join(exchange.host for exchange in exchanges)
    if is_failing:
        raise NoRoute(refusal(451, f"4.4.3 The DNS cannot say the address of {names} now"))
    if own is not None:  # named as the best host, and it does not know the domain
        raise NoRoute(refusal(550, f"5.4.6 Mail for {domain} loops back to {sender.name}"))
    # RFC 5321, 5.1: MX records of which none can be used are an error, and A is not looked at.
    raise NoRoute(refusal(550, f"5.4.4 No mail host of {domain} has an address: {names}"))


def _exchanges(zones: Zones, domain: str) -> tuple[Exchange, ...]:
    try:
        exchanges = zones.mail_hosts(domain)
    except NoSuchName:
        raise NoRoute(refusal(550, f"5.1.2 The domain {domain} does not exist")) from None
    except TemporaryFailure:
        raise NoRoute(
            refusal(451, f"4.4.3 The DNS cannot say now who takes mail for {domain}")
        ) from None
    if not exchanges:
        raise NoRoute(refusal(550, f"5.1.2 No host takes mail for {domain}"))
    if all(not exchange.host for exchange in exchanges):  # RFC 7505, 3 and 4.1; RFC 7504 has 556
        raise NoRoute(refusal(556, f"5.1.10 {domain} takes no mail: it has a null MX"))
    return tuple(exchange for exchange in exchanges if exchange.host)
