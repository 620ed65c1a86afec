"""The life of the sandbox: start, stop, restart; what it binds and dials; what it leaves."""

import asyncio
import gc
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest

from smtplab import Client, ConnectionLost, Sandbox, Settings
from smtplab.sandbox import over_tcp
from smtplab.sandbox.connection import IDLE
from smtplab.sandbox.server import Server
from smtplab.transcript import Kind
from smtplab.transport.memory import MemoryStream
from smtplab.transport.private_loop import socket_transport
from smtplab.transport.stream import Stream
from tests import life_cycle
from tests.life_cycle import MSA, MX, read_until
from tests.watch import open_files, wait_until, watched

PROJECT = Path(__file__).parents[1]


@pytest.mark.parametrize("transport", ["tcp", "memory"])
@pytest.mark.parametrize("check", life_cycle.CHECKS, ids=lambda check: check.__name__)
def test_the_sandbox(check, transport: str) -> None:
    """Each under a watch: no thread, file, socket, warning, look-up or foreign address."""
    with watched():
        check(transport)


def test_the_watch_sees_each_kind_of_leak() -> None:
    """A watch that sees nothing would let everything pass."""
    kept: list[socket.socket] = []
    with socket.socket() as sock:
        leaks = {
            "socket": lambda: kept.append(socket.socket()),
            "unraisable": lambda: str(socket.socket()),
            "asyncio": lambda: logging.getLogger("asyncio").warning("asyncio complains"),
            "getaddrinfo": lambda: socket.getaddrinfo("mx.example.net", 25),
            "gethostbyname": lambda: socket.gethostbyname("mx.example.net"),
            "bind": lambda: sock.bind(("0.0.0.0", 0)),
            "connect": lambda: sock.connect(("192.0.2.1", 25)),
        }
        for name, leak in leaks.items():
            with pytest.raises((AssertionError, PermissionError), match=name), watched():
                leak()
    kept[0].close()


@pytest.mark.parametrize("taken", [(MSA, 587), (MSA, 465), (MX, 25)], ids=str)
def test_a_port_that_is_taken_gives_one_clear_error(taken: tuple[str, int]) -> None:
    with watched(), socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        sandbox = Sandbox("tcp", ports={taken: port})
        with pytest.raises(ConnectionLost, match=f"port {port} cannot be bound for {taken[0]}"):
            sandbox.start()
        assert not sandbox.is_running and not sandbox.bound_ports
        sandbox.stop()
        other.close()
        with sandbox:  # and once it is free, it starts
            assert port in sandbox.bound_ports.values()
            life_cycle.converse(sandbox)


def test_a_port_that_does_not_exist_gives_the_same_error() -> None:
    with watched(), pytest.raises(ConnectionLost, match="port 70000 cannot be bound"):
        Sandbox("tcp", ports={(MX, 25): 70_000}).start()


def test_ports_are_free_ones_unless_asked_for() -> None:
    with Sandbox("tcp") as sandbox:
        bound = sandbox.bound_ports
        assert [one.key for one in bound][:3] == [(MSA, 587), (MSA, 465), (MX, 25)]
        assert len(set(bound.values())) == len(bound) and min(bound.values()) > 1023


def test_only_loopback_is_bound() -> None:
    with Sandbox("tcp") as sandbox:
        for sock in sandbox._carrier._sockets.values():  # type: ignore[union-attr]
            assert sock.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize("transport", ["tcp", "memory"])
def test_nobody_listens_elsewhere(transport: str) -> None:
    with Sandbox(transport) as sandbox:
        for host, port in (("mx.example.com", 25), (MX, 587), ("127.0.0.1", 25)):
            with pytest.raises(ConnectionLost, match="nobody listens at"):
                sandbox.connect(host, port)
        assert sandbox.connect("203.0.113.25", 25).greeting.code == 220


def test_the_variable_decides_the_transport(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTPLAB_TRANSPORT", "memory")
    assert Sandbox().transport == "memory"
    assert Sandbox("tcp").transport == "tcp", "what the caller says goes first"
    monkeypatch.setenv("SMTPLAB_TRANSPORT", "pigeon")
    with pytest.raises(ValueError, match="'tcp' or 'memory', not 'pigeon'"):
        Sandbox()
    monkeypatch.delenv("SMTPLAB_TRANSPORT")
    assert Sandbox().transport == "tcp"


def test_memory_uses_no_socket_and_no_thread() -> None:
    files = open_files()
    with Sandbox("memory") as sandbox, sandbox.connect() as client:
        client.ehlo()
        assert isinstance(sandbox.open(MX, 25, source=None, timeout=1), MemoryStream)
        assert open_files() == files
        assert sandbox.bound_ports == {}


def test_the_ca_file_goes_with_the_sandbox() -> None:
    with watched():
        sandbox = Sandbox("memory").start()
        path = sandbox.ca_file
        assert path is not None and "BEGIN CERTIFICATE" in path.read_text("ascii")
        sandbox.stop()
        assert not path.exists() and sandbox.ca_file is None


def test_there_is_one_authority_whoever_asks_first() -> None:
    """Two would give the server a certificate that its client does not trust."""
    for _ in range(5):
        sandbox, together = Sandbox("memory"), Barrier(4)

        def ask(_: int, world=sandbox._world, together=together) -> int:
            together.wait(120)
            return id(world.authority)

        with ThreadPoolExecutor(4) as pool:
            assert len(set(pool.map(ask, range(4)))) == 1


@pytest.mark.parametrize("transport", ["tcp", "memory"])
def test_a_connection_that_broke_leaves_no_error_to_be_logged(
    transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    """asyncio logs an exception that nobody fetched, at a time of the collector's choice."""
    with Sandbox(transport) as sandbox, sandbox.connect(MX, 25) as client:
        client.ehlo()
        (server,) = sandbox._world.live.values()
        sandbox._carrier.call(partial(server.connection_lost, BrokenPipeError()))
        client.close()
    del server
    gc.collect()
    assert not [record for record in caplog.records if record.name == "asyncio"]


def test_a_client_that_sends_and_never_reads_is_slowed_down() -> None:
    """Else the server would keep whatever it sends, until no memory is left."""
    with Sandbox("tcp") as sandbox:
        port = next(bound for one, bound in sandbox.bound_ports.items() if one.port == 25)
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            sock.settimeout(60)
            sock.connect(("127.0.0.1", port))
            read_until(sock, b"\r\n")
            (server,) = sandbox._world.live.values()
            assert isinstance(server, Server)
            sender = Thread(target=send_all_that_is_taken, args=(sock,))
            sender.start()
            wait_until(lambda: server._writing_paused and server._reading_paused)
            assert server._reading_paused and sender.is_alive()
            assert len(server._inbox) < 2**20
            received = 0  # and once it reads, it goes on
            while received < 5 * 2**20:
                received += len(sock.recv(2**20))
            sock.shutdown(socket.SHUT_RDWR)
            sender.join(60)
        assert not sender.is_alive()


def send_all_that_is_taken(sock: socket.socket) -> None:
    with suppress(OSError):  # it is cut off in the middle
        for _ in range(640):
            sock.sendall(b"EHLO a\r\n" * 8192)


def test_two_clients_that_send_much_at_once_are_served_in_turn() -> None:
    """Else one that sends commands without end keeps all others waiting, and `stop()`, too."""
    with Sandbox("tcp") as sandbox:
        streams = [sandbox.open(MX, 25, source=None, timeout=60) for _ in range(2)]
        for stream in streams:
            assert stream.read(100).startswith(b"220 ")

        def both_at_once() -> None:
            for stream in streams:
                stream.write(b"NOOP\r\n" * 1000)

        sandbox._carrier.call(both_at_once)  # the loop's own thread: it reads only afterwards
        for stream in streams:
            replies = b""
            while replies.count(b"\n") < 1000:
                replies += stream.read(65_536)
            stream.close()
        commands = [e for e in sandbox.transcript.events if e.kind is Kind.COMMAND]
        order = "".join(event.connection for event in commands if event.end == "server")
    assert "c1c2" in order and "c2c1" in order, "each is served before the other has ended"


def test_replies_to_a_pipelined_group_go_out_together() -> None:
    with Sandbox("tcp") as sandbox:
        stream = sandbox.open(MX, 25, source=None, timeout=60)
        read = stream.read(100)
        stream.write(b"EHLO a.example\r\nNOOP\r\nNOOP\r\nQUIT\r\n")
        while more := stream.read(65_536):
            read += more
        stream.close()
        sandbox.stop()
        segments = sandbox.transcript.wire("c1", "server").segments
    assert read.count(b"2.0.0 Nothing done\r\n") == 2
    from_server = [segment.octets for segment in segments if segment.sender == "server"]
    assert len(from_server) == 2, "the greeting, and everything else (RFC 2920, 3.2)"


def read_to_the_end(stream: Stream) -> bytes:
    """All that the server sends until it closes."""
    read = b""
    while more := stream.read(65_536):
        read += more
    stream.close()
    return read


@pytest.mark.parametrize("transport", ["tcp", "memory"])
def test_a_client_that_ends_its_half_first_is_still_heard(transport: str) -> None:
    """It may send all it has, end its direction, and then read what became of it."""
    with Sandbox(transport) as sandbox:
        stream = sandbox.open(MX, 25, source=None, timeout=60)
        stream.write(
            b"EHLO a.example\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.net>\r\n"
            b"DATA\r\nSubject: whole\r\n.\r\n"
        )
        if isinstance(stream, MemoryStream):
            stream._loop.call_soon(stream._transport.feed_eof)
            stream._loop.pump()
        else:
            stream._socket.shutdown(socket.SHUT_WR)  # type: ignore[attr-defined]
        read = read_to_the_end(stream)
        assert read.endswith(b"250 2.0.0 Accepted as m1\r\n")
        assert [mail.subject for mail in sandbox.inbox("bob@example.net")] == ["whole"]


def test_a_client_that_ends_its_half_while_its_content_is_taken_is_still_heard() -> None:
    """Stock aiosmtpd loses the mail object and the reply when its hook is slow."""
    with Sandbox("tcp") as sandbox:
        sandbox.faults.add("end-of-data=delay:0.2")
        stream = sandbox.open(MX, 25, source=None, timeout=60)
        stream.write(
            b"EHLO a.example\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.net>\r\n"
            b"DATA\r\nSubject: whole\r\n.\r\nNOOP\r\n"
        )
        stream._socket.shutdown(socket.SHUT_WR)  # type: ignore[attr-defined]
        read = read_to_the_end(stream)
        assert read.endswith(b"250 2.0.0 Accepted as m1\r\n250 2.0.0 Nothing done\r\n")
        assert [mail.subject for mail in sandbox.inbox("bob@example.net")] == ["whole"]


def test_mail_data_that_come_slowly_are_not_cut_off() -> None:
    """The time is for each block (RFC 5321, 4.5.3.2.5). Stock counts from the last command."""
    with Sandbox("memory") as sandbox:
        stream = sandbox.open(MX, 25, source=None, timeout=60)
        assert isinstance(stream, MemoryStream)
        stream.write(b"EHLO a.example\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n")
        for line in (b"Subject: slow\r\n", b"\r\n", b"one\r\n", b"two\r\n", b".\r\n"):
            later = stream._loop.time() + IDLE - 1
            while stream._loop.time() < later:
                stream._loop.advance(later - stream._loop.time())
            stream.write(line)
        stream.write(b"QUIT\r\n")
        read = b""
        while more := stream.read(65_536):
            read += more
        assert b"\r\n421 " not in read and b"\r\n250 2.0.0 Accepted as m1\r\n" in read
        assert [mail.subject for mail in sandbox.inbox("bob@example.net")] == ["slow"]


def test_a_client_that_ends_its_half_and_reads_slowly_has_every_reply() -> None:
    """The end of its octets must not cut off the replies that wait to be taken."""
    with Sandbox("tcp") as sandbox:
        port = next(bound for one, bound in sandbox.bound_ports.items() if one.port == 25)
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            sock.settimeout(60)
            sock.connect(("127.0.0.1", port))
            sock.sendall(b"EHLO a\r\n" * 30_000)
            sock.shutdown(socket.SHUT_WR)
            (server,) = waited_for(lambda: list(sandbox._world.live.values()))
            assert waited_for(lambda: server._eof)
            replies = b""
            while octets := sock.recv(2**20):
                replies += octets
    assert replies.count(b"250 HELP\r\n") == 30_000


def waited_for(told: Callable[[], Any]) -> Any:
    wait_until(told)
    return told()


@pytest.mark.parametrize("transport", ["tcp", "memory"])
def test_a_client_that_plainly_misses_tls_is_recorded_as_closed(transport: str) -> None:
    with Sandbox(transport) as sandbox:
        settings = Settings(implicit_tls=False, timeout=0.3)
        with pytest.raises(ConnectionLost):
            client = sandbox.connect(MSA, 465, settings=settings)
            client.ehlo()
        wait_until(lambda: not sandbox._world.live)
        sandbox.stop()
        kinds = [event.kind for event in sandbox.transcript.of("c1", "server")]
    assert kinds == ["connect", "close"]


def test_a_forgotten_sandbox_does_not_keep_the_program_alive() -> None:
    code = (
        # In this mode asyncio warns of a step that took long, as on a busy machine each may.
        "import logging; logging.getLogger('asyncio').setLevel(logging.ERROR)\n"
        "from smtplab import Sandbox\n"
        "sandbox = Sandbox('tcp').start(); client = sandbox.connect(); client.ehlo()\n"
        "other = Sandbox('memory').start(); kept = other.connect()\n"
        "print(sandbox.ca_file)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=180,
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )
    assert ended.stderr == "" and ended.returncode == 0
    assert not Path(ended.stdout.strip()).exists()


def test_no_reply_waits_until_the_client_has_acknowledged_the_one_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else Nagle's algorithm and a delayed acknowledgement cost 40 ms where two follow closely."""
    made: list[asyncio.Transport] = []

    def noted(*about: Any) -> asyncio.Transport:
        made.append(socket_transport(*about))
        return made[-1]

    monkeypatch.setattr(over_tcp, "socket_transport", noted)
    with Sandbox("tcp") as sandbox, Client.connect(network=sandbox):
        accepted = made[0].get_extra_info("socket")
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
