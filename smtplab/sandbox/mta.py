"""The MTA: takes mail objects from the queue to the next host, or back as a DSN (RFC 5321, 5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from smtplab.client import Client, Settings
from smtplab.errors import ConnectionLost, SMTPLabError
from smtplab.grammar import parse_path
from smtplab.replies import Reply
from smtplab.sandbox.certificates import unchecked_context
from smtplab.sandbox.dsn import failure_report
from smtplab.sandbox.hosts import MailHost
from smtplab.sandbox.queue import QueueItem
from smtplab.sandbox.verdict.lookups import NoSuchName
from smtplab.sandbox.world import World
from smtplab.transport import Network

_T = TypeVar("_T")


class Carrier(Network, Protocol):
    """How the world is reached: over TCP on another thread, or in memory on this one."""

    def call(self, action: Callable[[], _T]) -> _T:
        """Do something in the world, where nobody else touches it meanwhile."""


@dataclass(frozen=True)
class Outcome:
    """What became of one forward-path in one attempt: a reply, from there or from us."""

    forward_path: str
    reply: Reply

    @property
    def is_delivered(self) -> bool:
        return self.reply.code < 400

    @property
    def is_transient(self) -> bool:
        return 400 <= self.reply.code < 500


class MTA:
    """Delivers what one host has in its queue."""

    def __init__(self, world: World, carrier: Carrier, host: MailHost) -> None:
        self._world, self._carrier, self._host = world, carrier, host

    def run_due(self) -> None:
        """One attempt for each item whose time has come, one after the other."""
        while (item := self._carrier.call(self._host.queue.due)) is not None:
            try:
                self._attempt(item)
            except ConnectionLost:
                return  # the sandbox was stopped; the item stays in the queue
            except Exception as error:  # a border: kept in sandbox.errors, and tried again later
                self._host.report(error)
                reply = Reply(451, (b"4.3.0 Local error in processing",))
                outcomes = [Outcome(path, reply) for path in item.waiting]
                self._conclude_in_world(item, outcomes)

    def _attempt(self, item: QueueItem) -> None:
        by_domain: dict[str, list[str]] = {}
        for forward_path in item.waiting:
            by_domain.setdefault(forward_path.rpartition("@")[2].lower(), []).append(forward_path)
        outcomes = [
            outcome
            for domain, forward_paths in by_domain.items()
            for outcome in self._to_domain(domain, forward_paths, item)
        ]
        self._conclude_in_world(item, outcomes)

    def _conclude_in_world(self, item: QueueItem, outcomes: list[Outcome]) -> None:
        self._carrier.call(lambda: self._conclude(item, outcomes))

    def _to_domain(self, domain: str, paths: list[str], item: QueueItem) -> list[Outcome]:
        if self._host.is_local(domain if "@" in paths[0] else ""):
            return self._carrier.call(lambda: [self._deliver(path, item) for path in paths])
        try:
            exchanges = self._carrier.call(lambda: self._world.zones.mail_hosts(domain))
        except NoSuchName:
            exchanges = ()
        hosts = [exchange.host for exchange in exchanges]
        if not hosts:
            reply = Reply(550, (f"5.1.2 No host takes mail for {domain}".encode(),))
            return [Outcome(path, reply) for path in paths]
        failure = ""
        for host in hosts:
            try:
                return self._relay(host, paths, item)
            except SMTPLabError as error:
                failure = str(error)
        reply = Reply(451, (f"4.4.1 {failure}".encode(),))
        return [Outcome(path, reply) for path in paths]

    def _deliver(self, forward_path: str, item: QueueItem) -> Outcome:
        path = parse_path(f"<{forward_path}>")[0]
        refusal = self._host.refusal_of(path, len(item.mail.content))
        if refusal is not None:  # the reverse-path of what comes back is free
            return Outcome(forward_path, refusal)
        self._host.deliver(item.mail, path)
        return Outcome(forward_path, Reply(250, (b"2.0.0 Delivered here",)))

    def _relay(self, host: str, paths: list[str], item: QueueItem) -> list[Outcome]:
        """One session with the next host; `SMTPLabError` if it broke down."""
        settings = Settings(source=self._host.name, transcript=self._world.transcript)
        with Client.connect(host, 25, network=self._carrier, settings=settings) as client:
            if not client.greeting.is_positive:
                return [Outcome(path, client.greeting) for path in paths]
            self._introduce(client)
            opened = client.mail(item.mail.envelope.reverse_path)
            if not opened.is_positive:
                return [Outcome(path, opened) for path in paths]
            replies: dict[str, Reply] = {path: client.rcpt(path) for path in paths}
            accepted = [path for path, reply in replies.items() if reply.is_positive]
            if accepted:
                final = client.data()
                if final.code == 354:
                    final = client.content(item.mail.content)
                replies.update(dict.fromkeys(accepted, final))
        return [Outcome(path, reply) for path, reply in replies.items()]

    def _introduce(self, client: Client) -> None:
        """EHLO, and TLS where it is offered: better than none, and nobody is authenticated."""
        if not client.ehlo().is_positive:
            client.helo()
        elif client.extensions and "STARTTLS" in client.extensions and self._world.authority:
            client.use_tls_context(unchecked_context())
            if client.starttls().is_positive:
                client.ehlo()

    def _conclude(self, item: QueueItem, outcomes: list[Outcome]) -> None:
        """Nothing that was accepted is lost: delivered, waiting, or told to the sender."""
        item.waiting = [o.forward_path for o in outcomes if o.is_transient]
        failed = [o for o in outcomes if not o.is_delivered and not o.is_transient]
        if item.waiting:
            item.last_reply = str(next(o.reply for o in outcomes if o.is_transient))
            if not self._host.queue.defer(item):
                failed += [o for o in outcomes if o.is_transient]
                item.waiting = []
        if failed:
            self._tell_sender(item, failed)
        if not item.waiting:
            self._host.queue.done(item)

    def _tell_sender(self, item: QueueItem, failed: list[Outcome]) -> None:
        """A DSN to the reverse-path; there is no DSN about a DSN (RFC 5321, 6.1)."""
        sender = item.mail.envelope.reverse_path or f"postmaster@{self._host.domains[0]}"
        replies = [(outcome.forward_path, outcome.reply) for outcome in failed]
        if not item.mail.envelope.reverse_path:
            postmaster = parse_path(f"<{sender}>")[0]
            self._host.deliver(item.mail, postmaster)
            return
        self._host.queue.put(
            lambda queue_id: failure_report(
                self._host.name, item.mail, replies, (queue_id, self._world.stamp())
            )
        )


class MTAs:
    """The MTAs of all hosts that have a queue, also of those that were added later."""

    def __init__(self, world: World, carrier: Carrier) -> None:
        self._world, self._carrier = world, carrier
        self._mtas: dict[str, MTA] = {}

    def run_due(self) -> None:
        """Let each deliver what is due, until nothing moves: one may fill another's queue."""
        before: list[tuple[str, int]] = []
        while (waiting := self._carrier.call(self._waiting)) and waiting != before:
            before = waiting
            for host in self._carrier.call(lambda: self._world.relays):
                if host.name not in self._mtas:
                    self._mtas[host.name] = MTA(self._world, self._carrier, host)
                self._mtas[host.name].run_due()

    def _waiting(self) -> list[tuple[str, int]]:
        """What is due, and how often each was tried."""
        due = [(host.name, host.queue.due()) for host in self._world.relays]
        return [(f"{name} {item.id}", item.attempts) for name, item in due if item is not None]
