"""SCRAM-SHA-256-PLUS against scramp, which judges our proof and works out the binding itself."""

import socket
import ssl
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import trustme
from scramp import ScramException, ScramMechanism

from smtplab import Client, Settings
from tests.dovecot import PASSWORD
from tests.peers import PATIENCE, authority, trusting

ALICE, LOOPBACK, PLUS = "alice@example.org", "127.0.0.1", "SCRAM-SHA-256-PLUS"
MECHANISM = ScramMechanism(PLUS)
STORED = MECHANISM.make_auth_info(PASSWORD)


class Submission:
    """A server with implicit TLS that takes EHLO, one AUTH by scramp, and QUIT, from one client."""

    def __init__(self, leaf: trustme.LeafCert, version: ssl.TLSVersion, other: bool) -> None:
        self.judged = ""  # what scramp said of the client's final message
        self._leaf, self._other = leaf, other
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = self._context.maximum_version = version
        leaf.configure_cert(self._context)
        self._listening = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listening.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, name="scramp")

    def _serve(self) -> None:
        with self._listening:
            plain, _ = self._listening.accept()
        plain.settimeout(PATIENCE)
        with self._context.wrap_socket(plain, server_side=True) as tls, tls.makefile("rwb") as file:
            self._file = file
            self._say(b"220 scramp.example ESMTP")
            for line in iter(file.readline, b""):
                words = line.split()
                if words[0] == b"EHLO":
                    self._say(b"250-scramp.example\r\n250 AUTH " + PLUS.encode())
                elif words[0] == b"AUTH":
                    self._say(self._auth(tls, words[2]))
                else:
                    self._say(b"221 Bye")

    def _say(self, line: bytes) -> None:
        self._file.write(line + b"\r\n")
        self._file.flush()

    def _ask(self, challenge: str) -> str:
        self._say(b"334 " + b64encode(challenge.encode()))
        return b64decode(self._file.readline()).decode()

    def _auth(self, tls: ssl.SSLSocket, first: bytes) -> bytes:
        binding: tuple[str, object] = ("tls-unique", tls)
        if tls.version() == "TLSv1.3":
            leaf = authority().issue_cert(LOOPBACK) if self._other else self._leaf
            binding = "tls-server-end-point", leaf.cert_chain_pems[0].bytes().decode()
        judge = MECHANISM.make_server(lambda username: STORED, channel_binding=binding)
        try:
            judge.set_client_first(b64decode(first).decode())
            judge.set_client_final(self._ask(judge.get_server_first()))
        except ScramException as error:
            self.judged = str(error)
            return b"535 5.7.8 " + self.judged.splitlines()[0].encode()
        assert self._ask(judge.get_server_final()) == ""
        return b"235 2.7.0 Welcome"


@contextmanager
def submission(version: ssl.TLSVersion, other: bool = False) -> Iterator[Submission]:
    server = Submission(authority().issue_cert(LOOPBACK), version, other)
    server.thread.start()
    try:
        yield server
    finally:
        server.thread.join(PATIENCE)
    assert not server.thread.is_alive()


@contextmanager
def client_of(server: Submission) -> Iterator[Client]:
    settings = Settings(tls_context=trusting(), implicit_tls=True, timeout=PATIENCE)
    with Client.connect(LOOPBACK, server.port, settings=settings) as client:
        client.ehlo()
        yield client


@pytest.mark.parametrize(
    ("version", "binding"),
    [(ssl.TLSVersion.TLSv1_2, b"p=tls-unique,,"), (ssl.TLSVersion.TLSv1_3, b"p=tls-server-end-po")],
    ids=["TLS 1.2", "TLS 1.3"],
)
def test_scramp_takes_our_proof_bound_to_the_tls_connection(
    version: ssl.TLSVersion, binding: bytes
) -> None:
    """Of the bindings Python gives tls-unique and the certificate, not tls-exporter."""
    with submission(version) as server, client_of(server) as client:
        exchange = client.begin_auth(ALICE, PASSWORD, PLUS)
        assert exchange.response is not None
        assert exchange.response.startswith(binding)
        assert exchange.run().code == 235 and client.session.identity == ALICE


def test_scramp_refuses_a_proof_that_is_bound_to_another_certificate() -> None:
    """That is what -PLUS is for: somebody in the middle has a certificate of their own."""
    with submission(ssl.TLSVersion.TLSv1_3, other=True) as server, client_of(server) as client:
        assert client.auth(ALICE, PASSWORD, PLUS).code == 535
        assert client.session.identity is None
    assert "channel" in server.judged.lower()


def test_scramp_refuses_the_proof_of_a_wrong_password() -> None:
    with submission(ssl.TLSVersion.TLSv1_2) as server, client_of(server) as client:
        assert client.auth(ALICE, "wrong", PLUS).code == 535
    assert "proof" in server.judged.lower()
