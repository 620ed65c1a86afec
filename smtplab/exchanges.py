"""Which hosts take mail for a domain, by the real DNS (RFC 5321, 5.1; RFC 7505)."""

from __future__ import annotations

from typing import NamedTuple

from smtplab.errors import ConnectionLost, LocalProtocolError
from smtplab.transcript.passage import is_practice_host

LIFETIME = 10.0  # seconds for all questions to the name servers


class Exchange(NamedTuple):
    """One MX record: the lower its preference, the sooner the host is tried."""

    preference: int
    host: str


def mail_exchanges(domain: str, *, real: bool = False) -> tuple[Exchange, ...]:
    """The hosts that take mail for a domain, best first; () if it wants none (RFC 7505, 3).

    It asks the name servers of this machine, so `real=True` is needed, as for `Client.connect`.
    A domain without MX records is its own host (RFC 5321, 5.1). Raises `ConnectionLost` where
    nobody can say, or where the domain does not exist; `LocalProtocolError` for a reserved name.
    """
    if is_practice_host(domain):
        raise LocalProtocolError(
            f"{domain} is a reserved name; in the sandbox ask sandbox.zones.mail_hosts({domain!r})"
        )
    if not real:
        raise LocalProtocolError(
            f"{domain} is looked up in the real DNS; pass real=True if you mean that"
        )
    import dns.exception
    import dns.resolver

    try:
        answer = dns.resolver.resolve(domain, "MX", lifetime=LIFETIME)
    except dns.resolver.NXDOMAIN:
        raise ConnectionLost(f"the domain {domain} does not exist; check the spelling") from None
    except dns.resolver.NoAnswer:
        return (Exchange(0, domain),)
    except dns.exception.DNSException as error:
        raise ConnectionLost(
            f"the name servers did not say who takes mail for {domain} "
            f"({type(error).__name__}); is this machine online?"
        ) from None
    found = sorted(Exchange(one.preference, one.exchange.to_text().rstrip(".")) for one in answer)
    return tuple(exchange for exchange in found if exchange.host)
