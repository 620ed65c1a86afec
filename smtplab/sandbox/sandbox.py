"""The sandbox: one closed little internet on this machine, over TCP or in memory."""

from __future__ import annotations

import os
import socket
import sys
import weakref
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from smtplab.client import Client, Settings
from smtplab.sandbox import overview
from smtplab.sandbox.controls import Controls
from smtplab.sandbox.faults.dial import LONGEST_REAL_DELAY
from smtplab.sandbox.findings import Findings
from smtplab.sandbox.host_plan import HostPlan
from smtplab.sandbox.in_memory import InMemory
from smtplab.sandbox.little_internet import (
    ADDRESSES,
    LAPTOP,
    SUBMISSION,
)
from smtplab.sandbox.mta.worker import MTA
from smtplab.sandbox.policy import Policy, plain_policy
from smtplab.sandbox.stdlib_clients import StdlibClients
from smtplab.sandbox.store import MemoryStore
from smtplab.sandbox.world import World
from smtplab.transport import Stream

if TYPE_CHECKING:
    from smtplab.sandbox.over_tcp import OverTCP

_DEFAULTS = Settings()


class Sandbox(Findings, Controls, StdlibClients):
    """A little internet of mail servers; `start()` it, or use it in a `with` block.

    `transport` is "tcp" or "memory"; left out, the variable SMTPLAB_TRANSPORT decides, else TCP
    wherever this system can listen. `ports` maps (host, port) to the port to bind; others get a
    free one. `outside` is the host that programs of your own count as. `key_log` is a file that
    the secrets of every TLS session are added to, for Wireshark. What looks random (nonces, salts)
    comes from `seed`; the certificates and TLS itself do not. `store` is a folder that keeps mail,
    queue and the world's time; `StoreError` if it cannot. It is in use until `stop()`. In a
    `plain` world the servers offer little and judge nothing, for first lessons. Over TCP another
    user of this machine is turned away, where the system can tell, unless `any_user` may come in.
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
        plain: bool = False,
        any_user: bool = False,
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
        self._plain = plain
        self._any_user = any_user
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
            carrier = OverTCP(world, self._ports, self._outside, any_user=self._any_user)
        mta = MTA(world, carrier)
        world.clock.next_due = world.queue.next_due
        world.clock.run_due = lambda: carrier.run_queue(mta.run_due)
        world.queue.on_put = lambda: carrier.queue_has_mail(mta.run_due)
        self._world, self._carrier = world, carrier
        self._added: dict[str, HostPlan] = {}
        self._running = False
        self._finalizer = weakref.finalize(self, _end, carrier, world, os.getpid())

    def _open_store(self) -> MemoryStore:
        if self._folder is None:
            return MemoryStore()
        from smtplab.sandbox.store.folder import FolderStore

        return FolderStore(self._folder)

    def _world_from(self, store: MemoryStore) -> World:
        try:
            return World(self._key_log, self._seed, store, plain_policy if self._plain else Policy)
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

    def twin(self) -> Sandbox:
        """Another sandbox as this one was at first, in memory: same seed, same plainness.

        It tells what a replay would say, without touching this one. `ValueError` if there is a
        store: what was kept there earlier cannot be made again.
        """
        if self._folder is not None:
            raise ValueError("a sandbox with a store keeps what happened, so it has no twin")
        return Sandbox("memory", outside=self._outside, seed=self._seed, plain=self._plain)

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

    def __repr__(self) -> str:
        return overview.as_line(self.listeners, running=self._running)

    def _repr_html_(self) -> str:
        return overview.as_html(self.listeners, running=self._running)


def _end(carrier: InMemory | OverTCP, world: World, process: int) -> None:
    """Stop without a reference to the sandbox, so that a forgotten one ends by itself.

    A fork of the program has a copy of it, whose servers and store are the first process's.
    """
    if os.getpid() == process:
        carrier.stop()
        world.close()


def _best_transport() -> str:
    """TCP where this Python can listen, memory in a browser tab."""
    return "memory" if sys.platform == "emscripten" or not hasattr(socket, "socketpair") else "tcp"
