"""The TXT records of a verdict, to be read and changed: SPF, DKIM key, DMARC (RFC 1035, 3.3.14)."""

from __future__ import annotations

from dataclasses import dataclass, field

import dns.zone

from smtplab.sandbox import Sandbox
from smtplab.sandbox.verdict.lookups import joined

LONGEST = 255  # octets of one character-string (RFC 1035, 3.3); a record holds several
MOST_OCTETS = 4_000  # of all records that one field of the page may hold


@dataclass
class Records:
    """The TXT records at some names; `put_back` undoes every change that was made here."""

    sandbox: Sandbox
    _before: dict[str, str] = field(default_factory=dict)  # zone files as they were

    def text(self, name: str) -> str:
        """The TXT records at a name, one a line; "" if there are none.

        Read from the zone file: the log of look-ups is for what the servers ask.
        """
        zones = self.sandbox.zones
        try:
            origin = zones.zone_of(name)
        except (KeyError, ValueError):  # nobody's zone, or no domain name
            return ""
        zone = dns.zone.from_text(
            zones.text(origin), origin=f"{origin}.", relativize=False, check_origin=False
        )
        found = zone.get_rdataset(f"{name}.", "TXT")
        return "\n".join(joined(record.to_text()) for record in found or ())

    def publish(self, name: str, text: str) -> bool:
        """Put one record a line at a name; False if they stand there already.

        `KeyError` if no zone holds the name, `ValueError` if the text cannot be a record.
        """
        if text.strip() == self.text(name).strip():
            return False
        if len(text) > MOST_OCTETS or not text.isascii():
            raise ValueError(f"TXT records for {name}: ASCII, and at most {MOST_OCTETS} octets")
        zones = self.sandbox.zones
        zone = zones.zone_of(name)
        before = zones.text(zone)
        lines = [record_line(name, line) for line in text.splitlines() if line.strip()]
        try:
            if self.text(name):
                zones.remove(zone, f"{name}.", "TXT")
            if lines:
                zones.add(zone, "\n".join(lines))
        except (ValueError, KeyError):
            zones.set(zone, before)
            raise
        self._before.setdefault(zone, before)
        return True

    def put_back(self) -> tuple[str, ...]:
        """Every zone that was changed here as it was; their domains."""
        changed = tuple(self._before)
        for zone, text in self._before.items():
            self.sandbox.zones.set(zone, text)
        self._before.clear()
        return changed


def record_line(name: str, text: str) -> str:
    r"""A line of a zone file, its text in character-strings that fit (RFC 1035, 3.3 and 5.1).

    >>> record_line("example.org", 'v=spf1 "a" -all')
    'example.org. IN TXT "v=spf1 \\"a\\" -all"'
    >>> record_line("example.org", "x" * 300).count('"')
    4
    """
    parts = [text[at : at + LONGEST] for at in range(0, len(text), LONGEST)]
    strings = (f'"{"".join(map(_escaped, part))}"' for part in parts)
    return f"{name}. IN TXT {' '.join(strings)}"


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return char if " " <= char <= "~" else f"\\{ord(char):03d}"
