"""TLS: each way in which it fails is one sentence of ours, with the next step in it."""

import ssl
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from smtplab.client import Settings
from smtplab.errors import ConnectionLost, RemoteProtocolError, SMTPLabError
from smtplab.session import State
from smtplab.transport import Stream, StreamWrapper
from smtplab.transport.tls import TLSStream, explain_failure
from tests.peers import HOST, Item, Peer, authority, server_context, with_certificate

GREETING = b"220 smtp.example.org\r\n"
GO = b"220 go\r\n"


def self_signed() -> ssl.SSLContext:
    """A server whose certificate is signed by its own key: an authority's own, used as a leaf."""
    alone = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "own.pem"
        file.write_bytes(alone.private_key_pem.bytes() + alone.cert_pem.bytes())
        context.load_cert_chain(file)
    return context


def valid(begin: int, end: int, host: str = HOST) -> ssl.SSLContext:
    """A certificate that is valid from one year to another."""
    first, last = (datetime(year, 1, 1, tzinfo=UTC) for year in (begin, end))
    return with_certificate(authority().issue_cert(host, not_before=first, not_after=last))


def old_tls_only() -> ssl.SSLContext:
    context = with_certificate(authority().issue_cert(HOST))
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


WRONG = {
    "expired": (
        lambda: valid(2000, 2001),
        "smtp.example.org showed has expired; the server needs a new one",
    ),
    "not valid yet": (
        lambda: valid(2098, 2099),
        "is not valid yet; look at the clock of this machine",
    ),
    "wrong host": (
        lambda: server_context("mx.example.net"),
        "names another host; use the name that the certificate was issued for",
    ),
    "unknown authority": (
        lambda: with_certificate(trustme.CA().issue_cert(HOST)),
        "comes from a certificate authority that is not trusted here; add its CA file",
    ),
    "self-signed": (
        self_signed,
        "is signed by itself and not trusted here; trust its own file if it is your server",
    ),
}


def check_sentence(error: SMTPLabError) -> str:
    """One sentence, with nothing of OpenSSL's own text in it."""
    said = str(error)
    assert "\n" not in said and "_ssl.c" not in said and "[SSL" not in said and "[Errno" not in said
    assert "verify failed" not in said
    assert error.__cause__ is None and error.__suppress_context__
    return said


@pytest.mark.parametrize("way", ["STARTTLS", "implicit"])
@pytest.mark.parametrize(("make", "sentence"), WRONG.values(), ids=WRONG)
def test_a_certificate_that_does_not_hold_is_one_sentence(make, sentence: str, way: str) -> None:
    script: list[Item] = [GREETING, GO, make()] if way == "STARTTLS" else [make(), GREETING]
    with Peer(*script) as peer, pytest.raises(RemoteProtocolError) as caught:
        if way == "implicit":
            peer.connect(465)
        else:
            client = peer.connect()
            client.starttls()
    assert sentence in check_sentence(caught.value)
    assert peer.tls_error and "ALERT" in peer.tls_error.reason, "the server was told why"
    if way == "STARTTLS":
        assert client.state is State.CLOSED
        with pytest.raises(ConnectionLost):
            client.auth("alice@example.org", "looking-glass")
        assert b"AUTH" not in b"".join(peer.commands)


def test_a_certificate_for_another_address_is_one_sentence() -> None:
    with Peer(with_certificate(authority().issue_cert("192.0.2.9"))) as peer:
        with pytest.raises(RemoteProtocolError) as caught:
            peer.connect(465, host="192.0.2.10")
    assert "names another address" in check_sentence(caught.value)


def test_tls_to_a_server_that_speaks_plaintext_first_says_so() -> None:
    with Peer(GREETING) as peer, pytest.raises(RemoteProtocolError) as caught:
        peer.connect(465)
    assert check_sentence(caught.value) == (
        "smtp.example.org did not speak TLS on this port; it may expect plaintext first: "
        "connect without TLS and use STARTTLS"
    )


def test_tls_to_a_server_that_says_nothing_ends_in_time() -> None:
    with Peer(b"") as peer, pytest.raises(ConnectionLost) as caught:
        peer.connect(465, settings=Settings(timeout=0.05))
    assert "did not finish the TLS handshake in time" in check_sentence(caught.value)


def test_plaintext_to_a_server_that_waits_for_tls_ends_in_time_and_hints_at_it() -> None:
    settings = Settings(timeout=0.05, implicit_tls=False)
    with Peer(server_context()) as peer, pytest.raises(ConnectionLost) as caught:
        peer.connect(465, settings=settings)
    said = check_sentence(caught.value)
    assert "sent no reply to greeting within 0.05 seconds" in said
    assert "it may expect TLS first" in said


def test_no_common_version_is_one_sentence() -> None:
    modern = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority().configure_trust(modern)
    modern.minimum_version = ssl.TLSVersion.TLSv1_3
    with Peer(old_tls_only()) as peer, pytest.raises(RemoteProtocolError) as caught:
        peer.connect(465, settings=Settings(tls_context=modern))
    assert "share no TLS version" in check_sentence(caught.value)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ssl.SSLError(1, "SECRET"), "failed (no reason given)"),
        (ConnectionResetError("SECRET"), "in the middle of the TLS handshake"),
        (ssl.SSLCertVerificationError("SECRET"), "was refused (OpenSSL verify code "),
    ],
)
def test_a_failure_without_its_own_sentence_still_says_nothing_of_openssls(
    error: Exception, sentence: str
) -> None:
    if isinstance(error, ssl.SSLCertVerificationError):
        error.verify_code = 99
    said = explain_failure(error, HOST)
    assert sentence in said
    assert "SECRET" not in said


# Inside TLS.


class Spoiler(StreamWrapper):
    """A man in the middle who turns one bit of what the server sends, once he is told to."""

    active = False

    def read(self, n: int) -> bytes:
        octets = bytearray(super().read(n))
        if self.active and octets:
            octets[-1] ^= 1
        return bytes(octets)


def test_octets_that_were_changed_on_the_way_are_noticed() -> None:
    spoilers: list[Spoiler] = []

    def through(stream: Stream) -> Stream:
        spoilers.append(Spoiler(stream))
        return spoilers[0]

    with Peer(server_context(), GREETING, b"250 OK\r\n").through(through) as peer:
        client = peer.connect(465)
        spoilers[0].active = True
        with pytest.raises(RemoteProtocolError) as caught:
            client.noop()
        assert "what came is not TLS any more" in check_sentence(caught.value)
        assert client.state is State.OUT_OF_STEP


def test_both_sides_of_tls_can_be_looked_at() -> None:
    with Peer(server_context(), GREETING, b"250 OK\r\n") as peer:
        client = peer.connect(465)
        client.noop()
        stream = client._stream
        assert isinstance(stream, TLSStream)
        assert (stream.protocol, stream.verified) == ("TLS 1.3", True)
        assert stream.cipher.startswith("TLS_")
        stream.timeout = 3.0
        assert stream.inner.timeout == 3.0
    wire = client.transcript.wire("c1", "client")
    assert wire.octets("client")[:1] == wire.octets("server")[:1] == b"\x16"
    assert b"NOOP" not in wire.octets("client")
    assert b"smtp.example.org" in wire.octets("client"), "SNI is not encrypted"
    assert "C: NOOP" in client.transcript.to_text()


def test_the_end_of_tls_is_told_to_the_server() -> None:
    """Without close_notify the server could not tell our end from a cut connection."""
    with Peer(server_context(), GREETING) as peer:
        client = peer.connect(465)
        client.close()
    assert peer.tls_error is None


def test_a_content_of_megabytes_passes_through_tls() -> None:
    lines = b"x" * 70 + b"\r\n"
    script: list[Item] = [server_context(), GREETING, *[b"250 OK\r\n"] * 3, b"354 go\r\n", GO]
    with Peer(*script) as peer:
        client = peer.connect(465)
        client.ehlo(), client.mail("a@example.org"), client.rcpt("b@example.net"), client.data()
        assert client.content(lines * 30_000).code == 220
    assert peer.commands[-1] == lines * 30_000 + b".\r\n"
