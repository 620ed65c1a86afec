"""A DNS blocklist and what gets an address onto it (RFC 5782)."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import IPv4Address

from smtplab.sandbox.dns import Zones

ZONE = "dnsbl.example"
LISTED_AFTER = 10  # mail objects relayed for strangers …
WITHIN = timedelta(hours=1)  # … in this time of the world clock
PUBLISHED_AFTER = timedelta(minutes=10)  # when the list's next edition comes out

# RFC 5782, 5: always listed, so that a client can see that the list works.
TEST_ENTRY = "127.0.0.2"
_EMPTY = """$TTL 3600
@         IN SOA ns postmaster 1 7200 900 1209600 3600
@         IN NS  ns
2.0.0.127 IN A   127.0.0.2
2.0.0.127 IN TXT "a test entry"
"""


class Blocklist:
    """The addresses that the operator of the list has seen sending spam."""

    def __init__(self, zones: Zones, zone: str = ZONE) -> None:
        self._zones, self.zone = zones, zone

    def __repr__(self) -> str:
        names = re.findall(r"(?m)^(\d+(?:\.\d+){3})\s+IN A\s", self._text())
        # Whatever stands in the zone is shown: somebody may have written it by hand.
        listed = [_reversed(name) for name in names if name != self.name(TEST_ENTRY)]
        return f"<Blocklist {self.zone}: {', '.join(listed) or 'nobody is listed'}>"

    def add(self, address: str, why: str) -> None:
        """List an IPv4 address: an A record, and a TXT record that says why (RFC 5782, 2.1)."""
        if not re.fullmatch(r"[ -!#-\[\]-~]*", why):  # neither quote nor backslash
            raise ValueError(f"a reason is printable ASCII without quotes, not {why!r}")
        name = self.name(address)
        records = f'{name} IN A 127.0.0.2\n{name} IN TXT "{why}"\n'
        self._zones.set(self.zone, self._without(name).rstrip() + "\n" + records)

    def remove(self, address: str) -> None:
        """Take an address off the list; one that is not on it stays off."""
        self._zones.set(self.zone, self._without(self.name(address)))

    def reason(self, address: str) -> str | None:
        """Why an address is listed; None if it is not. Asks no DNS, so it leaves no trace."""
        found = re.search(rf'(?m)^{re.escape(self.name(address))}\s+IN TXT "(.*)"$', self._text())
        return found[1] if found else None

    @staticmethod
    def name(address: str) -> str:
        """The octets in reverse order (RFC 5782, 2.1).

        >>> Blocklist.name("192.0.2.66")
        '66.2.0.192'
        """
        return _reversed(str(IPv4Address(address)))

    def _text(self) -> str:
        try:
            return self._zones.text(self.zone)
        except KeyError:
            return _EMPTY

    def _without(self, name: str) -> str:
        lines = self._text().splitlines(keepends=True)
        return "".join(line for line in lines if line.split()[:1] != [name])


def _reversed(name: str) -> str:
    return ".".join(reversed(name.split(".")))


class SpamWatch:
    """Notices a host that relays for strangers, and has it listed with the next edition.

    Not at once: how much of the spam has gone out by then would depend on threads.
    """

    def __init__(self, blocklist: Blocklist, address: str, now: Callable[[], datetime]) -> None:
        self._blocklist, self._address, self._now = blocklist, address, now
        self._seen: deque[datetime] = deque(maxlen=LISTED_AFTER)
        self._next_edition: datetime | None = None

    def relayed(self) -> None:
        """One more mail object went through the host for a stranger."""
        now = self._now()
        self._seen.append(now)
        if len(self._seen) == LISTED_AFTER and now - self._seen[0] <= WITHIN:
            self._next_edition = self._next_edition or now + PUBLISHED_AFTER

    def publish(self) -> None:
        """The world clock has moved: bring out the next edition if its time has come."""
        if self._next_edition is not None and self._now() >= self._next_edition:
            self._next_edition = None
            why = f"open relay, see http://{self._blocklist.zone}/{self._address}"
            self._blocklist.add(self._address, why)
