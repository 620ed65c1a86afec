"""The sandbox: one closed little internet on this machine, over TCP or in memory."""

from __future__ import annotations

import os
import socket
import sys
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from smtplab.client import Client, Settings
from smtplab.sandbox import overview
from smtplab.sandbox.clock import WorldClock
from smtplab.sandbox.dns import Query, Zones
from smtplab.sandbox.faults.dial import LONGEST_REAL_DELAY, FaultDial
from smtplab.sandbox.findings import Findings
from smtplab.sandbox.host_plan import HostPlan
from smtplab.sandbox.in_memory import InMemory
from smtplab.sandbox.little_internet import (
    ADDRESSES,
    LAPTOP,
    SUBMISSION,
    Account,
    Listener,
)
from smtplab.sandbox.mailboxes import Mailbox, StoredMail
from smtplab.sandbox.mta import MTAs
from smtplab.sandbox.policy import Policy
from smtplab.sandbox.queue import QueueItem
from smtplab.sandbox.stdlib_clients import StdlibClients
from smtplab.sandbox.store import MemoryStore
from smtplab.sandbox.tokens import LIFETIME, SCOPE
from smtplab.sandbox.world import World
from smtplab.transcript import Transcript
from smtplab.transport import Stream

if TYPE_CHECKING:
    from smtplab.reference.profiles import Profile
    from smtplab.sandbox.badly_run.blocklist import Blocklist
    from smtplab.sandbox.over_tcp import OverTCP

_DEFAULTS = Settings()


class Sandbox(StdlibClients, Findings):
    """A little internet of mail servers; `start()` it, or use it in a `with` block.

    `transport` is "tcp" or "memory"; left out, the variable SMTPLAB_TRANSPORT decides, else TCP
    wherever this system can listen. `ports` maps (host, port) to the port to bind; others get a
    free one. `outside` is the host that programs of your own count as. `key_log` is a file that
    the secrets of every TLS session are added to, for Wireshark. What looks random (nonces, salts)
    comes from `seed`; the certificates and TLS itself do not. `store` is a folder that keeps mail,
    queue and the world's time; `StoreError` if it cannot. It is in use until `stop()`.
    """

    def __init__(
        self,
        transport: str | None = None,
        *,
        ports: Mapping[tuple[str, int], int] | None = None,
        outside: str = LAPTOP,
        key_log: str | Path | None = None,
        seed: int = 0,
        store: str | Path | None = None,
    ) -> None:
        self.transport = transport or os.environ.get("SMTPLAB_TRANSPORT") or _best_transport()
        if self.transport not in ("tcp", "memory"):
            raise ValueError(f"transport is 'tcp' or 'memory', not {self.transport!r}")
        if outside not in ADDRESSES:
            from smtplab.sandbox.special_hosts import special_addresses

            hosts = [*ADDRESSES, *special_addresses()]
            if outside not in hosts:
                raise ValueError(f"outside is a host of the sandbox, {hosts}, not {outside!r}")
        self._ports = dict(ports or {})
        self._outside = outside
        self._key_log = None if key_log is None else Path(key_log)
        self._seed = seed
        self._folder = store
        self._build()

    def _build(self) -> None:
        """A new world; the one before, if any, is stopped already."""
        world = self._world_from(self._open_store())
        carrier: InMemory | OverTCP
        if self.transport == "memory":
            carrier = InMemory(world)
        else:
            from smtplab.sandbox.over_tcp import OverTCP

            world.faults.longest_delay = LONGEST_REAL_DELAY
            carrier = OverTCP(world, self._ports, self._outside)
        mtas = MTAs(world, carrier)
        world.clock.next_due = world.next_due
        world.clock.run_due = lambda: carrier.run_queue(mtas.run_due)
        world.queue.on_put = lambda: carrier.queue_has_mail(mtas.run_due)
        self._world, self._carrier = world, carrier
        self._added: dict[str, HostPlan] = {}
        self._running = False
        self._finalizer = weakref.finalize(self, _end, carrier, world)

    def _open_store(self) -> MemoryStore:
        if self._folder is None:
            return MemoryStore()
        from smtplab.sandbox.store.folder import FolderStore

        return FolderStore(self._folder)

    def _world_from(self, store: MemoryStore) -> World:
        try:
            return World(self._key_log, self._seed, store)
        except BaseException:
            store.close()  # a mailbox in it cannot be read
            raise

    def start(self) -> Sandbox:
        """Start all servers; a second call does nothing. Returns the sandbox itself."""
        if not self._finalizer.alive:
            self._build()
        if not self._running:
            self._carrier.start()
            self._running = True
            if self._world.queue.items:  # kept from the last time
                self._world.queue.on_put()
        return self

    def stop(self) -> None:
        """Stop all servers and end all connections; mailboxes can still be read."""
        self._running = False
        self._finalizer()

    def restart(self) -> Sandbox:
        """Start over: the standard world, with empty mailboxes and the clock at its start.

        With a store the new world has what is kept there: mail, queue and the time.
        """
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

    def in_the_middle(
        self,
        middle: Callable[[Stream], Stream],
        *,
        source: str | None = None,
        host: str | None = None,
    ) -> AbstractContextManager[None]:
        """Put somebody on the way from `source` to `host` (None: any) until the block ends.

        `middle` wraps a stream: `StripsSTARTTLS` and `MiddleBox` are in `smtplab.sandbox.middle`.
        The servers' own sessions go the same way; programs from outside do not.
        """
        return self._world.passage(middle, source, host)

    def connect(
        self, host: str = SUBMISSION, port: int = 587, *, settings: Settings = _DEFAULTS
    ) -> Client:
        """A client that has connected and read the greeting."""
        return Client.connect(host, port, network=self, settings=settings)

    def issue_token(
        self, username: str, *, scope: str = SCOPE, lifetime: timedelta = LIFETIME
    ) -> str:
        """A toy access token for OAUTHBEARER and XOAUTH2; it expires on the world clock.

        `client.auth(username, token=...)` signs in with it. The MSA wants the scope "smtp".
        """
        token = self._world.tokens.issue(username, scope, lifetime)
        self.transcript.secrets.add(token)
        return token

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

    def policy(self, host: str) -> Policy:
        """What a host offers and asks, to be changed; `KeyError` lists the hosts there are."""
        if host not in self._world.hosts:
            raise KeyError(f"no host {host!r}; there are {', '.join(self._world.hosts)}")
        return self._world.hosts[host].policy

    @property
    def faults(self) -> FaultDial:
        """The rules by which the servers misbehave; a new sandbox has none."""
        return self._world.faults

    @property
    def profiles(self) -> dict[str, Profile]:
        """What is known of real services, by the name that `add_host` takes."""
        from smtplab.reference.profiles import NAMES, profile

        return {name: profile(name) for name in NAMES}

    @property
    def blocklist(self) -> Blocklist:
        """The DNS blocklist dnsbl.example, to look into and to change."""
        from smtplab.sandbox.badly_run.blocklist import Blocklist

        return Blocklist(self._world.zones)

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
        return tuple(item for host in self._world.relays for item in host.queue.items)

    @property
    def look_ups(self) -> tuple[Query, ...]:
        """What the servers asked the DNS, and what came back, oldest first, after settling."""
        self.settle()
        return self._carrier.call(lambda: tuple(self._world.zones.log))

    @property
    def zones(self) -> Zones:
        """The DNS of this little internet; its zones may be changed at any time."""
        return self._world.zones

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

    def __repr__(self) -> str:
        return overview.as_line(self.listeners, running=self._running)

    def _repr_html_(self) -> str:
        return overview.as_html(self.listeners, running=self._running)


def _end(carrier: InMemory | OverTCP, world: World) -> None:
    """Stop without a reference to the sandbox, so that a forgotten one ends by itself."""
    carrier.stop()
    world.close()


def _best_transport() -> str:
    """TCP where this Python can listen, memory in a browser tab."""
    return "memory" if sys.platform == "emscripten" or not hasattr(socket, "socketpair") else "tcp"
