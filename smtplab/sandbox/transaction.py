"""The envelope of a mail transaction at the server: MAIL and RCPT (RFC 5321, 3.3 and 4.1.1)."""

from __future__ import annotations

import asyncio
import ssl

from aiosmtpd.smtp import syntax

from smtplab.errors import LocalProtocolError
from smtplab.grammar import Path, parse_parameters, parse_path
from smtplab.parameters import refusal_of as refusal_of_parameters
from smtplab.parameters import release_time
from smtplab.sandbox.faults.interference import Interference
from smtplab.sandbox.hosts import MailHost
from smtplab.sandbox.little_internet import Listener
from smtplab.sandbox.mailboxes import Mailbox
from smtplab.sandbox.offer import Offer
from smtplab.sandbox.reception.visit import Visit
from smtplab.transcript import Recorder
from smtplab.transport.private_loop import PrivateLoop

MOST_DELAY = 2.0  # seconds that a slow mailbox may take of real time

Parameters = dict[str, str | None]


class MailTransaction(Interference):
    """Takes an envelope; the content behind it is another file's."""

    def __init__(
        self,
        host: MailHost,
        listener: Listener,
        loop: asyncio.AbstractEventLoop,
        recorder: Recorder,
        tls_context: ssl.SSLContext | None,
    ) -> None:
        super().__init__(host, loop, recorder, tls_context)
        self.listener = listener
        self.identity: str | None = None
        self.ehlo_name = ""
        self.paths: list[Path] = []
        self.reverse_path: Path | None = None
        self._visit: Visit | None = None
        self.parameters: Parameters = {}
        self.recipient_parameters: dict[str, Parameters] = {}
        self._transactions = 0  # of this session (RFC 9422, 4.1)
        self._domains: set[str] = set()  # of this session's forward-paths (RFC 9422, 4.3)

    def visit(self) -> Visit:
        """Who this client is, for the reception desk."""
        if self._visit is None:
            self._visit = Visit(self.recorder.connection, self.session.peer[0])
        self._visit.ehlo_name, self._visit.identity = self.ehlo_name, self.identity
        return self._visit

    def greeting(self) -> str:
        return self.host.reception.at("connect", self.visit()) or super().greeting()

    def _set_rset_state(self) -> None:
        super()._set_rset_state()  # type: ignore[no-untyped-call]
        self.reverse_path = None
        self.paths = []
        self.parameters = {}
        self.recipient_parameters = {}

    @property
    def offer(self) -> Offer:
        """The service extensions as they are now."""
        special = {"AUTH"} if self._offers_auth() else set()
        if self.tls_context is not None and not self.tls:
            special.add("STARTTLS")
        return Offer(self.host.policy, self.listener, tls=self.tls, special=special)

    def _offers_auth(self) -> bool:
        raise NotImplementedError

    # MAIL.

    @syntax("MAIL FROM:<reverse-path>", extended=" [SP parameters]")
    async def smtp_MAIL(self, arg: str) -> None:
        if self.listener.auth and not self.session.authenticated:
            await self.push("530 5.7.0 Authentication required")
            return
        self._transactions += 1
        limit = self.host.policy.max_transactions
        if limit is not None and self._transactions > limit:  # RFC 9422, 4.1
            await self.push(f"421 4.7.0 {limit} mail transactions fit into one session; closing")
            return
        if arg[:5].upper() != "FROM:":
            await self.push("501 5.5.4 The form is MAIL FROM:<local-part@domain>")
            return
        try:
            path, rest = parse_path(arg[5:])
        except LocalProtocolError as error:
            await self.push(f"501 5.1.7 {_short(error)}")
            return
        try:
            parameters = parse_parameters(rest)
        except LocalProtocolError as error:
            await self.push(f"501 5.5.4 {_short(error)}")
            return
        await self.push(self._opened(path, parameters))

    def _opened(self, path: Path, parameters: Parameters) -> str:
        """Open the mail transaction or say why not."""
        if refusal := self._refusal_of_parameters("MAIL", parameters):
            return refusal
        if not (path.domain or path.is_null):
            return "501 5.1.7 A reverse-path needs a domain"
        if not path.is_ascii and "SMTPUTF8" not in parameters:  # RFC 6531, 3.5: 550, not 553
            return f"550 5.6.7 {self._why_ascii()}"
        if not (path.is_null or self._may_send_as(path.mailbox)):
            return f"550 5.7.1 {self.identity} may not send as {path.mailbox}"
        visit = self.visit()
        visit.reverse_path = path.mailbox
        if refusal := self.host.reception.at("MAIL", visit):
            return refusal
        self.reverse_path, self.parameters = path, parameters
        if self.identity is None and int(parameters.get("MT-PRIORITY") or 0) > 0:
            self.parameters = {**parameters, "MT-PRIORITY": "0"}  # RFC 6710, 4.1
            return "250 2.3.6 0 is the priority: who has not signed in may not raise it"
        return "250 2.1.0 Mail transaction opened"

    def _may_send_as(self, mailbox: str) -> bool:
        """RFC 6409, 6.1: a server may ask whose mailbox it is; this one does when told."""
        asks = self.identity is not None and self.host.policy.submission_rights
        return not asks or mailbox.lower() == self.identity

    def _refusal_of_parameters(self, verb: str, parameters: Parameters) -> str | None:
        if not parameters:
            return None
        if not self.session.extended_smtp:
            return "555 5.5.4 Parameters need EHLO instead of HELO"
        if refusal := refusal_of_parameters(verb, parameters, self.offer):
            return refusal
        policy = self.host.policy
        if int(parameters.get("SIZE") or 0) > policy.size_limit:
            return f"552 5.3.4 The content may hold {policy.size_limit} octets"
        try:
            release = release_time(parameters, self.host.now())
        except LocalProtocolError as error:
            return f"501 5.5.4 {_short(error)}"
        if release is not None and release > self.host.now() + policy.longest_hold:
            return f"501 5.5.4 Mail is held back for {policy.longest_hold} at most"  # RFC 4865, 4.2
        return None

    def _why_ascii(self) -> str:
        if "SMTPUTF8" in self.offer:
            return "A path with more than ASCII needs the parameter SMTPUTF8 of MAIL"
        return "SMTPUTF8 is not offered here, so paths are ASCII"

    # RCPT.

    @syntax("RCPT TO:<forward-path>", extended=" [SP parameters]")
    async def smtp_RCPT(self, arg: str) -> None:
        if arg[:3].upper() != "TO:":
            await self.push("501 5.5.4 The form is RCPT TO:<local-part@domain>")
            return
        try:
            path, rest = parse_path(arg[3:])
        except LocalProtocolError as error:
            await self.push(f"501 5.1.3 {_short(error)}")
            return
        try:
            parameters = parse_parameters(rest)
        except LocalProtocolError as error:
            await self.push(f"501 5.5.4 {_short(error)}")
            return
        reply = self._recipient(path, parameters)
        if reply[0] == "2":
            self._domains.add(path.domain.lower())
            self.paths.append(path)
            self.recipient_parameters.setdefault(path.mailbox, parameters)
            if self.host.is_local(path.domain):
                await self._wait_for(self.host.mailbox_of(path))
        await self.push(reply)

    async def _wait_for(self, mailbox: Mailbox | None) -> None:
        """A slow mailbox: the wire clock is virtual in memory, and real over TCP."""
        if mailbox is not None and mailbox.terms.delay:
            await self.flush()
            limit = mailbox.terms.delay if isinstance(self.loop, PrivateLoop) else MOST_DELAY
            await asyncio.sleep(min(mailbox.terms.delay, limit))

    def _recipient(self, path: Path, parameters: Parameters) -> str:
        """The reply to one recipient."""
        if path.is_null:
            return "501 5.1.3 A forward-path cannot be empty"
        if refusal := self._refusal_of_parameters("RCPT", parameters):
            return refusal
        original = parameters.get("ORCPT") or ""
        if not (path.is_ascii and original.isascii()) and "SMTPUTF8" not in self.parameters:
            return f"553 5.6.7 {self._why_ascii()}"
        if refusal := self._refusal_by_limits(path):
            return refusal
        if self.host.is_local(path.domain):
            if not self.host.takes(path):
                return f"550 5.1.1 No mailbox {path.mailbox} here"
            mailbox = self.host.mailbox_of(path)
            if mailbox is None:  # an alias or a list: it goes on from here
                return "250 2.1.5 Recipient accepted"
            return self.host.reception.at_recipient(self.visit(), mailbox, path.mailbox)
        if not self.identity and not self.host.policy.open_relay:
            return f"550 5.7.1 Relaying denied: {path.domain} is not a domain of this server"
        return "250 2.1.5 Recipient accepted"

    def _refusal_by_limits(self, path: Path) -> str | None:
        """RFC 5321, 4.5.3.1.10, and RFC 9422, 4.2 and 4.3."""
        policy = self.host.policy
        if len(self.paths) >= policy.max_recipients:
            return (
                f"452 4.5.3 Too many recipients; {policy.max_recipients} fit into one mail "
                "transaction"
            )
        most = policy.max_recipient_domains
        if most is not None and len(self._domains | {path.domain.lower()}) > most:
            return f"452 4.5.3 Too many domains; {most} fit into one session"
        return None


def _short(error: LocalProtocolError) -> str:
    """An error that fits into a reply line: 512 octets with code (RFC 5321, 4.5.3.1.5)."""
    return str(error).encode("ascii", "backslashreplace")[:480].decode()
