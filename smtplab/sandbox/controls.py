"""What a lesson may turn in a sandbox: policies, faults, zones, who sits in the middle."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import TYPE_CHECKING

from smtplab.sandbox.dns import Zones
from smtplab.sandbox.faults import FaultDial
from smtplab.sandbox.middle import StripsSTARTTLS
from smtplab.sandbox.mta.policy_host import PolicyHosts
from smtplab.sandbox.policy import Policy
from smtplab.sandbox.redirects import AddressBook
from smtplab.sandbox.signing import signed
from smtplab.sandbox.tokens import LIFETIME, SCOPE
from smtplab.transport import Stream

if TYPE_CHECKING:
    from smtplab.reference.profiles import Profile
    from smtplab.sandbox.badly_run.blocklist import Blocklist
    from smtplab.sandbox.in_memory import InMemory
    from smtplab.sandbox.over_tcp import OverTCP
    from smtplab.sandbox.world import World


class Controls:
    """The part of a sandbox that is there to be changed."""

    transport: str
    _world: World
    _carrier: InMemory | OverTCP

    @property
    def address_book(self) -> AddressBook:
        """The aliases and mailing lists of all hosts; add your own, or change a list's switches."""
        return self._world.book

    def policy(self, host: str) -> Policy:
        """What a host offers and asks, to be changed; `KeyError` lists the hosts there are."""
        if host not in self._world.hosts:
            raise KeyError(f"no host {host!r}; there are {', '.join(self._world.hosts)}")
        return self._world.hosts[host].policy

    @property
    def faults(self) -> FaultDial:
        """The rules by which the servers misbehave; a new sandbox has none."""
        return self._world.faults

    @property
    def profiles(self) -> dict[str, Profile]:
        """What is known of real services, by the name that `add_host` takes."""
        from smtplab.reference.profiles import NAMES, profile

        return {name: profile(name) for name in NAMES}

    @property
    def blocklist(self) -> Blocklist:
        """The DNS blocklist dnsbl.example, to look into and to change."""
        from smtplab.sandbox.badly_run.blocklist import Blocklist

        return Blocklist(self._world.zones)

    @property
    def zones(self) -> Zones:
        """The DNS of this little internet; its zones may be changed at any time."""
        return self._world.zones

    @property
    def mta_sts(self) -> PolicyHosts:
        """The web servers that publish MTA-STS policies, and who asked them (RFC 8461)."""
        return self._world.policy_hosts

    def publish_tlsa(self, host: str) -> str:
        """Pin a host's certificate in the DNS, and mark its zone as signed (RFC 7672, 3.1)."""
        return self._world.publish_tlsa(host)

    def in_the_middle(
        self,
        middle: Callable[[Stream], Stream] = StripsSTARTTLS,
        *,
        source: str | None = None,
        host: str | None = None,
    ) -> AbstractContextManager[None]:
        """Put somebody on the way from `source` to `host` (None: any) until the block ends.

        `middle` wraps a stream; left out, it takes STARTTLS away. `smtplab.sandbox.middle` has it
        and a `MiddleBox`.
        The servers' own sessions go the same way; programs from outside do not.
        """
        return self._world.passages.occupied(middle, source, host)

    def said_before_the_middle(self, connection: str) -> bytes:
        """How the client's octets on a connection began, before somebody in the middle had them;
        b"" where nobody was. What the server read of it stands in the transcript."""
        return self._world.passages.said(connection)

    def issue_token(
        self, username: str, *, scope: str = SCOPE, lifetime: timedelta = LIFETIME
    ) -> str:
        """A toy access token for OAUTHBEARER and XOAUTH2; it expires on the world clock.

        `client.auth(username, token=...)` signs in with it. The MSA wants the scope "smtp".
        """
        token = self._world.tokens.issue(username, scope, lifetime)
        self._world.transcript.secrets.add(token)
        return token

    def add_outside_host(self, name: str, port: int) -> str:
        """Let a program on 127.0.0.1 at `port` be a host; returns its address in this world.

        Mail to the domain `name` then goes there. Only over TCP: in memory `ValueError` says so.
        """
        if self.transport != "tcp":
            raise ValueError("a program outside is reached over TCP; start Sandbox('tcp') for it")
        return self._carrier.call(lambda: self._world.add_outside_host(name.lower(), port))

    def dkim_signed(self, content: bytes, domain: str) -> bytes:
        """The content with a domain's DKIM-Signature by the toy key; ValueError without From."""
        return signed(content, domain, self._world.clock.now())
