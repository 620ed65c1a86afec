"""Life-cycle checks of the sandbox, each with a watch for leaks; `python -m tests.life_cycle`.

They need no pytest, so that they run under any Python that has the sandbox's own dependencies.
"""

import asyncio
import gc
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from smtplab import Client, ConnectionLost, Sandbox, Settings, SMTPLabError
from tests.watch import PATIENCE, wait_until, watched

MSA, MX = "smtp.example.org", "mx.example.net"
ALICE, BOB, PASSWORD = "alice@example.org", "bob@example.net", "looking-glass"


def converse(sandbox: Sandbox, port: int = 587) -> None:
    """One mail object to Bob."""
    with sandbox.connect(MSA, port) as client:
        client.ehlo()
        if port == 587:
            client.starttls()
            client.ehlo()
        client.auth(ALICE, PASSWORD)
        client.mail(ALICE)
        client.rcpt(BOB)
        client.data()
        assert client.content(b"Subject: x\r\n\r\n").code == 250
    assert sandbox.inbox(BOB)[-1].subject == "x"


# The checks. Each takes the transport.


def starts_stops_and_starts_over(transport: str) -> None:
    sandbox = Sandbox(transport)
    assert not sandbox.is_running
    assert sandbox.start() is sandbox and sandbox.is_running
    sandbox.start()  # does nothing
    converse(sandbox)
    sandbox.stop()
    sandbox.stop()  # does nothing
    assert not sandbox.is_running and not sandbox.bound_ports
    assert len(sandbox.inbox(BOB)) == 1, "mailboxes can be read after the stop"
    with refused():
        sandbox.connect()
    sandbox.start()
    assert not sandbox.inbox(BOB), "a start after a stop begins a new world"
    converse(sandbox, 465)
    assert sandbox.restart().is_running and not sandbox.inbox(BOB)
    converse(sandbox)
    sandbox.stop()


def stops_without_a_start(transport: str) -> None:
    Sandbox(transport).stop()
    Sandbox(transport)  # forgotten before it was started


def ends_with_its_block(transport: str) -> None:
    with Sandbox(transport) as sandbox:
        converse(sandbox)
    assert not sandbox.is_running
    with suppress(ZeroDivisionError), Sandbox(transport) as sandbox:
        raise ZeroDivisionError
    assert not sandbox.is_running


def two_at_once_share_nothing(transport: str) -> None:
    with Sandbox(transport) as one, Sandbox(transport) as other:
        converse(one)
        assert not other.inbox(BOB)
        converse(other)
        one.stop()
        converse(other)
        assert len(other.inbox(BOB)) == 2


def a_cell_that_is_run_again_replaces_it(transport: str) -> None:
    for _ in range(3):
        sandbox = Sandbox(transport).start()
        client = sandbox.connect(MSA, 465)
        client.ehlo()
        converse(sandbox)
    del sandbox
    gc.collect()
    with refused():
        client.noop()


def the_collector_may_run_on_its_own_threads(transport: str) -> None:
    sandbox = Sandbox(transport).start()
    converse(sandbox)
    if transport == "tcp":
        carrier, end = sandbox._carrier, sandbox._finalizer
        carrier._loop.call_soon_threadsafe(end)  # type: ignore[union-attr]
        wait_until(lambda: not carrier._loop.is_running())  # type: ignore[union-attr]
        sandbox = Sandbox(transport).start()
        sandbox._carrier._queue_thread.submit(sandbox._finalizer)  # type: ignore[union-attr]
        wait_until(lambda: not sandbox._finalizer.alive)
    else:
        with sandbox.connect(MX, 25) as client:
            sandbox._carrier._loop.call_soon(sandbox._finalizer)  # type: ignore[union-attr]
            client.noop()  # the collector runs while the servers are pumped
            wait_until(lambda: sandbox._carrier._loop is None)
            with refused():
                client.noop()


def stops_with_clients_in_every_state(transport: str) -> None:
    took = [seconds_of_a_stop(transport)]
    while took[-1] >= 2 and len(took) < 3:  # a busy machine may have kept it waiting
        took.append(seconds_of_a_stop(transport))
    assert min(took) < 2, took


def seconds_of_a_stop(transport: str) -> float:
    sandbox = Sandbox(transport).start()
    clients = list(clients_in_every_state(sandbox))
    sockets = list(half_open(sandbox)) if transport == "tcp" else []
    begin = time.monotonic()
    sandbox.stop()
    took = time.monotonic() - begin
    for client in clients:
        with refused():
            client.noop()
    for sock in sockets:
        with suppress(ConnectionError):
            while sock.recv(65_536):
                pass
        sock.close()
    return took


def clients_in_every_state(sandbox: Sandbox) -> Iterator[Client]:
    """Greeted, in a transaction, in DATA, in TLS, in TLS and DATA, in AUTH."""
    settings = Settings(timeout=PATIENCE)
    for port, tls in ((25, False), (25, True), (587, True), (465, False)):
        for steps in range(4):
            host = MX if port == 25 else MSA
            client = sandbox.connect(host, port, settings=settings)
            client.ehlo()
            if tls:
                client.starttls()
                client.ehlo()
            if port != 25 and steps == 0:
                client.send_raw(b"AUTH LOGIN\r\n")
            elif port != 25:
                client.auth(ALICE, PASSWORD)
            if steps > 1:
                client.mail(ALICE)
                client.rcpt(BOB)
            if steps > 2:
                client.data()
                client._stream.write(b"Subject: never finished\r\n")
            yield client


def half_open(sandbox: Sandbox) -> Iterator[socket.socket]:
    """TLS handshakes that were not begun, begun and left; a half-closed connection; a flood."""
    ports = {listener.port: bound for listener, bound in sandbox.bound_ports.items()}
    client_hello_begins = b"\x16\x03\x01\x02\x00\x01\x00"
    for port, octets in (
        (465, b""),
        (465, client_hello_begins),
        (465, b"EHLO a.example\r\n"),  # plaintext where TLS is expected
        (587, b""),
        (587, b"EHLO a.example\r\n"),
        (25, b"NOOP\r\n" * 20_000),  # and reads no reply
    ):
        sock = socket.create_connection(("127.0.0.1", ports[port]), PATIENCE)
        sock.sendall(octets)
        yield sock
    for after in (b"", client_hello_begins):
        sock = socket.create_connection(("127.0.0.1", ports[587]), PATIENCE)
        read_until(sock, b"\r\n")
        sock.sendall(b"EHLO a.example\r\n")
        read_until(sock, b"250 HELP\r\n")
        sock.sendall(b"STARTTLS\r\n")
        read_until(sock, b"\r\n")
        sock.sendall(after)
        yield sock
    sock = socket.create_connection(("127.0.0.1", ports[25]), PATIENCE)
    sock.shutdown(socket.SHUT_WR)
    yield sock
    yield socket.create_connection(("127.0.0.1", ports[25]), PATIENCE)  # perhaps not accepted yet


def read_until(sock: socket.socket, end: bytes) -> None:
    octets = b""
    while not octets.endswith(end):
        more = sock.recv(65_536)
        assert more, octets
        octets += more


def clients_that_vanish_leave_nothing(transport: str) -> None:
    with Sandbox(transport) as sandbox:
        for client in clients_in_every_state(sandbox):
            client._stream.close()
        if transport == "tcp":
            for sock in half_open(sandbox):
                linger_none = b"\1\0\0\0\0\0\0\0"  # close() sends RST
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_none)
                sock.close()
        converse(sandbox)
        wait_until(lambda: not sandbox._world.live)
        assert not sandbox._world.live, "connections that ended are still known"
        assert not sandbox.errors


def stops_while_others_connect_and_send(transport: str) -> None:
    sandbox = Sandbox(transport).start()
    started, ended = threading.Barrier(4, timeout=PATIENCE), []

    def work() -> None:
        started.wait()
        try:
            for _ in range(1000):
                converse(sandbox)
        except (SMTPLabError, IndexError):
            ended.append(True)  # the stop reached it, at whichever step

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    started.wait()
    wait_until(lambda: len(sandbox.transcript) > 100)
    sandbox.stop()
    for thread in threads:
        thread.join(PATIENCE)
    assert ended == [True] * 3, "a client hangs after the stop"


def works_inside_a_running_loop(transport: str) -> None:
    async def cell() -> None:
        with Sandbox(transport) as sandbox:
            converse(sandbox)
            await asyncio.sleep(0)
            converse(sandbox, 465)

    asyncio.run(cell())


def starts_and_stops_fifty_times(transport: str) -> None:
    for _ in range(50):
        with Sandbox(transport) as sandbox:
            sandbox.connect(MX, 25)  # nobody closes it
    del sandbox


@contextmanager
def refused() -> Iterator[None]:
    try:
        yield
    except ConnectionLost:
        return
    raise AssertionError("this should have raised ConnectionLost")


CHECKS: tuple[Callable[[str], None], ...] = (
    starts_stops_and_starts_over,
    stops_without_a_start,
    ends_with_its_block,
    two_at_once_share_nothing,
    a_cell_that_is_run_again_replaces_it,
    the_collector_may_run_on_its_own_threads,
    stops_with_clients_in_every_state,
    clients_that_vanish_leave_nothing,
    stops_while_others_connect_and_send,
    works_inside_a_running_loop,
    starts_and_stops_fifty_times,
)


def main() -> int:
    failures = 0
    for transport in ("tcp", "memory"):
        for check in CHECKS:
            begin = time.monotonic()
            try:
                with watched():
                    check(transport)
                word = "ok"
            except Exception as error:
                word, failures = f"FAIL {type(error).__name__}: {error}", failures + 1
            print(f"{transport:6} {check.__name__:44} {time.monotonic() - begin:5.2f} s  {word}")
    return min(failures, 1)


if __name__ == "__main__":
    raise SystemExit(main())
