"""The loop: one attempt for each item that is due, and what follows from it (RFC 5321, 4.5.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Protocol, TypeVar

from smtplab.client import Settings
from smtplab.errors import ConnectionLost
from smtplab.grammar import parse_path
from smtplab.mail_object import MailObject
from smtplab.replies import Reply
from smtplab.sandbox.hosts import MailHost
from smtplab.sandbox.mta.dsn import Report
from smtplab.sandbox.mta.hop import Hop
from smtplab.sandbox.mta.notify import Notifier
from smtplab.sandbox.mta.outcome import HostRefusal, Outcome, refusal
from smtplab.sandbox.mta.route import NextHop, NoRoute, Sender, next_hops
from smtplab.sandbox.mta.tls_policy import TLSPolicy
from smtplab.sandbox.queue import RETRY_AFTER, QueueItem
from smtplab.sandbox.trace import MOST_HOPS, hops
from smtplab.sandbox.trail import Origin, Place
from smtplab.sandbox.world import World
from smtplab.transport import Network

_T = TypeVar("_T")


class Carrier(Network, Protocol):
    """How the world is reached: over TCP on another thread, or in memory on this one."""

    def call(self, action: Callable[[], _T]) -> _T:
        """Do something in the world, where nobody else touches it meanwhile."""


class Unreturnable(Exception):
    """A mail object that can go neither on nor back, and whose host has no postmaster."""

    def __init__(self, item: QueueItem) -> None:
        super().__init__(f"{item!r} at {item.host} can go neither on nor back; it is in `.item`")
        self.item = item


class MTA:
    """Delivers what the hosts have in their queues, one item after the other."""

    def __init__(self, world: World, carrier: Carrier) -> None:
        self._world, self._carrier = world, carrier
        self._tls: dict[str, TLSPolicy] = {}

    def run_due(self) -> None:
        """One attempt for each item whose time has come."""
        while (item := self._carrier.call(self._world.queue.due)) is not None:
            try:
                self._attempt(item)
            except ConnectionLost:
                return  # the sandbox was stopped; the item stays in the queue
            except Exception as error:  # a border: kept in sandbox.errors, and tried again later
                self._world.hosts[item.host].report(error)
                if not self._put_off(item):
                    return

    def _put_off(self, item: QueueItem) -> bool:
        """After an error of ours; False if the sandbox was stopped meanwhile."""
        reply = Reply(451, (b"4.3.0 Local error in processing",))
        try:
            self._conclude_in_world(item, [Outcome(path, reply) for path in item.waiting])
        except ConnectionLost:
            return False
        except Exception as error:  # a border: the same error again, when telling of it
            self._world.hosts[item.host].report(error)
            self._carrier.call(lambda: self._let_wait(item))
        return True

    def _let_wait(self, item: QueueItem) -> None:
        """What fails again and again must neither jam the queue nor be lost, however old it is."""
        item.next_attempt = self._world.clock.now() + RETRY_AFTER[0]
        self._world.queue.schedule(item)

    def _attempt(self, item: QueueItem) -> None:
        stopped = self._stopped_by(item)
        if stopped is not None:
            self._conclude_in_world(item, [Outcome(path, stopped) for path in item.waiting])
            return
        self._carrier.call(lambda: self._world.trail.attempt(item.place, item.attempts + 1))
        by_domain: dict[str, list[str]] = {}
        for forward_path in item.waiting:
            by_domain.setdefault(forward_path.rpartition("@")[2].lower(), []).append(forward_path)
        outcomes = [
            outcome
            for domain, forward_paths in by_domain.items()
            for outcome in self._to_domain(domain, forward_paths, item)
        ]
        self._conclude_in_world(item, outcomes)

    def _stopped_by(self, item: QueueItem) -> Reply | None:
        """Why there is no attempt at all: a loop, or the sender's deadline."""
        met = hops(item.mail.content)
        if met > MOST_HOPS:
            return refusal(554, f"5.4.6 {met} Received fields: this mail goes round in a loop")
        asked = item.deliver_by
        if asked is not None and asked.mode == "R" and self._world.clock.now() >= asked.deadline:
            return refusal(550, "5.4.7 The time in which it was to be delivered is over")
        return None

    def _conclude_in_world(self, item: QueueItem, outcomes: list[Outcome]) -> None:
        self._carrier.call(lambda: self._conclude(item, outcomes))

    def _to_domain(self, domain: str, paths: list[str], item: QueueItem) -> list[Outcome]:
        host = self._world.hosts[item.host]
        if host.is_local(domain if "@" in paths[0] else ""):
            return self._carrier.call(
                lambda: [one for path in paths for one in self._deliver(host, path, item)]
            )
        try:
            route = self._carrier.call(lambda: self._next_hops(domain, item))
        except NoRoute as none:
            return [Outcome(path, none.reply) for path in paths]
        outcomes: dict[str, Outcome] = {}
        left = paths
        for hop in route:  # RFC 5321, 5.1: until an attempt succeeds
            outcomes.update((one.forward_path, one) for one in self._relay(hop, left, item))
            left = [p for p in left if outcomes[p].is_transient or outcomes[p].of_host]
            if not left:
                break
        return [outcomes[path] for path in paths]

    def _next_hops(self, domain: str, item: QueueItem) -> tuple[NextHop, ...]:
        zones = self._world.zones
        asked_before = zones.asked
        try:
            sender = Sender(item.host, self._world.addresses.get(item.host, ""))
            return next_hops(zones, domain, sender)
        finally:
            fresh = list(islice(reversed(zones.log), zones.asked - asked_before))
            for query in reversed(fresh):
                self._world.trail.looked_up(item.place, query)

    def _relay(self, hop: NextHop, paths: list[str], item: QueueItem) -> list[Outcome]:
        policy = self._tls.setdefault(item.host, self._new_tls_policy())
        try:
            rule = self._carrier.call(lambda: policy.rule(hop, item, self._world.authority))
        except HostRefusal as refused:
            return [Outcome(path, refused.reply, of_host=True) for path in paths]
        settings = Settings(source=item.host, transcript=self._world.transcript)
        session = Hop(self._carrier, settings, hop, rule, self._world.clock.now)
        return session.relay(item, paths)

    def _new_tls_policy(self) -> TLSPolicy:
        world = self._world
        return TLSPolicy(world.zones, world.policy_hosts, world.clock.now)

    # What follows, in the world.

    def _conclude(self, item: QueueItem, outcomes: list[Outcome]) -> None:
        """Nothing that was accepted is lost: delivered, waiting, or told to the sender.

        What is to be told waits in the queue before the item forgets a forward-path. If the end
        comes in between, or the telling fails, it is tried again, and perhaps told twice.
        """
        queue = self._world.queue
        self._note(item, outcomes)
        waiting = [one for one in outcomes if one.is_transient]
        failed = [one for one in outcomes if not one.is_delivered and not one.is_transient]
        item.waiting = [one.forward_path for one in outcomes if not one.is_delivered]
        again = queue.next_attempt(item) if waiting else None
        if again is None:
            self._note(item, waiting, "given up")
            failed, waiting = failed + waiting, []
        self._tell(item, outcomes, waiting, failed)
        item.waiting = [one.forward_path for one in waiting]
        if again is None:
            queue.done(item)
        else:
            item.last_reply = str(waiting[0].reply)
            queue.defer(item, again)

    def _note(self, item: QueueItem, outcomes: list[Outcome], result: str = "") -> None:
        for one in outcomes:
            told = one.reply, one.via
            self._world.trail.outcome(item.place, one.forward_path, result or one.result, told)

    def _tell(
        self,
        item: QueueItem,
        outcomes: list[Outcome],
        waiting: list[Outcome],
        failed: list[Outcome],
    ) -> None:
        """What the sender is to hear; there is no DSN about a DSN (RFC 5321, 6.1)."""
        notifier = Notifier(item.host, item.mail, item.since, self._world.clock.now)
        self._send(notifier.succeeded(one for one in outcomes if one.is_delivered), item)
        self._tell_of_delay(notifier, waiting, item)
        if failed and not item.mail.envelope.reverse_path:
            self._keep(item)
        elif failed:
            self._send(notifier.failed(failed), item)

    def _send(self, report: Report | None, item: QueueItem) -> None:
        if report is not None:
            report_id = self._world.queue.next_id(item.host, item.id)
            mail = report.mail_object(report_id)
            self._put(Place(item.host, report_id), mail, Origin(item.id, "report"))

    def _put(self, place: Place, mail: MailObject, origin: Origin) -> None:
        """A mail object that a host makes of another one waits in its queue, too."""
        self._world.trail.queued(place, mail, origin)
        self._world.queue.put(place.host, place.id, mail)

    def _tell_of_delay(self, notifier: Notifier, waiting: list[Outcome], item: QueueItem) -> None:
        """Once for each path: when it is late by the host's policy, or by the sender's wish."""
        news = [one for one in waiting if one.forward_path not in item.delay_told]
        if not news:
            return
        now, asked = self._world.clock.now(), item.deliver_by
        notice = self._world.hosts[item.host].policy.delay_notice
        is_late = notice is not None and now - item.since >= notice
        if asked is not None and asked.mode == "N":
            is_late = is_late or now >= asked.deadline
        if is_late:
            self._send(notifier.delayed(news, item.gives_up_at), item)
            item.delay_told.update(one.forward_path for one in news)

    def _keep(self, item: QueueItem) -> None:
        """What can go neither on nor back goes to the postmaster of its host."""
        host = self._world.hosts[item.host]
        postmaster = parse_path("<Postmaster>")[0]
        if host.domains and host.mailbox_of(postmaster) is not None:
            host.deliver(item.mail, postmaster, item.id)
        else:
            host.report(Unreturnable(item))

    def _deliver(self, host: MailHost, forward_path: str, item: QueueItem) -> list[Outcome]:
        path = parse_path(f"<{forward_path}>")[0]
        if host.goes_on(forward_path, item.mail.content):
            return self._expand(host, forward_path, item)
        refusal = host.refusal_of(path, len(item.mail.content))
        if refusal is not None:  # the reverse-path of what comes back is free
            return [Outcome(forward_path, refusal)]
        host.deliver(item.mail, path, item.id)
        return [Outcome(forward_path, Reply(250, (b"2.0.0 Delivered here",)))]

    def _expand(self, host: MailHost, forward_path: str, item: QueueItem) -> list[Outcome]:
        """An alias or a list: new mail objects in this host's queue (RFC 5321, 3.9)."""
        expansion = host.expand(item.mail, forward_path)
        outcomes = []
        if expansion.mails:
            count = sum(len(mail.envelope.forward_paths) for mail in expansion.mails)
            reply = Reply(250, (b"2.0.0 Expanded to %d" % count,))
            outcomes.append(Outcome(forward_path, reply, way="expanded", promises_dsn=True))
        for mail in expansion.mails:
            new_id = self._world.queue.next_id(item.host, item.id)
            origin = Origin(item.id, expansion.kind, forward_path)
            self._put(Place(item.host, new_id), mail, origin)
        for problem in expansion.problems:
            outcome = Outcome(problem.name, problem.reply)
            if problem.reverse_path == item.mail.envelope.reverse_path:
                outcomes.append(outcome)
            else:  # a list's loop is for the owner of the list
                envelope = replace(item.mail.envelope, reverse_path=problem.reverse_path)
                mail = replace(item.mail, envelope=envelope)
                now = self._world.clock.now
                self._send(Notifier(item.host, mail, item.since, now).failed([outcome]), item)
        return outcomes
