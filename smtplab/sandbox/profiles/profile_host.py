"""The host of a profile: its doors, its accounts, its settings and what each user has sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from smtplab.reference.profiles import NAMES, Profile, profile
from smtplab.sandbox.clock import START
from smtplab.sandbox.host_plan import HostPlan
from smtplab.sandbox.little_internet import Account, Listener
from smtplab.sandbox.neighbours import TOY_KEY
from smtplab.sandbox.policy import Policy
from smtplab.sandbox.profiles.usage import Usage

if TYPE_CHECKING:
    from smtplab.sandbox.hosts import MailHost
    from smtplab.sandbox.server import Server
    from smtplab.sandbox.world import World

# What somebody signs in as where it is not an address: SendGrid's is told by its profile.
_LOGINS = {"sendgrid": "apikey"}
MOST_LOGINS = 3  # failed attempts on one connection, where a profile tells no other number


@dataclass
class ProfilePolicy(Policy):
    """The settings of a service. `limits` may be lowered, so that a lesson meets them sooner."""

    profile: Profile = field(default_factory=lambda: profile("gmail"))
    limits: dict[str, int] = field(default_factory=dict)
    is_busy: bool = False  # turns clients away with what the service says then
    now: Callable[[], datetime] = lambda: START
    usage: dict[str, Usage] = field(default_factory=dict)  # by username
    sending: dict[str, set[Any]] = field(default_factory=dict)  # open connections, by username

    def usage_of(self, username: str) -> Usage:
        return self.usage.setdefault(username, Usage(self.now))

    def text(self, refusal: str) -> str | None:
        """What the service says to that; None if its profile does not tell."""
        fact = self.profile.find("refusal", refusal)
        return fact.text if fact is not None else None


def learner(name: str) -> Account:
    """The account that a lesson signs in with; its password is what the service asks for."""
    mailbox = f"learner@{name}.profile.example"
    return Account(mailbox, "app-password-of-16", login=_LOGINS.get(name, ""))


def forgetful(name: str) -> Account:
    """Who signs in with the password of the account, where the service wants another one."""
    return Account(f"forgetful@{name}.profile.example", "account-password")


def on_trial(name: str) -> Account:
    """Who has not shown yet that the domain is his or hers."""
    return Account(f"trial@{name}.profile.example", "trial-password")


def plan(name: str) -> HostPlan:
    """gmail.profile.example and the like."""
    service = profile(name)
    host = service.sandbox_host
    address = f"192.0.2.{200 + NAMES.index(name)}"
    accounts = [learner(name)]
    if service.find("refusal", "account-password"):
        accounts.append(forgetful(name))
    if service.find("refusal", "trial"):
        accounts.append(on_trial(name))
    return HostPlan(
        name=host,
        address=address,
        domains=(host,),
        listeners=tuple(
            Listener(host, int(port.name), port.text, True) for port in service.about("port")
        ),
        accounts=tuple(accounts),
        zones={
            host: "$TTL 3600\n@ IN SOA ns postmaster 1 7200 900 1209600 3600\n@ IN NS ns\n"
            f'@ IN MX 10 @\n@ IN A {address}\n@ IN TXT "v=spf1 a -all"\n{TOY_KEY}'
        },
        policy=lambda: _policy(service),
        server=_server,
        joins=_joins,
        says=f"{service.title}, as its public pages describe it.",
    )


def _policy(service: Profile) -> ProfilePolicy:
    limits = service.limits()
    [greeting] = service.about("greeting")
    return ProfilePolicy(
        ident=greeting.text,
        size_limit=limits["octets"],
        max_recipients=limits["recipients"],
        profile=service,
        limits=limits,
    )


def _server() -> type[Server]:
    from smtplab.sandbox.profiles.profile_server import ProfileServer

    return ProfileServer


def _joins(world: World, host: MailHost) -> None:
    assert isinstance(host.policy, ProfilePolicy)
    host.policy.now = world.clock.now
