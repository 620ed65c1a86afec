"""Who takes mail for a domain, asked of a real name server on loopback."""

import socket
import threading
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from smtplab import ConnectionLost, LocalProtocolError
from smtplab.exchanges import Exchange, mail_exchanges

ZONE = {
    "mail.lan.": ("MX", ["20 backup.mail.lan.", "10 mx.mail.lan."]),
    "null.lan.": ("MX", ["0 ."]),
    "host.lan.": ("A", ["127.0.0.1"]),
}


def answered(question: bytes) -> bytes:
    query = dns.message.from_wire(question)
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.RA
    name = query.question[0].name
    kind, records = ZONE.get(name.to_text(), ("", []))
    if kind == "MX":
        reply.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *records))
    elif name.to_text() == "broken.lan.":
        reply.set_rcode(dns.rcode.SERVFAIL)
    elif not kind:
        reply.set_rcode(dns.rcode.NXDOMAIN)
    return reply.to_wire()


@pytest.fixture(autouse=True)
def name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                question, asker = listening.recvfrom(4096)
                if question == b"stop":
                    return
                listening.sendto(answered(question), asker)

        thread = threading.Thread(target=serve)
        thread.start()
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = listening.getsockname()[1]
        monkeypatch.setattr(dns.resolver, "default_resolver", resolver)
        monkeypatch.setattr("smtplab.exchanges.LIFETIME", 60.0)
        yield
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"stop", listening.getsockname())
        thread.join(60)


def test_the_lower_preference_comes_first() -> None:
    best, other = mail_exchanges("mail.lan", real=True)
    assert best == Exchange(10, "mx.mail.lan") and other == Exchange(20, "backup.mail.lan")


def test_a_null_mx_means_that_nobody_takes_mail() -> None:
    """RFC 7505, 3."""
    assert mail_exchanges("null.lan", real=True) == ()


def test_a_domain_without_mx_is_its_own_host() -> None:
    """RFC 5321, 5.1."""
    assert mail_exchanges("host.lan", real=True) == (Exchange(0, "host.lan"),)


def test_a_domain_that_does_not_exist_is_told_from_a_name_server_that_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ConnectionLost, match="gone.lan does not exist; check the spelling"):
        mail_exchanges("gone.lan", real=True)
    monkeypatch.setattr("smtplab.exchanges.LIFETIME", 1.0)  # it is asked again until then
    with pytest.raises(ConnectionLost, match="did not say who takes mail for broken.lan"):
        mail_exchanges("broken.lan", real=True)


def test_the_real_dns_wants_consent_and_never_hears_of_a_reserved_name() -> None:
    with pytest.raises(LocalProtocolError, match="pass real=True"):
        mail_exchanges("mail.lan")
    with pytest.raises(LocalProtocolError, match="sandbox.zones.mail_hosts"):
        mail_exchanges("example.net", real=True)
