"""How long each phase waits, and which addresses of a host are tried."""

import socket
from dataclasses import replace
from time import monotonic

import pytest

from smtplab import ConnectionLost, LocalProtocolError, Settings
from smtplab.client import Client
from smtplab.timeouts import Timeouts
from smtplab.transport.tcp import Internet, _first_that_answers
from tests.peers import Peer

PATIENT = Timeouts.all(60.0)
SHORT = 0.05  # seconds
HELLO = (b"220 x\r\n", b"250 x\r\n")
UP_TO_DATA = (*HELLO, b"250 mail\r\n", b"250 rcpt\r\n")


def talk(client: Client) -> None:
    client.ehlo()
    client.mail("a@example.org")
    client.rcpt("b@example.org")
    client.data()
    client.content(b"\r\n")


CASES = {
    "greeting": ("greeting", (b"",)),
    "command": ("EHLO", (b"220 x\r\n",)),  # the first that is one: it has no more time either
    "data": ("DATA", UP_TO_DATA),
    "end_of_data": ("end-of-data", (*UP_TO_DATA, b"354 go on\r\n")),
}


@pytest.mark.parametrize("phase", CASES)
def test_each_phase_waits_for_its_own_time(phase: str) -> None:
    step, script = CASES[phase]
    settings = Settings(timeout=replace(PATIENT, **{phase: SHORT}))
    with Peer(*script) as peer:
        expected = f"sent no reply to {step} within {SHORT:g} seconds"
        with pytest.raises(ConnectionLost, match=expected):
            talk(peer.connect(settings=settings))


def test_a_mail_server_grants_what_the_rfc_asks_for() -> None:
    limits = Timeouts.rfc5321()
    steps = ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "end-of-data", "BDAT LAST")
    assert [limits.of(step) for step in steps] == [300, 300, 300, 300, 120, 600, 600]
    assert limits.write == 180


def test_an_ip_version_is_4_or_6() -> None:
    with pytest.raises(LocalProtocolError, match="ip_version is 4, 6 or None, not 5"):
        Client.connect("127.0.0.1", 1, settings=Settings(ip_version=5))


def test_with_ip_version_6_an_ipv4_address_is_no_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(ConnectionLost, match="no address is known"):
            Internet(6).open("127.0.0.1", port, source=None, timeout=60)
        Internet(4).open("127.0.0.1", port, source=None, timeout=60).close()


def test_the_next_address_is_tried_when_one_refuses() -> None:
    gone = socket.socket()  # bound and not listening, so that nobody else has the port
    with socket.create_server(("127.0.0.1", 0)) as listener, gone:
        good = listener.getsockname()
        gone.bind(("127.0.0.1", 0))
        refused = gone.getsockname()
        kind = (socket.AF_INET, socket.SOCK_STREAM, 0, "")
        addresses = [(*kind, refused), (*kind, good)]
        with _first_that_answers(addresses, None, monotonic() + 60) as connected:
            assert connected.getpeername() == good
        with pytest.raises(ConnectionRefusedError):
            _first_that_answers([(*kind, refused)] * 2, None, monotonic() + 60)
