"""A connection from another user's process is turned away where the kernel can tell."""

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from smtplab import Sandbox, cli
from smtplab.sandbox.over_tcp import OverTCP
from smtplab.sandbox.peer_user import PeerUser
from tests.other_users import ANN, BEN, python_as

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells, by netlink")

NOBODY = 65534
WITHIN = 180.0  # seconds
WHY = "belongs to another user"

OWNER = """
import json, os, sys
from smtplab import Sandbox
with Sandbox("tcp", any_user="any" in sys.argv) as sandbox:
    rows = [[o.service, o.tls, o.port, bound] for o, bound in sandbox.bound_ports.items()]
    print(json.dumps({"uid": os.getuid(), "rows": rows}), flush=True)
    sys.stdin.readline()
    sandbox.settle()
    print(json.dumps([len(sandbox.transcript), len(sandbox.inbox("bob@example.net"))]))
"""

# Hears what is said at each port; then leaves a whole session there without waiting for a word.
GUEST = """
import json, os, socket, sys
def say(port, octets, family=socket.AF_INET, host="127.0.0.1"):
    with socket.socket(family) as sock:
        sock.settimeout(120)
        sock.connect((host, port))
        sock.sendall(octets)
        heard = b""
        try:
            while octets := sock.recv(4096):
                heard += octets
        except ConnectionError:
            pass
        return heard.decode("latin-1")
MAIL = (b"EHLO x.example\\r\\nMAIL FROM:<>\\r\\nRCPT TO:<bob@example.net>\\r\\nDATA\\r\\n"
        b"Subject: x\\r\\n\\r\\n.\\r\\nQUIT\\r\\n")
ports = json.loads(sys.argv[1])
heard = {port: say(port, MAIL) for port in ports}
heard["mapped"] = say(ports[0], MAIL, socket.AF_INET6, "::ffff:127.0.0.1")
for _ in range(40):
    for port in ports[:2]:
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.sendall(MAIL)
print(json.dumps([os.getuid(), heard]))
"""


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
        with socket.create_connection(("127.0.0.1", port_of(sandbox)), 60) as guest:
            assert guest.recv(100).startswith(b"220 ")
            guest.sendall(b"NOOP\r\n")
            assert guest.recv(100).startswith(b"250 ")


def test_a_guest_that_is_another_user_is_told_why_in_place_of_the_greeting(monkeypatch):
    """Two people on one machine could otherwise read and fill each other's mailboxes."""
    with Sandbox("tcp") as sandbox:
        monkeypatch.setattr(os, "getuid", lambda: NOBODY)
        with socket.create_connection(("127.0.0.1", port_of(sandbox)), 60) as guest:
            with guest.makefile("rb") as lines:
                assert lines.read() == f"421 mx.example.net This sandbox {WHY}".encode() + (
                    b" of this machine\r\n"
                )
        assert not len(sandbox.transcript)


def test_a_guest_who_has_sent_everything_and_left_is_not_let_in():
    """What it left behind would be read as its session: the kernel no longer knows whose it is."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        with socket.create_connection(listening.getsockname()) as guest:
            guest.sendall(b"RSET\r\n")
        peer, address = listening.accept()
        with peer, closing(PeerUser()) as kernel:
            ends = peer.getsockname(), address
            assert kernel.is_another(ends)
            peer.send(b"220 mx.example.net\r\n")  # and now its socket is gone altogether
            assert kernel.uid_of_peer(ends) is None
            assert kernel.is_another(ends)


def test_a_socket_that_has_lost_its_peer_is_strange_and_stops_no_listener():
    """macOS has no address for one; an error there would be raised in the loop itself."""
    gone = socket.socket()
    gone.close()
    with Sandbox("tcp") as sandbox:
        assert isinstance(sandbox._carrier, OverTCP)
        assert sandbox._carrier._is_strange(gone, ("127.0.0.1", 9))


def test_where_the_kernel_knows_of_no_socket_everybody_is_let_in(monkeypatch):
    """A kernel without that part would otherwise lock its own user out."""
    with closing(PeerUser()) as kernel:
        monkeypatch.setattr(kernel, "uid_of_peer", lambda ends: None)
        assert not kernel.is_another((("127.0.0.1", 1), ("127.0.0.1", 2)))


def meet(owner: int, guest: int, *words: str) -> tuple[dict, dict, list[int]]:
    """What the owner's doors are, what a guest hears there, what is in the owner's sandbox then.

    A guest who may be welcome goes to port 25 alone: elsewhere one would wait for more words.
    """
    with python_as(owner, OWNER, *words) as one:
        assert one.stdout is not None
        try:
            said = json.loads(one.stdout.readline())
            assert said["uid"] == owner
            strange = owner != guest and not words
            ports = [row[3] for row in said["rows"] if strange or row[2] == 25]
            with python_as(guest, GUEST, json.dumps(ports)) as other:
                out, errors = other.communicate(timeout=WITHIN)
            assert not errors
            uid, heard = json.loads(out)
            assert uid == guest
            out, errors = one.communicate("\n", WITHIN)
            assert not errors
        finally:
            one.kill()
    return said, heard, json.loads(out)


@pytest.fixture(scope="module")
def strangers() -> Iterator[tuple[dict, dict, list[int]]]:
    yield meet(ANN, BEN)


def test_another_user_gets_in_at_no_port(strangers) -> None:
    """SMTP, POP3 and IMAP, with TLS or without: a greeting to a stranger is a door left open."""
    doors, heard, _ = strangers
    services = {(service, tls) for service, tls, *_ in doors["rows"]}
    assert {service for service, _ in services} == {"smtp", "pop3", "imap"}
    for service, tls, _, bound in doors["rows"]:
        words = heard[str(bound)]
        begin = {"smtp": "421 ", "pop3": "-ERR ", "imap": "* BYE "}[service]
        assert words == "" if tls == "implicit" else (words.startswith(begin) and WHY in words)
        assert words.count("\r\n") <= 1
    assert WHY in heard["mapped"], "a socket of IPv6 that speaks IPv4"


def test_another_user_leaves_no_trace(strangers) -> None:
    """Not a line in the transcript, not a mail: also not by sending a session and running off."""
    assert strangers[2] == [0, 0]


def test_another_process_of_the_same_user_is_served() -> None:
    doors, heard, _ = meet(ANN, ANN)
    mx = next(str(row[3]) for row in doors["rows"] if row[2] == 25)
    assert heard[mx].startswith("220 ") and "221 " in heard[mx]


def test_an_owner_may_let_everybody_in() -> None:
    doors, heard, (events, mails) = meet(ANN, BEN, "any")
    mx = next(str(row[3]) for row in doors["rows"] if row[2] == 25)
    assert heard[mx].startswith("220 ") and "221 " in heard[mx]
    assert events and mails


def test_serve_lets_everybody_in_only_when_asked(monkeypatch) -> None:
    asked = []

    def note(*_: object, any_user: bool, **__: object) -> None:
        asked.append(any_user)
        raise ValueError("far enough")

    monkeypatch.setattr("smtplab.sandbox.Sandbox", note)
    for options in ([], ["--any-user"]):
        with pytest.raises(ValueError, match="far enough"):
            cli.main(["serve", *options])
    assert asked == [False, True]


def test_the_sandboxs_own_clients_are_never_asked(monkeypatch):
    with Sandbox("tcp") as sandbox:
        monkeypatch.setattr(os, "getuid", lambda: NOBODY)
        with sandbox.connect() as client:
            assert client.ehlo().code == 250
