"""What the submission host did with a mail object that the learner handed in (RFC 5321, 4.5.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from smtplab.lessons.evidence import Conversation, Evidence
from smtplab.lessons.steps import SUBMISSION
from smtplab.mail_object import MailObject
from smtplab.sandbox.header_section import Fields
from smtplab.transcript import Event, Kind


@dataclass(frozen=True)
class Relayed:
    """One mail object, and what its host told of it: attempts, look-ups, outcomes, in order."""

    mail: MailObject
    events: tuple[Event, ...]

    @property
    def results(self) -> list[str]:
        """One word an outcome: "deferred", "relayed", "failed", "given up" ..."""
        return [str(one.detail["result"]) for one in self.events if one.kind is Kind.OUTCOME]

    @property
    def connections(self) -> list[str]:
        """On which connection each of these came about; "" for none."""
        return [str(one.detail["via"]) for one in self.events if one.kind is Kind.OUTCOME]

    def mail_hosts(self, domain: str) -> list[tuple[int, str]]:
        """What the DNS said last about the MX of a domain, best first."""
        found = [
            one.detail["records"]
            for one in self.events
            if one.kind is Kind.LOOKED_UP
            and (one.detail["name"], one.detail["type"]) == (domain, "MX")
        ]
        records = found[-1] if found else []
        assert isinstance(records, list)
        pairs = (str(record).split() for record in records)
        return sorted((int(number), host.rstrip(".").lower()) for number, host in pairs)


def relayed(evidence: Evidence, one: Conversation, forward_path: str) -> list[Relayed]:
    """What a conversation handed in for one recipient alone, and what became of it."""
    mails = {_named(mail): mail for mail in one.accepted() if one.host == SUBMISSION}
    return [
        Relayed(mails[named], told)
        for named, told in _told_of(evidence)
        if named in mails
        and [path.lower() for path in named[1]] == [forward_path]
        and told[0].detail["via"] == one.connection
    ]


_Named = tuple[str, tuple[str, ...], str]  # reverse-path, forward-paths, Subject


def _named(mail: MailObject) -> _Named:
    envelope = mail.envelope
    return envelope.reverse_path, envelope.forward_paths, Fields(mail.content).get("Subject")


def _trail(evidence: Evidence) -> tuple[Event, ...]:
    """What the hosts told; nothing at all if somebody else has written between their lines.

    The hosts share one recorder, which counts. A second one begins its own count.
    """
    told = tuple(
        event
        for event in evidence.sandbox.transcript.events
        if (event.connection, event.end) == ("", "server")
    )
    in_order = all(event.seq == n for n, event in enumerate(told, told[0].seq if told else 0))
    return told if in_order else ()


def _told_of(evidence: Evidence) -> Iterator[tuple[_Named, tuple[Event, ...]]]:
    """Each mail object that came in from outside, by its marks, with all that its host told."""
    by_id: dict[object, list[Event]] = {}
    for event in _trail(evidence):
        if event.detail.get("host") == SUBMISSION and "id" in event.detail:
            by_id.setdefault(event.detail["id"], []).append(event)
    for events in by_id.values():
        first = events[0]
        if first.kind is Kind.ACCEPTED:
            detail = first.detail
            paths = detail["forward_paths"]
            assert isinstance(paths, list)
            marks = str(detail["reverse_path"]), tuple(paths), str(detail["subject"])
            yield marks, tuple(events)
