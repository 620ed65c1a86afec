"""What TLS with a server came to, as a person reads it."""

import ssl
from datetime import UTC, datetime

import pytest
import trustme

from smtplab import Sandbox, Settings
from smtplab.transport.tls_report import Certificate, chain_of
from tests.peers import HOST, Peer, authority, server_context, with_certificate

HELLO = b"220 smtp.example.org\r\n"


def report_from(context: ssl.SSLContext, client_context: ssl.SSLContext | None = None):
    with Peer(context, HELLO) as peer:
        settings = Settings(tls_context=client_context)
        client = peer.connect(port=465, settings=settings)
        return client.tls_report


def test_it_names_protocol_cipher_names_and_dates() -> None:
    leaf = authority().issue_cert(
        HOST,
        "mail.example.org",
        not_before=datetime(2020, 1, 1, tzinfo=UTC),
        not_after=datetime(2100, 1, 1, tzinfo=UTC),
    )
    report = report_from(with_certificate(leaf))
    assert report.protocol == "TLS 1.3" and report.cipher and report.verified
    (certificate,) = report.chain
    assert certificate.names == (HOST, "mail.example.org")
    assert certificate.is_valid_at(datetime(2050, 1, 1, tzinfo=UTC))
    assert not certificate.is_valid_at(datetime(2101, 1, 1, tzinfo=UTC))
    assert not certificate.is_self_signed and certificate.key == "ECDSA, 256 bits"
    for shown in (repr(report), report._repr_html_()):
        assert "2020-01-01 to 2100-01-01" in shown and "mail.example.org" in shown
        assert "name, dates and authority are right" in shown
        assert certificate.sha256 not in shown


def test_the_whole_chain_is_shown_as_the_server_sent_it() -> None:
    between = authority().create_child_ca()
    report = report_from(with_certificate(between.issue_cert(HOST)))
    assert len(report.chain) == 2
    assert report.chain[0].issuer == report.chain[1].subject
    assert "Certificate 1" in repr(report)


def test_what_was_not_checked_says_so() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    report = report_from(with_certificate(trustme.CA().issue_cert("other.example")), context)
    assert not report.verified and report.chain[0].names == ("other.example",)
    assert "no: anybody could have shown it" in repr(report)


def test_a_key_may_be_rsa() -> None:
    leaf = authority().issue_cert(HOST, key_type=trustme.KeyType.RSA)
    assert report_from(with_certificate(leaf)).chain[0].key == "RSA, 2048 bits"


def test_a_name_in_a_certificate_cannot_write_on_the_page() -> None:
    leaf = authority().issue_cert(HOST, organization_name="<img src=x onerror=alert(1)>")
    assert "<img" not in report_from(with_certificate(leaf))._repr_html_()


def test_without_tls_there_is_no_report() -> None:
    with Sandbox("memory") as sandbox, sandbox.connect() as client:
        assert client.tls_report is None
        client.ehlo()
        client.starttls()
        assert client.tls_report is not None and client.tls_report.server_name == client.host


def test_octets_that_are_no_certificate_are_an_error_of_value() -> None:
    with pytest.raises(ValueError):
        Certificate.from_der(b"no certificate")


def test_python_tells_the_chain_in_one_of_two_ways() -> None:
    """Before 3.13 only the object behind `ssl.SSLObject` knows it."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = server_context().wrap_bio(incoming, outgoing, server_side=True)
    assert hasattr(tls, "get_unverified_chain") or hasattr(
        vars(tls)["_sslobj"], "get_unverified_chain"
    )
    assert chain_of(tls) == ()
