"""What a sandbox shows of its mailboxes and decisions: a part of `Sandbox`, in a separate file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtplab.sandbox.mailboxes import Mailbox
from smtplab.sandbox.signing import signed

if TYPE_CHECKING:
    from smtplab.sandbox.clock import WorldClock
    from smtplab.sandbox.in_memory import InMemory
    from smtplab.sandbox.over_tcp import OverTCP
    from smtplab.sandbox.reception.delivery_verdict import DeliveryVerdict
    from smtplab.sandbox.world import World


class Findings:
    """Mailboxes, verdicts, and signatures to send with."""

    _world: World
    _carrier: InMemory | OverTCP

    def settle(self) -> None:
        """Wait until everything that is due in the queue was tried."""
        self._world.clock.run_due()

    @property
    def clock(self) -> WorldClock:
        return self._world.clock

    @property
    def mailboxes(self) -> tuple[Mailbox, ...]:
        """All mailboxes, after settling; the `terms` of each may be changed for a lesson."""
        self.settle()
        return tuple(self._world.mailboxes.values())

    @property
    def verdicts(self) -> tuple[DeliveryVerdict, ...]:
        """The last thousand decisions about clients, recipients and contents, after settling."""
        self.settle()
        return self._carrier.call(lambda: tuple(self._world.verdicts))

    def dkim_signed(self, content: bytes, domain: str) -> bytes:
        """The content with a domain's DKIM-Signature by the toy key; ValueError without From."""
        return signed(content, domain, self.clock.now())
