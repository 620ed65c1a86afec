"""What the evidence must show for the six practical tasks of the exam."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.message import Message
from email.utils import getaddresses
from itertools import dropwhile

from smtplab.lessons.evidence import Conversation, Evidence
from smtplab.lessons.permitted import SHOP, lets_in_others
from smtplab.lessons.relayed import Relayed, relayed
from smtplab.lessons.steps import (
    ALICE,
    BOB,
    CAROL,
    EXCHANGE,
    SUBMISSION,
    mail_for,
)
from smtplab.lessons.wording import all_that_is_read
from smtplab.mail_object import MailObject
from smtplab.sandbox.dns import Zones
from smtplab.sandbox.little_internet import LAPTOP
from smtplab.sandbox.reception.delivery_verdict import DeliveryVerdict

GREY = "grey@example.net"


# 15.1


def signed_in_by_scram(_: Evidence, one: Conversation) -> bool:
    """The 235 belongs to the AUTH command before it."""
    mechanism = ""
    for exchange in one.exchanges:
        if exchange.verb == "AUTH":
            mechanism = exchange.argument.split(" ")[0].upper()
        if exchange.code == 235:
            return mechanism.startswith("SCRAM-SHA-256")
    return False


def arrived_for_bob(evidence: Evidence, one: Conversation) -> bool:
    return any(evidence.arrived(mail, BOB) for mail in mail_for(one, (BOB,)))


# 15.2 and 15.6


def _reports(evidence: Evidence, action: str, mail: MailObject) -> Iterator[Message]:
    """The fields about a recipient of each report on a mail in Alice's Inbox with this action."""
    for stored in evidence.reports(ALICE, mail):
        for part in message_from_bytes(stored.content).walk():
            if part.get("Final-Recipient") and part.get("Action", "").lower() == action:
                yield part


def _reported(evidence: Evidence, action: str, mail: MailObject) -> Iterator[str]:
    """The status of each such report about a forward-path of this mail."""
    paths = {path.lower() for path in mail.envelope.forward_paths}
    for part in _reports(evidence, action, mail):
        if str(part["Final-Recipient"]).partition(";")[2].strip().lower() in paths:
            yield str(part["Status"]).strip()


def _of_alice(one: Conversation) -> Iterator[MailObject]:
    return (mail for mail in one.accepted() if mail.envelope.reverse_path.lower() == ALICE)


def taken_and_failed(evidence: Evidence, one: Conversation) -> bool:
    return one.host == SUBMISSION and bool(_failures(evidence, one))


def _failures(evidence: Evidence, one: Conversation) -> set[str]:
    return {s for mail in _of_alice(one) for s in _reported(evidence, "failed", mail)}


def told_carol(evidence: Evidence, one: Conversation) -> bool:
    """In the session of the mail that failed, and after it, or in a later one."""
    statuses = _failures(evidence, one)
    _, *later = dropwhile(lambda other: other is not one, evidence.conversations)
    rest = dropwhile(lambda each: not _failures(evidence, each), one.transactions())
    return any(
        str(message_from_bytes(mail.content).get("Subject", "")).strip() in statuses
        for other in (*rest, *later)
        for mail in mail_for(other, (CAROL,))
        if evidence.arrived(mail, CAROL)
    )


def asked_for_success(_: Evidence, one: Conversation) -> bool:
    return one.host == SUBMISSION and bool(_to_be_told(one))


def _to_be_told(one: Conversation) -> list[Conversation]:
    """The transactions in which a RCPT for Bob with NOTIFY=SUCCESS was accepted."""
    return [
        each
        for each in one.transactions()
        if any(
            (exchange.verb, exchange.code) == ("RCPT", 250)
            and f"<{BOB}>" in exchange.argument.lower()
            and "SUCCESS" in _notify(exchange.argument)
            for exchange in each.exchanges
        )
    ]


def _notify(argument: str) -> str:
    """The value of NOTIFY behind RCPT (RFC 3461, 4.1), in upper case."""
    words = argument.upper().split()
    return next((word.partition("=")[2] for word in words if word.startswith("NOTIFY=")), "")


def success_reported(evidence: Evidence, one: Conversation) -> bool:
    """About Bob, who is the one that was asked for."""
    mails = (mail for each in _to_be_told(one) for mail in _of_alice(each))
    for_bob = (MailObject(replace(m.envelope, forward_paths=(BOB,)), m.content) for m in mails)
    return any(True for mail in for_bob for _ in _reported(evidence, "delivered", mail))


# 15.3


def _blind_copies(one: Conversation) -> Iterator[MailObject]:
    """Mail objects for both that name Bob in To, have no Bcc, and speak of Carol nowhere."""
    for mail in mail_for(one, (BOB, CAROL)):
        message = message_from_bytes(mail.content)
        to = [mailbox.lower() for _, mailbox in getaddresses(map(str, message.get_all("To", [])))]
        if BOB in to and "Bcc" not in message and "carol" not in all_that_is_read(mail):
            yield mail


def is_blind(_: Evidence, one: Conversation) -> bool:
    return any(True for _ in _blind_copies(one))


def both_have_it(evidence: Evidence, one: Conversation) -> bool:
    return any(
        evidence.arrived(mail, BOB) and evidence.arrived(mail, CAROL) for mail in _blind_copies(one)
    )


# 15.4


def failed_first(evidence: Evidence, one: Conversation) -> bool:
    """One of the shop's mails from this machine ended in Junk, because DMARC failed."""
    return _wrote_for_shop(one) and any(
        verdict.outcome == "Junk" and verdict.checks and verdict.checks.dmarc.result == "fail"
        for verdict in _of_shop(evidence)
    )


def passes_now(evidence: Evidence, one: Conversation) -> bool:
    """The newest one passes by SPF, which only the zone can have changed."""
    checks = _of_shop(evidence)[-1].checks
    return checks is not None and f"spf {SHOP}" in checks.dmarc.aligned


def strangers_fail(evidence: Evidence, one: Conversation) -> bool:
    """The zone still says no to everybody else, and the policy still has teeth.

    Whether the shop's old server goes on is left to the learner.
    """
    addresses = evidence.sandbox.addresses
    copy = Zones({SHOP: evidence.sandbox.zones.text(SHOP)})  # the log of look-ups is the learner's
    policy = "".join(copy.look_up(f"_dmarc.{SHOP}", "TXT")).replace(" ", "").lower()
    has_teeth = any(f";p={word}" in policy for word in ("quarantine", "reject"))
    return has_teeth and not lets_in_others(evidence, addresses[LAPTOP], addresses[SHOP])


def _wrote_for_shop(one: Conversation) -> bool:
    return one.host == EXCHANGE and any(
        mail.envelope.reverse_path.lower().endswith(f"@{SHOP}") for mail in one.accepted()
    )


def _of_shop(evidence: Evidence) -> list[DeliveryVerdict]:
    """What mx.example.net decided about this machine's mails in the shop's name, oldest first."""
    return [
        verdict
        for verdict in evidence.sandbox.verdicts
        if verdict.host == EXCHANGE
        and verdict.address == evidence.sandbox.addresses[LAPTOP]
        and verdict.reverse_path.lower() == f"news@{SHOP}"
        and verdict.checks is not None
        and verdict.checks.dmarc.domain == SHOP
    ]


# 15.5


def deferred(evidence: Evidence, one: Conversation) -> bool:
    """The provider's server was told to come back later, with this very mail."""
    return bool(_put_off(evidence, one))


def delivered_to_grey(evidence: Evidence, one: Conversation) -> bool:
    return any(evidence.arrived(way.mail, GREY) for way in _put_off(evidence, one))


def _put_off(evidence: Evidence, one: Conversation) -> list[Relayed]:
    refused = {
        other.connection
        for other in evidence.of(SUBMISSION)
        for exchange in other.exchanges
        if (exchange.verb, exchange.code) == ("RCPT", 451)
    }
    return [way for way in relayed(evidence, one, GREY) if refused & set(way.connections)]


def still_greylists(evidence: Evidence, _: Conversation) -> bool:
    return evidence.sandbox.mailbox(GREY).terms.greylisted
