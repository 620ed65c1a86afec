"""A connection from another user's process is refused where the kernel can tell."""

import os
import socket
import subprocess
import sys
from contextlib import closing

import pytest

from smtplab import Sandbox
from smtplab.sandbox.peer_user import PeerUser

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells, by netlink")

NOBODY = 65534
DIALOGUE = 'exec 3<>"/dev/tcp/127.0.0.1/$1"; printf "EHLO x.example\\r\\nQUIT\\r\\n" >&3; cat <&3'


def port_of(sandbox):
    return next(bound for one, bound in sandbox.bound_ports.items() if one.port == 25)


def test_the_kernel_names_the_user_of_a_peer():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        with socket.create_connection(listening.getsockname()):
            peer, _ = listening.accept()
            with peer, closing(PeerUser()) as kernel:
                ends = peer.getsockname(), peer.getpeername()
                for _ in range(3):  # over one socket
                    assert kernel.uid_of_peer(ends) == os.getuid()
                    assert not kernel.is_another(ends)


def test_a_guest_that_is_the_same_user_is_served():
    with Sandbox("tcp") as sandbox:
        with socket.create_connection(("127.0.0.1", port_of(sandbox)), 10) as guest:
            assert guest.recv(100).startswith(b"220 ")
            guest.sendall(b"NOOP\r\n")
            assert guest.recv(100).startswith(b"250 ")


def test_a_guest_that_is_another_user_gets_no_further_than_the_greeting(monkeypatch):
    """Two people on one machine could otherwise read and fill each other's mailboxes."""
    with Sandbox("tcp") as sandbox:
        monkeypatch.setattr(os, "getuid", lambda: NOBODY)
        with socket.create_connection(("127.0.0.1", port_of(sandbox)), 10) as guest:
            said = bytearray()
            try:
                guest.sendall(b"EHLO x.example\r\n")
                while octets := guest.recv(1000):
                    said += octets
            except ConnectionError:
                pass
        assert b"250" not in said


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root may be another user")
def test_a_real_process_of_another_user_is_refused():
    with Sandbox("tcp") as sandbox:
        ended = subprocess.run(
            ["bash", "-c", DIALOGUE, "bash", str(port_of(sandbox))],
            capture_output=True,
            timeout=20,
            user=NOBODY,
            cwd="/",
        )
        assert b"250" not in ended.stdout


def test_the_sandboxs_own_clients_are_never_asked(monkeypatch):
    with Sandbox("tcp") as sandbox:
        monkeypatch.setattr(os, "getuid", lambda: NOBODY)
        with sandbox.connect() as client:
            assert client.ehlo().code == 250
