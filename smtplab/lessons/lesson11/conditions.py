"""What the exercises of lesson 11 look for: who was refused, and what a server gave away."""

from __future__ import annotations

from smtplab.lessons.evidence import Conversation, Evidence
from smtplab.lessons.steps import BOB
from smtplab.mail_object import MailObject
from smtplab.sandbox.header_section import Fields

RELAY, RITA = "mail.relay.example", "rita@relay.example"
CARELESS, LAX = "smtp.careless.example", "mx.lax.example"
BANK = "bank.example"
_SMUGGLED = (b"\n.\r\nMAIL FROM:", b"\n.\nMAIL FROM:")


def _domain(mailbox: str) -> str:
    return mailbox.rpartition("@")[2].strip("<> ").lower()


def _author_domain(mail: MailObject) -> str:
    return _domain(Fields(mail.content).get("From"))


def stranger_refused(evidence: Evidence, one: Conversation) -> bool:
    """Bob got 550, and the relay is closed: no fault said it in its place."""
    return BOB in _asked(one, "RCPT", 550) and not evidence.sandbox.policy(RELAY).open_relay


def rita_accepted(_: Evidence, one: Conversation) -> bool:
    return RITA in _asked(one, "RCPT", 250)


def bank_refused(_: Evidence, one: Conversation) -> bool:
    return any(
        _author_domain(mail) == BANK and BOB in map(str.lower, mail.envelope.forward_paths)
        for mail in one.refused()
    )


def two_names_taken(evidence: Evidence, one: Conversation) -> bool:
    """From and reverse-path of different domains, and in Bob's Inbox all the same."""
    return any(
        mail.envelope.reverse_path
        and _author_domain(mail) not in ("", _domain(mail.envelope.reverse_path))
        and evidence.arrived(mail, BOB)
        for mail in one.accepted()
    )


def smuggler_taken(_: Evidence, one: Conversation) -> bool:
    return any(_smuggles(mail) for mail in one.accepted())


def _smuggles(mail: MailObject) -> bool:
    """A second MAIL stands in the content, behind a dot between lone line feeds."""
    return any(mark in mail.content for mark in _SMUGGLED)


def receiver_refused_it(evidence: Evidence, one: Conversation) -> bool:
    """The next server got this very content, and refused it whole."""
    between = [c for c in evidence.of(CARELESS) if c.host == LAX]
    refused = [mail.content for other in between for mail in other.refused()]
    return any(
        _smuggles(mail) and any(content.endswith(mail.content) for content in refused)
        for mail in one.accepted()
    )


def _asked(one: Conversation, verb: str, code: int) -> dict[str, int]:
    """The mailboxes that a verb was asked with, where this was its reply; and the last place.

    A name alone is one of the server's own.
    """
    asked = [
        (exchange.argument.rpartition("<")[2].partition(">")[0].strip().lower(), place)
        for place, exchange in enumerate(one.exchanges)
        if (exchange.verb, exchange.code) == (verb, code)
    ]
    own = one.host.partition(".")[2]
    return {name if "@" in name else f"{name}@{own}": place for name, place in asked}


def told(_: Evidence, one: Conversation) -> bool:
    return BOB in _asked(one, "VRFY", 250)


def told_no_more(_: Evidence, one: Conversation) -> bool:
    told, silent = _asked(one, "VRFY", 250), _asked(one, "VRFY", 252)
    return BOB in told and silent.get(BOB, -1) > told[BOB]


def rcpt_tells(_: Evidence, one: Conversation) -> bool:
    return bool(_asked(one, "VRFY", 252).keys() & _asked(one, "RCPT", 550).keys())
