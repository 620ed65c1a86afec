"""The world: everything in the little internet that lasts longer than a connection."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import replace
from email.utils import format_datetime
from functools import lru_cache, partial
from ipaddress import ip_address
from pathlib import Path
from threading import RLock

from smtplab.errors import LocalProtocolError
from smtplab.sandbox.auth import Directory
from smtplab.sandbox.certificates import Authority
from smtplab.sandbox.chance import Chance
from smtplab.sandbox.clock import WorldClock
from smtplab.sandbox.dns import Zones
from smtplab.sandbox.faults import FaultDial
from smtplab.sandbox.host_plan import HostPlan
from smtplab.sandbox.hosts import MailHost
from smtplab.sandbox.little_internet import (
    ACCOUNTS,
    ALIASES,
    DOMAINS,
    LAPTOP,
    MAILING_LISTS,
    ROLE_NAMES,
    TERMS,
    ZONES,
    Listener,
)
from smtplab.sandbox.mailboxes import Mailbox, StoredMail
from smtplab.sandbox.mta.policy_host import PolicyHosts
from smtplab.sandbox.neighbours import PUBLIC_SUFFIXES
from smtplab.sandbox.passages import Passages
from smtplab.sandbox.policy import Policy
from smtplab.sandbox.queue import Queue
from smtplab.sandbox.reading.imap import IMAPServer
from smtplab.sandbox.reading.line_server import LineServer
from smtplab.sandbox.reading.pop3 import POP3Server
from smtplab.sandbox.reception.delivery_verdict import DeliveryVerdict
from smtplab.sandbox.reception.desk import Reception
from smtplab.sandbox.redirects import AddressBook
from smtplab.sandbox.server import Server
from smtplab.sandbox.store import MemoryStore
from smtplab.sandbox.tap import Tap
from smtplab.sandbox.tokens import TokenIssuer
from smtplab.sandbox.trail import Place, Trail
from smtplab.sandbox.whereabouts import Whereabouts
from smtplab.transcript import Kind, Transcript
from smtplab.transport import StreamFacts
from smtplab.transport.private_loop import server_side_tls

_SERVERS: dict[str, type[Server] | type[LineServer]] = {
    "smtp": Server,
    "pop3": POP3Server,
    "imap": IMAPServer,
}

_written = lru_cache(8)(format_datetime)  # the clock stands still for many header fields

MOST_VERDICTS = 1_000  # kept beside those that lie with stored mail


class World(Whereabouts):
    """Hosts, mailboxes, zones, queue, clock and the transcript of all that happens."""

    def __init__(
        self,
        key_log: Path | None = None,
        seed: int = 0,
        store: MemoryStore | None = None,
        new_policy: Callable[[], Policy] = Policy,
    ) -> None:
        super().__init__()
        self.store = store or MemoryStore()
        self.clock = WorldClock(self.store.world_time)
        self.clock.moved = self.store.clock_moved
        self.chance = Chance(seed)
        self.tokens = TokenIssuer(self.chance.octets("key of the token issuer", 32), self.clock.now)
        self.transcript = Transcript(self.clock.now)
        self._deliveries = self.transcript.recorder("", "server")
        self.trail = Trail(self._deliveries)
        self.book = AddressBook(replace(one) for one in (*ALIASES, *MAILING_LISTS))
        self.zones = Zones(ZONES)
        self.policy_hosts = PolicyHosts(self.zones)
        self.accounts = list(ACCOUNTS)
        self.queue = Queue(self.clock.now, self.store)
        self.faults = FaultDial()
        self._making_authority = RLock()
        self._authority: Authority | None = None
        self._key_log = key_log
        self.live: dict[Tap, Server | LineServer] = {}  # the connections that are open now
        self.passages = Passages()
        self._opened: Counter[str] = Counter()
        self._made_by: dict[str, type[Server]] = {}  # the hosts whose SMTP servers differ
        self.verdicts: deque[DeliveryVerdict] = deque(maxlen=MOST_VERDICTS)
        self.mailboxes = {name: self._mailbox(name) for name in _mailbox_names()}
        for name, terms in TERMS.items():
            self.mailboxes[name].terms = terms
        self.hosts = {name: self._host(name, its, new_policy()) for name, its in DOMAINS.items()}
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
        self.store.close()
        with self._making_authority:
            if self._authority is not None:
                self._authority.close()

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
            if name not in self.mailboxes:
                self.mailboxes[name] = self._mailbox(name)
        host = self.hosts[plan.name] = self._host(plan.name, plan.domains, plan.policy())
        if plan.joins is not None:
            plan.joins(self, host)
        if plan.server is not None:
            self._made_by[plan.name] = plan.server()
        self.let_listen(plan.listeners)

    def _mailbox(self, name: str) -> Mailbox:
        return Mailbox(name, self.clock.now, partial(self.store.shelf, name))

    def _host(self, name: str, domains: tuple[str, ...], policy: Policy) -> MailHost:
        accounts = {a.username: a for a in self.accounts if a.mailbox.partition("@")[2] in domains}
        return MailHost(
            name=name,
            domains=domains,
            mailboxes=self.mailboxes,
            accounts=accounts,
            directory=Directory(accounts, self.chance, self.tokens),
            now=self.clock.now,
            stamp=self.stamp,
            queue=self.queue,
            delivered=self._delivered,
            numbers=self.store.numbers,
            reception=Reception(
                host=name,
                policy=policy,
                zones=self.zones,
                now=self.clock.now,
                open_addresses=lambda: self._clients_of(name),
                keep=self.verdicts.append,
                public_suffixes=PUBLIC_SUFFIXES,
            ),
            policy=policy,
            trail=self.trail,
            book=self.book,
        )

    def _clients_of(self, host: str) -> list[str]:
        """The addresses of the clients that are connected to a host now."""
        return [tap.peer[0] for tap, server in self.live.items() if server.host.name == host]

    def stamp(self) -> str:
        """The world's time as header fields write it (RFC 5322, 3.3)."""
        return _written(self.clock.now())

    # Connections.

    def name_connection(self, prefix: str) -> str:
        """ "c1" for the learner's first connection, "r1" for a server's, "x1" for a guest's."""
        self._opened[prefix] += 1
        return f"{prefix}{self._opened[prefix]}"

    def facts(self, source: str) -> StreamFacts:
        """What a stream from `source`, a host of this world or an address, knows.

        Raises `LocalProtocolError` for any other: SPF needs an address to ask about.
        """
        name = source if source in self.addresses else _address_literal(source)
        if name is None:
            there = ", ".join(self.addresses)
            raise LocalProtocolError(f"no host {source!r} to connect from; there are {there}")
        connection = self.name_connection("c" if source == LAPTOP else "r")
        return StreamFacts(
            connection=connection,
            source=source,
            local_name=name,
            now=self.clock.now,
            trusted=self._trusted,
            nonce=self.chance.nonces(f"nonces of the client in {connection}"),
        )

    def add_outside_host(self, name: str, port: int) -> str:
        """Let a program that listens on loopback be a host of this world; returns its address."""
        plan = self.outside_plan(name, port)
        self.add(plan)
        self.outside_hosts[name] = port
        return plan.address

    def publish_tlsa(self, host: str) -> str:
        """Pin the certificate that a host shows now in the DNS; returns the record."""
        if self.authority is None:
            raise ValueError("there is no TLS here, so there is no certificate to pin")
        if host not in self.hosts:
            raise KeyError(f"no host {host!r}; there are {', '.join(self.hosts)}")
        from smtplab.sandbox.mta.dane import record_for

        certificate = self.authority.shown_by(host, self.hosts[host].policy.certificate)
        record = record_for(certificate)
        domain = self.zones.zone_of(host)
        self.zones.replace(domain, f"_25._tcp.{host}. IN TLSA {record}")
        self.zones.sign(domain)
        return record

    def connected(
        self, listener: Listener, loop: asyncio.AbstractEventLoop, connection: str, source: str
    ) -> Tap:
        """A server for a new connection, behind its tap."""
        recorder = self.transcript.recorder(connection, "server")
        place = {"source": source, "host": listener.host, "port": listener.port}
        recorder.record(Kind.CONNECT, 0, detail=place)
        host, made_by = self.hosts[listener.host], _SERVERS[listener.service]
        context = None
        if listener.tls != "none" and self.authority is not None:
            context = self.authority.server_context(host.name, host.policy.certificate)
            host.certificate = self.authority.shown_by(host.name, host.policy.certificate)
        if listener.service == "smtp":
            made_by = self._made_by.get(listener.host, made_by)
        server = made_by(host, listener, loop, recorder, context)
        tap = Tap(recorder, (self.addresses.get(source, source), 0), self._gone)
        met = isinstance(server, Server) and server.meets_fault(self.faults, tap, source)
        if listener.tls == "implicit" and context is not None and not met:
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
        if self.authority is None:
            raise LocalProtocolError("this Python has no TLS, so no server of the sandbox has it")
        return self.authority.client_context()

    def _delivered(self, place: Place, mailbox: str, folder: str, mail: StoredMail) -> None:
        detail = {
            "host": place.host,
            "id": place.id,
            "mailbox": mailbox,
            "folder": folder,
            "reverse_path": mail.envelope.reverse_path,
            "forward_paths": list(mail.envelope.forward_paths),
            "verdict": mail.explanation,
            "content_base64": mail.content_base64,
        }
        self._deliveries.record(Kind.DELIVERED, 0, detail=detail)


def _mailbox_names() -> list[str]:
    domains = [domain for local in DOMAINS.values() for domain in local]
    named = [a.mailbox for a in ACCOUNTS] + list(TERMS)
    return named + [f"{ROLE_NAMES[0]}@{domain}" for domain in domains]


def _address_literal(text: str) -> str | None:
    """An address as EHLO gives it (RFC 5321, 4.1.3); None if it is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"
