"""The plan of one more host for the little internet: data, until a world builds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from smtplab.grammar import is_ehlo_name
from smtplab.sandbox.little_internet import Account, Listener
from smtplab.sandbox.policy import Policy

if TYPE_CHECKING:
    from smtplab.sandbox.hosts import MailHost
    from smtplab.sandbox.server import Server
    from smtplab.sandbox.world import World

# RFC 2606, 2 and 3: names that nobody can own, so no brand's host resolves in the sandbox.
RESERVED = (".example", "example.org", "example.net", "example.com")


@dataclass(frozen=True)
class HostPlan:
    """One host: where it is, which doors it has, who has a mailbox there, and how it behaves.

    `zones` maps a domain to its zone file. `policy` makes the settings that it starts with, anew
    in each world. `server` returns the class that talks at its SMTP listeners; None is the strict
    server that all hosts of the standard world have.
    """

    name: str
    address: str
    domains: tuple[str, ...] = ()  # that it keeps mailboxes for
    listeners: tuple[Listener, ...] = ()
    accounts: tuple[Account, ...] = ()
    zones: Mapping[str, str] = field(default_factory=dict)
    policy: Callable[[], Policy] = Policy
    server: Callable[[], type[Server]] | None = None
    joins: Callable[[World, MailHost], None] | None = None  # what else is done when it is built
    says: str = ""  # one line on what is special about it

    def __post_init__(self) -> None:
        for name in (self.name, *self.domains, *self.zones):
            if name != name.lower() or not is_ehlo_name(name):
                raise ValueError(f"{name!r} is no name of a host in lower case")
            if not any(f".{name}".endswith(f".{end.lstrip('.')}") for end in RESERVED):
                raise ValueError(
                    f"{name!r} is not reserved for examples, and the sandbox holds no other names; "
                    "choose one under .example"
                )
        for listener in self.listeners:
            if listener.host != self.name:
                raise ValueError(f"{listener.host!r} is not the host of this plan, {self.name!r}")
        for account in self.accounts:
            if account.mailbox.rpartition("@")[2] not in self.domains:
                raise ValueError(f"{self.name} keeps no mailboxes for {account.mailbox!r}")
