"""Certificates tried for real: what a client that checks says to each (RFC 5280, RFC 9525)."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smtplab.client import IMPLICIT_TLS_PORT, Client, Settings
from smtplab.errors import RemoteProtocolError, SMTPLabError
from smtplab.sandbox import Sandbox
from smtplab.sandbox.little_internet import Listener

if TYPE_CHECKING:
    import ssl

    from smtplab.transport.tls_report import Certificate, TLSReport

REAL_TIME = (
    "Certificates are judged by the real date, not by the sandbox's clock: TLS looks at the clock "
    "of the machine."
)
NO_TLS = (
    "There is no TLS here: the server offers none. This Python has no TLS of its own, as in a "
    "browser tab, or the server is an old one. So there is no certificate to look at."
)


@dataclass(frozen=True)
class Trial:
    """One thing that may be wrong, or right, and what it means."""

    name: str
    shows: str  # one of the sandbox's kinds of certificate
    meaning: str
    remedy: str
    source: str


TRIALS = (
    Trial(
        "good", "good",
        "Name, dates and authority are right, so the client goes on. Now it knows whom it talks "
        "to, and nobody on the way can read along.",
        "Nothing to do, until it expires.", "RFC 5280, 6.1; RFC 9525, 6",
    ),
    Trial(
        "expired", "expired",
        "Its last day is over. Nobody vouches any more that the key still belongs to this host.",
        "The server's owner renews it. As a client, do not switch the check off: that helps "
        "whoever sits in the middle.", "RFC 5280, 4.1.2.5",
    ),
    Trial(
        "wrong name", "wrong host",
        "A known authority has signed it, but for another host. Anybody can own a certificate "
        "for a name of his own; it says nothing about this one.",
        "Connect to the name that stands in the certificate, or its owner adds this name.",
        "RFC 9525, 6.3",
    ),
    Trial(
        "self-signed", "self-signed",
        "It is signed with its own key. Everybody can make such a one, for any name.",
        "If it is your own server, trust its certificate file. Else have it signed by an "
        "authority that others know.", "RFC 5280, 3.2",
    ),
    Trial(
        "unknown CA", "good",
        "The certificate is sound, but this client does not know the authority that signed it. "
        "Here the client trusts nobody.",
        "Add the authority's file to what the client trusts: sandbox.ca_file is that of the "
        "sandbox.", "RFC 5280, 6.1",
    ),
    Trial(
        "old protocol", "good",
        "The client speaks TLS 1.1 at most. That version must not be used any more, so the "
        "server refuses before it shows a certificate.",
        "Update the program, or the system that it runs on.", "RFC 8996, 5",
    ),
    Trial(
        "not checked", "self-signed",
        "The same self-signed certificate, and a client that does not look. The mail is encrypted, "
        "but nobody knows for whom: whoever sits in the middle shows a certificate of his own.",
        "Check it wherever a password follows. Between servers not to check is common: better "
        "encrypted for somebody than readable for all.", "RFC 3207, 4.1; RFC 7435, 3",
    ),
)  # fmt: skip

_BY_NAME = {trial.name: trial for trial in TRIALS}


@dataclass(frozen=True)
class Outcome:
    """What came of a trial: the client's error in its own words, and what the server showed."""

    trial: Trial
    error: str  # "" if the client went on
    report: TLSReport | None  # as seen without a check where the client refused
    is_tls: bool = True


class CertificateModel:
    """One host and what its certificate came to; `sandbox` is where trials are made."""

    def __init__(
        self, host: str, port: int, sandbox: Sandbox | None, report: TLSReport | None
    ) -> None:
        self.host, self.port, self.sandbox = host, port, sandbox
        self.report = report
        self.outcome: Outcome | None = None

    @property
    def can_try(self) -> bool:
        return self.sandbox is not None

    def attempt(self, name: str) -> Outcome:
        """Set the host's certificate, connect for real, and put the old one back."""
        if name not in _BY_NAME:
            raise ValueError(f"try one of {', '.join(_BY_NAME)}, not {name!r}")
        if self.sandbox is None:
            raise ValueError("trials are made in a sandbox; pass sandbox= to the card")
        trial = _BY_NAME[name]
        policy = self.sandbox.policy(self.host)
        before, policy.certificate = policy.certificate, trial.shows
        try:
            self.outcome = self._outcome(trial)
        finally:
            policy.certificate = before
        self.report = self.outcome.report
        return self.outcome

    def _outcome(self, trial: Trial) -> Outcome:
        try:
            report = self._connect(_context(trial.name))
        except RemoteProtocolError as error:
            is_shown = trial.name != "old protocol"
            seen = self._unchecked() if is_shown else None
            return Outcome(trial, f"{error}", seen)
        except (ImportError, AttributeError):  # a Python whose ssl is a stub
            return Outcome(trial, "", None, is_tls=False)
        return Outcome(trial, "", report, is_tls=report is not None)

    def look(self) -> None:
        """See what the host shows now, with a client that checks; the error is kept."""
        assert self.sandbox is not None
        try:
            self.report = self._connect(None)
        except RemoteProtocolError as error:
            self.report = self._unchecked()
            self.outcome = Outcome(Trial("as it is", "", "", "", ""), f"{error}", self.report)

    def _unchecked(self) -> TLSReport | None:
        """What the server shows to a client that accepts all; None if it never comes so far."""
        try:
            return self._connect(_context("not checked"))
        except SMTPLabError:
            return None

    def _connect(self, context: ssl.SSLContext | None) -> TLSReport | None:
        """The report of a session; None where the host offers no TLS."""
        assert self.sandbox is not None
        settings = Settings(tls_context=context)
        with self.sandbox.connect(self.host, self.port, settings=settings) as client:
            if self.port != IMPLICIT_TLS_PORT:
                client.ehlo()
                if client.extensions is None or "STARTTLS" not in client.extensions:
                    return None
                client.starttls()
            report = client.tls_report
            client.ehlo()
            return report


def _context(name: str) -> ssl.SSLContext | None:
    """How the client of a trial checks; None: it trusts the sandbox's authority."""
    if name not in ("unknown CA", "old protocol", "not checked"):
        return None
    import ssl

    from smtplab.sandbox.certificates import unchecked_context

    if name == "not checked":
        return unchecked_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # with no authority in it
    if name == "old protocol":
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # else OpenSSL offers nothing that old
        with warnings.catch_warnings():  # Python warns of these versions, and rightly
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def model_of(what: object, sandbox: Sandbox | None) -> CertificateModel:
    """The model for a client, a report or the name of a host; `ValueError` says what is wrong."""
    if isinstance(what, str):
        sandbox = (sandbox or Sandbox()).start()
        model = CertificateModel(what, _port_of(what, sandbox), sandbox, None)
        model.look()
        return model
    if isinstance(what, Client):
        is_known = sandbox is not None and _has(sandbox, what.host, what.port)
        return CertificateModel(
            what.host, what.port, sandbox if is_known else None, what.tls_report
        )
    name = getattr(what, "server_name", None)
    if isinstance(name, str) and hasattr(what, "chain"):  # a report, without importing ssl for it
        is_known = sandbox is not None and any(one.host == name for one in sandbox.listeners)
        port = _port_of(name, sandbox) if sandbox is not None and is_known else 0
        return CertificateModel(name, port, sandbox if is_known else None, what)  # type: ignore[arg-type]
    raise ValueError(
        f"CertificateCard shows a Client, a TLSReport or a host's name, not {type(what).__name__}"
    )


def _has(sandbox: Sandbox, host: str, port: int) -> bool:
    return any(one.key == (host, port) for one in sandbox.listeners)


def _port_of(host: str, sandbox: Sandbox) -> int:
    """Where the host speaks SMTP, by preference with STARTTLS; `ValueError` lists the hosts."""
    found = [one for one in sandbox.listeners if one.host == host and one.service == "smtp"]
    if not found:
        hosts = dict.fromkeys(one.host for one in sandbox.listeners if one.service == "smtp")
        raise ValueError(f"no host {host!r} speaks SMTP here; there are {', '.join(hosts)}")
    return min(found, key=_preference).port


def _preference(listener: Listener) -> tuple[bool, bool]:
    return listener.tls != "starttls", not listener.auth


_ORGANISATION = re.compile(r"(?:^|,)O=((?:\\.|[^,\\])*)")


def organisation(name: str) -> str:
    """Who a distinguished name says it is; the rest of it is another at each start of a sandbox.

    >>> organisation("OU=Testing CA #x1,O=smtplab sandbox\\\\, for practice only")
    'smtplab sandbox, for practice only'
    """
    found = _ORGANISATION.search(name)
    return re.sub(r"\\(.)", r"\1", found[1]) if found else name


def issued_by(certificate: Certificate) -> str:
    """Who has signed a certificate."""
    if certificate.is_self_signed:
        return f"itself ({organisation(certificate.issuer)})"
    return organisation(certificate.issuer)
