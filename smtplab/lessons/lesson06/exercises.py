"""The exercises of lesson 06: what was readable, what was refused, what had to wait."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import dropwhile, takewhile

from smtplab.lessons.evidence import Conversation, Evidence
from smtplab.lessons.relayed import Relayed, relayed
from smtplab.lessons.steps import BOB, EXCHANGE, SUBMISSION, mail_for
from smtplab.lessons.task import Exercise, Step
from smtplab.mail_object import MailObject
from smtplab.sandbox.little_internet import LAPTOP
from smtplab.transcript import Kind

_HANDSHAKE = b"\x16\x03"  # how the record with a ClientHello begins (RFC 8446, 5.1)


def _letters(one: Conversation, *, tls: bool) -> tuple[MailObject, ...]:
    """The mails for Bob alone that were taken inside TLS, or outside it."""
    for_bob = mail_for(one, (BOB,))
    return tuple(mail for mail in one.accepted(tls) if mail in for_bob)


# 6.1


def _sent_readable(_: Evidence, one: Conversation) -> bool:
    return (one.host, one.port) == (EXCHANGE, 25) and bool(_letters(one, tls=False))


def _sent_unreadable(evidence: Evidence, one: Conversation) -> bool:
    return bool(_both_ways(evidence, one))


def _both_arrived(evidence: Evidence, one: Conversation) -> bool:
    inbox = evidence.inbox(BOB)
    return any(
        sum(stored.content.endswith(content) for stored in inbox) >= 2
        for content in _both_ways(evidence, one)
    )


def _both_ways(evidence: Evidence, one: Conversation) -> set[bytes]:
    """What was sent outside TLS in this session, and inside it in any with the same server."""
    place = (EXCHANGE, 25)
    hidden = {
        mail.content
        for other in evidence.conversations
        if (other.host, other.port) == place
        for mail in _letters(other, tls=True)
    }
    return hidden & {mail.content for mail in _letters(one, tls=False)}


# 6.2


def _client_broke_off(evidence: Evidence, _: Conversation) -> bool:
    """A connection of the learner's to smtp.example.org that ended inside the TLS handshake."""
    return any(_ended_in_handshake(evidence, name) for name in _connections(evidence))


def _connections(evidence: Evidence, before: str = "") -> Iterator[str]:
    """The connections in their order, up to the one of this name."""
    return takewhile(lambda name: name != before, evidence.sandbox.transcript.connections)


def _ended_in_handshake(evidence: Evidence, connection: str) -> bool:
    transcript = evidence.sandbox.transcript
    events = transcript.of(connection, "server")
    if not events or events[0].kind is not Kind.CONNECT:
        return False
    place = events[0].detail
    if (place.get("source"), place.get("host")) != (LAPTOP, SUBMISSION):
        return False
    ended = events[-1].kind is Kind.CLOSE and "handshake" in str(events[-1].detail.get("why", ""))
    return ended and _HANDSHAKE in transcript.wire(connection, "server").octets("client")


def _repaired(evidence: Evidence, _: Conversation) -> bool:
    return evidence.sandbox.policy(SUBMISSION).certificate == "good"


def _sent_after_it(evidence: Evidence, one: Conversation) -> bool:
    """Later than a break-off, and by a client that was shown the good certificate."""
    events = evidence.sandbox.transcript.of(one.connection, "server")
    shown = [event.detail.get("certificate") for event in events if event.kind is Kind.TLS]
    earlier = _connections(evidence, one.connection)
    return (
        (one.host, shown) == (SUBMISSION, ["good"])
        and any(_ended_in_handshake(evidence, name) for name in earlier)
        and any(evidence.arrived(mail, BOB) for mail in _letters(one, tls=True))
    )


# 6.3


def _insisted(evidence: Evidence, one: Conversation) -> bool:
    """STARTTLS went out and came in as a row of X: somebody on the way had garbled it."""
    said = evidence.sandbox.said_before_the_middle(one.connection).upper()
    return (
        (one.host, one.port) == (SUBMISSION, 587)
        and b"STARTTLS" in map(bytes.strip, said.split(b"\n"))
        and any(exchange.verb == "XXXXXXXX" and exchange.code == 500 for exchange in one.exchanges)
    )


def _gave_nothing_away(_: Evidence, one: Conversation) -> bool:
    return not any(exchange.verb in ("AUTH", "MAIL") for exchange in one.exchanges)


def _by_465(evidence: Evidence, one: Conversation) -> bool:
    """Later than that session, and past the same Mallory."""
    later = dropwhile(lambda other: other is not one, evidence.conversations)
    return any(
        evidence.arrived(mail, BOB)
        for other in later
        if (other.host, other.port) == (SUBMISSION, 465)
        and evidence.sandbox.said_before_the_middle(other.connection)
        for mail in _letters(other, tls=True)
    )


# 6.4


def _promised(evidence: Evidence, _: Conversation) -> bool:
    fetched = any(
        "//mta-sts.example.net/" in fetch.url and fetch.result == "fetched"
        for fetch in evidence.sandbox.mta_sts.fetches
    )
    return fetched or "TLSA" in evidence.sandbox.zones.text("example.net")


def _handed_in(evidence: Evidence, one: Conversation) -> bool:
    return _promised(evidence, one) and bool(mail_for(one, (BOB,)))


def _had_to_wait(evidence: Evidence, one: Conversation) -> bool:
    return bool(_waited(evidence, one))


def _came_inside_tls(evidence: Evidence, one: Conversation) -> bool:
    """The last call for this mail handed it over inside TLS."""
    return any(
        way.results[-1] == "relayed"
        and evidence.arrived(way.mail, BOB)
        and any(_letters(hop, tls=True) for hop in _calls(evidence, way)[-1:])
        for way in _waited(evidence, one)
    )


def _waited(evidence: Evidence, one: Conversation) -> list[Relayed]:
    """What was handed in here and put off, because a call at Bob's server ended before MAIL."""
    return [
        way
        for way in relayed(evidence, one, BOB)
        if way.results[:1] == ["deferred"] and any(map(_is_vain, _calls(evidence, way)))
    ]


def _calls(evidence: Evidence, way: Relayed) -> list[Conversation]:
    """The calls that the provider's server made for this mail, in order."""
    by_name = {hop.connection: hop for hop in evidence.of(SUBMISSION) if hop.host == EXCHANGE}
    return [by_name[name] for name in way.connections if name in by_name]


def _is_vain(hop: Conversation) -> bool:
    return bool(hop.exchanges) and not any(exchange.verb == "MAIL" for exchange in hop.exchanges)


EXERCISES = (
    Exercise(
        "6.1",
        "readable, unreadable",
        (
            Step(
                "a mail for bob@example.net alone, taken at port 25 of mx.example.net, no TLS",
                "a mail for bob@example.net alone that mx.example.net took on port 25 in "
                "plaintext.",
                _sent_readable,
                1,
            ),
            Step(
                "the same content for him, taken there inside TLS",
                "the same content, to the last octet, taken by mx.example.net inside TLS.",
                _sent_unreadable,
                2,
            ),
            Step("both in Bob's Inbox", "both mails in Bob's Inbox.", _both_arrived, 3),
        ),
        (
            'sandbox.connect("mx.example.net", 25), then ehlo, mail, rcpt, data, content.',
            "In a second session: ehlo, starttls, ehlo, and then the same steps.",
            'Put the content into a name, letter = b"Subject: ...", so that both are the same.',
        ),
        "Bob cannot see the difference in the text. Eve can: she has read one of the two.",
    ),
    Exercise(
        "6.2",
        "spoil it, repair it",
        (
            Step(
                "a session with smtp.example.org that ended in the TLS handshake",
                "a session of yours with smtp.example.org that ended in the TLS handshake, "
                "because the client did not accept the certificate.",
                _client_broke_off,
                1,
            ),
            Step(
                "its certificate is good again",
                'the repair: the certificate of smtp.example.org is to be "good" again. A client '
                "that does not look repairs nothing.",
                _repaired,
                2,
            ),
            Step(
                "after the repair, a mail for bob@example.net alone through it, inside TLS",
                "a mail for bob@example.net alone, handed in at smtp.example.org after the repair, "
                "that arrived. Mail from before shows nothing, and neither does a client that "
                "took the bad certificate.",
                _sent_after_it,
                3,
            ),
        ),
        (
            'sandbox.policy("smtp.example.org").certificate = "expired", then connect to 465 and '
            "catch RemoteProtocolError.",
            'sandbox.policy("smtp.example.org").certificate = "good"',
            "signed_in(sandbox), then mail, rcpt, data, content.",
        ),
        "A certificate error is repaired where the certificate is, not in the client's check.",
    ),
    Exercise(
        "6.3",
        "the strict client",
        (
            Step(
                "STARTTLS asked for at smtp.example.org, and garbled on its way",
                "a session on port 587 of smtp.example.org in which you asked for STARTTLS with "
                "Mallory in the middle: the server reads XXXXXXXX and says 500.",
                _insisted,
                1,
            ),
            Step(
                "neither AUTH nor MAIL in that session",
                "a session in which nothing was given away: after the 500 no AUTH and no MAIL. "
                "Connect anew; a careless session counts for nothing.",
                _gave_nothing_away,
                2,
            ),
            Step(
                "a mail for bob@example.net alone, through 465, in his Inbox",
                "a mail for bob@example.net alone, later and still past Mallory, that came in at "
                "port 465 and arrived.",
                _by_465,
                3,
            ),
        ),
        (
            "with sandbox.in_the_middle(): connect to 587, ehlo(), starttls().",
            "quit() is all that this session still says.",
            'In the same block: sandbox.connect("smtp.example.org", 465), ehlo, auth, mail, rcpt, '
            "data, content.",
        ),
        "Require TLS, and Mallory can stop you and not read you. On 465 he finds nothing to take.",
    ),
    Exercise(
        "6.4",
        "a promise that holds",
        (
            Step(
                "a promise of example.net, and a mail for bob@example.net alone handed in",
                "an MTA-STS policy that was fetched, or a TLSA record, for example.net, and a mail "
                "for bob@example.net alone that your provider took.",
                _handed_in,
                1,
            ),
            Step(
                "a call of your provider's server in which it handed nothing over",
                "an attack that the promise stopped, while this mail was due: a call of "
                "smtp.example.org at mx.example.net in which it sent no MAIL. The policy's mode "
                "is to be enforce, and the attack has to last until that call: "
                "sandbox.settle() waits for it.",
                _had_to_wait,
                2,
            ),
            Step(
                "after it, that mail handed over inside TLS, and in Bob's Inbox",
                "the mail in Bob's Inbox, handed over inside TLS after the attack had ended. Time "
                "has to pass for the next attempt.",
                _came_inside_tls,
                3,
            ),
        ),
        (
            'sandbox.mta_sts.publish("example.net", "enforce", ["mx.example.net"]), or '
            'sandbox.publish_tlsa("mx.example.net").',
            'with sandbox.in_the_middle(source="smtp.example.org"): hand_in(). With lines of your '
            "own, end the block with sandbox.settle(). Or change the certificate of "
            "mx.example.net.",
            "When the block is left (or the certificate good again): "
            "sandbox.clock.advance(timedelta(hours=1)).",
        ),
        "A promise that an attacker cannot take back turns 'TLS if available' into 'TLS or wait'.",
    ),
)
