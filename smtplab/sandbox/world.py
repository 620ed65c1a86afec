"""The world: everything in the little internet that lasts longer than a connection."""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from collections import Counter
from email.utils import format_datetime
from functools import cached_property

from smtplab.sandbox.certificates import Authority
from smtplab.sandbox.clock import WorldClock
from smtplab.sandbox.dns import Zones
from smtplab.sandbox.hosts import MailHost
from smtplab.sandbox.little_internet import (
    ACCOUNTS,
    ADDRESSES,
    DOMAINS,
    LAPTOP,
    LISTENERS,
    ROLE_NAMES,
    ZONES,
    Listener,
)
from smtplab.sandbox.mailboxes import Mailbox, StoredMail
from smtplab.sandbox.queue import Queue
from smtplab.sandbox.server import Server
from smtplab.sandbox.tap import Tap
from smtplab.transcript import Kind, Transcript
from smtplab.transport import StreamFacts
from smtplab.transport.private_loop import server_side_tls


class World:
    """Hosts, mailboxes, zones, queue, clock and the transcript of all that happens."""

    def __init__(self) -> None:
        self.clock = WorldClock()
        self.transcript = Transcript(self.clock.now)
        self._deliveries = self.transcript.recorder("", "server")
        self.zones = Zones(ZONES)
        self.queue = Queue(self.clock.now)
        self.live: dict[Tap, Server] = {}  # the connections that are open now
        self._opened: Counter[str] = Counter()
        self.mailboxes = {name: Mailbox(name) for name in _mailbox_names()}
        self.hosts = {name: self._host(name, domains) for name, domains in DOMAINS.items()}
        for account in ACCOUNTS:
            self.transcript.secrets.add(account.password)

    @cached_property
    def authority(self) -> Authority | None:
        """The certificate authority, made when it is first asked for; None without TLS."""
        return Authority() if Authority.is_available() else None

    def _host(self, name: str, domains: tuple[str, ...]) -> MailHost:
        return MailHost(
            name=name,
            domains=domains,
            mailboxes=self.mailboxes,
            accounts={a.username: a for a in ACCOUNTS if a.mailbox.partition("@")[2] in domains},
            stamp=self.stamp,
            queue=self.queue,
            delivered=self._delivered,
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
        name = next((n for n, address in ADDRESSES.items() if address == host), host.lower())
        return next((found for found in LISTENERS if found.key == (name, port)), None)

    def connected(
        self, listener: Listener, loop: asyncio.AbstractEventLoop, connection: str, source: str
    ) -> Tap:
        """A server for a new connection, behind its tap."""
        recorder = self.transcript.recorder(connection, "server")
        place = {"source": source, "host": listener.host, "port": listener.port}
        recorder.record(Kind.CONNECT, 0, detail=place)
        context = self.authority.server_context(listener.host) if self.authority else None
        server = Server(self.hosts[listener.host], listener, loop, recorder, context)
        tap = Tap(recorder, (ADDRESSES.get(source, source), 0), self._gone)
        if listener.tls == "implicit" and context is not None:
            tap.set_protocol(server_side_tls(loop, server, context))
        else:
            tap.set_protocol(server)
        self.live[tap] = server
        return tap

    def _gone(self, tap: Tap) -> None:
        self.live.pop(tap, None)

    def _trusted(self) -> ssl.SSLContext:
        assert self.authority is not None, "no listener offers TLS without an authority"
        return self.authority.client_context()

    def _delivered(self, mailbox: str, folder: str, mail: StoredMail) -> None:
        detail = {
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
