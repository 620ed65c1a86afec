"""Hosts that come by name, when a lesson asks for them: the badly run ones."""

from __future__ import annotations

from collections.abc import Callable

from smtplab.sandbox.host_plan import HostPlan

_PLANS: dict[str, Callable[[], HostPlan]] = {}

SPECIAL_HOSTS = tuple(_PLANS)


def special_host(name: str) -> HostPlan:
    """The plan of a special host; ValueError lists the names there are."""
    if name not in _PLANS:
        raise ValueError(f"no special host {name!r}; there are {', '.join(SPECIAL_HOSTS)}")
    return _PLANS[name]()
