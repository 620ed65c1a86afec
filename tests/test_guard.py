"""The guard rail: what may be dialled, and with what consent; and why a connection fails."""

import errno
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from smtplab.client import Client, Settings
from smtplab.errors import ConnectionLost, LocalProtocolError
from smtplab.guard import internet, is_loopback
from smtplab.transport.tcp import Internet, TCPStream, address_literal, why_no_connection


@pytest.mark.parametrize(
    "host",
    [
        "smtp.example.org", "example.com", "EXAMPLE.NET", "mx.example.net.", "a.b.example",
        "example", "mail.test", "x.invalid", "gmail.profile.example", "192.0.2.1", "2001:db8::1",
    ],
)  # fmt: skip
@pytest.mark.parametrize("real", [True, False])
def test_a_reserved_name_is_never_dialled(host: str, real: bool) -> None:
    with pytest.raises(LocalProtocolError, match="reserved name.*network=sandbox"):
        internet(host, real=real)


@pytest.mark.parametrize("host", ["mail.lan", "notexample", "::", "0.0.0.0", "127.lan"])
def test_a_real_server_wants_real_true(host: str) -> None:
    with pytest.raises(LocalProtocolError, match=r"pass real=True.*network=sandbox"):
        Client.connect(host, 587)
    assert isinstance(internet(host, real=True), Internet)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "127.0.0.1", "127.8.9.1", "::1"])
def test_this_machine_needs_no_consent(host: str) -> None:
    assert isinstance(internet(host, real=False), Internet)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("[::1]", True), ("localhost.example.org", False), ("127.0.0.1.example", False), ("", False)],
)
def test_loopback_is_told_by_spelling_alone(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@contextmanager
def listening() -> Iterator[tuple[socket.socket, int]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener, listener.getsockname()[1]


def test_a_server_on_this_machine_is_reached_over_tcp() -> None:
    with listening() as (listener, port):
        stream = Internet().open("127.0.0.1", port, source="127.0.0.1", timeout=60)
        server, _ = listener.accept()
        with server:
            assert re.fullmatch(r"c\d+", stream.facts.connection)
            assert (stream.facts.source, stream.facts.local_name) == ("127.0.0.1", "[127.0.0.1]")
            assert stream.facts.now().tzinfo is not None
            assert stream.facts.trusted().check_hostname
            stream.write(b"EHLO x\r\n")
            assert server.recv(100) == b"EHLO x\r\n"
            server.sendall(b"250 x\r\n")
            assert stream.read(3) + stream.read(100) == b"250 x\r\n"
            stream.close()
            stream.close()
            assert server.recv(100) == b""


@pytest.mark.parametrize("timeout", [0, 0.01, 0.25])
def test_a_read_and_a_write_wait_no_longer_than_they_should(timeout: float) -> None:
    with listening() as (listener, port):
        stream = Internet().open("127.0.0.1", port, source=None, timeout=60)
        server, _ = listener.accept()
        with server:
            assert isinstance(stream, TCPStream)
            patient = TCPStream(stream._socket, stream.facts, timeout)
            with pytest.raises(TimeoutError):
                patient.read(1)
            with pytest.raises(TimeoutError):
                while True:  # until the buffers of both ends are full
                    patient.write(bytes(2**20))
            patient.close()


def test_a_write_that_is_taken_in_parts_arrives_whole() -> None:
    content = bytes(range(256)) * 2**15  # more than the buffers of both ends hold
    with listening() as (listener, port):
        stream = Internet().open("127.0.0.1", port, source=None, timeout=60)
        server, _ = listener.accept()
        received = bytearray()

        def drain() -> None:
            while octets := server.recv(65536):
                received.extend(octets)

        reader = Thread(target=drain)
        with server:
            reader.start()
            stream.write(content)
            stream.close()
            reader.join(120)
    assert received == content


def test_a_closed_port_is_one_clear_error() -> None:
    with socket.socket() as bound, pytest.raises(ConnectionLost) as caught:
        bound.bind(("127.0.0.1", 0))  # and not listening, so that nobody else has the port
        port = bound.getsockname()[1]
        Client.connect("127.0.0.1", port, settings=Settings(timeout=60))
    assert str(caught.value) == (
        f"127.0.0.1 port {port} refused the connection; no server listens there"
    )
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("error", "port", "sentence"),
    [
        (socket.gaierror(-2, "SECRET"), 25, "no address is known for mx; check the spelling"),
        (TimeoutError("SECRET"), 25, "many networks block port 25"),
        (TimeoutError("SECRET"), 587, "did not take the connection in time"),
        (ConnectionRefusedError(111, "SECRET"), 587, "no server listens there"),
        (
            OSError(errno.EADDRNOTAVAIL, "SECRET"),
            587,
            "has no address to connect from; check the s",
        ),
        (
            OSError(errno.ENETUNREACH, "SECRET"),
            25,
            "no way leads there from this network (many",
        ),
        (OSError(errno.EHOSTUNREACH, "SECRET"), 587, "no way leads there from this network"),
        (PermissionError(errno.EACCES, "SECRET"), 587, "or its firewall forbids the connection"),
        (OSError(9999, "SECRET"), 587, "mx port 587 cannot be reached: OSError, number 9999"),
    ],
)
def test_why_a_connection_is_not_to_be_had_is_said_in_our_words(
    error: OSError, port: int, sentence: str
) -> None:
    """The words of the operating system differ from machine to machine."""
    said = why_no_connection(error, "mx", port)
    assert sentence in said
    assert "SECRET" not in said
    is_of_port = isinstance(error, TimeoutError) or error.errno == errno.ENETUNREACH
    assert ("block port 25" in said) == (port == 25 and is_of_port)


def test_the_zone_of_an_address_is_nobodys_business() -> None:
    assert address_literal("fe80::1%eth0") == "[IPv6:fe80::1]"


def test_two_connections_to_real_servers_have_two_names() -> None:
    """In one transcript they would otherwise be taken for one."""
    with listening() as (_, port):
        streams = [
            internet("127.0.0.1", real=False).open("127.0.0.1", port, source=None, timeout=60)
            for _ in range(2)
        ]
        assert len({stream.facts.connection for stream in streams}) == 2
        for stream in streams:
            stream.close()
