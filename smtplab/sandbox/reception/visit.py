"""Who stands at the door: one client of one listener, and what was noted about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from smtplab.sandbox.verdict.lookups import Step

if TYPE_CHECKING:
    from smtplab.sandbox.mailboxes import Mailbox
    from smtplab.sandbox.reception.desk import Reception

MOST_NOTES = 100  # steps kept of one mail transaction; a client may name recipients without end


@dataclass
class Visit:
    """What a server knows about its client so far."""

    connection: str
    address: str
    ehlo_name: str = ""
    identity: str | None = None  # who signed in
    reverse_path: str = ""
    forward_path: str = ""  # the one that RCPT names now
    mailbox: Mailbox | None = None  # its mailbox
    notes: list[Step] = field(default_factory=list)

    def note(self, text: str, source: str) -> None:
        """Write down one step of this mail transaction."""
        if len(self.notes) < MOST_NOTES:
            self.notes.append(Step(text, source))

    @property
    def who(self) -> str:
        """Whom limits count for: the user who signed in, or else the address."""
        return self.identity or self.address


@dataclass(frozen=True)
class Rule:
    """One thing that reception asks: a reply refuses, or says 251; None lets the client go on."""

    name: str
    explanation: str
    source: str  # "RFC 5782, 2.1"
    ask: Callable[[Reception, Visit], str | None]
