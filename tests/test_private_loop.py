"""The private loop and the memory pair: what they need of asyncio, and how time passes there."""

import asyncio
import asyncio.events
import asyncio.tasks
from asyncio import sslproto
from inspect import signature
from threading import RLock
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab.client import Client
from smtplab.errors import ConnectionLost
from smtplab.session import State
from smtplab.transport import Stream, StreamFacts
from smtplab.transport.memory import SEGMENT, MemoryStream, MemoryTransport
from smtplab.transport.private_loop import PrivateLoop, give, server_side_tls
from tests.peers import WORLD_TIME, server_context, trusting


@pytest.fixture
def loop():
    loop = PrivateLoop()
    yield loop
    loop.close()


# One contract test for each private name of asyncio.


def test_the_running_loop_can_be_hidden_and_shown_again() -> None:
    async def hide() -> None:
        outer = asyncio._get_running_loop()
        assert outer is asyncio.get_running_loop()
        asyncio._set_running_loop(None)
        try:
            assert asyncio._get_running_loop() is None
        finally:
            asyncio._set_running_loop(outer)

    asyncio.run(hide())
    assert asyncio._get_running_loop() is None


def test_the_current_task_can_be_left_and_entered_again() -> None:
    async def leave() -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        asyncio.tasks._leave_task(loop, task)
        try:
            assert asyncio.current_task() is None
        finally:
            asyncio.tasks._enter_task(loop, task)
        assert asyncio.current_task() is task

    asyncio.run(leave())


def test_the_base_loop_asks_its_selector_and_these_two_methods() -> None:
    """`_selector`, `_process_events`, `_write_to_self`: what BaseEventLoop leaves to subclasses."""
    asked: list[str] = []

    class Selector:
        def select(self, timeout: float | None) -> list[Any]:
            asked.append("select")
            base.stop()
            return []

    class Loop(asyncio.BaseEventLoop):
        def _process_events(self, event_list: list[Any]) -> None:
            asked.append(f"process {event_list}")

        def _write_to_self(self) -> None:
            asked.append("wake")

    base = Loop()
    base._selector = Selector()  # type: ignore[attr-defined]
    base.call_soon_threadsafe(asked.append, "called")
    base.run_forever()
    base.close()
    assert {"select", "process []", "wake", "called"} <= set(asked)


def test_the_tls_layer_takes_these_arguments_and_closes_by_force() -> None:
    names = list(signature(sslproto.SSLProtocol).parameters)
    assert names[:4] == ["loop", "app_protocol", "sslcontext", "waiter"]
    assert "server_side" in names
    assert issubclass(sslproto.SSLProtocol, asyncio.BufferedProtocol)
    functions = (one for one in vars(sslproto.SSLProtocol).values() if hasattr(one, "__code__"))
    assert any("_force_close" in one.__code__.co_names for one in functions)


def test_timers_that_are_due_within_the_resolution_of_the_clock_run_now(loop: PrivateLoop) -> None:
    """`_clock_resolution`: beside a large time a small one is lost, and the loop would spin."""
    run_once = asyncio.BaseEventLoop._run_once  # type: ignore[attr-defined]
    assert "_clock_resolution" in run_once.__code__.co_names
    seen: list[str] = []
    loop.call_later(1e-7, seen.append, "due")
    loop.pump()
    assert seen == ["due"]


# The loop.


def test_pumping_runs_what_is_ready_and_what_that_makes_ready(loop: PrivateLoop) -> None:
    seen: list[int] = []

    async def count() -> None:
        for n in range(5):
            seen.append(n)
            await asyncio.sleep(0)

    task = loop.create_task(count())
    loop.pump()
    assert seen == [0, 1, 2, 3, 4]
    assert task.done()


def test_time_moves_only_by_advancing(loop: PrivateLoop) -> None:
    seen: list[float] = []
    loop.call_later(5, lambda: seen.append(loop.time()))
    loop.call_later(2, lambda: seen.append(loop.time()))
    loop.pump()
    assert (loop.time(), seen) == (0, [])
    assert not loop.advance(1.5)
    assert (loop.time(), seen) == (1.5, [])
    assert loop.advance(10)
    assert (loop.time(), seen) == (2, [2])
    assert loop.advance(10)
    assert (loop.time(), seen) == (5, [2, 5])
    assert not loop.advance(10)
    assert loop.time() == 15


@given(st.lists(st.floats(0, 1e5), max_size=8), st.floats(0, 1e9))
def test_every_timer_runs_at_its_time_in_order(delays: list[float], start: float) -> None:
    loop = PrivateLoop()
    try:
        loop.pump()
        loop.advance(start)
        due = sorted(loop.time() + delay for delay in delays)
        seen: list[float] = []
        for delay in delays:
            loop.call_later(delay, lambda: seen.append(loop.time()))
        loop.pump()
        for _ in range(3 + 3 * len(delays)):  # asyncio looks a day ahead at most
            loop.advance(2e6)
        assert len(seen) == len(due)
        assert seen == sorted(seen)
        assert all(abs(a - b) < 1e-3 for a, b in zip(seen, due, strict=True))
    finally:
        loop.close()


def pump_inside(loop: PrivateLoop) -> list[object]:
    """Pump a private loop, and tell which loop and task ran inside."""
    seen: list[object] = []

    async def inside() -> None:
        await asyncio.sleep(0)
        seen.extend([asyncio.get_running_loop(), asyncio.current_task()])

    task = loop.create_task(inside())
    loop.pump()
    assert task.done()
    return [seen[0] is loop, seen[1] is task]


def test_it_works_inside_a_running_loop(loop: PrivateLoop) -> None:
    """A notebook's kernel runs each cell inside its own loop."""

    async def cell() -> None:
        outer, task = asyncio.get_running_loop(), asyncio.current_task()
        assert pump_inside(loop) == [True, True]
        assert (asyncio.get_running_loop(), asyncio.current_task()) == (outer, task)
        await asyncio.sleep(0)

    asyncio.run(cell())


def test_it_works_inside_another_private_loop(loop: PrivateLoop) -> None:
    inner = PrivateLoop()

    async def nested() -> list[object]:
        return pump_inside(inner)

    task = loop.create_task(nested())
    loop.pump()
    inner.close()
    assert task.result() == [True, True]


def test_the_outer_loop_is_shown_again_after_an_interrupt(loop: PrivateLoop) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    async def cell() -> None:
        outer, task = asyncio.get_running_loop(), asyncio.current_task()
        loop.call_soon(stop)
        with pytest.raises(KeyboardInterrupt):
            loop.pump()
        assert (asyncio.get_running_loop(), asyncio.current_task()) == (outer, task)
        assert pump_inside(loop) == [True, True]

    asyncio.run(cell())


@pytest.mark.parametrize("room", [1, 3, 100])
def test_octets_are_given_to_either_kind_of_protocol(room: int) -> None:
    class Streaming(asyncio.Protocol):
        got = b""

        def data_received(self, data: bytes) -> None:
            self.got += data

    class Buffered(asyncio.BufferedProtocol):
        got = b""

        def get_buffer(self, sizehint: int) -> bytearray:
            self.buffer = bytearray(room)
            return self.buffer

        def buffer_updated(self, nbytes: int) -> None:
            self.got += self.buffer[:nbytes]

    for protocol in (Streaming(), Buffered()):
        give(protocol, b"250 OK\r\n")
        assert protocol.got == b"250 OK\r\n"


# The memory pair: a server's protocol and the blocking client in one thread.


class Server(asyncio.Protocol):
    """Replies to each line with the next of its replies; tells what happened to it."""

    def __init__(self, *replies: bytes, delay: float = 0) -> None:
        self.replies = list(replies)
        self.delay = delay
        self.events: list[object] = []
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.reply()

    def reply(self) -> None:
        if self.replies:
            self.transport.write(self.replies.pop(0))

    def data_received(self, data: bytes) -> None:
        self.received += data
        self.events.append(len(data))
        asyncio.get_running_loop().call_later(self.delay, self.reply)

    def eof_received(self) -> None:
        self.events.append("eof")

    def connection_lost(self, exc: Exception | None) -> None:
        self.events.append("lost")


class Memory:
    """A network of one server in memory."""

    def __init__(self, loop: PrivateLoop, protocol: asyncio.BaseProtocol) -> None:
        self.transport = MemoryTransport(loop, protocol)

    def open(self, host: str, port: int, *, source: str | None, timeout: float) -> Stream:
        place = ("c1", "laptop.example.org", "laptop.example.org")
        facts = StreamFacts(*place, now=lambda: WORLD_TIME, trusted=trusting)
        return MemoryStream(self.transport, RLock(), facts, timeout)

    def connect(self, port: int = 587) -> Client:
        return Client.connect("smtp.example.org", port, network=self)


HELLO = (b"220 hi\r\n", b"250 one\r\n", b"250 two\r\n", b"221 bye\r\n")


def test_a_conversation_needs_no_socket_and_no_thread(loop: PrivateLoop) -> None:
    server = Server(*HELLO)
    with Memory(loop, server).connect() as client:
        assert client.greeting.text == "hi"
        assert client.ehlo().text == "one"
        assert client.noop().text == "two"
    assert server.received == b"EHLO laptop.example.org\r\nNOOP\r\nQUIT\r\n"
    assert server.events[-2:] == ["eof", "lost"]


def test_a_conversation_works_inside_a_running_loop(loop: PrivateLoop) -> None:
    async def cell() -> str:
        with Memory(loop, Server(*HELLO)).connect() as client:
            return client.ehlo().text

    assert asyncio.run(cell()) == "one"


def test_tls_works_in_memory_too(loop: PrivateLoop) -> None:
    server = Server(*HELLO)
    with Memory(loop, server_side_tls(loop, server, server_context())).connect(465) as client:
        assert client.ehlo().text == "one"
        assert client.session.tls
        content = b"x" * 300_000
        assert client.noop(content.decode()).text == "two"
    assert content in server.received
    assert b"x" * 100 not in client.transcript.wire("c1", "client").octets("client")


def test_waiting_takes_virtual_time_only(loop: PrivateLoop) -> None:
    server = Server(*HELLO, delay=29.0)
    client = Memory(loop, server).connect()
    client.ehlo()
    assert loop.time() == 29
    server.delay = 31.0
    with pytest.raises(ConnectionLost, match="no reply to NOOP within 30 seconds"):
        client.noop()
    assert client.state is State.OUT_OF_STEP
    assert loop.time() == 59
    client.close()


def test_a_timer_on_the_way_does_not_make_the_wait_longer(loop: PrivateLoop) -> None:
    server = Server(*HELLO, delay=1e9)
    client = Memory(loop, server).connect()

    def tick() -> None:
        loop.call_later(7, tick)

    tick()
    with pytest.raises(ConnectionLost, match="within 30 seconds"):
        client.ehlo()
    assert loop.time() == pytest.approx(30)
    client.close()


def test_a_large_write_comes_in_segments(loop: PrivateLoop) -> None:
    server = Server(*HELLO)
    client = Memory(loop, server).connect()
    client._stream.write(b"x" * (2 * SEGMENT + 5))
    assert server.events == [SEGMENT, SEGMENT, 5]
    client.close()


def test_a_small_read_leaves_the_rest(loop: PrivateLoop) -> None:
    stream = Memory(loop, Server(*HELLO)).open("mx", 25, source=None, timeout=1)
    assert [stream.read(3), stream.read(100)] == [b"220", b" hi\r\n"]
    stream.close()


@pytest.mark.parametrize("how", ["close", "abort", "write_eof", "_force_close"])
def test_a_server_that_ends_is_read_to_the_end(loop: PrivateLoop, how: str) -> None:
    server = Server(b"421 too busy\r\n")
    stream = Memory(loop, server).open("mx", 25, source=None, timeout=1)
    end = getattr(server.transport, how)
    end(OSError()) if how == "_force_close" else end()
    server.transport.close()
    loop.pump()
    assert [stream.read(100), stream.read(100)] == [b"421 too busy\r\n", b""]
    assert server.events.count("lost") == 1
    with pytest.raises(BrokenPipeError):
        stream.write(b"x")
    server.transport.write(b"too late")
    assert stream.read(100) == b""
    stream.close()
    stream.close()


def test_a_client_that_closes_ends_the_server(loop: PrivateLoop) -> None:
    server = Server(*HELLO)
    stream = Memory(loop, server).open("mx", 25, source=None, timeout=1)
    stream.close()
    assert server.events == ["eof", "lost"]
    assert server.transport.is_closing()
    server.transport.feed(b"late")
    server.transport.feed_eof()
    assert server.events == ["eof", "lost"]


def test_a_server_that_does_not_read_gets_it_later(loop: PrivateLoop) -> None:
    server = Server(*HELLO)
    stream = Memory(loop, server).open("mx", 25, source=None, timeout=1)
    transport = server.transport
    assert transport.is_reading()
    transport.pause_reading()
    assert not transport.is_reading()
    stream.write(b"a")
    stream.write(b"b")
    assert server.received == b""
    transport.resume_reading()
    loop.pump()
    assert server.received == b"ab"
    stream.close()
    assert not transport.is_reading()


def test_what_asyncio_asks_of_a_transport(loop: PrivateLoop) -> None:
    first, second = Server(), Server()
    transport = Memory(loop, first).transport
    loop.pump()
    transport.set_protocol(second)
    assert transport.get_protocol() is second
    assert transport.can_write_eof()
    assert transport.get_write_buffer_size() == 0
    transport.set_write_buffer_limits(high=1)
    transport.close()
    loop.pump()
    assert (first.events, second.events) == ([], ["lost"])


def test_a_closed_loop_is_the_end_of_its_streams() -> None:
    loop = PrivateLoop()
    client = Memory(loop, Server(*HELLO)).connect()
    loop.close()
    with pytest.raises(ConnectionLost):
        client.ehlo()
    assert client.state is State.CLOSED
