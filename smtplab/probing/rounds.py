"""The rounds: each port on its own connections, one after the other, with short time limits.

Nothing is sent: a mail transaction gets no further than RCPT, and RSET drops it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from smtplab.client import IMPLICIT_TLS_PORT, Client, Settings
from smtplab.errors import LocalProtocolError, RemoteProtocolError, SMTPLabError
from smtplab.probing.findings import PortReport, ProbeReport
from smtplab.session import State
from smtplab.transcript import Transcript

if TYPE_CHECKING:
    import ssl

    from smtplab.transport import Network

PORTS = (25, 465, 587)  # RFC 5321, 4.5.4.2; RFC 8314, 7.3; RFC 6409, 3.1
PATIENT = Settings(timeout=10.0)  # seconds a step; some servers greet late on purpose

# RFC 2606, 3: nobody's mailbox can be there, and example.com says by a null MX that it takes none.
ELSEWHERE = "relay-test@example.com"
NAMES = ("postmaster", "staff")  # for VRFY and EXPN; RFC 5321, 4.5.1 asks for the first

VERSIONS = {"TLS 1.0": "TLSv1", "TLS 1.1": "TLSv1_1", "TLS 1.2": "TLSv1_2", "TLS 1.3": "TLSv1_3"}


class Door(NamedTuple):
    """A host, a port, and whether TLS comes first there."""

    host: str
    port: int
    implicit_tls: bool


def probe(
    host: str,
    *,
    ports: Iterable[int] = PORTS,
    network: Network | None = None,
    real: bool = False,
    settings: Settings = PATIENT,
) -> ProbeReport:
    """Make the rounds of a host's ports and report what they show; nothing is delivered.

    `network` is the sandbox; a real server outside this machine wants `real=True`, as for
    `Client.connect`. Raises `LocalProtocolError` where that is missing, and nothing else: what
    goes wrong on the way is part of the report.
    """
    if isinstance(ports, str | int):
        raise TypeError(f"ports are several numbers, such as (25, 587), not {ports!r}")
    return ProbeReport(
        probe_port(
            Door(host, port, port == IMPLICIT_TLS_PORT),
            network=network,
            real=real,
            settings=settings,
        )
        for port in ports
    )


def probe_port(
    door: Door, *, network: Network | None = None, real: bool = False, settings: Settings = PATIENT
) -> PortReport:
    """One port of a host; see `probe`."""
    return _Round(door, network, real, settings).report()


class _Round:
    """The connections to one port."""

    def __init__(self, door: Door, network: Network | None, real: bool, settings: Settings) -> None:
        self._door, self._network, self._real = door, network, real
        self._transcript = Transcript(lambda: datetime.now(UTC))
        self._settings = replace(
            settings, implicit_tls=door.implicit_tls, transcript=self._transcript
        )
        self._found = PortReport(door.host, door.port, door.implicit_tls)

    def report(self) -> PortReport:
        found = self._found
        try:
            self._look(self._settings.tls_context)
            if found.tls_problem:  # look on without the check, so that the rest is seen too
                self._look(_unchecked())
            if found.tls is not None:
                found.versions = {name: self._takes(name) for name in VERSIONS}
        except LocalProtocolError:
            raise
        except SMTPLabError as error:
            self._broken(error)
        return found

    def _connect(self, context: ssl.SSLContext | None) -> Client:
        settings = replace(self._settings, tls_context=context)
        return Client.connect(
            self._door.host,
            self._door.port,
            network=self._network,
            real=self._real,
            settings=settings,
        )

    def _look(self, context: ssl.SSLContext | None) -> None:
        """One session from the greeting to QUIT; a failed handshake becomes `tls_problem`."""
        found = self._found
        try:
            client = self._connect(context)
        except RemoteProtocolError as error:
            if not (self._door.implicit_tls and not found.tls_problem):
                raise
            found.outcome, found.tls_problem = "open", str(error)
            return
        try:
            self._ask(client)
        finally:
            _leave(client)

    def _ask(self, client: Client) -> None:
        found = self._found
        found.outcome, found.greeting = "open", client.greeting
        found.when = datetime.now(UTC)  # certificates end in real time, also in the sandbox
        if client.session.tls:
            self._inside(client)
            return
        if client.state is State.REFUSED or not client.ehlo().is_positive:
            return
        found.before_tls = client.extensions
        if client.extensions is not None and "STARTTLS" in client.extensions:
            try:
                found.starttls = client.starttls()
            except RemoteProtocolError as error:
                if found.tls_problem:
                    raise
                found.tls_problem = str(error)
                return
        if client.session.tls:
            self._inside(client)
        else:
            self._stranger(client)

    def _inside(self, client: Client) -> None:
        """What there is inside TLS."""
        found = self._found
        with suppress(ValueError):  # a certificate that OpenSSL reads and we do not
            found.tls = client.tls_report
        if client.ehlo().is_positive:
            found.after_tls = client.extensions
            self._stranger(client)

    def _stranger(self, client: Client) -> None:
        """What somebody gets who has not signed in: no content follows."""
        found = self._found
        found.vrfy = client.vrfy(NAMES[0])
        found.expn = client.expn(NAMES[1])
        found.mail = client.mail("")
        if client.state is State.MAIL:
            found.relay = client.rcpt(ELSEWHERE)
            client.rset()

    def _takes(self, version: str) -> bool | None:
        """Whether the server takes this version of TLS; None where that could not be tried."""
        context = _only(version)
        if context is None:
            return None
        try:
            client = self._connect(context)
            try:
                if not client.session.tls:
                    client.ehlo()
                    client.starttls()
                return client.session.tls
            finally:
                _leave(client)
        except RemoteProtocolError:  # the handshake failed
            return False
        except SMTPLabError:  # no connection: a limit on how many, perhaps
            return None

    def _broken(self, error: SMTPLabError) -> None:
        """Where no connection was to be had, the reason is the outcome; else it broke off."""
        found = self._found
        found.problem = str(error)
        if len(self._transcript):  # it took the connection, and that was noted
            found.outcome = "open"
        elif isinstance(error.__context__, ConnectionRefusedError) or (
            error.__context__ is None and self._network is not None
        ):  # in the sandbox no system refuses: nobody listens
            found.outcome = "refused"
        elif not isinstance(error.__context__, TimeoutError):
            found.outcome = "unreachable"


def _unchecked() -> ssl.SSLContext:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _only(version: str) -> ssl.SSLContext | None:
    """A context for one version of TLS; old ones need what OpenSSL has switched off."""
    import ssl

    context = _unchecked()
    wanted = ssl.TLSVersion[VERSIONS[version]]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # it is old on purpose
            context.minimum_version = context.maximum_version = wanted
            if wanted < ssl.TLSVersion.TLSv1_2:
                context.set_ciphers("DEFAULT:@SECLEVEL=0")
    except (ValueError, ssl.SSLError):
        return None
    return context if getattr(ssl, f"HAS_{VERSIONS[version]}") else None


def _leave(client: Client) -> None:
    with suppress(SMTPLabError):
        if "QUIT" in client.session.legal_next():
            client.quit()
    client.close()
