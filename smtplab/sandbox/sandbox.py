"""The sandbox: one closed little internet on this machine, over TCP or in memory."""

from __future__ import annotations

import os
import socket
import sys
import weakref
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from smtplab.client import Client, Settings
from smtplab.sandbox.clock import WorldClock
from smtplab.sandbox.dns import Query, Zones
from smtplab.sandbox.header_section import Fields
from smtplab.sandbox.host_plan import HostPlan
from smtplab.sandbox.in_memory import InMemory
from smtplab.sandbox.little_internet import (
    ADDRESSES,
    IMAP_NET,
    LAPTOP,
    POP_NET,
    SUBMISSION,
    Account,
    Listener,
)
from smtplab.sandbox.mailboxes import Mailbox, StoredMail
from smtplab.sandbox.mta import MTA
from smtplab.sandbox.policy import Policy
from smtplab.sandbox.queue import QueueItem
from smtplab.sandbox.redirects import AddressBook
from smtplab.sandbox.trace import trace_id
from smtplab.sandbox.world import World
from smtplab.transcript import Transcript
from smtplab.transport import Stream

if TYPE_CHECKING:
    from smtplab.sandbox.journey import Journey, Journeys
    from smtplab.sandbox.over_tcp import OverTCP
    from smtplab.sandbox.reading.with_stdlib import SandboxIMAP, SandboxPOP3
    from smtplab.sandbox.with_smtplib import SandboxSMTP

_DEFAULTS = Settings()


class Sandbox:
    """A little internet of mail servers; `start()` it, or use it in a `with` block.

    `transport` is "tcp" or "memory"; left out, the variable SMTPLAB_TRANSPORT decides, else TCP
    wherever this system can listen. `ports` maps (host, port) to the port to bind; others get a
    free one. `outside` is the host that programs of your own count as. `key_log` is a file that
    the secrets of every TLS session are added to, for Wireshark.
    """

    def __init__(
        self,
        transport: str | None = None,
        *,
        ports: Mapping[tuple[str, int], int] | None = None,
        outside: str = LAPTOP,
        key_log: str | Path | None = None,
    ) -> None:
        self.transport = transport or os.environ.get("SMTPLAB_TRANSPORT") or _best_transport()
        if self.transport not in ("tcp", "memory"):
            raise ValueError(f"transport is 'tcp' or 'memory', not {self.transport!r}")
        if outside not in ADDRESSES:
            raise ValueError(
                f"outside is a host of the sandbox, {list(ADDRESSES)}, not {outside!r}"
            )
        self._ports = dict(ports or {})
        self._outside = outside
        self._key_log = None if key_log is None else Path(key_log)
        self._build()

    def _build(self) -> None:
        """A new world; the one before, if any, is stopped already."""
        world = World(self._key_log)
        carrier: InMemory | OverTCP
        if self.transport == "memory":
            carrier = InMemory(world)
        else:
            from smtplab.sandbox.over_tcp import OverTCP

            carrier = OverTCP(world, self._ports, self._outside)
        mta = MTA(world, carrier)
        world.clock.next_due = world.queue.next_due
        world.clock.run_due = lambda: carrier.run_queue(mta.run_due)
        world.queue.on_put = lambda: carrier.queue_has_mail(mta.run_due)
        self._world, self._carrier = world, carrier
        self._added: dict[str, HostPlan] = {}
        self._running = False
        self._finalizer = weakref.finalize(self, _end, carrier, world)

    def start(self) -> Sandbox:
        """Start all servers; a second call does nothing. Returns the sandbox itself."""
        if not self._finalizer.alive:
            self._build()
        if not self._running:
            self._carrier.start()
            self._running = True
        return self

    def stop(self) -> None:
        """Stop all servers and end all connections; mailboxes can still be read."""
        self._running = False
        self._finalizer()

    def restart(self) -> Sandbox:
        """Start over: the standard world, with empty mailboxes and the clock at its start."""
        self.stop()
        return self.start()

    def add_host(self, plan: HostPlan | str) -> HostPlan:
        """One more host, before or after the start; it is gone after the next `restart()`.

        A name stands for a special host; `smtplab.sandbox.SPECIAL_HOSTS` lists them. Adding one
        that is there already changes nothing. `ValueError` says why a host cannot be added, and
        `ConnectionLost` that its port cannot be bound.
        """
        if isinstance(plan, str):
            from smtplab.sandbox.special_hosts import special_host

            plan = special_host(plan)
            if plan.name in self._added:
                return self._added[plan.name]
        self._carrier.add_host(plan)
        self._added[plan.name] = plan
        return plan

    @property
    def is_running(self) -> bool:
        return self._running

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    # What a client needs.

    def open(self, host: str, port: int, *, source: str | None, timeout: float) -> Stream:
        """A stream to a host of the sandbox; this makes the sandbox a `Network`."""
        return self._carrier.open(host, port, source=source, timeout=timeout)

    def connect(
        self, host: str = SUBMISSION, port: int = 587, *, settings: Settings = _DEFAULTS
    ) -> Client:
        """A client that has connected and read the greeting."""
        return Client.connect(host, port, network=self, settings=settings)

    def smtplib(self, host: str = SUBMISSION, port: int = 587) -> SandboxSMTP:
        """Python's own `smtplib.SMTP`, connected to a host of the sandbox."""
        from smtplab.sandbox.with_smtplib import SandboxSMTP

        return SandboxSMTP(self, host, port)

    def poplib(self, host: str = POP_NET, port: int = 995) -> SandboxPOP3:
        """Python's own `poplib.POP3`, connected after settling, so that sent mail is there."""
        from smtplab.sandbox.reading.with_stdlib import SandboxPOP3

        self.settle()
        return SandboxPOP3(self, host, port)

    def imaplib(self, host: str = IMAP_NET, port: int = 993) -> SandboxIMAP:
        """Python's own `imaplib.IMAP4`, connected after settling, so that sent mail is there."""
        from smtplab.sandbox.reading.with_stdlib import SandboxIMAP

        self.settle()
        return SandboxIMAP(self, host, port)

    # What there is to look at.

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
    def address_book(self) -> AddressBook:
        """The aliases and mailing lists of all hosts; add your own, or change a list's switches."""
        return self._world.book

    def policy(self, host: str) -> Policy:
        """What a host offers and asks, to be changed; `KeyError` lists the hosts there are."""
        if host not in self._world.hosts:
            raise KeyError(f"no host {host!r}; there are {', '.join(self._world.hosts)}")
        return self._world.hosts[host].policy

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
        """What waits for another attempt, after settling."""
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
        return tuple(self._world.zones.log)

    @property
    def zones(self) -> Zones:
        """The DNS of this little internet; its zones may be changed at any time."""
        return self._world.zones

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Everybody with a mailbox in this world, also on the hosts that were added."""
        return tuple(self._world.accounts)

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
        """Errors of the servers themselves; each was told to its client as 451."""
        return tuple(error for host in self._world.hosts.values() for error in host.errors)

    def _doors(self) -> list[Listener]:
        return [one for one in self._world.listeners if one.service == "smtp"]

    def __repr__(self) -> str:
        state = "running" if self._running else "stopped"
        doors = ", ".join(f"{one.host} : {one.port}" for one in self._doors())
        return f"<Sandbox {state}: {doors}>"

    def _repr_html_(self) -> str:
        state = "running" if self._running else "stopped"
        words = {"none": "no TLS", "starttls": "TLS after STARTTLS", "implicit": "TLS at once"}
        rows = "".join(
            '<tr style="text-align:left">'
            f"<td>{escape(one.host)}</td><td>{one.port}</td><td>{words[one.tls]}</td>"
            f"<td>{'yes' if one.auth else 'no'}</td></tr>"
            for one in self._doors()
        )
        return (
            f"<table><caption>Sandbox, {state}</caption><thead><tr><th>Host</th><th>Port</th>"
            f"<th>TLS</th><th>AUTH</th></tr></thead><tbody>{rows}</tbody></table>"
        )


def _end(carrier: InMemory | OverTCP, world: World) -> None:
    """Stop without a reference to the sandbox, so that a forgotten one ends by itself."""
    carrier.stop()
    world.close()


def _best_transport() -> str:
    """TCP where this Python can listen, memory in a browser tab."""
    return "memory" if sys.platform == "emscripten" or not hasattr(socket, "socketpair") else "tcp"
