"""Hosts: what a mail server of the sandbox knows, lets in, and does with what it accepted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from smtplab.grammar import Path
from smtplab.mail_object import MailObject
from smtplab.sandbox.auth import Directory
from smtplab.sandbox.faults import magic
from smtplab.sandbox.little_internet import ROLE_NAMES, Account
from smtplab.sandbox.mailboxes import Mailbox, StoredMail
from smtplab.sandbox.policy import Policy
from smtplab.sandbox.queue import Queue
from smtplab.sandbox.store.memory import Numbers
from smtplab.sandbox.trace import received, return_path


@dataclass(frozen=True)
class Arrival:
    """How a mail object came in: what the Received header field tells (RFC 5321, 4.4)."""

    ehlo_name: str
    source: str  # the address that the client came from
    protocol: str  # SMTP, ESMTP, ESMTPS, ESMTPA or ESMTPSA (RFC 3848)


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
    delivered: Callable[[str, str, StoredMail], None]
    policy: Policy = field(default_factory=Policy)
    taken: Callable[[MailObject, Arrival], None] = lambda mail, arrival: None  # who watches
    errors: list[Exception] = field(default_factory=list)
    certificate: bytes = b""  # in DER; empty without TLS
    numbers: Numbers = field(default_factory=Numbers)

    def knows(self, username: str, password: str) -> bool:
        return self.directory.with_password(username, password) is not None

    def is_local(self, domain: str) -> bool:
        return not domain or domain.lower() in self.domains

    def mailbox_of(self, path: Path) -> Mailbox | None:
        """The mailbox that mail for `path` lands in; postmaster needs no domain."""
        domain = path.domain.lower() or self.domains[0]
        local_part = path.local_part.strip('"').lower()
        if local_part in ROLE_NAMES and domain in self.domains:
            return self.mailboxes[f"postmaster@{domain}"]
        if domain == magic.DOMAIN and domain in self.domains and magic.is_magic(local_part):
            return self.mailboxes[f"postmaster@{domain}"]
        return self.mailboxes.get(f"{local_part}@{domain}")

    def members(self, name: str) -> tuple[str, ...]:
        """Who is on a mailing list of this host, for EXPN; () if there is no such list."""
        return ()

    def submit(self, mail: MailObject, arrival: Arrival) -> str:
        """Take a mail object from a user; it waits in the queue. Returns its queue id."""
        self.taken(mail, arrival)
        return self.queue.put(lambda queue_id: self._traced(mail, arrival, queue_id))

    def store(self, mail: MailObject, paths: list[Path], arrival: Arrival) -> str:
        """Final delivery of a mail object that came in; returns its id."""
        mail_id = f"m{self.numbers.next(self.name)}"
        trace = received(self.name, arrival, mail_id, self.stamp())
        by_mailbox = {id(self.mailbox_of(path)): path for path in paths}
        self._lay_down(list(by_mailbox.values()), mail, trace)  # one copy each
        return mail_id

    def deliver(self, mail: MailObject, path: Path) -> None:
        """Lay a mail object into the Inbox, with its Return-Path (RFC 5321, 4.4)."""
        self._lay_down([path], mail, b"")

    def _lay_down(self, paths: list[Path], mail: MailObject, trace: bytes) -> None:
        """All mailboxes share the octets: a content may be large, and they be many."""
        front = return_path(mail.envelope.reverse_path) + trace
        stored = StoredMail(mail.envelope, mail.content, front)
        for path in paths:
            mailbox = self.mailbox_of(path)
            if mailbox is None:
                raise KeyError(path.mailbox)
            mailbox.store("Inbox", stored)
            self.delivered(mailbox.name, "Inbox", stored)

    def report(self, error: Exception) -> None:
        """Keep an error of ours; the client was told 451, `sandbox.errors` has the rest."""
        self.errors.append(error)

    def _traced(self, mail: MailObject, arrival: Arrival, mail_id: str) -> MailObject:
        stamp = received(self.name, arrival, mail_id, self.stamp())
        return MailObject(mail.envelope, stamp + mail.content)
