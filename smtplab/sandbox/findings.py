"""What there is to look at in a sandbox: mail, queue, transcript, decisions, doors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from smtplab.sandbox.clock import WorldClock
from smtplab.sandbox.dns import Query
from smtplab.sandbox.header_section import Fields
from smtplab.sandbox.little_internet import Account, Listener
from smtplab.sandbox.mailboxes import Mailbox, StoredMail
from smtplab.sandbox.queue import QueueItem
from smtplab.sandbox.trace import trace_id
from smtplab.transcript import Transcript

if TYPE_CHECKING:
    from smtplab.sandbox.in_memory import InMemory
    from smtplab.sandbox.journey import Journey, Journeys
    from smtplab.sandbox.over_tcp import OverTCP
    from smtplab.sandbox.reception.delivery_verdict import DeliveryVerdict
    from smtplab.sandbox.world import World


class Findings:
    """The part of a sandbox that shows: mail, queue, transcript, decisions, doors."""

    _world: World
    _carrier: InMemory | OverTCP
    _key_log: Path | None

    def settle(self) -> None:
        """Wait until everything that is due in the queue was tried."""
        self._world.clock.run_due()

    def mailbox(self, name: str) -> Mailbox:
        """A mailbox and its folders, after settling; `KeyError` lists the names there are."""
        self.settle()
        if name not in self._world.mailboxes:
            raise KeyError(f"no mailbox {name!r}; there are {', '.join(self._world.mailboxes)}")
        return self._world.mailboxes[name]

    def inbox(self, name: str) -> tuple[StoredMail, ...]:
        """What lies in the Inbox of a mailbox, oldest first, after settling."""
        return self.mailbox(name).folder("Inbox")

    @property
    def clock(self) -> WorldClock:
        return self._world.clock

    @property
    def transcript(self) -> Transcript:
        """What the servers saw: every connection, and the sessions between servers."""
        return self._world.transcript

    def to_pcapng(self, connections: Sequence[str] | None = None) -> bytes:
        """The connections (by name, or all) as a capture file, after settling.

        It holds their TLS secrets if the sandbox has a key log; see `Transcript.to_pcapng`.
        """
        self.settle()
        log = self._key_log
        lines = log.read_text("ascii") if log is not None and log.exists() else ""
        return self.transcript.to_pcapng(
            connections, addresses=self._world.addresses, key_log=lines
        )

    @property
    def queue(self) -> tuple[QueueItem, ...]:
        """What waits for another attempt in any queue, after settling."""
        self.settle()
        return self._world.queue.items

    @property
    def journeys(self) -> Journeys:
        """The way of every mail object, oldest first, as far as the transcript is kept."""
        from smtplab.sandbox.journey import journeys

        self.settle()
        return journeys(self._world.transcript.events)

    def journey(self, of: str | StoredMail) -> Journey:
        """The way of one mail object: by queue id, by Message-ID, or of what lies in a folder.

        `KeyError` lists the journeys there are.
        """
        if isinstance(of, StoredMail):  # a report that stayed on its host has no Received
            of = trace_id(of.content) or Fields(of.content).get("Message-ID")
        return self.journeys.find(of)

    @property
    def look_ups(self) -> tuple[Query, ...]:
        """What the servers asked the DNS, and what came back, oldest first, after settling."""
        self.settle()
        return self._carrier.call(lambda: tuple(self._world.zones.log))

    @property
    def mailboxes(self) -> tuple[Mailbox, ...]:
        """All mailboxes, after settling; the `terms` of each may be changed for a lesson."""
        self.settle()
        return tuple(self._world.mailboxes.values())

    @property
    def verdicts(self) -> tuple[DeliveryVerdict, ...]:
        """The last thousand decisions about clients, recipients and contents, after settling."""
        self.settle()
        return self._carrier.call(lambda: tuple(self._world.verdicts))

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Everybody with a mailbox in this world, also on the hosts that were added."""
        return tuple(self._world.accounts)

    @property
    def addresses(self) -> dict[str, str]:
        """The simulated address of each host."""
        return dict(self._world.addresses)

    @property
    def listeners(self) -> tuple[Listener, ...]:
        return tuple(self._world.listeners)

    @property
    def bound_ports(self) -> dict[Listener, int]:
        """The real port on loopback behind each listener; empty in memory."""
        return self._carrier.bound_ports

    @property
    def ca_file(self) -> Path | None:
        """The CA certificate as a PEM file for other programs; None without TLS, or stopped."""
        return self._world.authority.ca_file() if self._world.authority else None

    @property
    def errors(self) -> tuple[Exception, ...]:
        """What went wrong at the servers, each told to its client as 451, and in the store."""
        of_hosts = (error for host in self._world.hosts.values() for error in host.errors)
        return (*self._world.store.errors, *of_hosts)
