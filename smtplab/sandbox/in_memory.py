"""The world in memory: no socket, no thread; whoever waits pumps the servers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from threading import RLock, Thread
from typing import TypeVar

from smtplab.errors import ConnectionLost
from smtplab.sandbox.host_plan import HostPlan
from smtplab.sandbox.little_internet import LAPTOP, Listener
from smtplab.sandbox.world import World
from smtplab.transport import Stream
from smtplab.transport.memory import MemoryStream, MemoryTransport
from smtplab.transport.private_loop import PrivateLoop

_T = TypeVar("_T")


class InMemory:
    """Carries octets between clients and servers of one world, inside one thread at a time."""

    name = "memory"

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = RLock()
        self._loop: PrivateLoop | None = None

    @property
    def bound_ports(self) -> dict[Listener, int]:
        """Nothing is bound in memory."""
        return {}

    def start(self) -> None:
        self._loop = PrivateLoop()

    def stop(self) -> None:
        with self._lock:
            loop = self._loop
            if loop is None:
                return
            if loop.is_running():  # the garbage collector may call while this thread pumps
                with suppress(RuntimeError):  # a browser tab starts no thread
                    Thread(target=self.stop).start()
                return
            self._loop = None
            for tap in list(self._world.live):
                tap.abort()
            loop.pump()
            for task in asyncio.all_tasks(loop):
                task.cancel()
            loop.pump()
            loop.close()

    def open(self, host: str, port: int, *, source: str | None, timeout: float) -> Stream:
        listener = self._world.listener(host, port)
        if listener is None:
            raise self._world.nobody_at(host, port)
        with self._lock:
            if self._loop is None:
                raise ConnectionLost("the sandbox is stopped; start it with sandbox.start()")
            facts = self._world.facts(source or LAPTOP)
            tap = self._world.connected(listener, self._loop, facts.connection, facts.source)
            transport = MemoryTransport(self._loop, tap)
            stream = MemoryStream(transport, self._lock, facts, timeout)
            return self._world.passages.through(stream, listener.host)

    def add_host(self, plan: HostPlan) -> None:
        """Build one more host in the world, whether it runs or not."""
        with self._lock:
            self._world.add(plan)

    def call(self, action: Callable[[], _T]) -> _T:
        with self._lock:
            return action()

    def run_queue(self, run_due: Callable[[], None]) -> None:
        """The caller's own thread does it; another one that comes meanwhile waits."""
        with self._lock:
            run_due()

    def queue_has_mail(self, run_due: Callable[[], None]) -> None:
        """It waits for `settle()`: a server never opens a connection while it is pumped."""
