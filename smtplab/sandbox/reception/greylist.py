"""Greylisting: who comes back is let in, because most who spam do not come back (RFC 6647)."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from smtplab.sandbox.reception.switches import Switches

Triple = tuple[str, str, str]  # client address, reverse-path, forward-path (RFC 6647, 2)

MOST_TRIPLES = 10_000  # a client that invents reverse-paths must not fill the memory


@dataclass
class _Entry:
    first_seen: datetime
    last_passed: datetime | None = None


class Greylist:
    """The triples that were seen, and when, on the world clock."""

    def __init__(self) -> None:
        self._entries: OrderedDict[Triple, _Entry] = OrderedDict()

    def wait_of(self, triple: Triple, now: datetime, switches: Switches) -> timedelta | None:
        """How long a triple has to wait still; None where it may come in.

        >>> from smtplab.sandbox.clock import START
        >>> greylist, triple, switches = Greylist(), ("192.0.2.1", "a", "b"), Switches()
        >>> waits = [greylist.wait_of(triple, START + timedelta(minutes=m), switches)
        ...          for m in (0, 2, 5)]
        >>> [wait and wait.total_seconds() for wait in waits]
        [300.0, 180.0, None]
        """
        entry = self._entries.get(triple)
        if entry is None or self._has_expired(entry, now, switches):
            entry = self._entries[triple] = _Entry(now)
            self._entries.move_to_end(triple)
            if len(self._entries) > MOST_TRIPLES:
                self._entries.popitem(last=False)
        left = entry.first_seen + switches.greylist_wait - now
        if left > timedelta(0):
            return left
        entry.last_passed = now
        return None

    def _has_expired(self, entry: _Entry, now: datetime, switches: Switches) -> bool:
        if entry.last_passed is not None:
            return now - entry.last_passed > switches.greylist_remembers
        return now - entry.first_seen > switches.greylist_retry_within

    def __len__(self) -> int:
        return len(self._entries)
