"""Hosts: what a mail server of the sandbox knows, lets in, and does with what it accepted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from smtplab.grammar import Path, parse_path, unquoted
from smtplab.mail_object import MailObject
from smtplab.replies import Reply
from smtplab.sandbox import srs
from smtplab.sandbox.auth import Directory
from smtplab.sandbox.faults import magic
from smtplab.sandbox.little_internet import ROLE_NAMES, Account
from smtplab.sandbox.mailboxes import Mailbox, StoredMail
from smtplab.sandbox.mta.dsn import Report
from smtplab.sandbox.mta.notify import Notifier
from smtplab.sandbox.mta.outcome import Outcome
from smtplab.sandbox.policy import Policy
from smtplab.sandbox.queue import Queue
from smtplab.sandbox.reception.delivery_verdict import DeliveryVerdict
from smtplab.sandbox.reception.desk import Reception
from smtplab.sandbox.reception.forged_results import without_forged
from smtplab.sandbox.reception.recipients import full
from smtplab.sandbox.redirects import (
    AddressBook,
    Alias,
    Expansion,
    Locality,
    Redirect,
    expand,
    is_redirected,
)
from smtplab.sandbox.signing import signature
from smtplab.sandbox.store.memory import Numbers
from smtplab.sandbox.trace import received, return_path
from smtplab.sandbox.trail import Origin, Place, Trail


@dataclass(frozen=True)
class Arrival:
    """How a mail object came in: what the Received header field tells (RFC 5321, 4.4)."""

    ehlo_name: str
    source: str  # the address that the client came from
    protocol: str  # SMTP, ESMTP, ESMTPS, ESMTPA or ESMTPSA (RFC 3848)
    connection: str = ""  # as the transcript names it


@dataclass
class MailHost:
    """One mail server: MSA and MTA of its users, MX and MDA of its domains."""

    name: str
    domains: tuple[str, ...]
    mailboxes: dict[str, Mailbox]
    accounts: dict[str, Account]
    directory: Directory
    now: Callable[[], datetime]  # the world's time
    stamp: Callable[[], str]  # the same as a header field writes it
    queue: Queue
    delivered: Callable[[Place, str, str, StoredMail], None]
    reception: Reception
    trail: Trail
    book: AddressBook
    policy: Policy = field(default_factory=Policy)
    taken: Callable[[MailObject, Arrival], None] = lambda mail, arrival: None  # who watches
    errors: list[Exception] = field(default_factory=list)
    certificate: bytes = b""  # in DER; empty without TLS
    numbers: Numbers = field(default_factory=Numbers)

    def knows(self, username: str, password: str) -> bool:
        return self.directory.with_password(username, password) is not None

    def is_local(self, domain: str) -> bool:
        return not domain or domain.lower() in self.domains or bool(self.policy.catch_all)

    def mailbox_of(self, path: Path) -> Mailbox | None:
        """The mailbox that mail for `path` lands in; postmaster needs no domain."""
        domain = path.domain.lower() or self.domains[0]
        local_part = unquoted(path.local_part).lower()
        if local_part in ROLE_NAMES and domain in self.domains:
            return self.mailboxes[f"postmaster@{domain}"]
        if domain == magic.DOMAIN and domain in self.domains and magic.is_magic(local_part):
            return self.mailboxes[f"postmaster@{domain}"]
        found = self.mailboxes.get(f"{local_part}@{domain}")
        return found or self.mailboxes.get(self.policy.catch_all)

    def takes(self, path: Path) -> bool:
        """Whether mail for `path`, at a domain of this host, has a mailbox or goes on from here."""
        return self.mailbox_of(path) is not None or self.goes_on(path.mailbox)

    def members(self, name: str) -> tuple[str, ...]:
        """Who gets what is sent to an alias or a list here: what EXPN may tell; () for none."""
        return self.book.members(name) if self.is_local(name.rpartition("@")[2]) else ()

    def goes_on(self, name: str, content: bytes = b"") -> bool:
        """Whether mail for a name of ours goes on to others (RFC 5321, 3.9)."""
        return is_redirected(content, name, self._locality)

    def expand(self, mail: MailObject, name: str) -> Expansion:
        return expand(mail, name, self._locality)

    @cached_property
    def _locality(self) -> Locality:
        def is_local(name: str) -> bool:
            return self.is_local(name.rpartition("@")[2])

        def mailbox(name: str) -> Mailbox | None:
            return self.mailbox_of(parse_path(f"<{name}>")[0]) if is_local(name) else None

        def find(name: str) -> Redirect | None:
            """Somebody who has moved and has mail sent on is an alias, too (3.9.1)."""
            if (entry := self.book.find(name)) is not None:
                return entry
            found = mailbox(name)
            if found is None or not found.terms.forwards:
                return None
            return Alias(name, (found.terms.moved_to,))

        def has_mailbox(name: str) -> bool:
            found = mailbox(name)
            return found is not None and not found.terms.forwards

        def rewrite(reverse_path: str) -> str:
            if is_local(reverse_path) or not self.policy.rewrites_reverse_path:
                return reverse_path
            return srs.rewrite(reverse_path, self.domains[0], self.now())

        def unwrap(forward_path: str) -> str | None:
            return srs.reverse(forward_path, self.now()) if is_local(forward_path) else None

        return Locality(find, is_local, has_mailbox, rewrite, unwrap)

    # What comes in.

    def submit(self, mail: MailObject, arrival: Arrival) -> str:
        """Take a mail object from a user; it waits in the queue. Returns its queue id."""
        self.taken(mail, arrival)
        signed = b""
        if self.policy.reception.signing and self.domains:
            signed = signature(mail.content, self.domains[0], self.reception.now())
        queue_id = self.queue.next_id(self.name)
        self.trail.accepted(Place(self.name, queue_id), mail, arrival.connection)
        trace = received(self.name, arrival, queue_id, self.stamp())
        traced = MailObject(mail.envelope, b"".join((trace, signed, mail.content)))
        return self.queue.put(self.name, queue_id, traced)

    def store(
        self, mail: MailObject, paths: list[Path], arrival: Arrival, verdict: DeliveryVerdict
    ) -> str:
        """Final delivery of a mail object that came in and was judged; returns its id.

        What goes on from here waits in the queue under the same id.
        """
        mail_id = f"m{self.numbers.next(self.name)}"
        self.trail.accepted(Place(self.name, mail_id), mail, arrival.connection)
        if self.policy.reception.remove_forged_results:
            mail = MailObject(mail.envelope, without_forged(mail.content, self.name)[0])
        front = _results(verdict) + received(self.name, arrival, mail_id, self.stamp())
        going_on = [path for path in paths if self.goes_on(path.mailbox, mail.content)]
        if going_on:
            names = {path.mailbox.lower(): path.mailbox for path in going_on}
            traced = MailObject(mail.envelope, front + mail.content)
            self.queue.put(self.name, mail_id, traced, list(names.values()))
        staying = [path for path in paths if path not in going_on]
        front = return_path(mail.envelope.reverse_path) + front
        stored = StoredMail(mail.envelope, mail.content, front, verdict=verdict)
        by_mailbox = {id(self.mailbox_of(path)): path for path in staying}
        for path in by_mailbox.values():  # one copy each
            if (refusal := self.refusal_of(path, len(mail.content))) is None:
                self._lay_down(stored, path, mail_id)
            else:  # others had room, so the content was taken: the sender hears of this one
                self._tell_sender(stored, path, refusal, mail_id)
        if mail.envelope.recipient_parameters:  # RFC 3461, 5.2.3: one may ask to hear of success
            report = self._notifier(mail).delivered_here(path.mailbox for path in staying)
            self._send(report, mail_id)
        return mail_id

    def refusal_of(self, path: Path, octets: int) -> Reply | None:
        """Why final delivery of a content of so many octets cannot be; None if it can."""
        mailbox = self.mailbox_of(path)
        if mailbox is None:
            return Reply(550, (b"5.1.1 No such mailbox here",))
        if mailbox.has_room_for(octets):
            return None
        code, _, text = full(self.reception, mailbox.name).partition(" ")
        return Reply(int(code), (text.encode(),))

    def deliver(self, mail: MailObject, path: Path, mail_id: str) -> None:
        """Lay a mail object into the Inbox, with its Return-Path (RFC 5321, 4.4)."""
        front = return_path(mail.envelope.reverse_path)
        self._lay_down(StoredMail(mail.envelope, mail.content, front), path, mail_id)

    def _lay_down(self, stored: StoredMail, path: Path, mail_id: str) -> None:
        """All mailboxes share the octets: a content may be large, and they be many."""
        mailbox = self.mailbox_of(path)
        if mailbox is None:
            raise KeyError(path.mailbox)
        folder = stored.verdict.outcome if stored.verdict is not None else "Inbox"
        lying = mailbox.store(folder, stored)
        self.delivered(Place(self.name, mail_id), mailbox.name, folder, lying)

    # What a host makes of a mail object waits in its queue, too.

    def _tell_sender(self, stored: StoredMail, path: Path, reply: Reply, mail_id: str) -> None:
        """A DSN about one recipient of several; there is none about a DSN (RFC 5321, 6.1)."""
        if not stored.envelope.reverse_path:
            self._lay_down(stored, Path("postmaster", self.domains[0]), mail_id)
            return
        mail = MailObject(stored.envelope, _without_return_path(stored))
        self._send(self._notifier(mail).failed([Outcome(path.mailbox, reply)]), mail_id)

    def _notifier(self, mail: MailObject) -> Notifier:
        return Notifier(self.name, mail, self.now(), self.now)

    def _send(self, report: Report | None, mail_id: str) -> None:
        if report is not None:
            place = Place(self.name, self.queue.next_id(self.name, mail_id))
            mail = report.mail_object(place.id)
            self.trail.queued(place, mail, Origin(mail_id, "report"))
            self.queue.put(self.name, place.id, mail)

    def report(self, error: Exception) -> None:
        """Keep an error of ours; the client was told 451, `sandbox.errors` has the rest."""
        self.errors.append(error)


def _without_return_path(stored: StoredMail) -> bytes:
    """As it goes on to another host, which writes a Return-Path of its own (RFC 5321, 4.4)."""
    own = return_path(stored.envelope.reverse_path)
    return stored.front.removeprefix(own) + stored.accepted


def _results(verdict: DeliveryVerdict) -> bytes:
    """Our own result fields; they stand above all that came from outside (RFC 8601, 4.1 and 5).

    The score has one of its own, since RFC 8601 knows no method of that kind, and only where it
    decided: else each stored content would begin with it.
    """
    octets = verdict.checks.field.octets() if verdict.checks is not None else b""
    if verdict.score is not None and verdict.rule == "content score":
        octets += f"X-Content-Score: {verdict.score}\r\n".encode("ascii")
    return octets
