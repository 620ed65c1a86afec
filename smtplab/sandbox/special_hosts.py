"""Hosts that come by name, when a lesson asks for them: badly run ones, and known services."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from smtplab.reference.profiles import NAMES
from smtplab.sandbox import profiles
from smtplab.sandbox.badly_run import lax_hosts, old_server, open_relay
from smtplab.sandbox.host_plan import HostPlan

_PLANS: dict[str, Callable[[], HostPlan]] = {
    "open-relay": open_relay.plan,
    "old-server": old_server.plan,
    "lax-receiver": lax_hosts.receiver,
    "careless-sender": lax_hosts.sender,
    **{name: partial(profiles.plan, name) for name in NAMES},
}

SPECIAL_HOSTS = tuple(_PLANS)


def special_addresses() -> dict[str, str]:
    """The hosts that may come by name, and where they would be."""
    plans = [make() for make in _PLANS.values()]
    return {plan.name: plan.address for plan in plans}


def special_host(name: str) -> HostPlan:
    """The plan of a special host; ValueError lists the names there are."""
    if name not in _PLANS:
        raise ValueError(f"no special host {name!r}; there are {', '.join(SPECIAL_HOSTS)}")
    return _PLANS[name]()
