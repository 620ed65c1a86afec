"""What came of one mail transaction at one host, why, and what was looked up on the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from smtplab.sandbox.verdict.lookups import Step, shown

if TYPE_CHECKING:
    from smtplab.sandbox.reception.score import Score
    from smtplab.sandbox.verdict.judge import Verdict

REFUSED = "refused"


@dataclass(frozen=True, repr=False)
class DeliveryVerdict:
    """The decision of a host about one client, recipient or content."""

    host: str
    connection: str  # "c1", as in the transcript
    address: str  # the client's
    world_time: datetime
    reverse_path: str
    forward_paths: tuple[str, ...]
    phase: str  # "connect", "EHLO", "MAIL", "RCPT" or "end of data"
    outcome: str  # "Inbox", "Junk" or "refused"
    why: str  # one sentence
    rule: str = ""  # the name of the rule that decided; "" where none spoke up
    reply: str = ""  # of a refusal, with code and enhanced status code
    notes: tuple[Step, ...] = ()  # before the content came
    checks: Verdict | None = None  # SPF, DKIM and DMARC
    score: Score | None = None
    conclusions: tuple[Step, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """All that was looked up, compared and concluded, in order."""
        checked = self.checks.steps if self.checks is not None else ()
        scored = self.score.steps if self.score is not None else ()
        return (*self.notes, *checked, *scored, *self.conclusions)

    @property
    def is_refused(self) -> bool:
        return self.outcome == REFUSED

    def __repr__(self) -> str:
        told = self.reply or self.why
        return f"<DeliveryVerdict {self.outcome} at {self.host}, {self.phase}: {shown(told)}>"

    def __str__(self) -> str:
        from smtplab.sandbox.reception.rendering import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from smtplab.sandbox.reception.rendering import as_html

        return as_html(self)
