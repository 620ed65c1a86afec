"""An open relay: it sends on whatever anybody brings (RFC 5321, 7.9; RFC 2505, 2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtplab.sandbox.badly_run.blocklist import Blocklist, SpamWatch
from smtplab.sandbox.host_plan import HostPlan
from smtplab.sandbox.little_internet import Account, Listener
from smtplab.sandbox.policy import Policy
from smtplab.sandbox.reception.switches import Switches

if TYPE_CHECKING:
    from smtplab.mail_object import MailObject
    from smtplab.sandbox.hosts import Arrival, MailHost
    from smtplab.sandbox.world import World

ADDRESS = "192.0.2.66"

_ZONE = f"""$TTL 3600
@    IN SOA ns postmaster 1 7200 900 1209600 3600
@    IN NS  ns
@    IN MX  10 mail
@    IN TXT "v=spf1 a:mail.relay.example -all"
mail IN A   {ADDRESS}
"""


def plan() -> HostPlan:
    """mail.relay.example, where Rita has her mailbox and everybody else a free ride."""
    return HostPlan(
        name="mail.relay.example",
        address=ADDRESS,
        domains=("relay.example",),
        listeners=(Listener("mail.relay.example", 25, "starttls", False),),
        accounts=(Account("rita@relay.example", "front-door"),),
        zones={"relay.example": _ZONE},
        policy=lambda: Policy(open_relay=True, reception=Switches(signing=False)),
        joins=_watch,
        says="An open relay: it takes any recipient from anyone, until a blocklist has it.",
    )


def _watch(world: World, host: MailHost) -> None:
    """The blocklist's operator sees what strangers send to strangers through the relay."""
    watch = SpamWatch(Blocklist(world.zones), ADDRESS, world.clock.now)

    def taken(mail: MailObject, arrival: Arrival) -> None:
        paths = (mail.envelope.reverse_path, *mail.envelope.forward_paths)
        if not any(host.is_local(path.rpartition("@")[2]) for path in paths if path):
            watch.relayed()

    host.taken = taken
    world.clock.watchers.append(watch.publish)
