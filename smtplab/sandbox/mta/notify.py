"""Who is to hear what: NOTIFY, and the reports that follow from it (RFC 3461, 4.1 and 5.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from smtplab.mail_object import Envelope, MailObject
from smtplab.replies import Reply
from smtplab.sandbox.mta.dsn import Entry, Report
from smtplab.sandbox.mta.outcome import Outcome

# RFC 3461, 4.1: without NOTIFY an MTA reports failures, and may report delays; this one does.
WITHOUT_NOTIFY = frozenset({"FAILURE", "DELAY"})

_DELIVERED = Reply(250, (b"2.0.0 Delivered here",))


def wishes(envelope: Envelope, forward_path: str) -> frozenset[str]:
    """What the sender wants to hear of a forward-path: SUCCESS, FAILURE, DELAY; empty for NEVER.

    >>> sorted(wishes(Envelope("a@example.org", ("b@example.net",)), "b@example.net"))
    ['DELAY', 'FAILURE']
    """
    notify = (envelope.recipient_parameters.get(forward_path) or {}).get("NOTIFY")
    if notify is None:
        return WITHOUT_NOTIFY
    return frozenset(word.upper() for word in notify.split(",")) - {"NEVER"}


@dataclass(frozen=True)
class Notifier:
    """Writes the reports of one host about one mail object."""

    host: str
    mail: MailObject
    arrived: datetime
    now: Callable[[], datetime]

    def failed(self, outcomes: Iterable[Outcome]) -> Report | None:
        return self._report("FAILURE", [self._entry("failed", one) for one in outcomes])

    def delayed(self, outcomes: Iterable[Outcome], until: datetime) -> Report | None:
        return self._report("DELAY", [self._entry("delayed", one) for one in outcomes], until)

    def succeeded(self, outcomes: Iterable[Outcome]) -> Report | None:
        """Of what was delivered here, and of what went on to a host that reports nothing."""
        entries = [
            self._entry("relayed" if one.remote else "delivered", one)
            for one in outcomes
            if not one.promises_dsn
        ]
        return self._report("SUCCESS", entries)

    def delivered_here(self, forward_paths: Iterable[str]) -> Report | None:
        return self.succeeded(Outcome(path, _DELIVERED) for path in forward_paths)

    def _entry(self, action: str, outcome: Outcome) -> Entry:
        return Entry(outcome.forward_path, action, outcome.reply, outcome.remote)

    def _report(
        self, wish: str, entries: list[Entry], until: datetime | None = None
    ) -> Report | None:
        """The report, or None where nobody is to hear of it: RFC 5321, 6.1 for the null path."""
        envelope = self.mail.envelope
        told = tuple(one for one in entries if wish in wishes(envelope, one.forward_path))
        if not told or not envelope.reverse_path:
            return None
        return Report(self.host, self.mail, told, (self.arrived, self.now()), until)
