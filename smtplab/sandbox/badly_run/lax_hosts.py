"""The two halves of SMTP smuggling: who passes odd line ends on, and who believes them."""

from __future__ import annotations

from smtplab.sandbox.host_plan import HostPlan
from smtplab.sandbox.little_internet import Account, Listener
from smtplab.sandbox.neighbours import TOY_KEY
from smtplab.sandbox.policy import Policy

_ZONE = """$TTL 3600
@ IN SOA ns postmaster 1 7200 900 1209600 3600
@ IN NS  ns
@ IN MX  10 {host}
@ IN TXT "v=spf1 a:{host}.{domain} -all"
{host} IN A {address}
"""


def receiver() -> HostPlan:
    """mx.lax.example, where Erin has her mailbox: a bare LF is a line end there."""
    return HostPlan(
        name="mx.lax.example",
        address="203.0.113.76",
        domains=("lax.example",),
        listeners=(Listener("mx.lax.example", 25, "starttls", False),),
        accounts=(Account("erin@lax.example", "wide-open"),),
        zones={
            "lax.example": _ZONE.format(host="mx", domain="lax.example", address="203.0.113.76")
        },
        policy=lambda: Policy(line_ends="bare-lf"),
        says="A receiving server with lax line ends: a bare LF ends a line, also around the dot.",
    )


def sender() -> HostPlan:
    """smtp.careless.example, where Mallory may sign in: it passes bare LF on as it comes."""
    zone = _ZONE.format(host="smtp", domain="careless.example", address="192.0.2.76")
    return HostPlan(
        name="smtp.careless.example",
        address="192.0.2.76",
        domains=("careless.example",),
        listeners=(
            Listener("smtp.careless.example", 587, "starttls", True),
            Listener("smtp.careless.example", 465, "implicit", True),
        ),
        accounts=(
            Account("mallory@careless.example", "two-in-one"),
            Account("grace@careless.example", "good-name"),
        ),
        zones={"careless.example": zone + TOY_KEY},  # it signs: careless with line ends only
        policy=lambda: Policy(line_ends="keep"),
        says="A sending server that passes bare CR and LF on unchanged.",
    )
