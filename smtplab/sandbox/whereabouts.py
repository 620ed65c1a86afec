"""Where the hosts of the little internet are: names, addresses, listeners, ports of guests."""

from __future__ import annotations

from collections.abc import Iterable

from smtplab.errors import ConnectionLost
from smtplab.sandbox.certificates import Authority
from smtplab.sandbox.host_plan import HostPlan
from smtplab.sandbox.little_internet import (
    ADDRESSES,
    LISTENERS,
    MOST_OUTSIDE_HOSTS,
    OUTSIDE_ADDRESSES,
    SMTP_PORT,
    Listener,
)


class Whereabouts:
    """What a client has to know of a world before it can connect."""

    def __init__(self) -> None:
        self.listeners: list[Listener] = []
        self._shut: set[tuple[str, int]] = set()  # doors that begin with TLS, where there is none
        self.let_listen(LISTENERS)
        self.addresses = dict(ADDRESSES)
        self.outside_hosts: dict[str, int] = {}  # name -> the port on loopback of another program

    def let_listen(self, listeners: Iterable[Listener]) -> None:
        """More doors; those that begin with TLS stay shut where this Python has no TLS."""
        asked = list(listeners)
        can_listen = self.available(asked)
        self.listeners += can_listen
        self._shut |= {one.key for one in asked if one not in can_listen}

    @staticmethod
    def available(listeners: Iterable[Listener]) -> list[Listener]:
        has_tls = Authority.is_available()
        return [one for one in listeners if has_tls or one.tls != "implicit"]

    def check(self, plan: HostPlan) -> None:
        """Whether a host can be added; ValueError says what is in its way."""
        if plan.name in self.addresses:
            raise ValueError(f"there is a host {plan.name!r} already")
        if plan.address in self.addresses.values():
            raise ValueError(f"there is a host at {plan.address} already")

    def listener(self, host: str, port: int) -> Listener | None:
        """The listener that a client means by a name or address, and a port."""
        name = self.name_of(host)
        return next((found for found in self.listeners if found.key == (name, port)), None)

    def name_of(self, host: str) -> str:
        """The name of a host that is meant by name or address."""
        return next((n for n, address in self.addresses.items() if address == host), host.lower())

    def nobody_at(self, host: str, port: int) -> ConnectionLost:
        """That nobody listens there; a host that was meant by its address is named, too."""
        name = self.name_of(host)
        place = host if name == host.lower() else f"{name} ({host})"
        told = f"nobody listens at {place} port {port} in the sandbox"
        if (name, port) in self._shut:
            told += ": it begins with TLS, and this Python has no TLS"
        return ConnectionLost(told)

    def outside_port(self, host: str, port: int) -> int | None:
        """The port on loopback where another program plays this host; None for our own."""
        return self.outside_hosts.get(self.name_of(host)) if port == SMTP_PORT else None

    def outside_plan(self, name: str, port: int) -> HostPlan:
        """The plan of a host that another program plays; ValueError says why it cannot be."""
        if name in self.addresses:
            raise ValueError(f"{name} is a host of the sandbox already")
        if len(self.outside_hosts) >= MOST_OUTSIDE_HOSTS:
            raise ValueError(f"{MOST_OUTSIDE_HOSTS} hosts from outside are the most there can be")
        if port not in range(1, 65536):
            raise ValueError(f"a port is a number from 1 to 65535, not {port!r}")
        address = OUTSIDE_ADDRESSES.format(len(self.outside_hosts) + 200)
        return HostPlan(name, address, zones={name: f"@ 3600 IN A {address}\n"})
