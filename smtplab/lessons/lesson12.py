"""Lesson 12, the protocol stack and the packets: its exercises and questions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, groupby

from smtplab.lessons.evidence import Conversation, Evidence, Exchange
from smtplab.lessons.question import Option, Question
from smtplab.lessons.steps import (
    BOB,
    EXCHANGE,
    SUBMISSION,
    arrived_for,
    is_with,
    mail_for,
    said_goodbye,
    taken_for,
)
from smtplab.lessons.task import Exercise, Step

TITLE = "the protocol stack and the packets"

POSTMASTER = "postmaster@example.net"
ONE_PACKET = 1460  # octets of data that fit into one: 1500 of Ethernet, less 20 and 20
FEWEST_TURNS = 4  # EHLO; MAIL, RCPT, RCPT, DATA; the content; QUIT
_HANDSHAKE = 22  # the first octet of a TLS handshake record (RFC 8446, 5.1)


def _placed(evidence: Evidence, one: Conversation) -> Iterator[tuple[Exchange, int, int]]:
    """What the client sent in plaintext, and in which of its segments it began and ended."""
    sent = [part.octets for part in evidence.segments(one) if part.sender == "client"]
    stream, ends, at = b"".join(sent), list(accumulate(map(len, sent))), 0
    for exchange in one.exchanges:
        start = stream.find(exchange.octets, at)
        if exchange.tls or start < 0:
            return
        at = start + len(exchange.octets)
        yield exchange, _holding(ends, start), _holding(ends, at - 1)


def _holding(ends: list[int], place: int) -> int:
    return sum(end <= place for end in ends)


def _mail_in_two_segments(evidence: Evidence, one: Conversation) -> bool:
    return any(
        (exchange.verb, exchange.code) == ("MAIL", 250) and first != last
        for exchange, first, last in _placed(evidence, one)
    )


def _mail_accepted(_: Evidence, one: Conversation) -> bool:
    return one.has("MAIL", 250)


def _group_in_one_segment(evidence: Evidence, one: Conversation) -> bool:
    """MAIL, RCPT for Bob and DATA, each carried out, and no end of a segment between them."""
    by_segment: dict[int, set[tuple[str, int]]] = {}
    for exchange, first, last in _placed(evidence, one):
        is_other = exchange.verb == "RCPT" and f"<{BOB}>" not in exchange.argument.lower()
        if first == last and not is_other:
            by_segment.setdefault(first, set()).add((exchange.verb, exchange.code))
    group = {("MAIL", 250), ("RCPT", 250), ("DATA", 354)}
    return any(group <= found for found in by_segment.values())


def _all_in_tls(evidence: Evidence, one: Conversation) -> bool:
    """TLS began with the first octet, and everything that was said is inside it."""
    segments = evidence.segments(one)
    begins = bool(segments) and segments[0].octets[:1] == bytes([_HANDSHAKE])
    return begins and bool(one.exchanges) and all(exchange.tls for exchange in one.exchanges)


def _long_mail_taken(_: Evidence, one: Conversation) -> bool:
    return any(len(mail.content) > ONE_PACKET for mail in mail_for(one, (BOB,)))


def _long_mail_arrived(evidence: Evidence, one: Conversation) -> bool:
    return any(
        len(mail.content) > ONE_PACKET and evidence.arrived(mail, BOB)
        for mail in mail_for(one, (BOB,))
    )


def _few_turns(evidence: Evidence, one: Conversation) -> bool:
    """How often the client began to speak; each time it waited for the server after that."""
    turns = groupby(part.sender for part in evidence.segments(one))
    return sum(sender == "client" for sender, _ in turns) <= FEWEST_TURNS


EXERCISES = (
    Exercise(
        "12.1",
        "one command, two segments",
        (
            Step(
                "a session with mx.example.net on port 25",
                "a session of yours with mx.example.net on port 25.",
                is_with(EXCHANGE, 25),
                1,
            ),
            Step(
                "MAIL with the reply 250",
                "MAIL that this server carried out. Were all of its octets sent, with CR LF at "
                "the end?",
                _mail_accepted,
                2,
            ),
            Step(
                "its octets in two segments",
                "the cut: this MAIL crossed in one segment. Begin it in one send_raw, and end it "
                "in the next.",
                _mail_in_two_segments,
                3,
            ),
        ),
        (
            "Section 5 cuts a NOOP. MAIL is cut in the same way, after EHLO.",
            "send_raw waits for a reply. So put a whole command in front of the beginning of "
            "MAIL: the server replies to that one.",
            'client.send_raw(b"RSET\\r\\nMAIL FR"), then the rest of MAIL, from b"OM:" to CR LF, '
            "with a second send_raw.",
        ),
        "The server joined the two parts: it reads lines out of a stream, not packets.",
    ),
    Exercise(
        "12.2",
        "three commands, one segment",
        (
            Step(
                "a session with mx.example.net on port 25",
                "a session of yours with mx.example.net on port 25.",
                is_with(EXCHANGE, 25),
                1,
            ),
            Step(
                "MAIL, RCPT and DATA carried out, all three in one segment",
                "one segment that holds MAIL, RCPT for bob@example.net and DATA, with the replies "
                "250, 250 and 354.",
                _group_in_one_segment,
                2,
            ),
            Step(
                "mail for bob@example.net alone, taken with 250",
                "the content, sent after 354, for bob@example.net alone.",
                taken_for(BOB),
                3,
            ),
            Step("that mail in Bob's Inbox", "the mail in Bob's Inbox.", arrived_for(BOB), 3),
        ),
        (
            'fresh_session(sandbox, "mx.example.net", 25, "EHLO laptop.example.org") begins it.',
            "client.group takes several lines, each with its CR LF, and sends them at once.",
            "Read the three replies. After 354 comes client.content(octets), as ever.",
        ),
        "Three commands crossed in one segment, and each got its reply, in order.",
    ),
    Exercise(
        "12.3",
        "not one line readable",
        (
            Step(
                "a session in which TLS begins with the first octet",
                "a session in which nothing of SMTP crossed outside TLS. With STARTTLS the first "
                "lines stay readable.",
                _all_in_tls,
                1,
            ),
            Step(
                "with smtp.example.org",
                "such a session with smtp.example.org.",
                is_with(SUBMISSION),
                1,
            ),
            Step(
                f"mail for bob@example.net alone, content over {ONE_PACKET} octets, taken with 250",
                f"a content of more than {ONE_PACKET} octets, so that it needs several packets, "
                "for bob@example.net alone.",
                _long_mail_taken,
                2,
            ),
            Step("that mail in Bob's Inbox", "the mail in Bob's Inbox.", _long_mail_arrived, 3),
        ),
        (
            "One port of smtp.example.org begins with TLS. Section 8 uses it.",
            'b"All the same.\\r\\n" * 200 makes a long text. A header section comes first.',
            "ehlo, auth as alice@example.org with the password looking-glass, mail, rcpt, data, "
            "content.",
        ),
        "Eve saw two addresses, a port, a name, times and sizes. She read no line.",
    ),
    Exercise(
        "12.4",
        "the long line",
        (
            Step(
                "one mail for bob@example.net and postmaster@example.net, taken at mx.example.net",
                "one mail object for bob@example.net and postmaster@example.net together, taken "
                "by mx.example.net with 250.",
                lambda evidence, one: (
                    one.host == EXCHANGE and taken_for(BOB, POSTMASTER)(evidence, one)
                ),
                1,
            ),
            Step(
                "QUIT with the reply 221 at the end",
                "QUIT as the last command, with the reply 221.",
                said_goodbye,
                2,
            ),
            Step(
                f"in all, the client spoke at most {FEWEST_TURNS} times",
                f"fewer turns: in this session the client spoke more than {FEWEST_TURNS} times. "
                "Which commands need not wait for the reply before them?",
                _few_turns,
                3,
            ),
        ),
        (
            "Two RCPT make one mail object with two recipients.",
            "client.quit() after the content. It costs one turn, and it belongs to it.",
            "EHLO is one turn. MAIL, RCPT, RCPT and DATA are one group: the second. What is left?",
        ),
        "Seven turns became four. Over a long line that is what a user feels.",
    ),
)

QUESTIONS = (
    Question(
        "One segment holds 'RSET', CR LF, 'NO'. How many commands has the server now?",
        {
            "a": Option(
                "One, and the beginning of the next.",
                "It carries out the line that is complete, and waits for the rest of the other.",
                right=True,
            ),
            "b": Option("Two.", "A line is complete with CR LF. The second has none yet."),
            "c": Option(
                "None: a segment must hold one command.",
                "SMTP has no such rule. TCP gives it a stream of octets without borders.",
            ),
        },
        "RFC 5321, 2.3.8; RFC 9293, 2.2",
    ),
    Question(
        "Where in a packet does the number 587 stand?",
        {
            "a": Option("In the IP header.", "IP has addresses. It does not know ports."),
            "b": Option(
                "In the SMTP commands.", "No command of SMTP names a port: it is a matter of TCP."
            ),
            "c": Option(
                "In the TCP header.",
                "The two ports are its first four octets: source, then destination.",
                right=True,
            ),
        },
        "RFC 9293, 3.1",
    ),
    Question(
        "TCP has acknowledged the last octet of your mail. Then the line breaks. Was it accepted?",
        {
            "a": Option(
                "Yes: all of it arrived.",
                "The octets arrived at the other host. That its server wants them is not said.",
            ),
            "b": Option(
                "You cannot know: only the reply 250 says so.",
                "So the client tries again, and the worst that happens is a mail that comes twice.",
                right=True,
            ),
            "c": Option(
                "No: without QUIT nothing counts.",
                "A mail that got its 250 is accepted, with QUIT or without.",
            ),
        },
        "RFC 5321, 6.1",
    ),
    Question(
        "Somebody taps the line of a session on port 465. What can they NOT learn?",
        {
            "a": Option("Which server you use.", "Its address stands in every packet."),
            "b": Option(
                "Whom you write to.",
                "RCPT and the header section are inside TLS from the first octet.",
                right=True,
            ),
            "c": Option(
                "About how long your mail is.",
                "Each TLS record shows its length, and only little is added.",
            ),
        },
        "RFC 8446, 5.2",
    ),
    Question(
        "A server is 200 ms away, there and back. What makes one short mail arrive much sooner?",
        {
            "a": Option(
                "A line with more megabits a second.",
                "The mail is short. Its time goes by with waiting, not with sending.",
            ),
            "b": Option("Shorter lines.", "A packet with 20 octets is as long on its way as one "
                        "with 60."),
            "c": Option(
                "Sending MAIL, RCPT and DATA in one group.",
                "Three waits become one. That is what PIPELINING is for.",
                right=True,
            ),
        },
        "RFC 2920, 1",
    ),
)  # fmt: skip
