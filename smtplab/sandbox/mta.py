"""The MTA: takes mail objects from the queue to the next host, or back as a DSN (RFC 5321, 5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol, TypeVar

from smtplab.client import Client, Settings
from smtplab.errors import ConnectionLost, SMTPLabError
from smtplab.grammar import parse_path
from smtplab.mail_object import MailObject
from smtplab.replies import Reply
from smtplab.sandbox.certificates import unchecked_context
from smtplab.sandbox.dns import Exchange
from smtplab.sandbox.dsn import failure_report
from smtplab.sandbox.hosts import MailHost
from smtplab.sandbox.queue import QueueItem
from smtplab.sandbox.trail import Origin, Place, Trail
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
    way: str = "delivered"  # or "relayed", "expanded": how, if it was
    via: str = ""  # the connection, if there was one

    @property
    def is_delivered(self) -> bool:
        return self.reply.code < 400

    @property
    def is_transient(self) -> bool:
        return 400 <= self.reply.code < 500

    @property
    def result(self) -> str:
        if self.is_delivered:
            return self.way
        return "deferred" if self.is_transient else "failed"


class MTA:
    """Delivers what the hosts have in their queues; `_host` is the one that it works for now."""

    def __init__(self, world: World, carrier: Carrier) -> None:
        self._world, self._carrier = world, carrier
        self._host: MailHost

    def run_due(self) -> None:
        """One attempt for each item whose time has come, one after the other."""
        while (item := self._carrier.call(self._world.queue.due)) is not None:
            self._host = self._world.hosts[item.host]
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
        self._carrier.call(lambda: self._trail.attempt(item.place, item.attempts + 1))
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
            return self._carrier.call(
                lambda: [outcome for path in paths for outcome in self._deliver(path, item)]
            )
        try:
            exchanges = self._carrier.call(lambda: self._mail_hosts(domain, item))
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

    @property
    def _trail(self) -> Trail:
        return self._world.trail

    def _mail_hosts(self, domain: str, item: QueueItem) -> tuple[Exchange, ...]:
        zones = self._world.zones
        asked_before = zones.asked
        try:
            return zones.mail_hosts(domain)
        finally:
            fresh = list(islice(reversed(zones.log), zones.asked - asked_before))
            for query in reversed(fresh):
                self._trail.looked_up(item.place, query)

    def _deliver(self, forward_path: str, item: QueueItem) -> list[Outcome]:
        path = parse_path(f"<{forward_path}>")[0]
        if self._host.goes_on(forward_path, item.mail.content):
            return self._expand(forward_path, item)
        if self._host.mailbox_of(path) is None:  # the reverse-path of what comes back is free
            return [Outcome(forward_path, Reply(550, (b"5.1.1 No such mailbox here",)))]
        self._host.deliver(item.mail, path, item.id)
        return [Outcome(forward_path, Reply(250, (b"2.0.0 Delivered here",)))]

    def _expand(self, forward_path: str, item: QueueItem) -> list[Outcome]:
        """An alias or a list: new mail objects in this host's queue (RFC 5321, 3.9)."""
        expansion = self._host.expand(item.mail, forward_path)
        outcomes = []
        if expansion.mails:
            count = sum(len(mail.envelope.forward_paths) for mail in expansion.mails)
            reply = Reply(250, (b"2.0.0 Expanded to %d" % count,))
            outcomes.append(Outcome(forward_path, reply, "expanded"))
        for mail in expansion.mails:
            new_id = self._world.queue.next_id(item.host, item.id)
            origin = Origin(item.id, expansion.kind, forward_path)
            self._put(Place(item.host, new_id), mail, origin)
        for problem in expansion.problems:
            if problem.reverse_path == item.mail.envelope.reverse_path:
                outcomes.append(Outcome(problem.name, problem.reply))
            else:  # a list's loop is for the owner of the list
                envelope = replace(item.mail.envelope, reverse_path=problem.reverse_path)
                mail = replace(item.mail, envelope=envelope)
                self._report(item, mail, [(problem.name, problem.reply)])
        return outcomes

    def _relay(self, host: str, paths: list[str], item: QueueItem) -> list[Outcome]:
        """One session with the next host; `SMTPLabError` if it broke down."""
        settings = Settings(source=self._host.name, transcript=self._world.transcript)
        with Client.connect(host, 25, network=self._carrier, settings=settings) as client:
            via = client.connection
            if not client.greeting.is_positive:
                return [Outcome(path, client.greeting, via=via) for path in paths]
            self._introduce(client)
            opened = client.mail(item.mail.envelope.reverse_path)
            if not opened.is_positive:
                return [Outcome(path, opened, via=via) for path in paths]
            replies: dict[str, Reply] = {path: client.rcpt(path) for path in paths}
            accepted = [path for path, reply in replies.items() if reply.is_positive]
            if accepted:
                final = client.data()
                if final.code == 354:
                    final = client.content(item.mail.content)
                replies.update(dict.fromkeys(accepted, final))
        return [Outcome(path, reply, "relayed", via) for path, reply in replies.items()]

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
        for one in outcomes:
            self._trail.outcome(item.place, one.forward_path, one.result, (one.reply, one.via))
        item.waiting = [o.forward_path for o in outcomes if o.is_transient]
        failed = [o for o in outcomes if not o.is_delivered and not o.is_transient]
        if item.waiting:
            item.last_reply = str(next(o.reply for o in outcomes if o.is_transient))
            if not self._world.queue.defer(item):
                failed += [o for o in outcomes if o.is_transient]
                item.waiting = []
        if failed:
            self._tell_sender(item, failed)
        if not item.waiting:
            self._world.queue.done(item)

    def _tell_sender(self, item: QueueItem, failed: list[Outcome]) -> None:
        replies = [(outcome.forward_path, outcome.reply) for outcome in failed]
        self._report(item, item.mail, replies)

    def _report(self, item: QueueItem, mail: MailObject, failed: list[tuple[str, Reply]]) -> None:
        """A DSN to the reverse-path; there is no DSN about a DSN (RFC 5321, 6.1)."""
        if not mail.envelope.reverse_path:
            postmaster = parse_path(f"<postmaster@{self._host.domains[0]}>")[0]
            self._host.deliver(mail, postmaster, item.id)
            return
        new_id = self._world.queue.next_id(item.host, item.id)
        report = failure_report(item.host, mail, failed, (new_id, self._world.stamp()))
        self._put(Place(item.host, new_id), report, Origin(item.id, "report"))

    def _put(self, place: Place, mail: MailObject, origin: Origin) -> None:
        """A mail object that a host makes of another one waits in its queue, too."""
        self._trail.queued(place, mail, origin)
        self._world.queue.put(place.host, place.id, mail)
