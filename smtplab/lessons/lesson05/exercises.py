"""The exercises of lesson 05: each looks at doors, as the servers recorded them."""

from __future__ import annotations

from itertools import takewhile

from smtplab.lessons.evidence import Conversation, Evidence
from smtplab.lessons.steps import (
    BOB,
    CAROL,
    EXCHANGE,
    SUBMISSION,
    arrived_for,
    lies_in_the_inbox,
    mail_for,
    taken_for,
)
from smtplab.lessons.task import Exercise, Step
from smtplab.sandbox.faults import Fault, Simple
from smtplab.sandbox.little_internet import DOMAINS, LAPTOP
from smtplab.transcript import Kind

# 5.1


def _on_port_25(_: Evidence, one: Conversation) -> bool:
    return one.port == 25 and bool(one.exchanges)


def _relaying_refused(_: Evidence, one: Conversation) -> bool:
    return any(_is_refused_relaying(one, position) for position in range(len(one.exchanges)))


def _is_refused_relaying(one: Conversation, position: int) -> bool:
    """Whether a recipient outside the server's own domain got 550 there."""
    exchange = one.exchanges[position]
    domain = exchange.argument.lower().partition("<")[2].partition(">")[0].partition("@")[2]
    return (exchange.verb, exchange.code) == ("RCPT", 550) and domain not in ("", *_domains(one))


def _domains(one: Conversation) -> tuple[str, ...]:
    return DOMAINS.get(one.host, (one.host.partition(".")[2],))


def _own_mail_arrived(evidence: Evidence, one: Conversation) -> bool:
    """A name without a domain is Postmaster, the server's own (RFC 5321, 4.5.1)."""
    own = _domains(one)[0]
    return any(
        lies_in_the_inbox(evidence, mail, path.lower() if "@" in path else f"{path.lower()}@{own}")
        for mail in one.accepted()
        for path in mail.envelope.forward_paths
    )


# 5.2


def _refused_before_tls(_: Evidence, one: Conversation) -> bool:
    return _mail_refused(one, tls=False)


def _refused_inside_tls(_: Evidence, one: Conversation) -> bool:
    return _mail_refused(one, tls=True)


def _mail_refused(one: Conversation, *, tls: bool) -> bool:
    return any((x.verb, x.code, x.tls) == ("MAIL", 530, tls) for x in one.exchanges)


# 5.3


def _for_carol_at_25(_: Evidence, one: Conversation) -> bool:
    return (one.host, one.port) == (SUBMISSION, 25) and bool(mail_for(one, (CAROL,)))


def _the_same_at_465(evidence: Evidence, one: Conversation) -> bool:
    return bool(_contents(one) & _at(evidence, 465))


def _the_same_at_587(evidence: Evidence, one: Conversation) -> bool:
    return bool(_contents(one) & _at(evidence, 465) & _at(evidence, 587))


def _three_arrived(evidence: Evidence, one: Conversation) -> bool:
    inbox = evidence.inbox(CAROL)
    return any(
        sum(stored.content.endswith(content) for stored in inbox) >= 3
        for content in _contents(one) & _at(evidence, 465) & _at(evidence, 587)
    )


def _contents(one: Conversation) -> set[bytes]:
    return {mail.content for mail in mail_for(one, (CAROL,))}


def _at(evidence: Evidence, port: int) -> set[bytes]:
    """The contents that Carol was sent through this door of smtp.example.org."""
    there = (SUBMISSION, port)
    sent = (_contents(one) for one in evidence.conversations if (one.host, one.port) == there)
    return set[bytes]().union(*sent)


# 5.4


def _filter_struck(evidence: Evidence, _: Conversation) -> bool:
    return bool(_struck(evidence))


def _struck(evidence: Evidence) -> list[str]:
    """The learner's connections to a port 25 that a rule which is still set made silent."""
    rules = {str(fault) for fault in evidence.sandbox.faults.rules if _silences_port_25(fault)}
    events = evidence.sandbox.transcript.events
    silent = {e.connection for e in events if e.kind is Kind.FAULT and e.detail["fault"] in rules}
    return [
        event.connection
        for event in events
        if event.kind is Kind.CONNECT
        and (event.end, event.detail["source"]) == ("server", LAPTOP)
        and event.connection in silent
    ]


def _silences_port_25(fault: Fault) -> bool:
    only_25 = fault.match.port == 25 or (fault.match.port, fault.match.host) == (None, EXCHANGE)
    return fault.phase in ("connect", "greeting") and fault.action is Simple.STALL and only_25


def _submitted_for_bob(evidence: Evidence, one: Conversation) -> bool:
    """In a session that began after the filter had struck."""
    begun = evidence.sandbox.transcript.connections
    earlier = set(takewhile(lambda name: name != one.connection, begun))
    was_struck = bool(earlier & set(_struck(evidence)))
    return was_struck and one.port in (465, 587) and bool(mail_for(one, (BOB,)))


EXERCISES = (
    Exercise(
        "5.1",
        "the right server for it",
        (
            Step(
                "a session with a server on port 25",
                "a session of yours on port 25, with at least one command.",
                _on_port_25,
                1,
            ),
            Step(
                "a recipient of another domain, refused there with 550",
                "RCPT for a mailbox of another domain, with the reply 550. A mailbox that the "
                "server should have and has not is another refusal.",
                _relaying_refused,
                2,
            ),
            Step(
                "in the same session: a mail for a mailbox of that server, delivered",
                "the mail for somebody at that server, in the same session, taken with 250 and "
                "delivered.",
                _own_mail_arrived,
                3,
            ),
        ),
        (
            'fresh_session(sandbox, "smtp.example.org", 25, ...) connects and sends your lines.',
            "smtp.example.org has the mailboxes of example.org, mx.example.net those of "
            "example.net. Ask the one for a mailbox of the other.",
            "After the 550 the transaction is still open: RCPT for carol@example.org, DATA, and "
            "content(...). At mx.example.net it is bob@example.net.",
        ),
        "Port 25 takes what is for its own domains, from anybody, and relays for nobody.",
    ),
    Exercise(
        "5.2",
        "530, 530, 250",
        (
            Step(
                "MAIL with the reply 530, before TLS",
                "MAIL before TLS on port 587, with the reply 530.",
                _refused_before_tls,
                1,
            ),
            Step(
                "in the same session: MAIL with the reply 530, inside TLS",
                "MAIL inside TLS and before AUTH, with the reply 530, in the same session.",
                _refused_inside_tls,
                2,
            ),
            Step(
                "then a mail for bob@example.net alone, taken with 250",
                "the mail for bob@example.net alone, in the same session. AUTH comes first.",
                taken_for(BOB),
                3,
            ),
            Step("that mail in Bob's Inbox", "the mail in Bob's Inbox.", arrived_for(BOB), 3),
        ),
        (
            'client = sandbox.connect("smtp.example.org", 587), then ehlo() and mail(...).',
            "client.starttls() and ehlo() again, and the same mail(...) once more.",
            'auth("alice@example.org", "looking-glass"), mail, rcpt, data, content.',
        ),
        "530 asks for something: read its text. On 587 first TLS, then AUTH, then all is open.",
    ),
    Exercise(
        "5.3",
        "one letter, three doors",
        (
            Step(
                "a mail for carol@example.org alone, taken at port 25 of smtp.example.org",
                "a mail for carol@example.org alone at port 25 of smtp.example.org.",
                _for_carol_at_25,
                1,
            ),
            Step(
                "the same content for her, taken at 465",
                "the same content, to the last octet, for Carol alone at port 465.",
                _the_same_at_465,
                2,
            ),
            Step(
                "the same content for her, taken at 587",
                "the same content, to the last octet, for Carol alone at port 587.",
                _the_same_at_587,
                3,
            ),
            Step(
                "all three in Carol's Inbox",
                "all three mails in Carol's Inbox.",
                _three_arrived,
                3,
            ),
        ),
        (
            'letter = b"Subject: ...\\r\\n\\r\\n...\\r\\n" once, and three sessions. On port 25 '
            "nobody signs in.",
            'sandbox.connect("smtp.example.org", 465): ehlo, auth, then as on 25.',
            "signed_in(sandbox) is ready on 587. Then: for mail in "
            'sandbox.inbox("carol@example.org"): print(mail)',
        ),
        "The word after `with` tells the door: ESMTP is plain, S adds TLS, A adds AUTH, so "
        "submission reads ESMTPSA (RFC 3848).",
    ),
    Exercise(
        "5.4",
        "behind the filter",
        (
            Step(
                "a rule that makes port 25 silent, and that has struck",
                "a rule on sandbox.faults that lets a connection to port 25 stall, and one "
                "connection of your laptop that it struck. It must still be set.",
                _filter_struck,
                1,
            ),
            Step(
                "a mail for bob@example.net alone, taken at 465 or 587",
                "a mail for bob@example.net alone, handed in after that where the filter does not "
                "reach: at 465 or 587.",
                _submitted_for_bob,
                2,
            ),
            Step(
                "that mail in Bob's Inbox",
                "the mail in Bob's Inbox. If it waits in the queue, your rule stops the provider's "
                "server as well: name your laptop as its source, and restart the sandbox first.",
                arrived_for(BOB),
                3,
            ),
        ),
        (
            "The rule of section 7 does it. Connect to port 25 of mx.example.net after it, with "
            "Settings(timeout=0.5), and catch ConnectionLost.",
            "signed_in(sandbox) is a session on 587: mail, rcpt, data, content.",
            'sandbox.faults.add("connect@port:25;source:laptop.example.org=stall") leaves the '
            "servers alone.",
        ),
        "A block of port 25 stops a laptop and no mail: submission has doors of its own.",
    ),
)
