"""What follows from a probe: sentences, each with the section that says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smtplab.probing.findings import PortReport

SOON = timedelta(days=14)  # ours to choose: time enough to renew a certificate by hand
OLD_VERSIONS = ("TLS 1.0", "TLS 1.1")  # deprecated by RFC 8996
NEW_VERSIONS = ("TLS 1.2", "TLS 1.3")  # RFC 9325, 3.1.1


@dataclass(frozen=True)
class Advice:
    """One thing to mend; `port` is 0 where it is about all of them."""

    port: int
    text: str
    source: str
    urgent: bool = False

    def __str__(self) -> str:
        where = f"Port {self.port}: " if self.port else ""
        return f"{where}{self.text} ({self.source})" if self.source else f"{where}{self.text}"


def advice_for(ports: Sequence[PortReport]) -> tuple[Advice, ...]:
    """All advice, the urgent first."""
    found = [*_about_reaching(ports)]
    for port in ports:
        if port.outcome == "open":
            found += _about_greeting(port)
            found += _about_tls(port)
            found += _about_auth(port)
            found += _about_strangers(port)
    return tuple(sorted(found, key=lambda one: not one.urgent))


def _about_reaching(ports: Sequence[PortReport]) -> Iterator[Advice]:
    outcomes = {port.outcome for port in ports}
    if outcomes == {"silent"}:
        yield Advice(
            0,
            "No port answered at all. Either a firewall in front of the host drops everything, or "
            "this network lets no SMTP out, as Binder and many clouds do; try it from another "
            "network before you blame the host.",
            "",
            urgent=True,
        )
    elif outcomes == {"refused"}:
        yield Advice(0, "The host is there, and no SMTP server listens on it.", "", urgent=True)
    elif "open" not in outcomes and ports:
        yield Advice(0, f"No port took a connection: {_reasons(ports)}.", "", urgent=True)
    else:
        for port in ports:
            if port.port == 25 and port.outcome == "silent":
                yield Advice(
                    25,
                    "it did not answer, while others did. Many networks block port 25 on the way "
                    "out, so this says nothing about the server; try it from another network.",
                    "RFC 5068, 3.1",
                )


def _reasons(ports: Sequence[PortReport]) -> str:
    """Each reason once: a name that nobody knows is the same for every port."""
    return "; ".join(dict.fromkeys(port.problem for port in ports))


def _about_greeting(port: PortReport) -> Iterator[Advice]:
    if port.greeting is None and port.problem and not port.tls_problem:
        yield Advice(
            port.port,
            "it took the connection and did not greet as an SMTP server does. Another program may "
            "listen there, or TLS comes first, as on port 465.",
            "RFC 5321, 3.1",
            urgent=True,
        )
    elif port.greeting is not None and not port.greeting.is_positive:
        yield Advice(
            port.port,
            f"the server refused the session with {port.greeting.code}; its text may say why.",
            "RFC 5321, 3.1",
            urgent=True,
        )
    elif port.extensions is None and not port.tls_problem:
        yield Advice(
            port.port,
            "it has no EHLO, so no TLS, no AUTH and no sizes; a server must support EHLO.",
            "RFC 5321, 2.2.1",
        )


def _about_tls(port: PortReport) -> Iterator[Advice]:
    offered = tuple(port.before_tls or ())
    if not port.implicit_tls and "STARTTLS" not in offered and port.before_tls is not None:
        source = "RFC 8314, 3.3" if port.port == 587 else "RFC 3207, 4"
        told = "it offers no STARTTLS, so everything passes in plaintext; switch TLS on."
        yield Advice(port.port, told, source, urgent=port.port == 587)
    if port.starttls is not None and port.starttls.code != 220:
        told = f"it offers STARTTLS and then refuses it with {port.starttls.code}."
        yield Advice(port.port, told, "RFC 3207, 4", urgent=True)
    if port.tls_problem:
        told = f"{port.tls_problem}."
        if port.port == 25:
            told += (
                " Most mail servers go on all the same, but those that ask MTA-STS or DANE do not."
            )
        source = "RFC 8461, 4.1" if port.port == 25 else "RFC 8314, 3.4"
        yield Advice(port.port, told, source, urgent=True)
    if port.tls is not None and port.tls.chain and port.when is not None:
        until = port.tls.chain[0].not_after
        if port.when <= until < port.when + SOON:
            told = f"the certificate is valid until {until:%Y-%m-%d} only; renew it now."
            yield Advice(port.port, told, "RFC 5280, 4.1.2.5")
    yield from _about_versions(port)


def _about_versions(port: PortReport) -> Iterator[Advice]:
    old = [name for name in OLD_VERSIONS if port.versions.get(name)]
    if old:
        told = f"it still takes {' and '.join(old)}, which must not be used any more."
        yield Advice(port.port, told, "RFC 8996, 1")
    if all(port.versions.get(name) is False for name in NEW_VERSIONS):
        told = "it takes neither TLS 1.2 nor TLS 1.3, so clients of today cannot encrypt."
        yield Advice(port.port, told, "RFC 9325, 3.1.1", urgent=True)


def _about_auth(port: PortReport) -> Iterator[Advice]:
    before = port.before_tls.auth_mechanisms if port.before_tls is not None else ()
    inside = port.after_tls.auth_mechanisms if port.after_tls is not None else ()
    clear = [name for name in before if name in ("PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER")]
    if clear and not port.implicit_tls:
        yield Advice(
            port.port,
            f"it offers AUTH {' '.join(clear)} before TLS, so that passwords can cross the "
            "network readable for anyone; offer it inside TLS only.",
            "RFC 4954, 4",
            urgent=True,
        )
    if port.port == 25 and (before or inside):
        told = "it offers AUTH, but people submit their mail on 587 or 465; switch it off here."
        yield Advice(25, told, "RFC 6409, 3.1")
    if port.port in (587, 465) and port.after_tls is not None and not inside:
        told = "it offers no AUTH inside TLS, so nobody can sign in to submit mail."
        yield Advice(port.port, told, "RFC 6409, 4.3", urgent=True)


def _about_strangers(port: PortReport) -> Iterator[Advice]:
    if port.relays:
        yield Advice(
            port.port,
            "it took a recipient elsewhere from a stranger: an open relay, if it means it. Let it "
            "relay for its own networks and for those who have signed in only.",
            "RFC 5321, 7.9; RFC 2505, 2.1",
            urgent=True,
        )
    for verb, reply in (("VRFY", port.vrfy), ("EXPN", port.expn)):
        if reply is not None and reply.code in (250, 251):
            told = f"{verb} tells a stranger which mailboxes there are; reply 252 or 502 instead."
            yield Advice(port.port, told, "RFC 5321, 7.3")
