"""The world: everything in the little internet that lasts longer than a connection."""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from email.utils import format_datetime
from pathlib import Path
from threading import RLock

from smtplab.sandbox.certificates import Authority
from smtplab.sandbox.clock import WorldClock
from smtplab.sandbox.dns import Zones
from smtplab.sandbox.host_plan import HostPlan
from smtplab.sandbox.hosts import MailHost
from smtplab.sandbox.little_internet import (
    ACCOUNTS,
    ADDRESSES,
    ALIASES,
    DOMAINS,
    LAPTOP,
    LISTENERS,
    MAILING_LISTS,
    ROLE_NAMES,
    ZONES,
    Listener,
)
from smtplab.sandbox.mailboxes import Mailbox, StoredMail
from smtplab.sandbox.queue import Queue
from smtplab.sandbox.reading.imap import IMAPServer
from smtplab.sandbox.reading.line_server import LineServer
from smtplab.sandbox.reading.pop3 import POP3Server
from smtplab.sandbox.redirects import AddressBook
from smtplab.sandbox.server import Server
from smtplab.sandbox.tap import Tap
from smtplab.sandbox.trail import Place, Trail
from smtplab.transcript import Kind, Transcript
from smtplab.transport import StreamFacts
from smtplab.transport.private_loop import server_side_tls

_SERVERS: dict[str, type[Server] | type[LineServer]] = {
    "smtp": Server,
    "pop3": POP3Server,
    "imap": IMAPServer,
}


class World:
    """Hosts, mailboxes, zones, queue, clock and the transcript of all that happens."""

    def __init__(self, key_log: Path | None = None) -> None:
        self.clock = WorldClock()
        self.transcript = Transcript(self.clock.now)
        self._deliveries = self.transcript.recorder("", "server")
        self.trail = Trail(self._deliveries)
        self.book = AddressBook(replace(one) for one in (*ALIASES, *MAILING_LISTS))
        self.zones = Zones(ZONES)
        self.listeners = list(LISTENERS)
        self.accounts = list(ACCOUNTS)
        self.addresses = dict(ADDRESSES)
        self.queue = Queue(self.clock.now)
        self._making_authority = RLock()
        self._authority: Authority | None = None
        self._key_log = key_log
        self.live: dict[Tap, Server | LineServer] = {}  # the connections that are open now
        self._opened: Counter[str] = Counter()
        self._made_by: dict[str, type[Server]] = {}  # the hosts whose SMTP servers differ
        self.mailboxes = {name: Mailbox(name, self.clock.now) for name in _mailbox_names()}
        self.hosts = {name: self._host(name, domains) for name, domains in DOMAINS.items()}
        for account in ACCOUNTS:
            self.transcript.secrets.add(account.password)

    @property
    def authority(self) -> Authority | None:
        """The certificate authority, made when it is first asked for; None without TLS."""
        with self._making_authority:  # a client's thread and the servers' may ask at once
            if self._authority is None and Authority.is_available():
                self._authority = Authority(self._key_log)
            return self._authority

    def close(self) -> None:
        """Give back what the world holds outside memory."""
        with self._making_authority:
            if self._authority is not None:
                self._authority.close()

    def check(self, plan: HostPlan) -> None:
        """Whether a host can be added; ValueError says what is in its way."""
        if plan.name in self.addresses:
            raise ValueError(f"there is a host {plan.name!r} already")
        if plan.address in self.addresses.values():
            raise ValueError(f"there is a host at {plan.address} already")

    def add(self, plan: HostPlan) -> None:
        """Build one more host; over TCP its listeners must be bound, too."""
        self.check(plan)
        for domain, text in plan.zones.items():
            self.zones.set(domain, text)
        self.addresses[plan.name] = plan.address
        self.accounts += plan.accounts
        for account in plan.accounts:
            self.transcript.secrets.add(account.password)
        names = [account.mailbox for account in plan.accounts]
        for name in names + [f"{ROLE_NAMES[0]}@{domain}" for domain in plan.domains]:
            self.mailboxes.setdefault(name, Mailbox(name, self.clock.now))
        host = self.hosts[plan.name] = self._host(plan.name, plan.domains)
        host.policy = plan.policy()
        if plan.server is not None:
            self._made_by[plan.name] = plan.server()
        self.listeners += plan.listeners

    def _host(self, name: str, domains: tuple[str, ...]) -> MailHost:
        return MailHost(
            name=name,
            domains=domains,
            mailboxes=self.mailboxes,
            accounts={
                a.username: a for a in self.accounts if a.mailbox.partition("@")[2] in domains
            },
            stamp=self.stamp,
            queue=self.queue,
            delivered=self._delivered,
            trail=self.trail,
            book=self.book,
            now=self.clock.now,
        )

    def stamp(self) -> str:
        """The world's time as header fields write it (RFC 5322, 3.3)."""
        return format_datetime(self.clock.now())

    # Connections.

    def name_connection(self, prefix: str) -> str:
        """ "c1" for the learner's first connection, "r1" for a server's, "x1" for a guest's."""
        self._opened[prefix] += 1
        return f"{prefix}{self._opened[prefix]}"

    def facts(self, source: str) -> StreamFacts:
        """What a stream from `source`, a host of this world, knows."""
        return StreamFacts(
            connection=self.name_connection("c" if source == LAPTOP else "r"),
            source=source,
            local_name=source,
            now=self.clock.now,
            trusted=self._trusted,
        )

    def listener(self, host: str, port: int) -> Listener | None:
        """The listener that a client means by a name or address, and a port."""
        name = next((n for n, address in self.addresses.items() if address == host), host.lower())
        return next((found for found in self.listeners if found.key == (name, port)), None)

    def connected(
        self, listener: Listener, loop: asyncio.AbstractEventLoop, connection: str, source: str
    ) -> Tap:
        """A server for a new connection, behind its tap."""
        recorder = self.transcript.recorder(connection, "server")
        place = {"source": source, "host": listener.host, "port": listener.port}
        recorder.record(Kind.CONNECT, 0, detail=place)
        context = self.authority.server_context(listener.host) if self.authority else None
        made_by = _SERVERS[listener.service]
        if listener.service == "smtp":
            made_by = self._made_by.get(listener.host, made_by)
        server = made_by(self.hosts[listener.host], listener, loop, recorder, context)
        tap = Tap(recorder, (self.addresses.get(source, source), 0), self._gone)
        if listener.tls == "implicit" and context is not None:
            tap.set_protocol(server_side_tls(loop, server, context))
        else:
            tap.set_protocol(server)
        self.live[tap] = server
        return tap

    def _gone(self, tap: Tap) -> None:
        server = self.live.pop(tap, None)
        if server is not None:
            server.never_began()

    def _trusted(self) -> ssl.SSLContext:
        assert self.authority is not None, "no listener offers TLS without an authority"
        return self.authority.client_context()

    def _delivered(self, place: Place, mailbox: str, folder: str, mail: StoredMail) -> None:
        detail = {
            "host": place.host,
            "id": place.id,
            "mailbox": mailbox,
            "folder": folder,
            "reverse_path": mail.envelope.reverse_path,
            "forward_paths": list(mail.envelope.forward_paths),
            "content_base64": lambda: b64encode(mail.content).decode(),
        }
        self._deliveries.record(Kind.DELIVERED, 0, detail=detail)


def _mailbox_names() -> list[str]:
    domains = [domain for local in DOMAINS.values() for domain in local]
    return [a.mailbox for a in ACCOUNTS] + [f"{ROLE_NAMES[0]}@{domain}" for domain in domains]
