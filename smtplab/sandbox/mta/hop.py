"""One session with the next host: from the greeting to the replies for each forward-path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from smtplab import commands
from smtplab.client import Client, Settings
from smtplab.errors import ConnectionLost, RemoteProtocolError, SMTPLabError
from smtplab.extensions import Extensions
from smtplab.replies import Reply
from smtplab.sandbox.little_internet import SMTP_PORT
from smtplab.sandbox.mta import downgrade, parameters
from smtplab.sandbox.mta.outcome import HostRefusal, Outcome, refusal
from smtplab.sandbox.mta.route import NextHop
from smtplab.sandbox.mta.tls_policy import TLSRule, requires_tls
from smtplab.sandbox.queue import QueueItem
from smtplab.transport import Network, Stream
from smtplab.transport.tls import TLSStream


@dataclass(frozen=True)
class ByAddress:
    """A network in which the DNS has said already where a host is."""

    network: Network
    address: str

    def open(self, host: str, port: int, *, source: str | None, timeout: float) -> Stream:
        return self.network.open(self.address, port, source=source, timeout=timeout)


class HandshakeFailed(Exception):
    """TLS was offered and did not come about, and nobody requires it."""


@dataclass
class Hop:
    """One attempt to hand a mail object to one host."""

    network: Network
    settings: Settings
    target: NextHop
    rule: TLSRule
    now: Callable[[], datetime]
    _answered: dict[str, Outcome] = field(default_factory=dict)
    _via: str = ""

    def relay(self, item: QueueItem, paths: list[str]) -> list[Outcome]:
        """What became of each path; whatever befalls the session is an outcome, too."""
        self._answered = {}
        try:
            try:
                self._session(item, paths)
            except HandshakeFailed:  # RFC 7435, 3: in plaintext is better than not at all
                self.rule = TLSRule(None)
                self._session(item, paths)
        except HostRefusal as refused:
            remote = self.target.host if isinstance(refused, _Said) else ""
            self._all(paths, refused.reply, of_host=True, remote=remote)
        except SMTPLabError as error:
            detail = "4.4.2" if isinstance(error, ConnectionLost) else "4.5.0"
            self._all(paths, refusal(451, f"{detail} {error}"), of_host=True, remote="")
        return [replace(self._answered[path], via=self._via) for path in paths]

    def _session(self, item: QueueItem, paths: list[str]) -> None:
        with self._connect() as client:
            self._via = client.connection
            if not client.greeting.is_positive:
                self._all(paths, client.greeting, of_host=True)
                return
            self._introduce(client)
            self._secure(client)
            offered = client.extensions or Extensions()
            if requires_tls(item) and "REQUIRETLS" not in offered:
                raise HostRefusal(
                    550, f"5.7.30 {self.target.host} does not support REQUIRETLS (RFC 8689)"
                )
            self._transaction(client, item, paths)

    def _connect(self) -> Client:
        """To the first address that answers (RFC 5321, 5.1)."""
        failure = f"{self.target.host} has no address"
        for address in self.target.addresses:
            try:
                return Client.connect(
                    self.target.host,
                    SMTP_PORT,
                    network=ByAddress(self.network, address),
                    settings=self.settings,
                )
            except SMTPLabError as error:
                failure = str(error)
        raise HostRefusal(451, f"4.4.1 {failure}")

    def _introduce(self, client: Client) -> None:
        """EHLO, or HELO to a host from before 1995 (RFC 5321, 3.2)."""
        reply = client.ehlo()
        if reply.code in (500, 502, 504, 550):
            reply = client.helo()
        if not reply.is_positive:
            raise _Said(reply)

    def _secure(self, client: Client) -> None:
        """TLS as the rule has it."""
        host, rule = self.target.host, self.rule
        if rule.context is None or "STARTTLS" not in (client.extensions or ()):
            if rule.is_required:
                raise rule.refuse(f"{host} does not offer STARTTLS")
            return
        client.use_tls_context(rule.context)
        try:
            reply = client.starttls()
        except RemoteProtocolError as error:
            if rule.is_required:
                raise rule.refuse(str(error)) from None
            raise HandshakeFailed from None
        if not client.session.tls:
            if rule.is_required:
                raise rule.refuse(f"{host} refused STARTTLS with {reply.code}")
            return
        if not rule.check(_certificate_of(client)):
            raise rule.refuse(f"the certificate that {host} showed is not the one in the DNS")
        self._introduce(client)

    def _transaction(self, client: Client, item: QueueItem, paths: list[str]) -> None:
        offered = client.extensions or Extensions()
        paths = self._without_unspeakable(item, paths, offered)
        if not paths:
            return
        prepared = downgrade.prepare(item.mail, offered)
        parameters.check_size(prepared.content, offered)
        with_mail = parameters.for_mail(item, prepared, offered, self.now())
        if any(parameters.needs_smtputf8(item, path) for path in paths):
            with_mail["SMTPUTF8"] = None
        opened = client.mail(item.mail.envelope.reverse_path, with_mail)
        if not opened.is_positive:
            self._all(paths, opened)
            return
        accepted = []
        for path in paths:
            reply = client.rcpt(path, parameters.for_rcpt(item, path, offered))
            self._answered[path] = Outcome(path, reply, self.target.host)
            if reply.is_positive:
                accepted.append(path)
        if not accepted:
            return
        final = _send(client, prepared)
        for path in accepted:
            self._answered[path] = Outcome(path, final, self.target.host, "DSN" in offered)

    def _without_unspeakable(
        self, item: QueueItem, paths: list[str], offered: Extensions
    ) -> list[str]:
        """RFC 6531, 3.5: what needs SMTPUTF8 comes back where it is not offered."""
        if "SMTPUTF8" in offered:
            return paths
        host = self.target.host
        spoken = [path for path in paths if not parameters.needs_smtputf8(item, path)]
        reply = refusal(550, f"5.6.7 {host} does not offer SMTPUTF8, and this mail needs it")
        self._all([path for path in paths if path not in spoken], reply, of_host=True, remote="")
        return spoken

    def _all(
        self, paths: list[str], reply: Reply, *, of_host: bool = False, remote: str | None = None
    ) -> None:
        """The same for all paths that have no outcome of their own yet."""
        remote = self.target.host if remote is None else remote
        for path in paths:
            known = self._answered.get(path)
            if known is None or known.is_delivered:  # accepted by RCPT, and then nothing came
                self._answered[path] = Outcome(path, reply, remote, of_host=of_host)


class _Said(HostRefusal):
    """The host itself said so."""

    def __init__(self, reply: Reply) -> None:
        Exception.__init__(self, str(reply))
        self.reply = reply


def _send(client: Client, prepared: downgrade.Prepared) -> Reply:
    """The content, by BDAT where line ends would not survive DATA (RFC 3030, 3)."""
    if prepared.body == "BINARYMIME":
        size = len(prepared.content)
        return client.send_raw(commands.bdat(size, last=True) + prepared.content)
    go_on = client.data()
    return client.content(prepared.content) if go_on.code == 354 else go_on


def _certificate_of(client: Client) -> bytes:
    stream = client._stream
    assert isinstance(stream, TLSStream)
    return stream.tls.getpeercert(binary_form=True) or b""
