"""The reception desk of one host: asks the rules in turn, and writes down what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from smtplab.mail_object import MailObject
from smtplab.sandbox.dns import Zones
from smtplab.sandbox.mailboxes import Mailbox
from smtplab.sandbox.policy import Policy
from smtplab.sandbox.reception import at_the_door
from smtplab.sandbox.reception.contents import CONTENT, Case, ContentRule, Decision
from smtplab.sandbox.reception.delivery_verdict import REFUSED, DeliveryVerdict
from smtplab.sandbox.reception.greylist import Greylist
from smtplab.sandbox.reception.memory import Memory
from smtplab.sandbox.reception.rates import Rates
from smtplab.sandbox.reception.recipients import RCPT, full
from smtplab.sandbox.reception.switches import Switches
from smtplab.sandbox.reception.visit import Rule, Visit
from smtplab.sandbox.verdict.lookups import Step

DOOR = {"connect": at_the_door.CONNECT, "EHLO": at_the_door.EHLO, "MAIL": at_the_door.MAIL}


@dataclass
class Reception:
    """What one host asks of its clients; it remembers greylisted triples and rates."""

    host: str
    policy: Policy
    zones: Zones
    now: Callable[[], datetime]
    open_addresses: Callable[[], list[str]]  # of the clients connected to this host
    keep: Callable[[DeliveryVerdict], None]
    public_suffixes: frozenset[str] = frozenset()
    greylist: Greylist = field(default_factory=Greylist)
    rates: Rates = field(default_factory=Rates)

    def __post_init__(self) -> None:
        self._memory = Memory(self.zones)

    @property
    def switches(self) -> Switches:
        return self.policy.reception

    def at(self, phase: str, visit: Visit) -> str | None:
        """The refusal of a connection ("connect"), a greeting ("EHLO") or a "MAIL"; or None."""
        if phase == "MAIL":
            visit.notes.clear()
        for rule in DOOR[phase]:
            if (reply := rule.ask(self, visit)) is not None:
                self._refused(phase, visit, rule, reply)
                return reply
        return None

    def at_recipient(self, visit: Visit, mailbox: Mailbox, forward_path: str) -> str:
        """The reply to RCPT for a mailbox of this host: 250, 251 or a refusal."""
        visit.mailbox, visit.forward_path = mailbox, forward_path
        for rule in RCPT:
            if (reply := rule.ask(self, visit)) is not None:
                if not reply.startswith("2"):
                    self._refused("RCPT", visit, rule, reply)
                return reply
        return "250 2.1.5 Recipient accepted"

    def at_content(
        self, visit: Visit, mail: MailObject, mailboxes: Sequence[Mailbox]
    ) -> DeliveryVerdict:
        """What becomes of a content that came from elsewhere for mailboxes of this host."""
        room = [mailbox for mailbox in mailboxes if mailbox.has_room_for(len(mail.content))]
        if mailboxes and not room:
            reply = full(self, ", ".join(mailbox.name for mailbox in mailboxes)[:400])
            decision = Decision("The content does not fit into the quota.", reply)
            return self._decided(visit, mail, None, [(_QUOTA, decision)])
        case = self._case(visit, mail)
        wants = [(rule, found) for rule in CONTENT if (found := rule.ask(case)) is not None]
        return self._decided(visit, mail, case, wants)

    def _case(self, visit: Visit, mail: MailObject) -> Case:
        # Imported late: a sandbox that takes no mail from elsewhere starts without them.
        from smtplab.sandbox.reception.content_facts import facts_of
        from smtplab.sandbox.reception.score import score_of

        facts = facts_of(mail.content)
        checks = None
        if self.switches.judging:
            from smtplab.sandbox.verdict.judge import Arrival, judge

            arrival = Arrival(
                visit.address,
                visit.ehlo_name,
                visit.reverse_path,
                mail.content,
                self.host,
                self.now(),
                self.public_suffixes,
            )
            checks = judge(arrival, self._memory.look_up, self._memory.conclude)
        score = score_of(facts) if self.switches.scoring else None
        return Case(self.switches, bool(facts.author_domains), checks, score)

    def _decided(
        self,
        visit: Visit,
        mail: MailObject,
        case: Case | None,
        wants: list[tuple[ContentRule, Decision]],
    ) -> DeliveryVerdict:
        """A refusal outranks Junk, and the first of either decides."""
        ranked = sorted(wants, key=lambda want: not want[1].reply)
        rule, decision = ranked[0] if ranked else (None, Decision("No rule is against it."))
        outcome = "Inbox" if rule is None else REFUSED if decision.reply else "Junk"
        source = rule.source if rule is not None else "RFC 5321, 4.2.5"
        others = (Step(f"{other.name}: {want.why}", other.source) for other, want in ranked[1:])
        conclusions = (*others, Step(f"{decision.why} So: {outcome}.", source))
        verdict = DeliveryVerdict(
            self.host,
            visit.connection,
            visit.address,
            self.now(),
            visit.reverse_path,
            mail.envelope.forward_paths,
            "end of data",
            outcome,
            decision.why,
            rule.name if rule is not None else "",
            decision.reply,
            tuple(visit.notes),
            case.checks if case is not None else None,
            case.score if case is not None else None,
            conclusions,
        )
        self.keep(verdict)
        return verdict

    def _refused(self, phase: str, visit: Visit, rule: Rule, reply: str) -> None:
        path = (visit.forward_path,) if phase == "RCPT" else ()
        self.keep(
            DeliveryVerdict(
                self.host,
                visit.connection,
                visit.address,
                self.now(),
                visit.reverse_path if phase in ("MAIL", "RCPT") else "",
                path,
                phase,
                REFUSED,
                rule.explanation,
                rule.name,
                reply,
                tuple(visit.notes),
                conclusions=(Step(f"{rule.name}: {reply}", rule.source),),
            )
        )


_QUOTA = ContentRule(
    "quota", "What the folders hold stays within the quota.", "RFC 3463, 3.3", lambda case: None
)
