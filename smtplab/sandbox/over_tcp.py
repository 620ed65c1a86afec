"""The world over TCP on loopback: listeners on one thread, the queue on another."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from smtplab.errors import ConnectionLost
from smtplab.sandbox.host_plan import HostPlan
from smtplab.sandbox.little_internet import LAPTOP, Listener
from smtplab.sandbox.peer_user import PeerUser, turn_away
from smtplab.sandbox.world import World
from smtplab.transport import Stream
from smtplab.transport.private_loop import socket_transport
from smtplab.transport.tcp import POLL, TCPStream, why_no_connection

_T = TypeVar("_T")

LOOPBACK = "127.0.0.1"
BACKLOG = 512  # connections that may wait to be accepted
NO_DESCRIPTOR_WAIT = 0.1  # seconds until the next look, when this program has as many as it may
STOP_WITHIN = 30.0  # seconds; the loop's thread may be kept waiting on a busy machine
THREADS = "smtplab-"  # how the names of the threads begin
_STOPPED = "the sandbox is stopped; start it with sandbox.start()"


class OverTCP:
    """Carries octets over sockets that are bound to loopback and to nothing else."""

    name = "tcp"

    def __init__(
        self,
        world: World,
        ports: Mapping[tuple[str, int], int],
        outside: str = LAPTOP,
        *,
        any_user: bool = False,
    ) -> None:
        self._world = world
        self._ports = ports
        self._outside = outside
        self._any_user = any_user
        self._sockets: dict[Listener, socket.socket] = {}
        self._dialled: dict[int, tuple[str, str]] = {}  # local port -> connection, source
        self._loop: asyncio.AbstractEventLoop
        self._thread: threading.Thread | None = None
        self._queue_thread: ThreadPoolExecutor
        self._peer_user = PeerUser()
        self._stopping = False

    @property
    def bound_ports(self) -> dict[Listener, int]:
        return {listener: s.getsockname()[1] for listener, s in self._sockets.items()}

    def start(self) -> None:
        """Bind, listen, and serve; `ConnectionLost` names a port that is taken."""
        self._sockets = self._bound(self._world.listeners)
        self._loop = asyncio.SelectorEventLoop()
        for listener, sock in self._sockets.items():
            self._loop.add_reader(sock, self._accept, listener, sock)
        self._queue_thread = ThreadPoolExecutor(1, f"{THREADS}queue")
        self._thread = threading.Thread(target=self._run, name=f"{THREADS}sandbox", daemon=True)
        self._thread.start()

    def _bound(self, listeners: Iterable[Listener]) -> dict[Listener, socket.socket]:
        """A listening socket for each, or none at all and `ConnectionLost`."""
        sockets: dict[Listener, socket.socket] = {}
        for listener in listeners:
            port = self._ports.get(listener.key, 0)
            try:
                sockets[listener] = _listen(port)
            except (OSError, OverflowError):
                for sock in sockets.values():
                    sock.close()
                raise ConnectionLost(
                    f"port {port} cannot be bound for {listener.host} : {listener.port}; another "
                    "program has it or it is not allowed here, so choose another one, or 0 for any"
                ) from None
        return sockets

    def add_host(self, plan: HostPlan) -> None:
        """Build one more host in the world; if that runs, bind and serve at once."""
        if self._thread is None:
            self._world.add(plan)
            return
        self.call(lambda: self._world.check(plan))
        sockets = self._bound(self._world.available(plan.listeners))

        def begin() -> None:
            self._world.add(plan)
            self._sockets.update(sockets)
            for listener, sock in sockets.items():
                self._loop.add_reader(sock, self._accept, listener, sock)

        try:
            self.call(begin)
        except BaseException:
            for listener in sockets.keys() - self._sockets.keys():
                sockets[listener].close()
            raise

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.call_soon(self._loop.stop)
        self._loop.run_forever()  # what others asked for in the last moment

    def stop(self) -> None:
        """End every connection, both threads, and every socket."""
        thread = self._thread
        if thread is None:
            return
        if threading.current_thread().name.startswith(THREADS):
            # The garbage collector may call from our own threads, which cannot end themselves.
            threading.Thread(target=self.stop).start()
            return
        self._stopping = True
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result(STOP_WITHIN)
        self._queue_thread.shutdown(wait=True, cancel_futures=True)
        self._loop.call_soon_threadsafe(self._loop.stop)
        thread.join(STOP_WITHIN)
        self._loop.close()
        self._thread = None

    async def _hang_up(self) -> None:
        """End every connection and listen no more."""
        for sock in self._sockets.values():
            self._loop.remove_reader(sock)
        for tap in list(self._world.live):
            tap.abort()
        tasks = asyncio.all_tasks(self._loop) - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._close_sockets()
        await asyncio.sleep(0)  # connection_lost of each aborted transport runs here

    def _close_sockets(self) -> None:
        for sock in self._sockets.values():
            sock.close()
        self._sockets.clear()
        self._peer_user.close()

    def open(self, host: str, port: int, *, source: str | None, timeout: float) -> Stream:
        listener = self._world.listener(host, port)
        if self._thread is None or self._stopping:
            raise ConnectionLost(_STOPPED)
        outside = self._world.outside_port(host, port)
        if listener is None and outside is None:
            raise self._world.nobody_at(host, port)
        facts = self.call(lambda: self._world.facts(source or LAPTOP))
        sock = socket.socket()
        local_port = 0
        try:
            sock.settimeout(timeout)
            sock.bind((LOOPBACK, 0))
            local_port = sock.getsockname()[1]
            if listener is None:
                sock.connect((LOOPBACK, outside))
            else:
                self._dialled[local_port] = facts.connection, facts.source
                sock.connect(self._sockets[listener].getsockname())
        except (OSError, KeyError) as error:
            sock.close()
            self._dialled.pop(local_port, None)
            reason = error if isinstance(error, OSError) else ConnectionRefusedError()
            raise ConnectionLost(why_no_connection(reason, host, port)) from None
        return self._world.passages.through(
            TCPStream(sock, facts, timeout), self._world.name_of(host)
        )

    def _accept(self, listener: Listener, listening: socket.socket) -> None:
        try:
            sock, peer = listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError:  # no descriptor is left, so the client waits; the loop must not spin
            self._loop.remove_reader(listening)
            self._loop.call_later(NO_DESCRIPTOR_WAIT, self._accept_again, listener, listening)
            return
        sock.setblocking(False)
        known = self._dialled.pop(peer[1], None)
        if known is None and self._is_strange(sock, peer):
            turn_away(sock, listener)
            return
        connection, source = known or (self._world.name_connection("x"), self._outside)
        tap = self._world.connected(listener, self._loop, connection, source)
        tap.carried_by(socket_transport(self._loop, sock, tap))

    def _accept_again(self, listener: Listener, listening: socket.socket) -> None:
        if self._sockets.get(listener) is listening:
            self._loop.add_reader(listening, self._accept, listener, listening)

    def _is_strange(self, sock: socket.socket, peer: tuple[str, int]) -> bool:
        """On a classroom machine each has a sandbox of their own. The kernel is asked before
        anything is said, because a greeting makes the socket of one who has left vanish."""
        if self._any_user:
            return False
        try:
            return self._peer_user.is_another((sock.getsockname(), peer))
        except OSError:  # macOS, for a socket whose peer has left
            return True

    def call(self, action: Callable[[], _T]) -> _T:
        """Run `action` on the loop's thread, where nobody else touches the world."""
        thread = self._thread
        if thread is None or threading.current_thread() is thread:
            return action()
        result: Future[_T] = Future()

        def run() -> None:
            try:
                result.set_result(action())
            except BaseException as error:
                result.set_exception(error)

        try:
            self._loop.call_soon_threadsafe(run)
        except RuntimeError:  # the loop was closed meanwhile
            raise ConnectionLost(_STOPPED) from None
        while not result.done():
            with suppress(TimeoutError):
                return result.result(POLL)  # in pieces, so that the stop button works everywhere
            if self._thread is None and not result.done():
                raise ConnectionLost(_STOPPED)
        return result.result()

    def run_queue(self, run_due: Callable[[], None]) -> None:
        """Wait until the queue's thread has done everything that is due."""
        if self._thread is None or self._stopping:
            return
        with suppress(RuntimeError, CancelledError):  # it was stopped meanwhile
            done = self._queue_thread.submit(run_due)
            while not done.done():
                with suppress(TimeoutError):
                    done.result(POLL)
            done.result()

    def queue_has_mail(self, run_due: Callable[[], None]) -> None:
        """The queue's thread starts at once, as a real MTA does."""
        with suppress(RuntimeError):  # shutting down: the mail stays in the queue
            self._queue_thread.submit(run_due)


def _listen(port: int) -> socket.socket:
    # asyncio sets TCP_NODELAY only where it reads that the protocol is TCP.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows, where REUSEADDR steals ports
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((LOOPBACK, port))
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock
