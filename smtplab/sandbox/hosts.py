"""Hosts: what a mail server of the sandbox knows, lets in, and does with what it accepted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from smtplab.grammar import Path, parse_path
from smtplab.mail_object import MailObject
from smtplab.sandbox import srs
from smtplab.sandbox.little_internet import ROLE_NAMES, Account
from smtplab.sandbox.mailboxes import Mailbox, StoredMail
from smtplab.sandbox.policy import Policy
from smtplab.sandbox.queue import Queue
from smtplab.sandbox.redirects import AddressBook, Expansion, Locality, expand, is_redirected
from smtplab.sandbox.trace import received, return_path
from smtplab.sandbox.trail import Place, Trail


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
    stamp: Callable[[], str]  # the world's time as a header field writes it
    queue: Queue
    delivered: Callable[[Place, str, str, StoredMail], None]
    trail: Trail
    book: AddressBook
    now: Callable[[], datetime]
    policy: Policy = field(default_factory=Policy)
    errors: list[Exception] = field(default_factory=list)
    _stored: int = 0

    def knows(self, username: str, password: str) -> bool:
        account = self.accounts.get(username)
        return account is not None and account.password == password

    def is_local(self, domain: str) -> bool:
        return not domain or domain.lower() in self.domains

    def mailbox_of(self, path: Path) -> Mailbox | None:
        """The mailbox that mail for `path` lands in; postmaster needs no domain."""
        domain = path.domain.lower() or self.domains[0]
        local_part = path.local_part.strip('"').lower()
        if local_part in ROLE_NAMES and domain in self.domains:
            return self.mailboxes[f"postmaster@{domain}"]
        return self.mailboxes.get(f"{local_part}@{domain}")

    def takes(self, path: Path) -> bool:
        """Whether mail for `path`, at a domain of this host, has a mailbox or goes on from here."""
        return self.mailbox_of(path) is not None or self.goes_on(path.mailbox)

    def members(self, name: str) -> tuple[str, ...]:
        """Who gets what is sent to an alias or a list here: what EXPN may tell; () for none."""
        return self.book.members(name) if self.is_local(name.rpartition("@")[2]) else ()

    def goes_on(self, name: str, content: bytes = b"") -> bool:
        """Whether mail for a name of ours goes on to others (RFC 5321, 3.9)."""
        return is_redirected(content, name, self._locality())

    def expand(self, mail: MailObject, name: str) -> Expansion:
        return expand(mail, name, self._locality())

    def _locality(self) -> Locality:
        def is_local(name: str) -> bool:
            return self.is_local(name.rpartition("@")[2])

        def has_mailbox(name: str) -> bool:
            return is_local(name) and self.mailbox_of(parse_path(f"<{name}>")[0]) is not None

        def rewrite(reverse_path: str) -> str:
            if is_local(reverse_path) or not self.policy.rewrites_reverse_path:
                return reverse_path
            return srs.rewrite(reverse_path, self.domains[0], self.now())

        def unwrap(forward_path: str) -> str | None:
            return srs.reverse(forward_path, self.now()) if is_local(forward_path) else None

        return Locality(self.book, is_local, has_mailbox, rewrite, unwrap)

    def submit(self, mail: MailObject, arrival: Arrival) -> str:
        """Take a mail object from a user; it waits in the queue. Returns its queue id."""
        queue_id = self.queue.next_id(self.name)
        self.trail.accepted(Place(self.name, queue_id), mail, arrival.connection)
        return self.queue.put(self.name, queue_id, self._traced(mail, arrival, queue_id))

    def store(self, mail: MailObject, paths: list[Path], arrival: Arrival) -> str:
        """Final delivery of a mail object that came in; returns its id.

        What goes on from here waits in the queue under the same id.
        """
        self._stored += 1
        mail_id = f"m{self._stored}"
        trace = received(self.name, arrival, mail_id, self.stamp())
        self.trail.accepted(Place(self.name, mail_id), mail, arrival.connection)
        going_on = [path for path in paths if self.goes_on(path.mailbox, mail.content)]
        if going_on:
            traced = MailObject(mail.envelope, trace + mail.content)
            names = {path.mailbox.lower(): path.mailbox for path in going_on}
            self.queue.put(self.name, mail_id, traced, list(names.values()))
        staying = [path for path in paths if path not in going_on]
        by_mailbox = {id(self.mailbox_of(path)): path for path in staying}
        self._lay_down(list(by_mailbox.values()), mail, (mail_id, trace))  # one copy each
        return mail_id

    def deliver(self, mail: MailObject, path: Path, mail_id: str) -> None:
        """Lay a mail object into the Inbox, with its Return-Path (RFC 5321, 4.4)."""
        self._lay_down([path], mail, (mail_id, b""))

    def _lay_down(self, paths: list[Path], mail: MailObject, mark: tuple[str, bytes]) -> None:
        """All mailboxes share the octets: a content may be large, and they be many."""
        mail_id, trace = mark
        front = return_path(mail.envelope.reverse_path) + trace
        stored = StoredMail(mail.envelope, mail.content, front)
        for path in paths:
            mailbox = self.mailbox_of(path)
            if mailbox is None:
                raise KeyError(path.mailbox)
            mailbox.store("Inbox", stored)
            self.delivered(Place(self.name, mail_id), mailbox.name, "Inbox", stored)

    def report(self, error: Exception) -> None:
        """Keep an error of ours; the client was told 451, `sandbox.errors` has the rest."""
        self.errors.append(error)

    def _traced(self, mail: MailObject, arrival: Arrival, mail_id: str) -> MailObject:
        stamp = received(self.name, arrival, mail_id, self.stamp())
        return MailObject(mail.envelope, stamp + mail.content)
